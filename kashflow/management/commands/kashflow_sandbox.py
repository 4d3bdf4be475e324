"""`manage.py kashflow_sandbox`: a local KashFlow for demos and tests."""

from __future__ import annotations

import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kashflow.sandbox.server import Sandbox


class Command(BaseCommand):
    """Serves until it is told to stop; a new state file starts with the small demo ledger."""

    help = "Runs the KashFlow sandbox: its SOAP API, and its ledger as a page"
    # It has a file of its own: no database, and nothing of the product to check.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument(
            "--state", default="kashflow-sandbox.sqlite3", metavar="FILE", help="the ledger's SQLite file"
        )
        parser.add_argument(
            "--latency", type=int, metavar="MS", help="milliseconds to wait before each answer"
        )
        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the process that started this ends"
        )

    def handle(self, **options: Any) -> None:
        parent = os.getppid()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sandbox = self._open(options)
        sandbox.start()
        self.stdout.write(f"KashFlow sandbox at {sandbox.url}/ (SOAP at {sandbox.endpoint})")
        self.stdout.flush()
        while not stop.wait(0.5):
            if options["with_parent"] and os.getppid() != parent:
                break
        sandbox.stop()

    def _open(self, options: dict[str, Any]) -> Sandbox:
        try:
            sandbox = Sandbox(options["state"], host=options["host"], port=options["port"])
        except OSError as error:
            raise CommandError(
                f"Cannot serve at {options['host']}:{options['port']}: {error.strerror}"
            ) from None
        if sandbox.ledger.is_new:
            sandbox.reset("demo")
        if options["latency"] is not None:
            sandbox.ledger.change_settings(latency_ms=options["latency"])
        return sandbox

"""`manage.py demo`: everything the product needs, on one machine, with one command."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager

from magmanager.overview.demo.people import PASSWORD, PEOPLE

HOST = "127.0.0.1"
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
WAIT_FOR_WEB = 60


class Command(BaseCommand):
    help = "Starts the demo: web server, worker, beat and the KashFlow sandbox. Ctrl-C stops all of them"
    # The children check themselves; a second start must take seconds.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--sandbox-port", type=int, default=8001)
        parser.add_argument("--dev", action="store_true", help="reloads changed code, and loads no demo data")
        parser.add_argument(
            "--var", type=Path, default=settings.VAR_DIR, metavar="FOLDER", help="where its data is kept"
        )

    def handle(self, **options: Any) -> None:
        if settings.IN_PRODUCTION:
            raise CommandError(
                "This starts a demo with well-known passwords, so production refuses it. Set MODE=demo."
            )
        house = House(
            options["port"], options["sandbox_port"], options["var"].resolve(), is_dev=options["dev"]
        )
        for port, name in ((house.port, "PORT"), (house.sandbox_port, "SANDBOX_PORT")):
            if is_busy(port):
                raise CommandError(
                    f"Port {port} is in use. Stop what uses it, or choose another one: {name}={port + 10}"
                )
        try:
            house.prepare()
        except KeyboardInterrupt:
            sys.exit(130)
        except subprocess.CalledProcessError as error:
            raise CommandError(f"{shlex.join(error.cmd[2:])} failed; its reason is above.") from None
        sys.exit(house.run())


class House:
    """The processes of one demo and the files they share."""

    def __init__(self, port: int, sandbox_port: int, var: Path, *, is_dev: bool) -> None:
        self.port = port
        self.sandbox_port = sandbox_port
        self.var = var
        self.is_dev = is_dev
        self.ledger = var / "sandbox.sqlite3"
        kept = {
            "DATABASE_URL": f"sqlite:///{var / 'magmanager.sqlite3'}",
            "BROKER_DIR": str(var / "broker"),
            "CELERY_BROKER_URL": "filesystem://localhost/",
            "PYTHONWARNINGS": "default" if is_dev else "ignore",
        }
        forced = {
            "MODE": "dev" if is_dev else "demo",
            "KASHFLOW_URL": f"http://{HOST}:{sandbox_port}/api/service.asmx",
            "PYTHONUNBUFFERED": "1",
        }
        self.env = kept | os.environ | forced

    def prepare(self) -> None:
        """Brings the database up to date and fills an empty one. Raises CalledProcessError."""
        self.var.mkdir(parents=True, exist_ok=True)
        self._manage("migrate", "--verbosity=0", "--skip-checks")
        if not self.is_dev:
            self._manage("load_demo", "--if-empty", f"--ledger={self.ledger}")

    def _manage(self, *command: str) -> None:
        subprocess.run([*MANAGE, *command], env=self.env, check=True)

    def commands(self) -> dict[str, list[str]]:
        """What runs, by name."""
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "magmanager.celery"]
        worker = [
            "worker",
            "-P",
            "threads",
            "-c",
            "10",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
        ]
        beat = ["beat", "--loglevel=WARNING", f"--schedule={self.var / 'beat'}", "--pidfile="]
        sandbox = ["kashflow_sandbox", f"--port={self.sandbox_port}", f"--state={self.ledger}"]
        return {
            "sandbox": [*MANAGE, *sandbox],
            "web": self._web(),
            "worker": [*celery, *worker],
            "beat": [*celery, *beat],
        }

    def _web(self) -> list[str]:
        address = f"{HOST}:{self.port}"
        if self.is_dev:
            return [*MANAGE, "runserver", address]
        gunicorn = [
            sys.executable,
            "-m",
            "gunicorn",
            "magmanager.wsgi",
            f"--bind={address}",
            "--log-level=warning",
        ]
        return [*gunicorn, "--worker-class=gthread", "--threads=8", "--no-control-socket"]

    def run(self) -> int:
        """Runs all of them until one ends or Ctrl-C; returns the exit code."""
        manager = Manager()
        leash = [sys.executable, "-m", "magmanager.overview.leash", str(os.getpid())]
        for name, command in self.commands().items():
            manager.add_process(
                name, f"exec {shlex.join(leash + command)}", env=self.env, cwd=str(settings.BASE_DIR)
            )
        threading.Thread(target=self._welcome, daemon=True).start()
        manager.loop()
        # 130 and 143: it was told to stop, which is how a demo ends.
        return 0 if manager.returncode in {0, 130, 143} else 1

    def _welcome(self) -> None:
        """Prints the box once the first page can be opened, and KashFlow's stand-in asked."""
        until = time.monotonic() + WAIT_FOR_WEB
        both = (f"http://{HOST}:{self.port}/health/live", f"http://{HOST}:{self.sandbox_port}/")
        while time.monotonic() < until:
            if all(answers(url) for url in both):
                print("\n" + box(self.lines()) + "\n", flush=True)
                return
            time.sleep(0.2)

    def lines(self) -> list[str]:
        """What a person wants to know now."""
        found = [
            f"The back office        http://localhost:{self.port}/",
            f"The KashFlow sandbox   http://localhost:{self.sandbox_port}/     login demo, password demo",
            "",
        ]
        if self.is_dev:
            return [
                *found,
                "No demo data was loaded. MODE=dev manage.py load_demo loads it into an empty database.",
            ]
        logins = [f"  {email:<26} {role:<12} {name}" for email, name, role in PEOPLE]
        return [
            *found,
            f"Log in with the password {PASSWORD} as",
            *logins,
            "",
            "Ctrl-C stops everything; the data is kept.",
        ]


def is_busy(port: int) -> bool:
    """Whether somebody listens at `port` already."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return True
    return False


def answers(url: str) -> bool:
    """Whether a page is served at `url`."""
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:  # noqa: S310  (our own address)
            return bool(reply.status == 200)
    except OSError:
        return False


def box(lines: list[str]) -> str:
    """`lines` in a frame."""
    width = max(map(len, lines))
    framed = [f"│  {line:<{width}}  │" for line in lines]
    edge = "─" * (width + 4)
    return "\n".join([f"┌{edge}┐", *framed, f"└{edge}┘"])

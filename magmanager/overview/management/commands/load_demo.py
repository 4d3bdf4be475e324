"""`manage.py load_demo`: believable data at any size."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from magmanager.common.errors import DomainError
from magmanager.overview.demo.loader import FEWEST_CLIENTS, is_empty, load
from magmanager.overview.demo.plan import Plan

CLIENTS, BOOKINGS, SEED = 60, 2000, 2026
LEDGER = settings.VAR_DIR / "sandbox.sqlite3"


class Command(BaseCommand):
    # It writes rows: the pages' checks are the server's business, and a demo starts in seconds.
    requires_system_checks: list[str] = []
    help = "Loads the demo publisher into an empty database, and its KashFlow ledger into the sandbox's file"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clients", type=at_least(FEWEST_CLIENTS), default=CLIENTS, metavar="N")
        parser.add_argument("--bookings", type=at_least(1), default=BOOKINGS, metavar="N")
        parser.add_argument(
            "--seed", type=int, default=SEED, metavar="S", help="the same seed makes the same data"
        )
        parser.add_argument(
            "--today", type=day, metavar="YYYY-MM-DD", help="the day it is for the demo publisher"
        )
        parser.add_argument(
            "--ledger", type=Path, default=LEDGER, metavar="FILE", help="the sandbox's state file"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="does nothing where there is data already"
        )

    def handle(self, **options: Any) -> None:
        if settings.IN_PRODUCTION:
            raise CommandError(
                "Demo data has well-known passwords, so production refuses it. Set MODE=demo or MODE=dev."
            )
        if options["if_empty"] and not is_empty():
            return
        today = options["today"] or timezone.localdate()
        plan = Plan(options["clients"], options["bookings"], options["seed"], today)
        try:
            load(plan, options["ledger"], tell=self.stdout.write)
        except DomainError as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write("The demo publisher is ready.")


def at_least(fewest: int) -> Any:
    """An argument's type: a whole number of at least `fewest`."""

    def number(text: str) -> int:
        if not text.isdigit() or int(text) < fewest:
            raise ArgumentTypeError(f"{text!r} must be a whole number, {fewest} or more")
        return int(text)

    return number


def day(text: str) -> dt.date:
    """An argument's type: a day such as 2026-11-23."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} must be a day such as 2026-11-23") from None

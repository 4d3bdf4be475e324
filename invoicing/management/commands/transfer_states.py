"""`manage.py transfer_states [--write]`: prints docs/transfer-states.md, or writes it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from invoicing.transfer.table import page


class Command(BaseCommand):
    help = "Prints the state table of transfers; --write stores it as docs/transfer-states.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="write docs/transfer-states.md")

    def handle(self, *args: Any, write: bool, **options: Any) -> None:
        if not write:
            self.stdout.write(page(), ending="")
            return
        path = settings.BASE_DIR / "docs" / "transfer-states.md"
        path.write_text(page(), encoding="utf-8")
        self.stdout.write(f"Wrote {path.relative_to(settings.BASE_DIR)}")

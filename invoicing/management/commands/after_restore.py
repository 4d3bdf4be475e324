"""Run once after a backup was restored, before anything is sent."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoicing.restoring import after_restore
from invoicing.transfer.pauses import AFTER_RESTORE

NEXT = "Then run manage.py compare_ledgers: it lists what KashFlow has and this backup lacks."
NOT_ASKED = (
    "KashFlow was not asked, so its numbers are not counted: it is not the accounts package. If it becomes that again, "
    f"run {AFTER_RESTORE} again before transfers go on."
)


class Command(BaseCommand):
    help = "After a backup was restored: pauses transfers and lifts the next invoice number above all that exist."

    def handle(self, *args: Any, **options: Any) -> None:
        done = after_restore()
        self.stdout.write("Transfers are paused until an admin lets them go on in Settings › KashFlow.")
        if done.uses_kashflow and not done.why_not:
            there = "none" if done.highest_there is None else str(done.highest_there)
            self.stdout.write(f"KashFlow's highest invoice number: {there}.")
        self.stdout.write(f"Next invoice number: {done.after} (it was {done.before}).")
        if done.why_not:
            raise CommandError(
                f"KashFlow was not asked, so its numbers are not counted. {done.why_not} "
                f"Mend that and run {AFTER_RESTORE} again before transfers go on."
            )
        self.stdout.write(NEXT if done.uses_kashflow else NOT_ASKED)

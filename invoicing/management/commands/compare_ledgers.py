"""Ours against KashFlow's; changes nothing. Exit code 1 on a difference, 2 where KashFlow could not be read."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invoicing.comparison import services
from invoicing.models import LedgerDifference
from magmanager.common.models import Run


class Command(BaseCommand):
    help = "Compares our documents with KashFlow's under the office login and lists every difference."

    def handle(self, *args: Any, **options: Any) -> None:
        asked = services.compare_unasked()
        if asked is None:
            raise CommandError("KashFlow was not asked: there is no office login that works.", returncode=2)
        run = services.carry(asked.pk)
        if run is None:
            raise CommandError(
                "A comparison is under way already. Look at its result in a moment.", returncode=2
            )
        if run.state == Run.State.FAILED:
            raise CommandError(run.summary, returncode=2)
        found = LedgerDifference.objects.filter(run=run)
        for one in found:
            self.stdout.write(f"{one.number}\t{one.get_kind_display()}\t{one.company}\t{one.what}")
        self.stdout.write(run.summary)
        sys.exit(int(found.exists()))

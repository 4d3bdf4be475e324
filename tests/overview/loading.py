"""The demo loaded as it was on one day, small."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

TODAY = dt.date(2026, 11, 22)


def load(ledger: Path, **options: Any) -> None:
    sizes = {"clients": 24, "bookings": 500, "seed": 7, "today": TODAY}
    call_command("load_demo", ledger=ledger, verbosity=0, stdout=StringIO(), **{**sizes, **options})

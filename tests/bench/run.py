"""The whole run: two publishers of different sizes, all the measurements, the table."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.db import connection
from django.utils import timezone

from bookings.models import Booking
from clients.models import Client
from magmanager.overview.demo.loader import load
from magmanager.overview.demo.plan import Plan
from tests.bench import lists, paid_status, raising, report, scratch, transfers
from tests.bench.growth import grow
from tests.bench.report import Row

SMALL, BIG = "small", "big"
SMALL_CLIENTS, SMALL_BOOKINGS = 50, 1_000
# 100,000 bookings at least, or two million.
DOUBLINGS = {"M": 7, "L": 11}
SEED = 2026


def run(folder: Path, results: Path, chosen: Sequence[str] = ()) -> int:
    """Measures all, or what is chosen, prints, writes; 1 where a *must* is missed, else 0."""
    began, facts = time.monotonic(), report.machine()
    found: list[Row] = []
    with scratch.databases(folder, SMALL, BIG):
        sizes = fill(folder)
        jobs = {
            "lists": lambda: lists.rows(SMALL, BIG),
            "raising": lambda: raising.rows(SMALL, BIG),
            "transfers": lambda: transfers.rows(SMALL, folder),
            "paid_status": lambda: paid_status.rows(SMALL),
        }
        for name in chosen or jobs:
            made = jobs[name]()
            print(report.table(made).split("\n", 2)[2], flush=True)
            found += made
        name = database()
    if not chosen:
        report.write(results, database=name, facts=facts, sizes=sizes, rows=found)
    missed = [row.job for row in found if row.is_missed]
    print(f"{name}: {len(found)} rows in {time.monotonic() - began:.0f} seconds.")
    print(f"Missed: {'; '.join(missed)}." if missed else "Nothing was missed.")
    return int(bool(missed))


def fill(folder: Path) -> dict[str, str]:
    """The same publisher in both databases, in one of them many times; what they hold, in words."""
    held = {}
    for name in (SMALL, BIG):
        scratch.use(name)
        plan = Plan(SMALL_CLIENTS, SMALL_BOOKINGS, SEED, timezone.localdate())
        load(plan, folder / f"{name}-ledger.sqlite3")
        if name == BIG:
            grow(DOUBLINGS[os.environ.get("BENCH_SIZE", "M")])
        scratch.settle()
        held[name] = f"{Client.objects.count():,} and {Booking.objects.count():,}"
        print(f"The {name} publisher has {held[name]} clients and bookings.", flush=True)
    return held


def database() -> str:
    """Its name and version."""
    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT sqlite_version()" if sqlite else "SHOW server_version")
        return f"{'SQLite' if sqlite else 'PostgreSQL'} {cursor.fetchone()[0].split()[0]}"

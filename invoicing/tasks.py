"""Workers' side of transfers and of the paid status; the rows say what there is to do, a message only wakes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from celery import shared_task

from invoicing.comparison import services as comparison
from invoicing.paid_status import refreshing, runs
from invoicing.transfer import lanes
from kashflow import reads
from magmanager.common.wake import wake

A_NIGHT = dt.timedelta(hours=12)


@shared_task(name="invoicing.work")
def work(account_id: str) -> None:
    """A lane: carries the account's transfers until none is due. Doubled messages are harmless."""
    lanes.carry_due(int(account_id), wake_another=lambda: wake(work, account_id))


@shared_task(name="invoicing.sweep")
def sweep(*_: Any) -> None:
    """Every minute: expired leases, mended runs, finished runs, and a lane where something is due."""
    if account_id := lanes.sweep():
        wake(work, account_id)


@shared_task(name="invoicing.compare")
def compare(run_id: str) -> None:
    """Carries one comparison with KashFlow."""
    comparison.carry(uuid.UUID(run_id))


@shared_task(name="invoicing.compare_nightly")
def compare_nightly() -> None:
    """The comparison of the night; a second beat, or one that was started again, begins no second one."""
    if run := comparison.compare_unasked(unless_within=A_NIGHT):
        wake(compare, run.pk)


@shared_task(name="invoicing.sweep_reads")
def sweep_reads() -> None:
    """Wakes a worker for every comparison that nobody works at; harmless when doubled."""
    for run in reads.forgotten([comparison.KIND]):
        wake(compare, run.pk)


@shared_task(name="invoicing.update_paid_status")
def update_paid_status(run_id: str) -> None:
    """Carries one run of *Update Invoice Paid Status*."""
    runs.carry(uuid.UUID(run_id))


@shared_task(name="invoicing.refresh_client")
def refresh_client(reading_id: str) -> None:
    """Asks KashFlow what one client paid, where that is wanted."""
    refreshing.carry(int(reading_id))


@shared_task(name="invoicing.update_paid_status_at_night")
def update_paid_status_at_night(*_: Any) -> None:
    """The nightly update, under the office login."""
    if run := runs.update_at_night():
        wake(update_paid_status, run.pk)


@shared_task(name="invoicing.sweep_paid_status")
def sweep_paid_status(*_: Any) -> None:
    """Wakes a worker for every update and refresh that nobody works at; harmless when doubled."""
    for run in runs.forgotten():
        wake(update_paid_status, run.pk)
    for reading_id in refreshing.forgotten():
        wake(refresh_client, reading_id)

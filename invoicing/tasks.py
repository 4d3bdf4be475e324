"""Waking workers for transfers: a lane per message, and the sweep that finds what nobody woke."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from invoicing.transfer import lanes
from magmanager.common.wake import wake


@shared_task(name="invoicing.work")
def work(account_id: str) -> None:
    """A lane: carries the account's transfers until none is due. Doubled messages are harmless."""
    lanes.carry_due(int(account_id), wake_another=lambda: wake(work, account_id))


@shared_task(name="invoicing.sweep")
def sweep(*_: Any) -> None:
    """Every minute: expired leases, mended runs, finished runs, and a lane where something is due."""
    if account_id := lanes.sweep():
        wake(work, account_id)

"""Workers' side of the syncs; the rows say what there is to do, a message only wakes somebody up."""

from __future__ import annotations

import uuid

from celery import shared_task

from kashflow import api_log, syncs
from magmanager.common.wake import wake


@shared_task(name="kashflow.sync")
def sync(run_id: str) -> None:
    """Carries one run of a sync."""
    syncs.carry(uuid.UUID(run_id))


@shared_task(name="kashflow.sweep")
def sweep() -> None:
    """Wakes a worker for every sync that nobody works at; harmless when doubled."""
    for run in syncs.forgotten():
        wake(sync, run.pk)


@shared_task(name="kashflow.forget_old_calls")
def forget_old_calls() -> None:
    """Keeps the API log at its length."""
    api_log.forget_old_calls()

"""Background work of clients: the customers that bookings want in KashFlow."""

from __future__ import annotations

import uuid
from typing import Any

from celery import shared_task

from clients import customers, matches
from magmanager.common.wake import wake


@shared_task(name="clients.resolve_customer")
def resolve_customer(link_id: str) -> None:
    """Finds or creates the KashFlow customer of one link, after a client's first booking."""
    customers.resolve_in_background(int(link_id))


@shared_task(name="clients.resolve_wanted")
def resolve_wanted(*_: Any) -> None:
    """The links that are still wanted: what a lost message or an unreachable KashFlow left behind."""
    customers.resolve_wanted()


@shared_task(name="clients.match_customers")
def match_customers(run_id: str) -> None:
    """Reads KashFlow's customers for one press of *Match from KashFlow*."""
    matches.carry(uuid.UUID(run_id))


@shared_task(name="clients.sweep")
def sweep() -> None:
    """Wakes a worker for every reading that nobody works at; harmless when doubled."""
    for run in matches.forgotten():
        wake(match_customers, run.pk)

"""Four ways to send invoices that look sensible and double them. The suite must catch each: they live here only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from invoicing.models import Transfer
from invoicing.transfer import claims, creating, looks, outcomes, record
from invoicing.transfer.looks import Look
from invoicing.transfer.states import Event
from invoicing.transfer.verdict import Absent
from invoicing.transfer.work import Work
from kashflow.gateway.errors import GatewayError
from kashflow.limits import Times

Policy = Callable[[pytest.MonkeyPatch], None]
FOR_EVER = 1e9


def _absent(work: Work) -> Look:
    return Look(Absent(), looks.time.monotonic(), work.document.customer_id)


def plain_retry(patch: pytest.MonkeyPatch) -> None:
    """Sends without looking, and again whenever sending failed."""
    patch.setattr(creating, "look", _absent)
    patch.setattr(outcomes, "classify", lambda error: Event.NOT_SENT)


def look_without_settle(patch: pytest.MonkeyPatch) -> None:
    """Looks before it sends again, at once: what KashFlow still has in hand is not there yet."""
    for module in (claims, creating, outcomes, record):
        patch.setattr(module, "times", lambda: replace(Times(), settle=0, between_looks=1))


def read_error_is_absent(patch: pytest.MonkeyPatch) -> None:
    """Takes a look that failed for one that found nothing."""
    for name in ("look", "look_twice"):
        patch.setattr(creating, name, _or_absent(getattr(creating, name)))


def _or_absent(look: Callable[[Work], Look]) -> Callable[[Work], Look]:
    def careless(work: Work) -> Look:
        try:
            return look(work)
        except GatewayError:
            return _absent(work)

    return careless


def no_token_no_deadline(patch: pytest.MonkeyPatch) -> None:
    """Writes whatever the row is by now, and sends however long ago it looked."""
    look, write = creating.look, record._write

    def lasting(work: Work) -> Look:
        seen = look(work)
        return replace(seen, at=seen.at + FOR_EVER)

    def unconditional(transfer: Transfer, *values: Any) -> None:
        now = Transfer.objects.get(pk=transfer.pk)
        transfer.state, transfer.epoch = now.state, now.epoch
        write(transfer, *values)

    patch.setattr(creating, "look", lasting)
    patch.setattr(record, "_write", unconditional)

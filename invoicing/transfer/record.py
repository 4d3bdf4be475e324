"""Writing what happened to a transfer: one conditional UPDATE and one attempt row, in one short transaction.

Every move of the product goes through `record`; only the moves of `states.MOVES` exist.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer.states import LEASED, Event, State, target
from kashflow.limits import times
from magmanager.common import rows
from settings_app.models import User


class Lost(Exception):
    """The row is somebody else's by now. The one who finds out stops quietly."""


@dataclass
class Phase:
    """A stretch of work on one transfer, for the attempt's duration."""

    name: str
    began: float = field(default_factory=time.monotonic)

    @property
    def milliseconds(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


def in_seconds(seconds: float) -> dt.datetime:
    """The moment `seconds` from now."""
    return timezone.now() + dt.timedelta(seconds=seconds)


def record(
    transfer: Transfer,
    event: Event,
    *,
    what: str,
    phase: Phase | None = None,
    by: User | None = None,
    request_hash: str = "",
    **values: Any,
) -> None:
    """Makes the one move that `event` is from the transfer's state and notes it in plain words.

    `values` are further columns. Raises Lost where the row has another state or epoch by now, KeyError for a
    move that is not in the table.
    """
    source = State(transfer.state)
    to = target(source, event)
    moved = {**_left(source, to), **_entering(source, to), **values}
    _write(transfer, to, moved, event.name.lower(), what, phase, by, request_hash)


def note(
    transfer: Transfer,
    *,
    outcome: str,
    what: str,
    phase: Phase | None = None,
    by: User | None = None,
    **values: Any,
) -> None:
    """Notes something that is no move, such as a first look that found nothing. Raises Lost."""
    _write(transfer, State(transfer.state), values, outcome, what, phase, by, "")


def renew(transfer: Transfer) -> None:
    """A new phase begins: the lease runs from now. Raises Lost."""
    values = {"lease_until": in_seconds(times().lease)}
    _apply(transfer, rows.update(Transfer, _held(transfer), values), values)


def _held(transfer: Transfer) -> dict[str, Any]:
    """The row as it was loaded: whoever holds an older token touches none."""
    return {"id": transfer.pk, "epoch": transfer.epoch, "state": transfer.state}


def _left(source: State, to: State) -> dict[str, Any]:
    """What does not outlive a state: a link that was proposed in it."""
    return {} if source is to else {"proposed": None}


def _entering(source: State, to: State) -> dict[str, Any]:
    """What a state means for the other columns, whoever moves there."""
    now = timezone.now()
    if to in LEASED:
        return {"lease_until": in_seconds(times().lease)}
    if to is State.SENT and source is not State.SENT:
        # Read back at once by the one who holds it; due again at the lease's end should that one die.
        return {
            "lease_until": in_seconds(times().lease),
            "sent_at": now,
            "not_before": None,
            "last_cause": "",
            "cause_code": "",
            "found": {},
            "accepted": {},
        }
    free: dict[str, Any] = {"lease_until": None}
    if to is State.AMBIGUOUS and source is not State.AMBIGUOUS:
        free |= {
            "ambiguous_since": now,
            "absent_seen": 0,
            "absent_first_at": None,
            "not_before": in_seconds(times().settle),
        }
    if to is State.READY and source is State.AMBIGUOUS:
        free |= {"ambiguous_since": None, "absent_seen": 0, "absent_first_at": None, "not_before": None}
    if to is State.VERIFIED:
        free |= {"verified_at": now, "not_before": None, "last_cause": "", "cause_code": "", "found": {}}
    return free


def _write(
    transfer: Transfer,
    to: State,
    values: dict[str, Any],
    outcome: str,
    what: str,
    phase: Phase | None,
    by: User | None,
    request_hash: str,
) -> None:
    if "last_cause" in values:
        values["last_cause"] = values["last_cause"][:300]
    with transaction.atomic(savepoint=False):
        moved = rows.update(Transfer, _held(transfer), {"state": to, **values})
        if moved == 1:
            attempt = TransferAttempt(
                transfer_id=transfer.pk,
                epoch=values.get("epoch", transfer.epoch),
                at=timezone.now(),
                milliseconds=phase.milliseconds if phase else 0,
                phase=phase.name if phase else "",
                outcome=outcome,
                what=what[:300],
                by=by,
                request_hash=request_hash,
            )
            rows.insert(attempt)
    _apply(transfer, moved, {"state": to, **values})


def _apply(transfer: Transfer, moved: int, values: dict[str, Any]) -> None:
    if moved != 1:
        raise Lost
    for name, value in values.items():
        setattr(transfer, name, value)

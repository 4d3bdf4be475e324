"""The errand of deleting the document of a cancelled invoice in KashFlow (LedgerAccount.voiding DELETE).

transfer.md, The other writes: by InvoiceDBID only, and only after reading our marker on it. Absent after is done.
A document that somebody changed or paid is left alone and waits for a person.
"""

from __future__ import annotations

import time
from typing import Any

from invoicing.transfer import causes, mapping
from invoicing.transfer.looks import in_customers_list, in_days_list
from invoicing.transfer.outcomes import NotDone, absent, not_read_back, not_written, read_failed
from invoicing.transfer.record import Phase, record
from invoicing.transfer.states import Event, State
from invoicing.transfer.work import Steps, Work
from kashflow.gateway.errors import GatewayError, NotFound, SendDeadlineMissed
from kashflow.gateway.records import Invoice as Document
from kashflow.limits import times

FRESH = 0.5
STILL_THERE = NotDone(
    seen="It is still in KashFlow.", proved="It was not deleted: there in two reads. It can be deleted."
)


def delete(work: Work) -> None:
    """CLAIMED: reads our marker on it, and deletes it."""
    phase = Phase("look")
    try:
        found = _ready(work, phase)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if found:
        _call(work, *found)


def _ready(work: Work, phase: Phase) -> tuple[Document, float] | None:
    """The document as it was sent, when that was read, with the connection open; None where something else was recorded."""
    found, at = _look(work), time.monotonic()
    if found is None:
        _gone(work, phase)
        return None
    if problem := _problem(work, found):
        _ask(work, problem, phase)
        return None
    work.gateway.connect()
    if time.monotonic() - at < times().send_deadline * FRESH:
        return found, at
    work.gateway.close()
    raise SendDeadlineMissed(detail="waiting for the connection took longer than a look is good for")


def read_back(work: Work) -> None:
    """SENT: it must be there no more."""
    phase = Phase("read back")
    try:
        found = _look(work)
    except GatewayError as error:
        not_read_back(work, error, phase)
        return
    if found is None:
        record(work.transfer, Event.READ_BACK_EQUAL, what="Deleted: KashFlow has it no more.", phase=phase)
    else:
        _ask(work, "KashFlow said that it deleted the document, but still has it.", phase)


def check(work: Work) -> None:
    """AMBIGUOUS, the settle wait over."""
    phase = Phase("check")
    try:
        found = _look(work)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if found is None:
        _gone(work, phase)
    elif problem := _problem(work, found):
        _ask(work, problem, phase)
    else:
        absent(work, phase, STILL_THERE)


def _look(work: Work) -> Document | None:
    """The document by its id; None where it is gone: no such id, and our marker in no list either."""
    try:
        return work.gateway.get_invoice_by_id(work.dbid_of(work.transfer.invoice))
    except NotFound:
        marked = in_customers_list(work) if work.document.customer_id else in_days_list(work)
        return next((one for one in marked if mapping.is_marked(work.document, one)), None)


def _problem(work: Work, found: Document) -> str:
    """Why it must not be deleted, or ""."""
    if found.dbid != work.dbid_of(work.transfer.invoice):
        return f"KashFlow has it under another id now, as number {found.number}. Nothing was deleted."
    if not mapping.is_marked(work.document, found):
        return (
            f"KashFlow's document {found.number} does not carry our marker any more, so it was not deleted."
        )
    if found.amount_paid:
        return (
            f"£{found.amount_paid:,.2f} of it is paid in KashFlow, so it was not deleted. Take the payment back "
            "there, or raise an invoice for what was paid."
        )
    # Under another number it may be ours all the same: both numbers were kept.
    unequal = [one for one in mapping.header_differences(work.document, found) if one.field != "Number"]
    what = "; ".join(map(str, unequal))
    return f"It was changed in KashFlow, so it was not deleted. {what}." if unequal else ""


def _call(work: Work, found: Document, at: float) -> None:
    transfer = work.transfer
    record(transfer, Event.INTENT, what=f"Our marker is on document {found.number}; deleting it.")
    phase = Phase("delete")
    what = f"KashFlow deleted document {found.number}."
    try:
        work.gateway.delete_invoice_by_id(found.dbid, send_by=at + times().send_deadline)
    except NotFound:
        what = f"Document {found.number} was deleted in KashFlow just before."
    except GatewayError as error:
        not_written(work, error, phase)
        return
    record(transfer, Event.CREATED, what=what, phase=phase, tries=0)
    read_back(work)


def _gone(work: Work, phase: Phase) -> None:
    values: dict[str, Any] = {"tries": 0}
    record(work.transfer, Event.FOUND_OURS, what="KashFlow has it no more.", phase=phase, **values)
    read_back(work)


def _ask(work: Work, problem: str, phase: Phase) -> None:
    why = causes.cause(problem, "not_deleted", lease_until=None)
    event = Event.READ_BACK_DIFFERS if work.transfer.state == State.SENT else Event.FOUND_CHANGED
    record(work.transfer, event, what=problem, phase=phase, **why)


STEPS: Steps = {State.CLAIMED: delete, State.SENT: read_back, State.AMBIGUOUS: check}

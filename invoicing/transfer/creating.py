"""The errand of a document: look, create where absent, read back (transfer.md, States).

Invoices and credit notes alike: in KashFlow a credit note is an invoice with negative lines.
"""

from __future__ import annotations

from typing import Any

from clients import customers
from clients.models import CustomerLink
from invoicing.transfer import adoption, causes, mapping, pauses, proof
from invoicing.transfer.looks import Look, look, look_twice
from invoicing.transfer.outcomes import (
    CUSTOMER_UNRESOLVED,
    absent,
    is_settling,
    not_read_back,
    not_written,
    read_failed,
)
from invoicing.transfer.record import Phase, note, record
from invoicing.transfer.states import Event, State
from invoicing.transfer.verdict import EVENTS, Changed, NumberTaken, Ours, Probable, Several, Verdict
from invoicing.transfer.work import Steps, Work
from kashflow.gateway.errors import (
    EnvelopeInvalid,
    EnvelopeRefused,
    GatewayError,
    NotFound,
    Refused,
    SendDeadlineMissed,
)
from kashflow.gateway.records import Invoice as Document
from kashflow.limits import times
from magmanager.common import money

# A look older than half the send deadline is taken again, so that the create does not start too late.
FRESH = 0.5
LOOKS = 3


# --- CLAIMED ------------------------------------------------------------------------------------------------


def send(work: Work) -> None:
    """CLAIMED: looks, has the customer and the sums ready, and creates what is absent."""
    phase = Phase("look")
    if work.is_cancelled:
        record(work.transfer, Event.CANCEL_REQUESTED, what="Cancelled before anything was sent.")
        return
    try:
        seen = _absent_and_ready(work, phase)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if seen:
        _create(work, seen)


def _absent_and_ready(work: Work, phase: Phase) -> Look | None:
    """A fresh look that found nothing, with the connection open; None where something else was recorded."""
    for _again in range(LOOKS):
        seen = look(work)
        if not seen.is_absent:
            _found(work, seen.verdict, phase)
            return None
        if not _is_ready(work, phase):
            return None
        work.gateway.connect()
        if seen.answers(work) and seen.age() < times().send_deadline * FRESH:
            return seen
    work.gateway.close()
    raise SendDeadlineMissed(detail="preparing took longer than a look is good for")


def _is_ready(work: Work, phase: Phase) -> bool:
    if work.problems:
        why = causes.cause(" ".join(work.problems), "not_sendable")
        record(work.transfer, Event.NOT_SENDABLE, what=f"Not sent. {work.problems[0]}", phase=phase, **why)
        return False
    if cause := _customer_missing(work):
        why = causes.cause(cause, CUSTOMER_UNRESOLVED)
        record(work.transfer, Event.CUSTOMER_UNRESOLVED, what=f"Not sent. {cause}", phase=phase, **why)
        return False
    return True


def _customer_missing(work: Work) -> str:
    """Why the customer is not known; "" where it is. Raises the gateway's errors that time may mend."""
    try:
        known = work.resolve_customer()
    except (EnvelopeInvalid, EnvelopeRefused, Refused) as error:
        return error.sentence
    return "" if known else work.link.cause or "The customer is not known in KashFlow."


def _create(work: Work, seen: Look) -> None:
    transfer, document = work.transfer, work.document
    record(transfer, Event.INTENT, what="Not in KashFlow yet; sending it.", request_hash=work.request_hash)
    phase = Phase("create")
    try:
        number = work.gateway.insert_invoice(document, send_by=seen.at + times().send_deadline)
    except NotFound as error:
        not_written(work, error, phase)
        _look_for_customer(work)
        return
    except GatewayError as error:
        not_written(work, error, phase)
        return
    if document.number and number != document.number:
        _mismatch(work, number, phase)
        return
    pauses.release(transfer)
    what = f"Sent. KashFlow has it as number {number}."
    # A document it had before, deleted there since, is not what is read back.
    new: dict[str, Any] = {"kashflow_number": number, "kashflow_dbid": None, "tries": 0}
    record(transfer, Event.CREATED, what=what, phase=phase, **new)
    read_back(work)


def _look_for_customer(work: Work) -> None:
    """It was refused because KashFlow has no such customer. Where a read says so too, who it is has to be chosen."""
    work.gateway.step_aside()
    try:
        link = customers.read_anew(work.link, connection=work.login, by=work.by)
    except GatewayError:
        # Not known: whoever rechecks it reads it again.
        return
    if link.state != CustomerLink.State.LINKED:
        why = causes.cause(link.cause, CUSTOMER_UNRESOLVED)
        note(work.transfer, outcome="customer_gone", what=f"Not sent. {link.cause}", **why)


def _mismatch(work: Work, number: int, phase: Phase) -> None:
    ours = work.transfer.invoice.number
    cause = (
        f"KashFlow gave invoice {ours} the number {number} instead. There is one document, under {number}."
    )
    why = causes.cause(cause, "other_number", found={"number": number})
    why |= {"kashflow_number": number, "kashflow_dbid": None}
    # First: as soon as this one is done with, the next has its turn.
    pauses.pause_account(work.account, ours=ours, theirs=number)
    record(work.transfer, Event.CREATED_OTHER_NUMBER, what=cause, phase=phase, **why)
    _show(work, number)


def _show(work: Work, number: int) -> None:
    """Reads the document that got another number, so that the person who must choose sees it at once."""
    try:
        found = work.gateway.get_invoice(number)
    except GatewayError:
        # A recheck reads it.
        return
    unequal = mapping.differences(work.document, found)
    dbid = found.dbid if mapping.is_marked(work.document, found) else None
    values: dict[str, Any] = {"found": causes.seen(found, unequal), "kashflow_dbid": dbid}
    note(work.transfer, outcome="read_other_number", what=f"Read number {number} in KashFlow.", **values)


# --- What a look found --------------------------------------------------------------------------------------


def _found(work: Work, verdict: Verdict, phase: Phase) -> None:
    """Records that KashFlow already has something, and adopts what is ours."""
    pauses.release(work.transfer)
    event = EVENTS[type(verdict)]
    if isinstance(verdict, Ours):
        _adopt(work, verdict.found, phase)
        return
    if work.transfer.state == State.AMBIGUOUS and event is Event.FOUND_PROBABLE:
        event = Event.FOUND_CHANGED
    cause, found = causes.of_verdict(_whole(work, verdict), work.transfer.invoice.number)
    why = causes.cause(cause, event.name.lower(), found=found)
    if isinstance(verdict, Changed) and work.document.number not in (0, verdict.found.number):
        pauses.pause_account(work.account, ours=work.document.number, theirs=verdict.found.number)
    record(work.transfer, event, what=cause, phase=phase, **why)


def _whole(work: Work, verdict: Verdict) -> Verdict:
    """The same verdict on documents with their lines, which lists may leave out: a person compares them."""
    if isinstance(verdict, Several):
        return Several(tuple(_with_lines(work, one) for one in verdict.found))
    if isinstance(verdict, NumberTaken | Probable | Changed):
        found = _with_lines(work, verdict.found)
        if isinstance(verdict, Changed):
            return Changed(found, tuple(mapping.differences(work.document, found)) or verdict.differences)
        return type(verdict)(found)
    return verdict


def _with_lines(work: Work, found: Document) -> Document:
    """Read by its id where it came without. Without an answer it is shown as it is, and cannot be adopted yet."""
    if found.lines:
        return found
    try:
        return work.gateway.get_invoice_by_id(found.dbid)
    except GatewayError:
        return found


def _adopt(work: Work, found: Document, phase: Phase) -> None:
    pauses.pause_forgotten_restore(work.transfer)
    what = f"It was in KashFlow already, as number {found.number}; nothing was sent again."
    values: dict[str, Any] = {"kashflow_number": found.number, "kashflow_dbid": found.dbid, "tries": 0}
    record(work.transfer, Event.FOUND_OURS, what=what, phase=phase, **values)
    read_back(work)


# --- SENT ---------------------------------------------------------------------------------------------------


def read_back(work: Work) -> None:
    """SENT: reads the document and compares it to the penny."""
    transfer, phase = work.transfer, Phase("read back")
    try:
        found = _read(work)
    except NotFound as error:
        _gone(work, error, phase)
        return
    except GatewayError as error:
        not_read_back(work, error, phase)
        return
    # What follows is ours: others may talk meanwhile.
    work.gateway.step_aside()
    if transfer.accepted:
        _adopted(work, found, phase)
        return
    unequal = mapping.differences(work.document, found)
    values: dict[str, Any] = {"kashflow_number": found.number, "kashflow_dbid": found.dbid}
    if not mapping.is_marked(work.document, found):
        # Somebody else's document under our number, perhaps: its id must not be kept as ours.
        values = {}
    if unequal:
        cause = f"KashFlow's document is not what was sent. {'; '.join(map(str, unequal))}."
        why = causes.cause(cause, "differs", found=causes.seen(found, unequal), lease_until=None)
        record(transfer, Event.READ_BACK_DIFFERS, what=cause, phase=phase, **values, **why)
        return
    _verified(work, found, "Read back: equal to the penny.", phase, **values)
    proof.try_to_prove(work)


def _adopted(work: Work, found: Document, phase: Phase) -> None:
    """What a person linked holds only where it is still, to the letter, what they saw."""
    if adoption.is_as_accepted(work.transfer, found):
        _verified(work, found, "Read back: just as it was when it was linked.", phase)
        return
    unequal = mapping.differences(work.document, found)
    cause = "It was changed in KashFlow after somebody looked at it, so it was not linked. Look at it again."
    why = causes.cause(cause, "changed_meanwhile", found=causes.seen(found, unequal), lease_until=None)
    back = adoption.taken_back(work.transfer)
    record(work.transfer, Event.READ_BACK_DIFFERS, what=cause, phase=phase, **back, **why)


def _verified(work: Work, found: Document, what: str, phase: Phase, **values: Any) -> None:
    pence = money.to_pence(money.to_penny(found.net_amount + found.vat_amount))
    record(work.transfer, Event.READ_BACK_EQUAL, what=what, phase=phase, verified_total=pence, **values)


def _read(work: Work) -> Document:
    transfer = work.transfer
    if transfer.kashflow_dbid:
        return work.gateway.get_invoice_by_id(transfer.kashflow_dbid)
    return work.gateway.get_invoice(transfer.kashflow_number or transfer.invoice.number)


def _gone(work: Work, error: GatewayError, phase: Phase) -> None:
    """Not there though KashFlow took it: asked again for a while, then a person must look."""
    if is_settling(work.transfer):
        not_read_back(work, error, phase)
        return
    cause = f"KashFlow took it as number {work.transfer.kashflow_number}, but has it no more. Was it deleted?"
    back = adoption.taken_back(work.transfer) if work.transfer.accepted else {}
    why = causes.cause(cause, "gone", lease_until=None, **back)
    record(work.transfer, Event.READ_BACK_DIFFERS, what=cause, phase=phase, **why)


# --- AMBIGUOUS ----------------------------------------------------------------------------------------------


def check(work: Work) -> None:
    """AMBIGUOUS, the settle wait over: two reads of different kinds say what became of it."""
    phase = Phase("check")
    try:
        seen = look_twice(work)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if seen.is_absent or (work.is_cancelled and isinstance(seen.verdict, NumberTaken)):
        # Whoever has the number of a cancelled invoice keeps it: what matters is that ours is not there.
        absent(work, phase)
    else:
        _found(work, seen.verdict, phase)


STEPS: Steps = {State.CLAIMED: send, State.SENT: read_back, State.AMBIGUOUS: check}

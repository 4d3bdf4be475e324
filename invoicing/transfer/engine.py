"""Carrying one claimed transfer: look, create where absent, read back (transfer.md, step by step).

No transaction is open while KashFlow is talked to. Every outcome is one `record`, and whoever has lost the row stops.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.utils import timezone

from invoicing.models import Transfer
from invoicing.transfer import causes, mapping, pauses, proof
from invoicing.transfer.looks import Look, look, look_twice
from invoicing.transfer.record import Lost, Phase, in_seconds, note, record
from invoicing.transfer.states import Event, State
from invoicing.transfer.verdict import (
    EVENTS,
    Changed,
    Ours,
    Verdict,
    classify,
)
from invoicing.transfer.waits import wait_after
from invoicing.transfer.work import Work
from kashflow.gateway.errors import (
    ConnectionOff,
    EnvelopeInvalid,
    EnvelopeRefused,
    GatewayError,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    SendDeadlineMissed,
)
from kashflow.gateway.records import Invoice as Document
from kashflow.limits import times
from magmanager.common import money

log = logging.getLogger(__name__)
# A look older than half the send deadline is taken again, so that the create does not start too late.
FRESH = 0.5
LOOKS = 3
A_DAY = 24 * 60 * 60


def carry(transfer: Transfer) -> None:
    """Carries one claimed transfer as far as it goes now. Raises nothing that belongs to the protocol."""
    try:
        work = Work.on(transfer)
    except ConnectionOff as error:
        _switched_off(transfer, error)
        return
    try:
        STEPS[State(transfer.state)](work)
    except Lost:
        log.info("Transfer %s is somebody else's by now.", transfer.pk)
        work.gateway.close()
    except BaseException:
        # A slot may be held for a call that is not made any more.
        work.gateway.close()
        raise


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
        _read_failed(work, error, phase)
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
        why = causes.cause(cause, "customer_unresolved")
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
    except GatewayError as error:
        _not_created(work, error, phase)
        return
    if document.number and number != document.number:
        _mismatch(work, number, phase)
        return
    pauses.release(transfer)
    what = f"Sent. KashFlow has it as number {number}."
    record(transfer, Event.CREATED, what=what, phase=phase, kashflow_number=number, tries=0)
    read_back(work)


def _not_created(work: Work, error: GatewayError, phase: Phase) -> None:
    event = classify(error)
    if event is Event.NOT_SENT:
        _later(work.transfer, event, error, phase)
        return
    why = causes.cause(error.sentence, error.code)
    record(work.transfer, event, what=error.sentence, phase=phase, **why)
    if isinstance(error, ConnectionOff):
        pauses.stop_runs(work.transfer, work.login, error)


def _mismatch(work: Work, number: int, phase: Phase) -> None:
    ours = work.transfer.invoice.number
    cause = (
        f"KashFlow gave invoice {ours} the number {number} instead. There is one document, under {number}."
    )
    why = causes.cause(cause, "other_number", found={"number": number}, kashflow_number=number)
    record(work.transfer, Event.CREATED_OTHER_NUMBER, what=cause, phase=phase, **why)
    pauses.pause_account(work.account, ours=ours, theirs=number)


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
    cause, found = causes.of_verdict(verdict, work.transfer.invoice.number)
    why = causes.cause(cause, event.name.lower(), found=found)
    record(work.transfer, event, what=cause, phase=phase, **why)
    if isinstance(verdict, Changed) and work.document.number not in (0, verdict.found.number):
        pauses.pause_account(work.account, ours=work.document.number, theirs=verdict.found.number)


def _adopt(work: Work, found: Document, phase: Phase) -> None:
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
        _not_read_back(work, error, phase)
        return
    unequal = mapping.differences(work.document, found)
    values: dict[str, Any] = {"kashflow_number": found.number, "kashflow_dbid": found.dbid}
    if not mapping.is_marked(work.document, found):
        # Somebody else's document under our number, perhaps: its id must not be kept as ours.
        values = {}
    if unequal:
        cause = f"KashFlow's document is not what was sent. {'; '.join(map(str, unequal))}."
        why = causes.cause(cause, "differs", found=mapping.kept(found, unequal), lease_until=None)
        record(transfer, Event.READ_BACK_DIFFERS, what=cause, phase=phase, **values, **why)
        return
    pence = money.to_pence(money.to_penny(found.net_amount + found.vat_amount))
    what = "Read back: equal to the penny."
    record(transfer, Event.READ_BACK_EQUAL, what=what, phase=phase, verified_total=pence, **values)
    proof.try_to_prove(work)


def _read(work: Work) -> Document:
    transfer = work.transfer
    if transfer.kashflow_dbid:
        return work.gateway.get_invoice_by_id(transfer.kashflow_dbid)
    return work.gateway.get_invoice(transfer.kashflow_number or transfer.invoice.number)


def _gone(work: Work, error: GatewayError, phase: Phase) -> None:
    """Not there though KashFlow took it: asked again for a while, then a person must look."""
    sent_at = work.transfer.sent_at or timezone.now()
    if timezone.now() - sent_at < dt.timedelta(seconds=times().settle):
        _not_read_back(work, error, phase)
        return
    cause = f"KashFlow took it as number {work.transfer.kashflow_number}, but has it no more. Was it deleted?"
    why = causes.cause(cause, "gone", lease_until=None)
    record(work.transfer, Event.READ_BACK_DIFFERS, what=cause, phase=phase, **why)


def _not_read_back(work: Work, error: GatewayError, phase: Phase) -> None:
    if isinstance(error, ConnectionOff):
        _off(work.transfer, Event.READ_BACK_FAILED, error, phase)
        pauses.stop_runs(work.transfer, work.login, error)
    else:
        _later(work.transfer, Event.READ_BACK_FAILED, error, phase)


# --- AMBIGUOUS ----------------------------------------------------------------------------------------------


def check(work: Work) -> None:
    """AMBIGUOUS, the settle wait over: two reads of different kinds say what became of it."""
    phase = Phase("check")
    try:
        seen = look_twice(work)
    except GatewayError as error:
        _read_failed(work, error, phase)
        return
    if seen.is_absent:
        _absent(work, phase)
    else:
        _found(work, seen.verdict, phase)


def _absent(work: Work, phase: Phase) -> None:
    """Absent once is looked for again; absent twice, far enough apart, is proof."""
    transfer, wait = work.transfer, times().between_looks
    if not transfer.absent_seen or transfer.absent_first_at is None:
        what = "Not in KashFlow. It is looked for once more before anything is sent."
        values: dict[str, Any] = {
            "absent_seen": 1,
            "absent_first_at": timezone.now(),
            "not_before": in_seconds(wait),
            "lease_until": None,
        }
        note(transfer, outcome="absent_once", what=what, phase=phase, **values)
    elif timezone.now() - transfer.absent_first_at < dt.timedelta(seconds=wait):
        again_at = transfer.absent_first_at + dt.timedelta(seconds=wait)
        note(
            transfer,
            outcome="absent_too_soon",
            what="Not in KashFlow.",
            not_before=again_at,
            lease_until=None,
        )
    elif work.is_cancelled:
        record(
            transfer,
            Event.CANCEL_REQUESTED,
            what="It never reached KashFlow, and is cancelled now.",
            phase=phase,
        )
    else:
        what = "It never reached KashFlow: absent in two reads of different kinds, twice. It can be sent."
        record(transfer, Event.ABSENT_PROVED, what=what, phase=phase, last_cause="", cause_code="")


# --- What failed --------------------------------------------------------------------------------------------


def _read_failed(work: Work, error: GatewayError, phase: Phase) -> None:
    transfer = work.transfer
    if transfer.state == State.AMBIGUOUS and _uncertain_for_a_day(transfer):
        cause = "Uncertain for a day, because KashFlow could not be read. Look there, then recheck."
        why = causes.cause(cause, "uncertain_too_long")
        record(transfer, Event.UNCERTAIN_TOO_LONG, what=cause, phase=phase, **why)
    elif isinstance(error, ConnectionOff):
        event = Event.READ_FAILED if transfer.state == State.AMBIGUOUS else Event.CONNECTION_OFF
        _off(transfer, event, error, phase)
        pauses.stop_runs(transfer, work.login, error)
    else:
        _later(transfer, Event.READ_FAILED, error, phase)


def _uncertain_for_a_day(transfer: Transfer) -> bool:
    a_day = dt.timedelta(seconds=A_DAY * settings.TIME_SCALE)
    return transfer.ambiguous_since is not None and timezone.now() - transfer.ambiguous_since > a_day


def _off(transfer: Transfer, event: Event, error: ConnectionOff, phase: Phase | None) -> None:
    """Back to where it was, no try counted: nothing is wrong with this invoice."""
    # Not at once: where no run holds it back, a lane would take it up again without end.
    again_at = in_seconds(times().sweep)
    why = causes.cause(error.sentence, error.code, lease_until=None, not_before=again_at)
    record(transfer, event, what=error.sentence, phase=phase, **why)


def _later(transfer: Transfer, event: Event, error: GatewayError, phase: Phase) -> None:
    """Tried again after a wait; where KashFlow as a whole is away, the others of the account wait with it."""
    tries = transfer.tries + 1
    wait = wait_after(error, transfer.pk, tries) * settings.TIME_SCALE
    columns = {"tries": tries, "not_before": in_seconds(wait), "lease_until": None}
    why = causes.cause(error.sentence, error.code, **columns)
    record(transfer, event, what=error.sentence, phase=phase, **why)
    if isinstance(error, NotSent | RateLimited):
        pauses.hold_others(transfer, error)


def _switched_off(transfer: Transfer, error: ConnectionOff) -> None:
    """No login to work with, found before any call."""
    event = Event.CONNECTION_OFF if transfer.state == State.CLAIMED else Event.READ_FAILED
    if transfer.state == State.SENT:
        event = Event.READ_BACK_FAILED
    try:
        _off(transfer, event, error, None)
    except Lost:
        return
    pauses.stop_runs(transfer, None, error)


STEPS = {State.CLAIMED: send, State.SENT: read_back, State.AMBIGUOUS: check}

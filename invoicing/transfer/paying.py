"""The errand of a payment recorded here: look, record it where absent, read back (transfer.md, The other writes).

Payments go by InvoiceNumber, so the number is looked up before every write: it must still lead to our document.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from invoicing.models import Payment, Transfer
from invoicing.paid_status.reading import payments_of
from invoicing.paid_status.writing import arrive
from invoicing.transfer import causes, pauses
from invoicing.transfer.outcomes import absent, is_settling, not_read_back, not_written, read_failed
from invoicing.transfer.payment_verdict import (
    Absent,
    Changed,
    Ours,
    Probable,
    Several,
    Verdict,
    judge,
    pay_note,
)
from invoicing.transfer.record import Phase, record
from invoicing.transfer.states import Event, State
from invoicing.transfer.work import Steps, Work
from kashflow.gateway import records
from kashflow.gateway.errors import GatewayError, NotFound, SendDeadlineMissed, Unknown
from kashflow.limits import times
from kashflow.models import PaymentMethodMapping
from magmanager.common.money import to_pence

# As with documents: a look older than half the send deadline is taken again.
FRESH = 0.5
LOOKS = 3
A_DAY = dt.timedelta(days=1)
# What was written, kept from the intent on: the mapping and the default account may be others by then.
SENT_AS = "sent_as"
NOT_MAPPED, NO_BANK, GONE = "payment_not_mapped", "payment_no_bank", "payment_gone"


@dataclass(frozen=True)
class Look:
    """What was found, and the monotonic moment the answer was in."""

    verdict: Verdict
    at: float


class NotOurDocument(Exception):
    """The invoice's number does not lead to our document in KashFlow; `words` say what does."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


# --- CLAIMED ------------------------------------------------------------------------------------------------


def send(work: Work) -> None:
    """CLAIMED: looks, and records in KashFlow what is absent there."""
    phase = Phase("look")
    if work.is_cancelled:
        record(work.transfer, Event.CANCEL_REQUESTED, what="Removed before anything was sent.")
        return
    if why := _problem(work):
        record(work.transfer, Event.NOT_SENDABLE, what=why["last_cause"], phase=phase, **why)
        return
    try:
        seen = _absent(work, phase)
    except NotOurDocument as error:
        why = causes.cause(error.words, GONE)
        record(work.transfer, Event.NOT_SENDABLE, what=error.words, phase=phase, **why)
    except GatewayError as error:
        read_failed(work, error, phase)
    else:
        if seen:
            _insert(work, seen)


def _problem(work: Work) -> dict[str, Any] | None:
    """What keeps it from being sent, with the code of its fix: methods and bank accounts are chosen by people."""
    payment, mapped = _payment(work), _mapped(work)
    if mapped is None:
        words = f"“{payment.method}” is none of KashFlow's payment methods yet, so this was not sent. Map it first."
        return causes.cause(words, NOT_MAPPED)
    if mapped.kashflow_method.gone_at:
        words = f"“{mapped.kashflow_method}” is no longer in KashFlow, so this was not sent. Map {payment.method} anew."
        return causes.cause(words, NOT_MAPPED)
    bank = payment.bank_account or work.account.bank_account
    if bank is None:
        return causes.cause(
            "There is no bank account to pay it into. Choose the default one in Settings › KashFlow.", NO_BANK
        )
    if bank.gone_at or bank.ledger_account_id != work.account.pk:
        words = (
            f"The bank account {bank} is not in KashFlow any more, so this was not sent. Choose another one."
        )
        if payment.bank_account:
            words = (
                f"The bank account {bank} is not in KashFlow any more. Remove the payment and record it anew."
            )
        return causes.cause(words, NO_BANK)
    return None


def _absent(work: Work, phase: Phase) -> Look | None:
    """A fresh look that found nothing, with the connection open; None where something else was recorded."""
    for _again in range(LOOKS):
        seen = _look(work)
        if not isinstance(seen.verdict, Absent):
            _found(work, seen.verdict, phase)
            return None
        work.gateway.connect()
        if time.monotonic() - seen.at < times().send_deadline * FRESH:
            return seen
    work.gateway.close()
    raise SendDeadlineMissed(detail="preparing took longer than a look is good for")


def _insert(work: Work, seen: Look) -> None:
    transfer, sent = work.transfer, _wanted(work)
    fingerprint = hashlib.sha256(repr(sent).encode()).hexdigest()
    kept: dict[str, Any] = {"found": {SENT_AS: {"method": sent.method_id, "account": sent.account_id}}}
    what = "Not in KashFlow yet; recording it there."
    record(transfer, Event.INTENT, what=what, request_hash=fingerprint, **kept)
    phase = Phase("create")
    try:
        theirs = work.gateway.insert_invoice_payment(sent, send_by=seen.at + times().send_deadline)
    except GatewayError as error:
        not_written(work, error, phase)
        return
    pauses.release(transfer)
    what = f"Recorded in KashFlow, as its payment {theirs}."
    record(transfer, Event.CREATED, what=what, phase=phase, kashflow_payment_id=theirs, tries=0, **kept)
    read_back(work)


# --- What a look found --------------------------------------------------------------------------------------


def _found(work: Work, verdict: Verdict, phase: Phase) -> None:
    transfer = work.transfer
    pauses.release(transfer)
    if isinstance(verdict, Ours):
        theirs = verdict.found.payment_id
        what = f"It was in KashFlow already, as its payment {theirs}; nothing was sent again."
        columns: dict[str, Any] = {"kashflow_payment_id": theirs, "tries": 0, "found": transfer.found}
        record(transfer, Event.FOUND_OURS, what=what, phase=phase, **columns)
        read_back(work)
        return
    event = Event.FOUND_CHANGED
    if isinstance(verdict, Probable) and transfer.state == State.CLAIMED:
        event = Event.FOUND_PROBABLE
    words, columns = _words(verdict)
    record(transfer, event, what=words, phase=phase, **causes.cause(words, event.name.lower(), **columns))


def _words(verdict: Verdict) -> tuple[str, dict[str, Any]]:
    if isinstance(verdict, Changed):
        differs = "; ".join(map(str, verdict.differences))
        words = (
            f"It is in KashFlow, but changed. {differs}. Change it back there, then transfer payments again."
        )
        return words, {"kashflow_payment_id": verdict.found.payment_id}
    if isinstance(verdict, Several):
        return f"KashFlow has it {len(verdict.found)} times. Delete the extra ones there.", {}
    words = (
        "KashFlow has a payment of the same day and amount on this invoice, so nothing was sent. If it is the same "
        "money, remove the payment here. If it is not, record this one in KashFlow and remove it here."
    )
    return words, {}


# --- SENT ---------------------------------------------------------------------------------------------------


def read_back(work: Work) -> None:
    """SENT: reads the payment and compares it to the penny; from then on KashFlow's amounts include it."""
    transfer, phase = work.transfer, Phase("read back")
    try:
        verdict = _look(work).verdict
    except NotOurDocument as error:
        _differs(work, phase, error.words, GONE)
        return
    except GatewayError as error:
        not_read_back(work, error, phase)
        return
    if isinstance(verdict, Ours):
        theirs, pence = verdict.found.payment_id, to_pence(verdict.found.amount)
        columns: dict[str, Any] = {"kashflow_payment_id": theirs, "verified_total": pence}
        with transaction.atomic():
            what = "Read back: equal to the penny."
            record(transfer, Event.READ_BACK_EQUAL, what=what, phase=phase, **columns)
            arrive(_payment(work))
    elif isinstance(verdict, Absent | Probable) and is_settling(transfer):
        not_read_back(work, NotFound("GetInvoicePayment", "the payment is not there yet"), phase)
    elif isinstance(verdict, Absent | Probable):
        _differs(
            work, phase, "KashFlow took it, but has it no more. Was it deleted? Then remove it here.", GONE
        )
    else:
        _differs(work, phase, _words(verdict)[0], "differs")


def _differs(work: Work, phase: Phase, words: str, code: str) -> None:
    why = causes.cause(words, code, lease_until=None)
    record(work.transfer, Event.READ_BACK_DIFFERS, what=words, phase=phase, **why)


# --- AMBIGUOUS ----------------------------------------------------------------------------------------------


def check(work: Work) -> None:
    """AMBIGUOUS, the settle wait over: two reads of different kinds say what became of it."""
    phase = Phase("check")
    try:
        seen = _look(work, twice=True)
    except NotOurDocument as error:
        why = causes.cause(error.words, GONE)
        record(work.transfer, Event.FOUND_CHANGED, what=error.words, phase=phase, **why)
        return
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    was_there = work.transfer.kashflow_payment_id is not None
    if isinstance(seen.verdict, Absent) and was_there:
        words = "KashFlow took it, but has it no more. Was it deleted? Then remove it here."
        record(work.transfer, Event.FOUND_CHANGED, what=words, phase=phase, **causes.cause(words, GONE))
    elif isinstance(seen.verdict, Absent):
        absent(work, phase)
    else:
        _found(work, seen.verdict, phase)


# --- Looking ------------------------------------------------------------------------------------------------


def _look(work: Work, *, twice: bool = False) -> Look:
    """The payments on our document, and `twice` those around its day too. Raises NotOurDocument and GatewayError."""
    number = _number_of(work)
    found = payments_of(work.gateway, number)
    if twice:
        found += [one for one in _around_the_day(work) if one.invoice_number == number]
    answered_at = time.monotonic()
    payment = _payment(work)
    others = Payment.objects.filter(invoice=payment.invoice_id).exclude(pk=payment.pk)
    verdict = judge(
        _wanted(work),
        found,
        known_id=work.transfer.kashflow_payment_id,
        issued=set(others.values_list("code", flat=True)),
    )
    return Look(verdict, answered_at)


def _number_of(work: Work) -> int:
    """The number under which KashFlow has our document, seen just now."""
    document = _document(work)
    number = document.kashflow_number or work.transfer.invoice.number
    try:
        found = work.gateway.get_invoice(number)
    except NotFound as error:
        raise NotOurDocument(
            f"Invoice {number} is not in KashFlow any more, so no payment was recorded on it there."
        ) from error
    if found.dbid != document.kashflow_dbid:
        whose = found.customer_name or "another customer"
        raise NotOurDocument(
            f"Number {number} is on a document for {whose} in KashFlow, so no payment was recorded on it."
        )
    return number


def _around_the_day(work: Work) -> list[records.Payment]:
    """All payments around its day, page by page: whether KashFlow's range includes its last day is not sure.

    Raises Unknown where the pages are not what the count says.
    """
    count = work.gateway.get_invoice_payments_count_for_date_range(*_days(work))
    found = list(_pages(work, count))
    if len({one.payment_id for one in found}) != len(found) or len(found) != count:
        raise Unknown("GetInvoicePaymentsByDateRange", f"{len(found)} payments in the pages, {count} counted")
    return found


def _days(work: Work) -> tuple[dt.date, dt.date]:
    day = _payment(work).paid_on
    return day - A_DAY, day + A_DAY


def _pages(work: Work, count: int) -> Iterator[records.Payment]:
    """Until an empty page; a page more than there are payments would be one that is repeated."""
    for page in range(1, count + 2):
        records_of_page = list(work.gateway.get_invoice_payments_by_date_range(*_days(work), page))
        if not records_of_page:
            return
        yield from records_of_page


# --- What is to be there ------------------------------------------------------------------------------------


def _payment(work: Work) -> Payment:
    payment = work.transfer.payment
    if payment is None:
        raise TypeError("this errand is no payment")
    return payment


def _document(work: Work) -> Transfer:
    return Transfer.objects.documents().get(
        invoice=work.transfer.invoice_id, ledger_account=work.account, state=State.VERIFIED
    )


def _mapped(work: Work) -> PaymentMethodMapping | None:
    rows = PaymentMethodMapping.objects.select_related("kashflow_method")
    return rows.filter(ledger_account=work.account, method=_payment(work).method_id).first()


def _wanted(work: Work) -> records.Payment:
    """What KashFlow is to have: before it is sent as it is mapped now, then as it was sent."""
    payment, document = _payment(work), _document(work)
    kept = {} if work.transfer.state == State.CLAIMED else work.transfer.found.get(SENT_AS, {})
    method_id, account_id = (kept["method"], kept["account"]) if kept else _mapped_now(work)
    return records.Payment(
        invoice_number=document.kashflow_number or work.transfer.invoice.number,
        pay_date=payment.paid_on,
        note=pay_note(payment.note, payment.code),
        method_id=method_id,
        account_id=account_id,
        amount=payment.amount,
    )


def _mapped_now(work: Work) -> tuple[int, int]:
    """KashFlow's ids of the payment's method and bank account; 0 where there is none."""
    mapped, bank = _mapped(work), _payment(work).bank_account or work.account.bank_account
    return mapped.kashflow_method.kashflow_id if mapped else 0, bank.kashflow_id if bank else 0


STEPS: Steps = {State.CLAIMED: send, State.SENT: read_back, State.AMBIGUOUS: check}

"""The errand of setting a credit note off against its invoice: look, apply where it is not, read back.

transfer.md, The other writes: DBIDs only; what is paid of the invoice is looked at before every call. Due only
once both documents are VERIFIED (`claims.due`). What was paid before the call is kept in `found["paid_before"]`,
so that an uncertain outcome can be told from a payment somebody made meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from invoicing.models import Transfer
from invoicing.paid_status.writing import set_off
from invoicing.transfer import adoption, causes, mapping
from invoicing.transfer.outcomes import NotDone, absent, not_read_back, not_written, read_failed
from invoicing.transfer.record import Phase, record
from invoicing.transfer.states import Event, State
from invoicing.transfer.work import Steps, Work
from kashflow.gateway.errors import GatewayError, NoRecord, NotFound, SendDeadlineMissed
from kashflow.gateway.records import Invoice as Document
from kashflow.gateway.records import Payment
from kashflow.limits import times
from magmanager.common import money

PAID_BEFORE = "paid_before"
# As with a document: an older look is no reason to write.
FRESH = 0.5
NOT_SET_OFF = NotDone(
    seen="Not set off in KashFlow.",
    proved="It was not set off: unused in two reads, and nothing more paid. It can be set off.",
)


@dataclass(frozen=True)
class Seen:
    """Both documents as KashFlow has them now, the invoice's payments, and the monotonic moment of the answer."""

    invoice: Document
    note: Document
    payments: tuple[Payment, ...]
    at: float

    @property
    def credit(self) -> Decimal:
        """What the credit note is worth, in pounds with VAT; positive."""
        return -_total(self.note)

    @property
    def is_unused(self) -> bool:
        return self.note.amount_paid == 0

    @property
    def is_used_up(self) -> bool:
        """Whether all of the credit note is set off, against whatever."""
        return self.note.amount_paid == -self.credit

    def is_applied(self, paid_before: Decimal | None) -> bool:
        """Whether it is set off against this invoice: exactly, where what was paid before is known.

        Where it is not, one of the invoice's payments has to be the credit to the penny: a credit note that was set
        off elsewhere is used up as well, and its invoice may be paid in cash.
        """
        if paid_before is None:
            return self.is_used_up and any(payment.amount == self.credit for payment in self.payments)
        return self.is_used_up and self.invoice.amount_paid - paid_before == self.credit

    def problem(self) -> str:
        """Why it can't be set off, or "" where nothing is in the way."""
        paid, due = self.invoice.amount_paid, _total(self.invoice) - self.invoice.amount_paid
        if not self.is_unused:
            return (
                f"£{-self.note.amount_paid:,.2f} of the credit note is set off in KashFlow already, and "
                f"£{paid:,.2f} of invoice {self.invoice.number} is paid."
            )
        if money.total(payment.amount for payment in self.payments) != paid:
            return (
                f"KashFlow says £{paid:,.2f} of invoice {self.invoice.number} is paid, but its payments do not "
                "add up to that."
            )
        if due < self.credit:
            return (
                f"£{paid:,.2f} of invoice {self.invoice.number} is paid in KashFlow, so only £{due:,.2f} is left "
                f"and the credit note is £{self.credit:,.2f}."
            )
        return ""


def apply(work: Work) -> None:
    """CLAIMED: looks, and sets it off where nobody has."""
    phase = Phase("look")
    if work.is_cancelled:
        record(work.transfer, Event.CANCEL_REQUESTED, what="Cancelled before it was set off.")
        return
    try:
        seen = _ready(work, phase)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if seen:
        _call(work, seen)


def _ready(work: Work, phase: Phase) -> Seen | None:
    """A fresh look that found it unused, with the connection open; None where something else was recorded."""
    seen = _looked(work, phase)
    if seen is None:
        return None
    if seen.is_applied(None):
        _adopt(work, phase)
        return None
    if problem := _not_ours(work, seen) or seen.problem():
        _ask(work, problem, phase)
        return None
    work.gateway.connect()
    if time.monotonic() - seen.at < times().send_deadline * FRESH:
        return seen
    work.gateway.close()
    raise SendDeadlineMissed(detail="waiting for the connection took longer than a look is good for")


def read_back(work: Work) -> None:
    """SENT: the invoice's paid amount must have grown by exactly the credit."""
    transfer, phase = work.transfer, Phase("read back")
    before = _paid_before(transfer)
    try:
        seen = _looked(work, phase)
    except GatewayError as error:
        not_read_back(work, error, phase)
        return
    if seen is None:
        return
    if seen.is_applied(before):
        what = (
            f"Set off: £{seen.credit:,.2f} of invoice {seen.invoice.number}. Read back, equal to the penny."
        )
        with transaction.atomic():
            # The documents first, as whoever cancels or credits does.
            set_off(transfer.invoice, there=seen.invoice.amount_paid)
            record(transfer, Event.READ_BACK_EQUAL, what=what, phase=phase)
        return
    _ask(work, _unlike(seen, before), phase)


def check(work: Work) -> None:
    """AMBIGUOUS, the settle wait over: what is paid says what became of it."""
    phase, before = Phase("check"), _paid_before(work.transfer)
    try:
        seen = _looked(work, phase)
    except GatewayError as error:
        read_failed(work, error, phase)
        return
    if seen is None:
        return
    if seen.is_applied(before):
        _adopt(work, phase)
    elif seen.is_unused and before in (None, seen.invoice.amount_paid):
        absent(work, phase, NOT_SET_OFF)
    else:
        _ask(work, _unlike(seen, before), phase)


def _looked(work: Work, phase: Phase) -> Seen | None:
    """A look; None where one of the two is gone, which was recorded. Raises GatewayError: nothing was learned."""
    try:
        return _look(work)
    except NoRecord:
        # An empty record says less than a refusal that says so: the customer's list has to agree.
        if not _is_one_missing(work):
            raise
    except NotFound:
        pass
    _ask(work, "KashFlow has one of the two documents no more. Was it deleted there?", phase)
    return None


def _is_one_missing(work: Work) -> bool:
    note, customer_id = work.transfer.invoice, work.document.customer_id
    there = {one.dbid for one in work.gateway.get_invoices_for_customer(customer_id)} if customer_id else None
    return there is not None and not {work.dbid_of(note), work.dbid_of(note.credits)} <= there


def _look(work: Work) -> Seen:
    """Reads only. Raises GatewayError, and NotFound where one of the two documents is gone."""
    note = work.transfer.invoice
    credit = work.gateway.get_invoice_by_id(work.dbid_of(note))
    against = work.gateway.get_invoice_by_id(work.dbid_of(note.credits))
    payments: tuple[Payment, ...] = ()
    if against.amount_paid:
        payments = tuple(work.gateway.get_invoice_payments(against.number))
    return Seen(against, credit, payments, time.monotonic())


def _not_ours(work: Work, seen: Seen) -> str:
    """Why these two must not be touched: somebody changed one of them. "" where both are as they were sent."""
    note = work.transfer.invoice
    if note.credits is None:
        return f"{note.number} is no credit note."
    for ours, theirs in ((note, seen.note), (note.credits, seen.invoice)):
        # A document that a person linked never carried our marker.
        is_ours = mapping.marker_of(theirs.reference) == ours.marker or adoption.is_as_accepted(
            work.created(ours), theirs
        )
        if not is_ours or _total(theirs) != ours.total:
            return (
                f"KashFlow's document {theirs.number} was changed there, so nothing was set off against it."
            )
    return ""


def _call(work: Work, seen: Seen) -> None:
    transfer = work.transfer
    before = {PAID_BEFORE: str(seen.invoice.amount_paid)}
    record(transfer, Event.INTENT, what=f"Setting it off against {seen.invoice.number}.", found=before)
    phase = Phase("apply")
    try:
        work.gateway.apply_credit_note_to_invoice(
            seen.invoice.dbid, seen.note.dbid, send_by=seen.at + times().send_deadline
        )
    except GatewayError as error:
        not_written(work, error, phase)
        return
    what = f"KashFlow set it off against {seen.invoice.number}."
    record(transfer, Event.CREATED, what=what, phase=phase, tries=0, found=before)
    read_back(work)


def _adopt(work: Work, phase: Phase) -> None:
    what = "It was set off in KashFlow already; nothing was done again."
    record(work.transfer, Event.FOUND_OURS, what=what, phase=phase, tries=0, found=work.transfer.found)
    read_back(work)


def _ask(work: Work, problem: str, phase: Phase) -> None:
    cause = f"{problem} Look at both in KashFlow, then recheck, or decide that it is not set off."
    # Without what was paid before: whoever rechecks has seen it, and what KashFlow then has is taken as it is.
    why = causes.cause(cause, "not_set_off", found={}, lease_until=None)
    event = Event.READ_BACK_DIFFERS if work.transfer.state == State.SENT else Event.FOUND_CHANGED
    record(work.transfer, event, what=cause, phase=phase, **why)


def _unlike(seen: Seen, before: Decimal | None) -> str:
    told = (
        f"£{-seen.note.amount_paid:,.2f} of the credit note's £{seen.credit:,.2f} is set off; of invoice "
        f"{seen.invoice.number} £{seen.invoice.amount_paid:,.2f} is paid"
    )
    if before is None:
        return f"{told}, none of it as one payment of £{seen.credit:,.2f}. Was it set off against another invoice?"
    return f"{told}, and was £{before:,.2f} before. Did somebody pay meanwhile?"


def _paid_before(transfer: Transfer) -> Decimal | None:
    kept: Any = transfer.found.get(PAID_BEFORE)
    return None if kept is None else Decimal(kept)


def _total(document: Document) -> Decimal:
    return money.to_penny(document.net_amount + document.vat_amount)


STEPS: Steps = {State.CLAIMED: apply, State.SENT: read_back, State.AMBIGUOUS: check}

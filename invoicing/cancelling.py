"""Cancelling an invoice, and raising it again under a new number (product.md, KashFlow 10 and 12).

Here the invoice is cancelled at once and its bookings are free; what KashFlow has, or may have, of it follows
(transfer.md, Cancel, credit, payments). The number is kept with who and why.
"""

from __future__ import annotations

from copy import copy
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from bookings.services import reopen_instalments
from invoicing.marker import marker
from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.numbering import take_block
from invoicing.owed import restate_balance
from invoicing.transfer import stopping
from invoicing.transfer.services import want
from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import allow
from magmanager.common.transitions import move
from settings_app import audit
from settings_app.models import User

REASON_LENGTH = 200


class ReasonMissing(DomainError):
    """A number that is not used needs its why."""

    code = "reason_missing"


class AlreadyPaid(DomainError):
    """Money came in for it: a credit note corrects it, nothing else."""

    code = "already_paid"


class InKashFlow(DomainError):
    """KashFlow has the document, or may have it."""

    code = "in_kashflow"


def cancel_invoice(*, by: User, invoice: Invoice, reason: str) -> Invoice:
    """Cancels an invoice that is not in KashFlow and frees its bookings; returns it as it is now.

    What is being sent, or uncertain, is remembered: once the truth is known it is cancelled there too. The
    caller wakes the lanes. Raises ReasonMissing, AlreadyPaid, InKashFlow, and Gone where it was cancelled
    meanwhile; nothing is changed then.
    """
    allow(by, "invoicing.cancel_invoice")
    reason = _reason(reason)
    with transaction.atomic():
        invoice = _held(invoice)
        transfers = stopping.held(invoice)
        _refuse_in_kashflow(invoice, transfers)
        _cancel(invoice, by=by, reason=reason)
        _free_bookings(invoice)
        for transfer in transfers:
            stopping.stop(transfer, by=by)
        restate_balance(invoice.payer_id)
    return invoice


def raise_again(*, by: User, invoice: Invoice, reason: str = "") -> Invoice:
    """Cancels an invoice that never reached KashFlow and raises its lines under a new number; returns the new one.

    Where the old one was to go to KashFlow the new one goes there at once; the caller wakes the lanes.
    Dates, address and prices stay as they were issued, and the bookings stay invoiced. Raises AlreadyPaid,
    InKashFlow, NumbersUsedUp, and Gone where it was cancelled meanwhile; nothing is changed then.
    """
    allow(by, "invoicing.raise_again")
    with transaction.atomic():
        old = _held(invoice)
        transfers = stopping.held(old)
        _refuse_uncertain(old, transfers)
        number = take_block(1)
        _cancel(old, by=by, reason=f"Raised again as {number}. {reason.strip()}".strip()[:REASON_LENGTH])
        new = _copy(old, number=number, by=by)
        for transfer in transfers:
            stopping.stop(transfer, by=by)
        if transfers:
            want([new], by=by)
        restate_balance(old.payer_id)
        after = {"number": number, "instead_of": old.number, "total": str(new.total)}
        audit.record("invoice.raised", new, by=by, after=after)
    return new


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise ReasonMissing(
            "Say why it is cancelled: the number stays in the list, and an auditor will ask.", field="reason"
        )
    return reason[:REASON_LENGTH]


def _held(invoice: Invoice) -> Invoice:
    """The invoice as it is now, its row locked. Raises Gone, AlreadyPaid."""
    held = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if held.state == Invoice.State.CANCELLED:
        raise Gone(f"Invoice {held.number} was cancelled meanwhile. There is nothing left to do.")
    if held.paid_amount:
        raise AlreadyPaid(
            f"£{held.paid_amount:,.2f} of invoice {held.number} is paid, so it can't be cancelled. "
            "Raise a credit note for what is to be taken back."
        )
    return held


def _refuse_in_kashflow(invoice: Invoice, transfers: list[Transfer]) -> None:
    if any(stopping.is_there(transfer) for transfer in transfers):
        raise InKashFlow(
            f"Invoice {invoice.number} is in KashFlow, so it was not cancelled. Raise a credit note for it."
        )


def _refuse_uncertain(invoice: Invoice, transfers: list[Transfer]) -> None:
    """Raised again while KashFlow has the old one, the client would be charged twice."""
    if any(stopping.may_be_there(transfer) for transfer in transfers):
        raise InKashFlow(
            f"KashFlow has invoice {invoice.number} or may have it, so it was not raised again: the client "
            "would be charged twice. Cancel it, and raise its bookings from To Invoice."
        )


def _cancel(invoice: Invoice, *, by: User, reason: str) -> None:
    now = timezone.now()
    rows = Invoice.objects.filter(pk=invoice.pk, state=Invoice.State.RAISED)
    if not move(rows, to=Invoice.State.CANCELLED, cancelled_at=now, cancelled_reason=reason):
        raise Gone(f"Invoice {invoice.number} was cancelled meanwhile. There is nothing left to do.")
    invoice.state, invoice.cancelled_at, invoice.cancelled_reason = Invoice.State.CANCELLED, now, reason
    invoice.lines.update(is_live=False)
    audit.record(
        "invoice.cancelled",
        invoice,
        by=by,
        before={"state": Invoice.State.RAISED, "total": str(invoice.total)},
        after={"state": Invoice.State.CANCELLED, "reason": reason},
    )


def _free_bookings(invoice: Invoice) -> None:
    lines = invoice.lines.exclude(instalment=None)
    reopen_instalments(list(lines.values_list("instalment", flat=True)))


def _copy(old: Invoice, *, number: int, by: User) -> Invoice:
    """The same document under `number`, with a marker of its own."""
    new, uid = copy(old), uuid4()
    new.pk, new._state.adding = None, True
    new.uid, new.marker, new.number = uid, marker(uid), number
    new.by, new.raised_at, new.batch_id = by, timezone.now(), None
    new.state, new.cancelled_at, new.cancelled_reason = Invoice.State.RAISED, None, ""
    new.emailed_at, new.paid_as_of, new.wanted_in = None, None, None
    new.save(force_insert=True)
    lines = list(old.lines.all())
    for line in lines:
        line.pk, line._state.adding = None, True
        line.invoice, line.is_live = new, True
    InvoiceLine.objects.bulk_create(lines)
    return new

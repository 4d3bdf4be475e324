"""Cancelling an invoice, and raising it again under a new number (product.md, KashFlow 10 and 12).

Here the invoice is cancelled at once and its bookings are free; what KashFlow has, or may have, of it follows
(transfer.md, Cancel, credit, payments). The number is kept with who and why.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from bookings.services import reopen_instalments
from invoicing import credits, voiding
from invoicing.crediting import give_back, goes_to_kashflow
from invoicing.marker import marker
from invoicing.models import Invoice, InvoiceLine, Payment, Transfer
from invoicing.numbering import take_block
from invoicing.owed import restate_balance
from invoicing.reasons import LENGTH, reason_of
from invoicing.services import again
from invoicing.transfer import stopping
from invoicing.transfer.services import want
from invoicing.transfer.states import NEEDS_YOU, State
from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import allow
from magmanager.common.transitions import move
from settings_app import audit
from settings_app.models import User


class AlreadyPaid(DomainError):
    """Money came in for it: a credit note corrects it, nothing else."""

    code = "already_paid"


class InKashFlow(DomainError):
    """KashFlow has the document, or may have it."""

    code = "in_kashflow"


def cancel_invoice(*, by: User, invoice: Invoice, reason: str) -> Invoice:
    """Cancels an invoice, or a credit note that KashFlow has not or has no more; returns it as it is now.

    Its bookings are free. What KashFlow has of it is voided there by errands; what is being sent, or uncertain, is
    voided should it turn out to be there. The caller wakes the lanes. Asks KashFlow whether anything is paid, or
    whether it has the credit note, so call it outside a transaction. Raises ReasonMissing, AlreadyPaid, CannotAsk,
    InKashFlow, NumbersUsedUp, and Gone where it was cancelled meanwhile; nothing is changed then.
    """
    allow(by, "invoicing.cancel_invoice")
    reason = reason_of(
        reason, "Say why it is cancelled: the number stays in the list, and an auditor will ask."
    )
    gone = _gone_there(invoice, by)
    return again(lambda: _cancel_whole(invoice, by=by, reason=reason, gone=gone))


def raise_again(*, by: User, invoice: Invoice, reason: str = "") -> Invoice:
    """Cancels an invoice that never reached KashFlow and raises its lines under a new number; returns the new one.

    Where the old one was to go to KashFlow the new one goes there at once; the caller wakes the lanes.
    Dates, address and prices stay as they were issued, and the bookings stay invoiced. Raises AlreadyPaid,
    InKashFlow, NumbersUsedUp, and Gone where it was cancelled meanwhile; nothing is changed then.
    """
    allow(by, "invoicing.raise_again")
    return again(lambda: _raise_again(invoice, by=by, reason=reason))


@transaction.atomic
def _cancel_whole(invoice: Invoice, *, by: User, reason: str, gone: Collection[UUID]) -> Invoice:
    invoice = _held(invoice)
    transfers = stopping.held(invoice)
    _refuse(invoice, _asked(invoice, transfers, gone))
    _cancel(invoice, by=by, reason=reason)
    _free(invoice)
    for transfer in transfers:
        transfer.invoice = invoice
        stopping.stop(transfer, by=by, is_gone=transfer.pk in gone)
        voiding.begin(transfer)
    restate_balance(invoice.payer_id)
    return invoice


@transaction.atomic
def _raise_again(invoice: Invoice, *, by: User, reason: str) -> Invoice:
    old = _held(invoice)
    transfers = stopping.held(old)
    _refuse_paid_here(old)
    _refuse_with_credit_notes(old)
    _refuse_uncertain(old, transfers)
    is_wanted, number = goes_to_kashflow(old), take_block(1)
    _cancel(old, by=by, reason=f"Raised again as {number}. {reason.strip()}".strip()[:LENGTH])
    new = _copy(old, number=number, by=by)
    for transfer in transfers:
        stopping.stop(transfer, by=by)
    if is_wanted:
        want([new], by=by)
    restate_balance(old.payer_id)
    after = {"number": number, "instead_of": old.number, "total": str(new.total)}
    audit.record("invoice.raised", new, by=by, after=after)
    return new


def _gone_there(invoice: Invoice, by: User) -> set[UUID]:
    """The transfers whose document KashFlow has no more. Raises AlreadyPaid and CannotAsk, after asking there."""
    gone: set[UUID] = set()
    open_ones = Invoice.objects.filter(pk=invoice.pk, state=Invoice.State.RAISED, is_voiding=False)
    there = Transfer.objects.documents().filter(_is_known_there(), invoice__in=open_ones)
    for transfer in there.select_related("invoice", "ledger_account"):
        paid = voiding.ask(transfer, by=by)
        if paid is None and transfer.state == State.VERIFIED:
            # With a credit note what set it off is gone as well.
            done = Transfer.objects.filter(invoice=invoice, ledger_account=transfer.ledger_account)
            gone.update(done.filter(state=State.VERIFIED).values_list("pk", flat=True))
        elif paid and invoice.kind == Invoice.Kind.INVOICE:
            raise _paid(transfer.invoice, paid)
    return gone


def _is_known_there() -> Q:
    """Documents read back, and invoices whose document KashFlow named that nobody could read back as it was sent."""
    named = Q(kashflow_dbid__isnull=False) | Q(kashflow_number__isnull=False)
    unsure = Q(state__in=[State.SENT, State.AMBIGUOUS, *NEEDS_YOU], invoice__kind=Invoice.Kind.INVOICE)
    return Q(state=State.VERIFIED) | (unsure & named)


def _asked(invoice: Invoice, transfers: list[Transfer], gone: Collection[UUID]) -> list[Transfer]:
    """The transfers that may speak against cancelling: a credit note that was deleted in KashFlow is there no more."""
    if invoice.kind == Invoice.Kind.INVOICE:
        return transfers
    return [transfer for transfer in transfers if transfer.pk not in gone]


def _held(invoice: Invoice) -> Invoice:
    """The invoice as it is now, its row locked. Raises Gone where it is cancelled."""
    held = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if held.state == Invoice.State.CANCELLED:
        raise Gone(f"Invoice {held.number} was cancelled meanwhile. There is nothing left to do.")
    return held


def _refuse(invoice: Invoice, transfers: list[Transfer]) -> None:
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        _refuse_sent_note(invoice, transfers)
    elif any(stopping.is_there(transfer) for transfer in transfers):
        # What is in KashFlow was asked for there: what is paid here may be older.
        _refuse_recorded_here(invoice)
    else:
        _refuse_paid_here(invoice)
        _refuse_with_credit_notes(invoice)


def _refuse_sent_note(note: Invoice, transfers: list[Transfer]) -> None:
    if note.is_voiding:
        raise InKashFlow(f"Credit note {note.number} voids a cancelled invoice, so it stays.")
    if any(stopping.may_be_there(transfer) for transfer in transfers):
        raise InKashFlow(
            f"KashFlow has credit note {note.number} or may have it, so it was not cancelled. "
            "Raise an invoice for what was credited too much."
        )


def _refuse_paid_here(invoice: Invoice) -> None:
    if invoice.paid_amount:
        raise _paid(invoice, invoice.paid_amount)


def _refuse_recorded_here(invoice: Invoice) -> None:
    """KashFlow knows nothing of a payment that was not sent there yet."""
    recorded = Payment.objects.filter(invoice=invoice).counted_here()
    if amount := recorded.aggregate(amount=Sum("amount"))["amount"]:
        raise AlreadyPaid(
            f"£{amount:,.2f} of invoice {invoice.number} is paid, recorded here and not in KashFlow's amount yet, so "
            "it can't be cancelled. Raise a credit note for what is to be taken back, or remove the payment if it "
            "was recorded by mistake."
        )


def _paid(invoice: Invoice, amount: Decimal) -> AlreadyPaid:
    return AlreadyPaid(
        f"£{amount:,.2f} of invoice {invoice.number} is paid, so it can't be cancelled. "
        "Raise a credit note for what is to be taken back."
    )


def _refuse_with_credit_notes(invoice: Invoice) -> None:
    note = credits.of_invoice(invoice).first()
    if note is not None:
        raise InKashFlow(
            f"Credit note {note.number} takes back from invoice {invoice.number}, which KashFlow does not have yet. "
            "Cancel the credit note first, or wait until both are in KashFlow."
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
    values: dict[str, Any] = {"cancelled_at": now, "cancelled_by": by, "cancelled_reason": reason}
    rows = Invoice.objects.filter(pk=invoice.pk, state=Invoice.State.RAISED)
    if not move(rows, to=Invoice.State.CANCELLED, **values):
        raise Gone(f"Invoice {invoice.number} was cancelled meanwhile. There is nothing left to do.")
    for name, value in {"state": Invoice.State.CANCELLED, **values}.items():
        setattr(invoice, name, value)
    invoice.lines.update(is_live=False)
    audit.record(
        "invoice.cancelled",
        invoice,
        by=by,
        before={"state": Invoice.State.RAISED, "total": str(invoice.total)},
        after={"state": Invoice.State.CANCELLED, "reason": reason},
    )


def _free(invoice: Invoice) -> None:
    """Its bookings can be invoiced again; what a credit note took can be credited again."""
    lines = invoice.lines.exclude(instalment=None)
    reopen_instalments(list(lines.values_list("instalment", flat=True)))
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        give_back(invoice)


def _copy(old: Invoice, *, number: int, by: User) -> Invoice:
    """The same document under `number`, with a marker of its own."""
    new, uid = copy(old), uuid4()
    new.pk, new._state.adding = None, True
    new.uid, new.marker, new.number = uid, marker(uid), number
    new.by, new.raised_at, new.batch_id = by, timezone.now(), None
    new.state, new.cancelled_at, new.cancelled_by, new.cancelled_reason = Invoice.State.RAISED, None, None, ""
    new.emailed_at, new.paid_as_of, new.wanted_in = None, None, None
    new.save(force_insert=True)
    lines = list(old.lines.all())
    for line in lines:
        line.pk, line._state.adding = None, True
        line.invoice, line.is_live = new, True
    InvoiceLine.objects.bulk_create(lines)
    return new

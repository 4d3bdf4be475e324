"""Payments recorded here: recording one, removing one. *Transfer Payments* sends them (invoicing.transfer.paying)."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from invoicing import credits
from invoicing.marker import marker
from invoicing.models import Invoice, Payment, Transfer
from invoicing.paid_status.writing import Money, locked, settle
from invoicing.transfer.record import Lost, record
from invoicing.transfer.states import Event, State
from kashflow.models import BankAccount
from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import PaymentMethod, User

VERB = "invoicing.record_payment"
# A payment that KashFlow may have by now is not taken away here any more.
MAY_BE_THERE = (State.CLAIMED, State.SENDING, State.AMBIGUOUS)


class CannotBePaid(DomainError):
    """The document takes no payment."""

    code = "cannot_be_paid"


class Overpays(DomainError):
    """More than is owed, and nobody has said that this is meant."""

    code = "overpays"


class PaymentIsThere(DomainError):
    """KashFlow has the payment, or may have it."""

    code = "payment_is_there"


def record_payment(
    *,
    by: User,
    key: uuid.UUID,
    invoice: Invoice,
    amount: Decimal,
    paid_on: dt.date,
    method: PaymentMethod,
    bank_account: BankAccount | None = None,
    note: str = "",
    may_overpay: bool = False,
) -> Payment:
    """Records `amount` pounds as received for `invoice`; what it and its client owe follows at once.

    A second press with the same `key` returns the payment there is. Raises CannotBePaid for a cancelled document,
    and Overpays where it is more than is owed and `may_overpay` is False.
    """
    allow(by, VERB)
    with transaction.atomic():
        (row,) = locked([invoice.pk])
        if recorded := Payment.objects.filter(code=marker(key)).first():
            return recorded
        _refuse(row, invoice, amount, may_overpay)
        payment = Payment.objects.create(
            invoice=invoice,
            code=marker(key),
            amount=amount,
            paid_on=paid_on,
            method=method,
            bank_account=bank_account,
            note=note,
            by=by,
            recorded_at=timezone.now(),
        )
        row.paid_amount += amount
        settle([row])
        told = {"amount": str(amount), "paid_on": str(paid_on), "method": method.name}
        audit.record("payment.recorded", invoice, by=by, after=told)
    return payment


def remove_payment(*, by: User, payment: Payment, reason: str) -> None:
    """Takes back a payment that was recorded by mistake; it stays in the list, struck through, with `reason`.

    Raises PaymentIsThere where KashFlow has it or may have it, Gone where it was removed meanwhile.
    """
    allow(by, VERB)
    with transaction.atomic():
        (row,) = locked([payment.invoice_id])
        for transfer in payment.transfers.exclude(state__in=[State.CANCELLED, State.DO_NOT_SEND]):
            _withdraw(transfer, by)
        here = Payment.objects.filter(pk=payment.pk).counted_here()
        values = {"removed_at": timezone.now(), "removed_by": by, "removed_reason": reason}
        if here.update(**values) != 1:
            _refuse_gone(payment)
        row.paid_amount -= payment.amount
        settle([row])
        told = {"amount": str(payment.amount), "paid_on": str(payment.paid_on)}
        audit.record("payment.removed", payment.invoice, by=by, before=told, after={"reason": reason})


def _refuse(row: Money, invoice: Invoice, amount: Decimal, may_overpay: bool) -> None:
    if row.state == Invoice.State.CANCELLED:
        raise CannotBePaid(f"Invoice {invoice.number} is cancelled, so no payment was recorded on it.")
    owed = row.total - row.paid_amount - credits.not_in_paid(invoice)
    if amount > owed and not may_overpay:
        raise Overpays(
            f"£{amount:,.2f} is more than the £{max(owed, Decimal(0)):,.2f} still owed, so nothing was recorded "
            "yet. Correct the amount, or tick that it is meant.",
            field="amount",
        )


def _withdraw(transfer: Transfer, by: User) -> None:
    """Nothing will be sent any more. Raises PaymentIsThere where something may have been."""
    number = transfer.kashflow_number or transfer.invoice.number
    if transfer.state in MAY_BE_THERE:
        raise PaymentIsThere(
            "This payment is on its way to KashFlow just now, so it was not removed. Try again once that is settled."
        )
    was_sent = transfer.kashflow_payment_id is not None and transfer.cause_code != "payment_gone"
    if was_sent or transfer.state in {State.SENT, State.VERIFIED}:
        raise PaymentIsThere(
            f"This payment is in KashFlow, so it was not removed here. Delete it there, on invoice {number}; the "
            "next paid status update takes it off here."
        )
    try:
        record(transfer, Event.CANCEL, what=f"{by} removed the payment here; it is not sent.", by=by)
    except Lost as error:
        raise Gone("This payment was taken up for KashFlow meanwhile. Look at it again.") from error


def _refuse_gone(payment: Payment) -> None:
    payment.refresh_from_db()
    if payment.in_kashflow_at:
        raise PaymentIsThere(
            "This payment is in KashFlow, so it was not removed here. Delete it there; the next paid status update "
            "takes it off here."
        )
    raise Gone("Somebody else has removed this payment already.")

"""Credit notes: an invoice taken back in whole, by lines or by amounts, under a number from the same counter.

In KashFlow a credit note is an invoice with negative lines; `invoicing.transfer.applying` sets it off there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Value
from django.utils import timezone

from invoicing import credits
from invoicing.credits import MoreThanLeft, Part
from invoicing.marker import marker
from invoicing.models import Batch, Invoice, InvoiceLine, Transfer
from invoicing.numbering import take_block
from invoicing.owed import restate_balance
from invoicing.reasons import reason_of
from invoicing.services import TotalChanged, again
from invoicing.transfer.services import want
from invoicing.transfer.states import NOT_GOING
from magmanager.common.errors import DomainError, Gone
from magmanager.common.fields import MoneyField
from magmanager.common.money import ZERO, total
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

ISSUED = ("payer_id", "company_name", "address", "vat_number", "po_number", "delivery", "period")


class NothingToCredit(DomainError):
    """No line is ticked, or nothing is left of those that are."""

    code = "nothing_to_credit"


class NotCreditable(DomainError):
    """A cancelled invoice, or a credit note."""

    code = "not_creditable"


def raise_credit_note(
    *,
    by: User,
    key: UUID,
    invoice: Invoice,
    amounts: Mapping[int, Decimal],
    reason: str,
    credit_date: dt.date,
    expected_total: Decimal,
) -> Invoice:
    """Takes back `amounts` (pounds before VAT by line id) of an invoice and returns the credit note.

    `expected_total` is the page's, in pounds with VAT. A second press with the same `key` returns the credit
    note there is. Where the invoice goes to KashFlow the credit note goes there at once and is set off; the
    caller wakes the lanes. Raises ReasonMissing, NotCreditable, NothingToCredit, MoreThanLeft, TotalChanged,
    NumbersUsedUp and Gone; then no number is used and nothing is written.
    """
    allow(by, "invoicing.raise_credit_note")
    reason = reason_of(reason, "Say why it is credited: the reason is kept with the credit note.")
    return again(lambda: _raise(by, key, invoice, amounts, reason, credit_date, expected_total))


@transaction.atomic
def _raise(
    by: User,
    key: UUID,
    invoice: Invoice,
    amounts: Mapping[int, Decimal],
    reason: str,
    credit_date: dt.date,
    expected_total: Decimal,
) -> Invoice:
    held = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if raised := Invoice.objects.filter(batch__key=key, credits=held).first():
        return raised
    if Batch.objects.filter(key=key).exists():
        raise Gone("This page was already used for another invoice. Open the invoice again.")
    _refuse(held, credit_date)
    parts = _parts(held, amounts)
    _refuse_changed(parts, expected_total)
    batch = Batch.objects.create(key=key, by=by, raised_at=timezone.now(), invoice_count=1)
    note = issue(held, parts, by=by, reason=reason, credit_date=credit_date, batch=batch)
    restate_balance(held.payer_id)
    return note


def issue(
    invoice: Invoice,
    parts: Sequence[Part],
    *,
    by: User,
    reason: str,
    credit_date: dt.date,
    batch: Batch | None = None,
    is_voiding: bool = False,
) -> Invoice:
    """Writes the credit note of `parts` in the caller's transaction, which holds the invoice's row.

    Raises MoreThanLeft where a line was credited meanwhile.
    """
    for part in parts:
        _take(part)
    note = _row(invoice, parts, by=by, credit_date=credit_date)
    note.credit_reason, note.batch, note.is_voiding = reason, batch, is_voiding
    note.save(force_insert=True)
    InvoiceLine.objects.bulk_create(_line(note, part, sort) for sort, part in enumerate(parts, start=1))
    if goes_to_kashflow(invoice):
        want([note], by=by)
    after = {"credits": invoice.number, "total": str(note.total), "reason": reason}
    audit.record("credit_note.raised", note, by=by, after=after)
    return note


def goes_to_kashflow(invoice: Invoice) -> bool:
    """Whether a document is in the current KashFlow account or on its way there, and nobody decided against it."""
    sent = Transfer.objects.documents().filter(invoice=invoice, ledger_account__is_current=True)
    return sent.exclude(state__in=NOT_GOING).exists()


def give_back(note: Invoice) -> None:
    """What a credit note that is being cancelled took can be credited again; call it in that transaction."""
    for line in note.lines.all():
        InvoiceLine.objects.filter(credit_lines__pk=line.pk).update(
            credited_amount=F("credited_amount") + _pounds(line.amount),
            credited_vat=F("credited_vat") + _pounds(line.vat_amount),
        )


def _pounds(amount: Decimal) -> Value:
    return Value(amount, output_field=MoneyField())


def _refuse(invoice: Invoice, credit_date: dt.date) -> None:
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        raise NotCreditable(f"{invoice.number} is a credit note itself. Raise an invoice instead.")
    if invoice.state == Invoice.State.CANCELLED:
        raise NotCreditable(f"Invoice {invoice.number} is cancelled, so nothing of it is left to credit.")
    if credit_date < invoice.invoice_date:
        raise NotCreditable(
            f"Invoice {invoice.number} is of {invoice.invoice_date:%d %b %Y}: its credit note can't be older. "
            "Choose that day or a later one.",
            field="credit_date",
        )


def _parts(invoice: Invoice, amounts: Mapping[int, Decimal]) -> list[Part]:
    lines = {line.pk: line for line in invoice.lines.all()}
    if set(amounts) - set(lines):
        raise Gone(f"A line that was ticked is not on invoice {invoice.number}. Open the page again.")
    parts = [credits.part(line, amounts[pk]) for pk, line in lines.items() if amounts.get(pk)]
    if not parts or total(part.total for part in parts) <= 0:
        raise NothingToCredit("Nothing is credited. Tick at least one line and say how much of it.")
    return parts


def _refuse_changed(parts: Sequence[Part], expected: Decimal) -> None:
    now = total(part.total for part in parts)
    if now != expected:
        raise TotalChanged(
            f"The credit note comes to £{now:,.2f} with VAT, and the page showed £{expected:,.2f}. "
            "Nothing was raised. Look at the new total and press again."
        )


def _take(part: Part) -> None:
    """Counts a part on the line it is taken from, only while as much is still left of it."""
    line = part.line
    before: dict[str, Any] = {"credited_amount": line.credited_amount, "credited_vat": line.credited_vat}
    taken = InvoiceLine.objects.filter(pk=line.pk, **before).update(
        credited_amount=line.credited_amount + part.amount, credited_vat=line.credited_vat + part.vat_amount
    )
    if taken != 1:
        raise MoreThanLeft(f"“{line.description}” was credited meanwhile. Open the page again.")


def _row(invoice: Invoice, parts: Sequence[Part], *, by: User, credit_date: dt.date) -> Invoice:
    uid = uuid4()
    amount, vat = -total(part.amount for part in parts), -total(part.vat_amount for part in parts)
    return Invoice(
        **{name: getattr(invoice, name) for name in ISSUED},
        kind=Invoice.Kind.CREDIT_NOTE,
        credits=invoice,
        uid=uid,
        marker=marker(uid),
        number=take_block(1),
        by=by,
        raised_at=timezone.now(),
        invoice_date=credit_date,
        due_on=credit_date,
        item_count=len(parts),
        amount=amount,
        vat_amount=vat,
        total=amount + vat,
    )


def _line(note: Invoice, part: Part, sort: int) -> InvoiceLine:
    """The line of the invoice with its sign turned: quantity 1 at a negative rate, the same codes."""
    line = copy(part.line)
    line.pk, line._state.adding = None, True
    line.invoice, line.sort, line.instalment_id, line.credited_line = note, sort, None, part.line
    line.quantity, line.rate, line.amount, line.vat_amount = 1, -part.amount, -part.amount, -part.vat_amount
    line.list_price, line.discount_percent = -part.amount, Decimal(0)
    line.credited_amount, line.credited_vat = ZERO, ZERO
    return line

"""What was credited of an invoice, and what is left: questions for balances, pages and the verbs.

A credit note counts against its invoice from the moment it is raised: first by itself, and once it is set off in
KashFlow as a part of what is paid of the invoice (`paid_status.writing.set_off` settles both in one write). What a credit
note is still open with is what has to be taken off its invoice besides: `not_in_paid`, or `owed` in a query.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.transfer.states import State
from invoicing.vat import VatOfLine
from magmanager.common.errors import DomainError
from magmanager.common.fields import MoneyField
from magmanager.common.money import ZERO

# Of setting a credit note off: what KashFlow says is paid of the invoice may have it in.
UNDER_WAY = (State.CLAIMED, State.SENDING, State.SENT, State.AMBIGUOUS)


class MoreThanLeft(DomainError):
    """A line is never credited beyond its own amount."""

    code = "more_than_left"


@dataclass(frozen=True)
class Part:
    """What a credit note takes back of one line, in pounds: nothing signed, as it stands on the invoice."""

    line: InvoiceLine
    amount: Decimal
    vat_amount: Decimal

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount


def credited_amount(invoice: Invoice) -> Decimal:
    """Pounds with VAT that the credit notes of `invoice` take back, set off in KashFlow or not."""
    return -(of_invoice(invoice).aggregate(total=Sum("total"))["total"] or ZERO)


def not_in_paid(invoice: Invoice) -> Decimal:
    """The part of `credited_amount` that is not in the invoice's paid amount: not set off in KashFlow."""
    return not_in_paid_of([invoice.pk]).get(invoice.pk, ZERO)


def not_in_paid_of(invoice_ids: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Decimal]:
    """As `not_in_paid`, of many invoices in one query; by id, without those it is nothing of."""
    notes = _live().filter(credits__in=invoice_ids).values_list("credits")
    found = notes.annotate(total=Sum("total"), settled=Sum("paid_amount"))
    return {pk: settled - raised for pk, raised, settled in found if settled != raised}


def came_in(invoice: Invoice) -> Decimal:
    """What is paid of `invoice` in money: its paid amount without what was set off."""
    return invoice.paid_amount - credited_amount(invoice) + not_in_paid(invoice)


def owed() -> Combinable:
    """In a query over documents: pounds left to pay of each, without what was credited of it."""
    return _pounds(F("total") - F("paid_amount") + _of_notes(F("total") - F("paid_amount")))


def received() -> Combinable:
    """In a query over documents: pounds that came in for each, without credit notes that were set off."""
    return _pounds(F("paid_amount") + _of_notes(F("paid_amount")))


def being_set_off() -> QuerySet[Invoice]:
    """The credit notes that are being set off: done in KashFlow or not, nobody knows yet."""
    errands = Transfer.objects.filter(kind=Transfer.Kind.APPLY, state__in=UNDER_WAY)
    return Invoice.objects.filter(transfers__in=errands)


def _live() -> QuerySet[Invoice]:
    notes = Invoice.objects.filter(kind=Invoice.Kind.CREDIT_NOTE, state=Invoice.State.RAISED)
    return notes.order_by()


def _of_notes(amount: Combinable) -> Coalesce:
    """The sum of `amount` (nothing or less) over the credit notes of a document."""
    sums = _live().filter(credits=OuterRef("pk")).values("credits").annotate(sum=Sum(_pounds(amount)))
    return Coalesce(Subquery(sums.values("sum")), Value(ZERO), output_field=MoneyField())


def _pounds(amount: Any) -> ExpressionWrapper:
    # Without its own output field a sum of two amounts would come out in pence.
    return ExpressionWrapper(amount, output_field=MoneyField())


def of_invoice(invoice: Invoice) -> QuerySet[Invoice]:
    """The credit notes of `invoice` that were not cancelled, by number."""
    return Invoice.objects.filter(credits=invoice, state=Invoice.State.RAISED).order_by("number")


def left(line: InvoiceLine) -> Part:
    """What nobody has credited of a line yet."""
    return Part(line, line.amount - line.credited_amount, line.vat_amount - line.credited_vat)


def part(line: InvoiceLine, amount: Decimal) -> Part:
    """`amount` pounds before VAT of a line with the VAT that goes with it.

    VAT is rounded half up to the penny, and never more than is left of the line's; whoever takes the rest of
    the amount takes the rest of its VAT, so that all parts together are the line to the penny. Raises
    MoreThanLeft.
    """
    rest = left(line)
    if not min(ZERO, rest.amount) <= amount <= max(ZERO, rest.amount):
        raise MoreThanLeft(
            f"£{rest.amount:,.2f} of “{line.description}” is left to credit, not £{amount:,.2f}.",
            field=f"amount_{line.pk}",
        )
    if amount == rest.amount:
        return rest
    vat = VatOfLine(line.vat_percent, line.is_vat_exempt).amount(amount)
    return Part(
        line, amount, min(vat, rest.vat_amount) if rest.vat_amount >= 0 else max(vat, rest.vat_amount)
    )


def parts_left(lines: Iterable[InvoiceLine]) -> list[Part]:
    """Everything of `lines` that is left to credit."""
    return [rest for line in lines if (rest := left(line)).amount or rest.vat_amount]

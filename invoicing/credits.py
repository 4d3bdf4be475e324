"""What was credited of an invoice, and what is left: questions for balances, pages and the verbs.

A credit note counts against its invoice from the moment it is raised. KashFlow counts it among what is paid
once it is set off there, so a balance must not take it off twice: `not_in_paid` is what is still missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.transfer.states import State
from invoicing.vat import VatOfLine
from magmanager.common.errors import DomainError
from magmanager.common.money import ZERO


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
    """The part of `credited_amount` that is not in the invoice's paid amount: not set off when KashFlow was asked."""
    return not_in_paid_of([invoice.pk]).get(invoice.pk, ZERO)


def not_in_paid_of(invoice_ids: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Decimal]:
    """As `not_in_paid`, of many invoices in one query; by id, without those it is nothing of."""
    notes = Invoice.objects.filter(credits__in=invoice_ids, state=Invoice.State.RAISED).order_by()
    set_off = Q(transfers__kind=Transfer.Kind.APPLY, transfers__state=State.VERIFIED)
    before = Q(transfers__verified_at__lt=F("credits__paid_as_of"))
    missing = notes.exclude(pk__in=notes.filter(set_off & before).values("pk"))
    return {pk: -amount for pk, amount in missing.values_list("credits").annotate(taken=Sum("total"))}


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

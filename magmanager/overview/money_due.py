"""Overdue money by age, for Home."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from invoicing import credits
from invoicing.models import Invoice
from magmanager.common.money import ZERO, total

# (label, days overdue from, to); the colours --age-1 to --age-4 stand for them in this order.
AGES: tuple[tuple[str, int, int | None], ...] = (
    ("1–30 days", 1, 30),
    ("31–60 days", 31, 60),
    ("61–90 days", 61, 90),
    ("Over 90 days", 91, None),
)
WIDTH = 400


@dataclass(frozen=True)
class Age:
    """Invoices overdue by so many days; `x` and `width` are its piece of a bar of 400."""

    label: str
    shade: int
    count: int
    amount: Decimal
    x: int = 0
    width: int = 0


@dataclass(frozen=True)
class Due:
    """What is owed in all, and what of it is overdue."""

    owed_amount: Decimal
    overdue_amount: Decimal
    client_count: int
    ages: list[Age]


def due(today: dt.date) -> Due:
    """Invoices of which something is owed, by how long they are overdue on the day `today`; one query.

    What credit notes take back is off, in KashFlow or not: an invoice credited in whole is not owed.
    """
    raised = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, state=Invoice.State.RAISED)
    unpaid = raised.exclude(paid_state__in=[Invoice.Paid.PAID, Invoice.Paid.OVER])
    open_invoices = unpaid.annotate(left=credits.owed()).filter(left__gt=ZERO)
    asked: dict[str, Any] = {
        "owed": Sum("left"),
        "clients": Count("payer", distinct=True, filter=Q(due_on__lt=today)),
    }
    for n, (_, first, last) in enumerate(AGES):
        between = Q(due_on__lte=today - dt.timedelta(days=first))
        if last:
            between &= Q(due_on__gte=today - dt.timedelta(days=last))
        asked |= {
            f"count_{n}": Count("pk", filter=between),
            f"amount_{n}": Sum("left", filter=between),
        }
    found = open_invoices.aggregate(**asked)
    ages = [
        Age(label, n + 1, found[f"count_{n}"], found[f"amount_{n}"] or ZERO)
        for n, (label, _, _) in enumerate(AGES)
    ]
    return Due(
        owed_amount=found["owed"] or ZERO,
        overdue_amount=total(age.amount for age in ages),
        client_count=found["clients"],
        ages=_laid_out(ages),
    )


def _laid_out(ages: list[Age]) -> list[Age]:
    """`ages` with their pieces of the bar, a gap of two between them."""
    overdue, x, laid = total(age.amount for age in ages), 0, []
    for age in ages:
        width = int(WIDTH * age.amount / overdue) if overdue else 0
        laid.append(
            Age(age.label, age.shade, age.count, age.amount, x, max(width - 2, 2) if age.amount else 0)
        )
        x += width
    return laid

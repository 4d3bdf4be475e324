"""What a payer owes and since when, counted anew from its documents where adding to it is not enough."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Min, Q, QuerySet, Sum

from clients.balances import hold_balance, set_balance
from invoicing.models import Invoice
from magmanager.common.money import ZERO

PAID = (Invoice.Paid.PAID, Invoice.Paid.OVER)


def restate_balance(payer_id: int) -> None:
    """Writes the balance and the oldest due date of a payer anew; call it in the transaction that changed them."""
    hold_balance(payer_id)
    found = open_documents(payer_id).aggregate(
        total=Sum("total", default=ZERO), paid=Sum("paid_amount", default=ZERO)
    )
    set_balance(payer_id, found["total"] - found["paid"], _oldest_due_on(payer_id))


def open_documents(payer_id: int) -> QuerySet[Invoice]:
    """The documents of a payer that count: not cancelled, not paid, and no credit note of a cancelled invoice."""
    rows = Invoice.objects.filter(payer=payer_id, state=Invoice.State.RAISED)
    live = Q(credits=None) | Q(credits__state=Invoice.State.RAISED)
    return rows.filter(live).exclude(paid_state__in=PAID).order_by()


def _oldest_due_on(payer_id: int) -> dt.date | None:
    """Of the invoices that are not credited in whole."""
    credited = Sum("credit_notes__total", filter=Q(credit_notes__state=Invoice.State.RAISED), default=ZERO)
    invoices = open_documents(payer_id).filter(kind=Invoice.Kind.INVOICE).annotate(credited=credited)
    owed = invoices.filter(total__gt=-F("credited"))
    return owed.aggregate(oldest=Min("due_on"))["oldest"]

"""What a payer owes and since when, counted anew from its documents where adding to it is not enough."""

from __future__ import annotations

from django.db.models import Min, QuerySet, Sum

from clients.balances import hold_balance, set_balance
from invoicing.models import Invoice
from magmanager.common.money import ZERO

PAID = (Invoice.Paid.PAID, Invoice.Paid.OVER)


def restate_balance(payer_id: int) -> None:
    """Writes the balance and the oldest due date of a payer anew; call it in the transaction that changed them."""
    hold_balance(payer_id)
    found = open_documents(payer_id).aggregate(
        total=Sum("total", default=ZERO), paid=Sum("paid_amount", default=ZERO), oldest_due_on=Min("due_on")
    )
    set_balance(payer_id, found["total"] - found["paid"], found["oldest_due_on"])


def open_documents(payer_id: int) -> QuerySet[Invoice]:
    """The documents of a payer that are neither cancelled nor paid."""
    rows = Invoice.objects.filter(payer=payer_id, state=Invoice.State.RAISED)
    return rows.exclude(paid_state__in=PAID).order_by()

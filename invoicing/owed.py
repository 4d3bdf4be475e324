"""What a payer owes and since when, counted anew from its documents where adding to it is not enough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Min, Q, QuerySet, Sum

from clients.balances import hold_balance, set_balance
from invoicing import credits
from invoicing.models import Invoice
from magmanager.common import many
from magmanager.common.money import ZERO

PAID = (Invoice.Paid.PAID, Invoice.Paid.OVER)


def restate_balance(payer_id: int) -> None:
    """Writes the balance and the oldest due date of a payer anew; call it in the transaction that changed them."""
    hold_balance(payer_id)
    found = (
        _live()
        .filter(payer=payer_id)
        .aggregate(total=Sum("total", default=ZERO), paid=Sum("paid_amount", default=ZERO))
    )
    set_balance(payer_id, found["total"] - found["paid"], oldest_due_on([payer_id]).get(payer_id))


def open_documents(payer_id: int) -> QuerySet[Invoice]:
    """The documents of a payer that count: not cancelled, not paid to the penny, and no credit note of a cancelled
    invoice. What was paid too much counts too: it is the client's money."""
    return _live().filter(payer=payer_id).exclude(paid_state=Invoice.Paid.PAID)


def oldest_due_on(payer_ids: Iterable[int]) -> dict[int, dt.date]:
    """By payer: since when the oldest of its invoices is due of which something is left after what was credited."""
    invoices = _live().filter(payer__in=many.among(payer_ids), kind=Invoice.Kind.INVOICE)
    owing = invoices.exclude(paid_state__in=PAID).annotate(owed=credits.owed()).filter(owed__gt=ZERO)
    return dict(owing.values_list("payer").annotate(Min("due_on")))


def _live() -> QuerySet[Invoice]:
    live = Q(credits=None) | Q(credits__state=Invoice.State.RAISED)
    return Invoice.objects.filter(live, state=Invoice.State.RAISED).order_by()

"""What clients store of the floors above them, computed once at the end instead of row by row."""

from __future__ import annotations

import datetime as dt

from django.db.models import ExpressionWrapper, F, Max, Min, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookings.models import Booking
from clients.models import Client
from invoicing.models import Invoice
from magmanager.common.fields import MoneyField


def write_derived() -> None:
    """Client's stored columns: first booking, until when booked, what is owed and since when."""
    bookings = Booking.objects.filter(client=OuterRef("pk"), state="confirmed").order_by().values("client")
    owed = Invoice.objects.filter(payer=OuterRef("pk"), state="raised").exclude(
        paid_state__in=["paid", "over"]
    )
    unpaid = owed.order_by().values("payer")
    balance = Sum(ExpressionWrapper(F("total") - F("paid_amount"), output_field=MoneyField()))
    Client.objects.update(
        first_booked_at=Subquery(bookings.annotate(value=Min("booked_at")).values("value")),
        booked_until_on=Subquery(bookings.annotate(value=Max("issue__off_sale_on")).values("value")),
        balance_amount=Coalesce(
            Subquery(unpaid.annotate(value=balance).values("value")), 0, output_field=MoneyField()
        ),
        oldest_due_on=Subquery(unpaid.annotate(value=Min("due_on")).values("value")),
    )
    # The model stamps them with now; people are entered before they book.
    Client.objects.update(added_at=Coalesce(F("first_booked_at"), timezone.now()) - dt.timedelta(days=9))

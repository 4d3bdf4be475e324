"""Bookings to invoice: payers of the benchmark's own, each with two adverts for every batch."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from bookings.models import Booking, BookingSet, Instalment
from clients.models import Client
from invoicing import documents
from invoicing.models import Batch
from invoicing.services import raise_batch
from publications.models import AdvertSize, Issue
from settings_app.models import User

PRICES = (Decimal("180.00"), Decimal("42.35"))
DAY = dt.date(2026, 11, 20)
ROWS_AT_ONCE = 500


def accountant() -> User:
    """The demo publisher's own, who may raise and transfer."""
    return User.objects.filter(groups__name="Accounts").order_by("pk")[0]


def payers(count: int) -> list[Client]:
    """New clients who pay for themselves, with all an invoice needs."""
    return Client.objects.bulk_create(
        [
            Client(
                name=f"Payer {n:05} Ltd",
                address1=f"{n} High Street",
                town="Hereford",
                postcode="HR1 2AB",
                email=f"accounts@payer{n:05}.example",
            )
            for n in range(count)
        ],
        batch_size=ROWS_AT_ONCE,
    )


@transaction.atomic
def booked(clients: list[Client]) -> list[int]:
    """The ids of two new open instalments for each of `clients`."""
    now, by, size = timezone.now(), accountant(), AdvertSize.objects.get(name="Quarter page")
    issue = Issue.objects.order_by("-on_sale_on")[0]
    sets = BookingSet.objects.bulk_create(
        [BookingSet(key=uuid.uuid4(), client=client, by=by, booked_at=now) for client in clients],
        batch_size=ROWS_AT_ONCE,
    )
    bookings = Booking.objects.bulk_create(
        [
            Booking(
                booking_set=booking_set,
                client_id=booking_set.client_id,
                issue=issue,
                advert_size=size,
                list_price=price,
                price=price,
                booked_at=now,
            )
            for booking_set in sets
            for price in PRICES
        ],
        batch_size=ROWS_AT_ONCE,
    )
    instalments = Instalment.objects.bulk_create(
        [Instalment(booking=booking, issue=issue, price=booking.price) for booking in bookings],
        batch_size=ROWS_AT_ONCE,
    )
    return [one.pk for one in instalments]


class Press:
    """One press of *Create*: everything it is given is known before, so that only the raising is measured."""

    def __init__(self, clients: list[Client]) -> None:
        self.by, self.key, self.ids = accountant(), uuid.uuid4(), booked(clients)
        one = documents.preview(self.ids[: len(PRICES)], DAY)
        self.total = one.total * len(clients)

    def __call__(self) -> Batch:
        return raise_batch(
            by=self.by, key=self.key, instalment_ids=self.ids, invoice_date=DAY, expected_total=self.total
        )

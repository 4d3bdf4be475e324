"""What keeps a client from being invoiced, mended on the preview itself."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from bookings.models import Booking
from clients.models import Client
from clients.services import change_client
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User


def add_email(*, by: User, client: Client, email: str) -> None:
    """Gives a client that has no e-mail address the one its invoices go to. Raises ChangedMeanwhile."""
    allow(by, "clients.change_client")
    change_client(client, by=by, revision=client.revision, values={"email": email})


def add_po_number(*, by: User, instalment_ids: Collection[int], po_number: str) -> None:
    """Gives the bookings of `instalment_ids` that have no PO number this one; those that have one keep it."""
    allow(by, "invoicing.raise_batch")
    without = Q(po_number="", booking_set__po_number="")
    with transaction.atomic():
        bookings = list(
            Booking.objects.filter(without, instalments__in=instalment_ids, instalments__is_open=True)
            .select_related("advert_size", "miscellaneous_item")
            .distinct()
        )
        Booking.objects.filter(pk__in=[booking.pk for booking in bookings], po_number="").update(
            po_number=po_number
        )
        audit.record_all(
            audit.entry(
                "booking.changed", booking, by=by, before={"po_number": ""}, after={"po_number": po_number}
            )
            for booking in bookings
        )

"""The verbs of bookings: book adverts, cancel a booking, and what invoicing does to instalments."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils import timezone

from bookings.models import Booking, BookingSet, Instalment
from bookings.pricing import price_after_discount
from clients import customers
from clients import services as clients
from clients.models import Client
from kashflow.connections import ledger_account
from magmanager.common.errors import DomainError, Gone
from magmanager.common.money import split
from magmanager.common.transitions import move
from publications.models import AdvertSize, Issue, PremiumPosition
from settings_app import audit
from settings_app.models import SystemDefaults, User

BATCH = 500


@dataclass(frozen=True)
class Line:
    """One advert that is wanted: where, what, at which list price in pounds, in how many instalments."""

    issue: Issue
    advert_size: AdvertSize
    list_price: Decimal
    discount_percent: Decimal = Decimal(0)
    position: PremiumPosition | None = None
    instalments: int = 1


class NothingBooked(DomainError):
    """There is no line."""

    code = "nothing_booked"


class NotOnSale(DomainError):
    """The issue is complete or switched off."""

    code = "not_on_sale"


class PositionTaken(DomainError):
    """A premium position is sold once in an issue."""

    code = "position_taken"


class AlreadyInvoiced(DomainError):
    """An instalment is on a live invoice, or its booking was cancelled."""

    code = "already_invoiced"


# --- Booking ------------------------------------------------------------------------------------------------


def book_adverts(
    *, by: User, key: uuid.UUID, client: Client, lines: Sequence[Line], po_number: str = ""
) -> BookingSet:
    """Books `lines` for `client` in one transaction. A second call with the same `key` books nothing more.

    With KashFlow as the accounts package the payer's customer is wanted there in the same transaction
    (product.md, KashFlow 8); creating it is the caller's to wake. Raises NothingBooked, NotOnSale,
    PositionTaken, or DomainError for a closed client and a missing PO number.
    """
    if booked := _booked_before(key, client):
        return booked
    _refuse(client, lines, po_number)
    try:
        with transaction.atomic():
            return _book(by=by, key=key, client=client, lines=lines, po_number=po_number)
    except IntegrityError:
        # Somebody was first: the same press, or a booking of the same position.
        if booked := _booked_before(key, client):
            return booked
        _refuse_taken(lines)
        raise


def _booked_before(key: uuid.UUID, client: Client) -> BookingSet | None:
    booked = BookingSet.objects.filter(key=key).first()
    if booked and booked.client_id != client.pk:
        raise Gone("This page was already used to book for another client. Open Book adverts again.")
    return booked


def _refuse(client: Client, lines: Sequence[Line], po_number: str) -> None:
    if not lines:
        raise NothingBooked("No issue is ticked. Tick the issues the advert is to be in.", field="issues")
    if client.closed_at:
        raise DomainError("This client is closed. Open it again on its Details before booking.")
    if client.is_po_required and not po_number:
        raise DomainError("This client requires a PO number. Ask for it and type it here.", field="po_number")
    for line in lines:
        if line.issue.is_complete or not line.issue.is_active or not line.issue.publication.is_active:
            raise NotOnSale(f"{line.issue} is no longer on sale. Untick it.", field="issues")
        if line.position and line.position.publication_id != line.issue.publication_id:
            raise DomainError(
                "This position belongs to another publication. Choose it anew.", field="position"
            )
    _refuse_taken(lines)


def _refuse_taken(lines: Sequence[Line]) -> None:
    wanted = {(line.issue.pk, line.position.pk): line for line in lines if line.position}
    taken = Booking.objects.filter(
        state=Booking.State.CONFIRMED,
        issue__in=[issue for issue, _ in wanted],
        position__in=[position for _, position in wanted],
    )
    for issue, position in taken.values_list("issue", "position"):
        if line := wanted.get((issue, position)):
            raise PositionTaken(
                f"{line.position} is sold in {line.issue} already. Choose another one or untick the issue.",
                field="position",
            )


def _book(*, by: User, key: uuid.UUID, client: Client, lines: Sequence[Line], po_number: str) -> BookingSet:
    client, now = clients.lock(client), timezone.now()
    booking_set = BookingSet.objects.create(key=key, client=client, by=by, booked_at=now, po_number=po_number)
    bookings = Booking.objects.bulk_create([_booking(booking_set, line) for line in lines], batch_size=BATCH)
    instalments = [
        one for booking, line in zip(bookings, lines, strict=True) for one in _instalments(booking, line)
    ]
    Instalment.objects.bulk_create(instalments, batch_size=BATCH)
    clients.note_booked(client, at=now, until_on=max(line.issue.off_sale_on for line in lines))
    if SystemDefaults.current().uses_kashflow:
        # Without a login yet: the customer waits for the first one that is saved.
        customers.want(client.payer, ledger_account())
    audit.record("adverts.booked", booking_set, by=by, after=_as_text(bookings))
    return booking_set


def _booking(booking_set: BookingSet, line: Line) -> Booking:
    client = booking_set.client
    return Booking(
        booking_set=booking_set,
        client=client,
        issue=line.issue,
        advert_size=line.advert_size,
        position=line.position,
        advertising_as=client.advertising_as or client.name,
        list_price=line.list_price,
        discount_percent=line.discount_percent,
        price=price_after_discount(line.list_price, line.discount_percent),
        po_number=booking_set.po_number,
        salesperson_id=client.salesperson_id,
        booked_at=booking_set.booked_at,
    )


def _instalments(booking: Booking, line: Line) -> list[Instalment]:
    parts = split(booking.price, line.instalments)
    return [
        Instalment(booking=booking, issue=line.issue, sequence=n, of=len(parts), price=price)
        for n, price in enumerate(parts, 1)
    ]


def _as_text(bookings: Sequence[Booking]) -> dict[str, str]:
    return {f"booking {booking.pk}": f"{booking.issue}, {booking}, {booking.price}" for booking in bookings}


# --- Cancelling ---------------------------------------------------------------------------------------------


@transaction.atomic
def cancel_booking(booking: Booking, *, by: User) -> None:
    """Cancels a booking that is on no live invoice, and writes anew what its client has booked.

    Raises AlreadyInvoiced, or Gone where it was cancelled meanwhile.
    """
    client = clients.lock(booking.client)
    if not move(
        Booking.objects.filter(pk=booking.pk, state=Booking.State.CONFIRMED),
        to=Booking.State.CANCELLED,
        cancelled_at=timezone.now(),
    ):
        raise Gone("This booking was cancelled meanwhile. There is nothing left to do.")
    # Closing every instalment is what a batch would do too: only one of the two can have them.
    instalments = list(booking.instalments.values_list("pk", flat=True))
    _close(instalments, "It is invoiced. Cancel or credit the invoice first, then the booking.")
    first_at, until_on = _booked(client)
    clients.set_booked(client, first_at=first_at, until_on=until_on)
    audit.record(
        "booking.cancelled", booking, by=by, before={"issue": str(booking.issue), "price": str(booking.price)}
    )


def _booked(client: Client) -> tuple[dt.datetime | None, dt.date | None]:
    confirmed = client.bookings.filter(state=Booking.State.CONFIRMED)
    found = confirmed.aggregate(first_at=Min("booked_at"), until_on=Max("issue__off_sale_on"))
    return found["first_at"], found["until_on"]


# --- What invoicing does to instalments ---------------------------------------------------------------------


def close_instalments(ids: Collection[int]) -> None:
    """Takes the open instalments `ids` for an invoice; call it inside the transaction that raises it.

    Raises AlreadyInvoiced unless every one of them was still open; the transaction must then roll back.
    """
    _close(
        ids,
        "Some of these bookings were invoiced or cancelled meanwhile. Open To Invoice again for the rest.",
    )


def _close(ids: Collection[int], message: str) -> None:
    wanted = set(ids)
    if Instalment.objects.filter(pk__in=wanted, is_open=True).update(is_open=False) != len(wanted):
        raise AlreadyInvoiced(message)


def reopen_instalments(ids: Collection[int]) -> None:
    """Frees the closed instalments `ids` of an invoice that is being cancelled, in its transaction.

    Raises Gone unless every one of them was still closed.
    """
    wanted = set(ids)
    if Instalment.objects.filter(pk__in=wanted, is_open=False).update(is_open=True) != len(wanted):
        raise Gone("Some of these bookings were set free meanwhile. Open the invoice again.")

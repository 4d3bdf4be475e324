"""The same press, the same position and the same instalment from several threads at once."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from bookings import services
from bookings.models import Booking, BookingSet, Instalment
from bookings.services import Line
from publications.models import AdvertSize, Issue, PremiumPosition
from tests import factories
from tests.concurrency.threads import at_once


def line(issue: Issue, **fields: Any) -> Line:
    size = AdvertSize.objects.get(name="Half page")
    return Line(issue=issue, advert_size=size, list_price=Decimal("100.00"), **fields)


def test_four_threads_with_one_key_book_once(committed: None) -> None:
    client, by, title = factories.client_row(), factories.user("Sales"), factories.publication()
    lines = [line(factories.issue(title)) for _ in range(7)]
    for _ in range(5):
        key = uuid.uuid4()
        booked = at_once(
            [lambda k=key: services.book_adverts(by=by, key=k, client=client, lines=lines).pk] * 4
        )
        assert len(set(booked)) == 1, "all four got the same booking"
    assert (BookingSet.objects.count(), Booking.objects.count(), Instalment.objects.count()) == (5, 35, 35)


def test_four_threads_for_one_position_sell_it_once(committed: None) -> None:
    title, by = factories.publication(), factories.user("Sales")
    front = PremiumPosition.objects.create(publication=title, name="Front cover", page=1, price=50)
    for _ in range(5):
        lines = [line(factories.issue(title), position=front)]
        clients = [factories.client_row() for _ in range(4)]
        results = at_once(
            [
                lambda c=one, w=lines: services.book_adverts(by=by, key=uuid.uuid4(), client=c, lines=w)
                for one in clients
            ]
        )
        assert sorted(type(result).__name__ for result in results) == ["BookingSet"] + ["PositionTaken"] * 3
    assert Booking.objects.filter(position=front).count() == 5


def test_four_threads_for_one_instalment_get_it_once(committed: None) -> None:
    for _ in range(10):
        pk = factories.booking().instalments.get().pk
        results = at_once([lambda pk=pk: services.close_instalments([pk])] * 4)
        assert sorted(type(result).__name__ for result in results) == ["AlreadyInvoiced"] * 3 + ["NoneType"]
    assert not Instalment.objects.filter(is_open=True).exists()


def test_a_booking_is_invoiced_or_cancelled_never_both(committed: None) -> None:
    by = factories.user("Sales")
    for _ in range(10):
        booking = factories.booking()
        pk = booking.instalments.get().pk
        invoiced, cancelled = at_once(
            [
                lambda pk=pk: services.close_instalments([pk]),
                lambda b=booking: services.cancel_booking(b, by=by),
            ]
        )
        booking.refresh_from_db()
        assert sorted([type(invoiced).__name__, type(cancelled).__name__]) == ["AlreadyInvoiced", "NoneType"]
        assert booking.state == ("confirmed" if invoiced is None else "cancelled")

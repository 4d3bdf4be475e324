"""Cancelling a booking, and the instalments a batch takes at the same time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser

from bookings import services
from bookings.models import Booking
from bookings.services import AlreadyInvoiced
from magmanager.common.errors import Gone
from settings_app.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


def url(booking: Booking) -> str:
    return f"/bookings/{booking.pk}/cancel/"


def state(booking: Booking) -> tuple[str, bool]:
    booking.refresh_from_db()
    return booking.state, booking.instalments.get().is_open


def test_a_stranger_is_sent_to_login() -> None:
    booking = factories.booking()
    assert Browser().post(url(booking))["Location"].startswith("/login/")
    assert state(booking) == ("confirmed", True)


@pytest.mark.parametrize("role", ["Production", "Accounts"])
def test_a_wrong_role_is_refused(as_role: Any, role: str) -> None:
    booking = factories.booking()
    assert as_role(role).post(url(booking)).status_code == 403
    assert state(booking) == ("confirmed", True)


def test_it_asks_first_and_then_cancels(as_role: Any) -> None:
    browser, booking = as_role("Sales"), factories.booking()
    assert "Cancel this booking?" in browser.get(url(booking)).content.decode()
    assert state(booking) == ("confirmed", True)
    assert browser.post(url(booking))["Location"] == f"/clients/{booking.client_id}/bookings/"
    assert state(booking) == ("cancelled", False)
    entry = AuditEntry.objects.get(event="booking.cancelled")
    assert (entry.by, entry.before["price"]) == (browser.person, "180.00")


def test_the_clients_status_follows(as_role: Any) -> None:
    client = factories.client_row()
    near = factories.issue(on_sale_on=dt.date(2027, 1, 8))
    far = factories.issue(on_sale_on=dt.date(2027, 5, 7))
    first, last = factories.booking(client, near), factories.booking(client, far)
    services.cancel_booking(last, by=factories.user("Sales"))
    client.refresh_from_db()
    assert (client.first_booked_at, client.booked_until_on) == (first.booked_at, near.off_sale_on)
    services.cancel_booking(first, by=factories.user("Sales"))
    client.refresh_from_db()
    assert (client.first_booked_at, client.booked_until_on) == (None, None)


def test_an_invoiced_booking_is_refused_and_stays(as_role: Any) -> None:
    booking = factories.booking()
    services.close_instalments([booking.instalments.get().pk])
    page = as_role("Sales").post(url(booking)).content.decode()
    assert "It is invoiced. Cancel or credit the invoice first" in page
    assert state(booking) == ("confirmed", False)
    assert not AuditEntry.objects.exists()


def test_cancelling_twice_is_refused(as_role: Any) -> None:
    browser, booking = as_role("Sales"), factories.booking()
    browser.post(url(booking))
    assert "was cancelled meanwhile" in browser.post(url(booking)).content.decode()
    assert AuditEntry.objects.count() == 1


# --- Instalments --------------------------------------------------------------------------------------------


def test_closing_takes_all_or_nothing() -> None:
    taken, free = (factories.booking().instalments.get() for _ in range(2))
    services.close_instalments([taken.pk])
    with pytest.raises(AlreadyInvoiced), transaction.atomic():
        services.close_instalments([free.pk, taken.pk])
    free.refresh_from_db()
    assert free.is_open


def test_an_instalment_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AlreadyInvoiced), transaction.atomic():
        services.close_instalments([999_999])


def test_reopening_frees_what_was_closed_and_nothing_else() -> None:
    closed, still_open = (factories.booking().instalments.get() for _ in range(2))
    services.close_instalments([closed.pk])
    services.reopen_instalments([closed.pk])
    closed.refresh_from_db()
    assert closed.is_open
    with pytest.raises(Gone), transaction.atomic():
        services.reopen_instalments([still_open.pk])

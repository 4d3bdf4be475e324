"""The list of bookings and a client's Bookings tab."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/bookings/"


def found(answer: Any) -> list[Booking]:
    return list(answer.context["rows"])


def test_a_stranger_is_sent_to_login() -> None:
    assert Browser().get(URL)["Location"].startswith("/login/")
    assert Browser().get(f"/clients/{factories.client_row().pk}/bookings/")["Location"].startswith("/login/")


def test_somebody_without_a_role_is_refused(as_role: Any) -> None:
    assert as_role("").get(URL).status_code == 403


def test_each_filter_finds_its_own(as_role: Any) -> None:
    browser = as_role("Accounts")
    other = factories.booking()
    edition = factories.issue()
    wanted = factories.booking(
        factories.client_row(name="Kerne Bridge"), edition, po_number="KBK-1", salesperson=browser.person
    )
    for query in (
        {"q": "kerne"},
        {"q": "kbk"},
        {"publication": edition.publication_id},
        {"issue": edition.pk},
        {"salesperson": browser.person.pk},
        {"client": wanted.client_id},
    ):
        assert found(browser.get(URL, query)) == [wanted], query
    assert found(browser.get(URL)) == [wanted, other]


def test_invoiced_or_not(as_role: Any) -> None:
    browser = as_role("Sales")
    to_invoice, here, elsewhere, cancelled = (factories.booking() for _ in range(4))
    services.close_instalments([here.instalments.get().pk])
    Booking.objects.filter(pk=elsewhere.pk).update(
        invoiced_elsewhere_at=timezone.now(), invoiced_elsewhere_reason="By the old system"
    )
    services.cancel_booking(cancelled, by=browser.person)
    assert found(browser.get(URL, {"invoiced": "no"})) == [to_invoice]
    assert found(browser.get(URL, {"invoiced": "yes"})) == [elsewhere, here]
    assert found(browser.get(URL)) == [elsewhere, here, to_invoice]
    everything = browser.get(URL, {"cancelled": "on"})
    assert found(everything) == [cancelled, elsewhere, here, to_invoice]
    page = everything.content.decode()
    assert [page.count(word) for word in ("Cancelled</span>", "Invoiced elsewhere", "Invoiced</span>")] == [
        1,
        1,
        1,
    ]


def test_the_tab_shows_one_clients_bookings_furthest_ahead_first(as_role: Any) -> None:
    client = factories.client_row()
    first, second = factories.booking(client, price=Decimal("99.50")), factories.booking(client)
    factories.booking()
    answer = as_role("Sales").get(f"/clients/{client.pk}/bookings/")
    page = answer.content.decode()
    assert found(answer) == [second, first]
    assert "99.50" in page and f'href="/bookings/new/?client={client.pk}"' in page
    assert page.count("Cancel…") == 2
    looked_at = as_role("Production").get(f"/clients/{client.pk}/bookings/").content.decode()
    assert "Cancel…" not in looked_at and "Book adverts" not in looked_at


def test_an_unknown_client_is_not_found(as_role: Any) -> None:
    assert as_role("Sales").get("/clients/999999/bookings/").status_code == 404


def test_pages_of_the_tab_follow_one_another(as_role: Any) -> None:
    client, title = factories.client_row(), factories.publication()
    for edition in [factories.issue(title) for _ in range(30)]:
        factories.booking(client, edition)
        factories.booking(client, edition)
    browser = as_role("Sales")
    first = browser.get(f"/clients/{client.pk}/bookings/")
    second = browser.get(first.context["next_url"])
    assert (len(found(first)), len(found(second))) == (50, 10)
    assert len({booking.pk for booking in [*found(first), *found(second)]}) == 60


@pytest.mark.parametrize("path", [URL, "/clients/{}/bookings/"])
def test_queries_do_not_grow_with_the_rows(as_role: Any, path: str) -> None:
    factories.company()
    factories.kashflow_on()
    client, title, browser, counts = factories.client_row(), factories.publication(), as_role("Sales"), []
    for many in (5, 60):
        for _ in range(many):
            factories.booking(client, factories.issue(title))
        browser.get(path.format(client.pk))
        with CaptureQueriesContext(connection) as queries:
            browser.get(path.format(client.pk))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15

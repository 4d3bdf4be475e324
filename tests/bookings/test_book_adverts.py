"""Booking adverts: the page, the service, the same press twice."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from bookings.models import Booking, BookingSet, Instalment
from bookings.services import Line, PositionTaken
from clients.models import Client, CustomerLink
from publications.models import AdvertSize, Issue, PremiumPosition, Publication
from settings_app.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/bookings/new/"


@pytest.fixture
def title(db: None) -> Publication:
    factories.company()
    return factories.publication(code="WVL", name="Wye Valley Living")


@pytest.fixture
def issues(title: Publication) -> list[Issue]:
    today = timezone.localdate()
    return [factories.issue(title, on_sale_on=today + dt.timedelta(days=30 * n)) for n in range(1, 8)]


def half() -> AdvertSize:
    return AdvertSize.objects.get(name="Half page")


def typed(client: Client, issues: list[Issue], **changes: Any) -> dict[str, Any]:
    """What the page sends for a half page in `issues` at £385.00 less 10 %, with `changes`."""
    sent = {
        "key": str(uuid.uuid4()),
        "client": client.pk,
        "publication": issues[0].publication_id,
        "issues": [issue.pk for issue in issues],
        "advert_size": half().pk,
        "price": "385.00",
        "discount_percent": "10",
    }
    return {**sent, **changes}


# --- Who may ------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_login(issues: list[Issue]) -> None:
    answer = Browser().post(URL, typed(factories.client_row(), issues))
    assert answer["Location"].startswith("/login/")
    assert not BookingSet.objects.exists()


@pytest.mark.parametrize("role", ["Production", "Accounts"])
def test_a_wrong_role_is_refused(as_role: Any, issues: list[Issue], role: str) -> None:
    browser = as_role(role)
    assert browser.get(URL).status_code == 403
    assert browser.post(URL, typed(factories.client_row(), issues)).status_code == 403
    assert not BookingSet.objects.exists()


# --- The page -----------------------------------------------------------------------------------------------


def test_first_the_client_is_chosen(as_role: Any) -> None:
    kerne = factories.client_row(name="Kerne Bridge Kitchens Ltd")
    factories.client_row(name="Kerne Closed Ltd", closed_at=timezone.now())
    page = as_role("Sales").get(URL, {"q": "kerne"}).content.decode()
    assert f'href="{URL}?client={kerne.pk}"' in page
    assert "Kerne Closed" not in page


def test_the_rate_card_fills_the_price_in(as_role: Any, title: Publication, issues: list[Issue]) -> None:
    front = PremiumPosition.objects.create(
        publication=title, name="Front cover", page=1, price=Decimal("100.50")
    )
    asked = {"client": factories.client_row().pk, "advert_size": half().pk, "position": front.pk}
    form = as_role("Sales").get(URL, asked).context["form"]
    # A half page is 72 of 144 parts, and the test rate card charges £5 a part.
    assert form["price"].value() == "460.50"


def test_the_total_is_live(as_role: Any, issues: list[Issue]) -> None:
    asked = typed(factories.client_row(), issues)
    answer = as_role("Sales").get(URL, asked)
    page = answer.content.decode()
    assert answer.context["totals"].amount == Decimal("2425.50")
    assert "Book 7 adverts" in page and "£2,910.60" in page and "−269.50" in page


def test_nothing_that_cannot_be_read_breaks_the_page(as_role: Any, issues: list[Issue]) -> None:
    odd = {
        "price": "NaN",
        "discount_percent": "1e99",
        "issues": ["x", "-1"],
        "publication": "0",
        "advert_size": "'",
    }
    answer = as_role("Sales").get(URL, {**odd, "client": factories.client_row().pk})
    assert answer.context["totals"].total == 0
    assert as_role("Sales").get(URL, {"client": "9" * 30}).status_code == 200


def test_a_vat_exempt_client_is_shown_no_vat(as_role: Any, issues: list[Issue]) -> None:
    client = factories.client_row(is_vat_exempt=True)
    assert as_role("Sales").get(URL, typed(client, issues)).context["totals"].vat_amount == 0


def test_the_next_issues_are_ticked_at_once(as_role: Any, issues: list[Issue]) -> None:
    draft = as_role("Sales").get(URL, {"client": factories.client_row().pk, "next": "3"}).context["draft"]
    assert draft.ticked == [issue.pk for issue in issues[:3]]


def test_issues_that_are_complete_or_out_are_not_offered(
    as_role: Any, title: Publication, issues: list[Issue]
) -> None:
    Issue.objects.filter(pk=issues[0].pk).update(is_complete=True)
    Issue.objects.filter(pk=issues[1].pk).update(is_active=False)
    factories.issue(title, on_sale_on=timezone.localdate() - dt.timedelta(days=5))
    draft = as_role("Sales").get(URL, {"client": factories.client_row().pk}).context["draft"]
    assert draft.issues == issues[2:]


# --- Booking ------------------------------------------------------------------------------------------------


def test_seven_adverts_are_booked_in_one_press(as_role: Any, issues: list[Issue]) -> None:
    browser = as_role("Sales")
    client = factories.client_row(advertising_as="Kerne Kitchens", salesperson=browser.person)
    answer = browser.post(URL, typed(client, issues, po_number="KBK-2302"))
    assert answer["Location"] == f"/clients/{client.pk}/bookings/"
    booked = BookingSet.objects.get()
    assert (booked.client, booked.by, booked.po_number) == (client, browser.person, "KBK-2302")
    bookings = booked.bookings.order_by("pk")
    assert [booking.issue for booking in bookings] == issues
    assert {
        (b.list_price, b.discount_percent, b.price, b.advertising_as, b.po_number, b.salesperson, b.state)
        for b in bookings
    } == {
        (
            Decimal("385.00"),
            Decimal(10),
            Decimal("346.50"),
            "Kerne Kitchens",
            "KBK-2302",
            browser.person,
            "confirmed",
        )
    }
    parts = Instalment.objects.order_by("pk").values_list(
        "booking", "issue", "sequence", "of", "price", "is_open"
    )
    assert list(parts) == [(b.pk, b.issue_id, 1, 1, Decimal("346.50"), True) for b in bookings]
    client.refresh_from_db()
    assert (client.first_booked_at, client.booked_until_on) == (booked.booked_at, issues[-1].off_sale_on)
    entry = AuditEntry.objects.get(event="adverts.booked")
    assert (entry.by, len(entry.after)) == (browser.person, 7)
    assert "7 adverts booked for" in browser.get(answer["Location"]).content.decode()


def test_the_first_booking_wants_the_payers_customer_in_kashflow(as_role: Any, issues: list[Issue]) -> None:
    account = factories.ledger_account()
    factories.kashflow_on()
    agency = factories.client_row(is_agency=True)
    as_role("Sales").post(URL, typed(factories.client_row(agency=agency), issues))
    link = CustomerLink.objects.get()
    assert (link.client, link.ledger_account, link.state) == (agency, account, "wanted")


def test_without_kashflow_nothing_is_wanted(as_role: Any, issues: list[Issue]) -> None:
    factories.ledger_account()
    as_role("Sales").post(URL, typed(factories.client_row(), issues))
    assert Booking.objects.count() == 7
    assert not CustomerLink.objects.exists()


def test_the_same_press_twice_books_once(as_role: Any, issues: list[Issue]) -> None:
    browser, data = as_role("Sales"), typed(factories.client_row(), issues)
    answers = [browser.post(URL, data), browser.post(URL, data)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (BookingSet.objects.count(), Booking.objects.count()) == (1, 7)


def test_a_key_used_for_another_client_books_nothing(as_role: Any, issues: list[Issue]) -> None:
    browser, data = as_role("Sales"), typed(factories.client_row(), issues)
    browser.post(URL, data)
    answer = browser.post(URL, {**data, "client": factories.client_row().pk})
    assert "already used to book for another client" in answer.content.decode()
    assert BookingSet.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"issues": []}, "issues", "No issue is ticked."),
        ({"price": "-1"}, "price", "greater than or equal to 0"),
        ({"price": "1.005"}, "price", "no more than 2 decimal places"),
        ({"price": "lots"}, "price", "Enter a number."),
        ({"discount_percent": "101"}, "discount_percent", "less than or equal to 100"),
        ({"advert_size": "0"}, "advert_size", "Select a valid choice."),
        ({"key": "x"}, "key", ""),
    ],
)
def test_bad_input_is_told_and_what_was_typed_stays(
    as_role: Any, issues: list[Issue], changes: dict[str, Any], field: str, error: str
) -> None:
    data = {**typed(factories.client_row(), issues, po_number="KBK-1"), **changes}
    answer = as_role("Sales").post(URL, data)
    page = answer.content.decode()
    assert list(answer.context["form"].errors) == [field]
    assert error in page and 'value="KBK-1"' in page
    assert page.count(" checked") == (0 if field == "issues" else 7)
    assert not BookingSet.objects.exists()


def test_a_client_that_requires_a_po_number_is_not_booked_without(as_role: Any, issues: list[Issue]) -> None:
    client = factories.client_row(is_po_required=True)
    answer = as_role("Sales").post(URL, typed(client, issues))
    assert list(answer.context["form"].errors) == ["po_number"]
    assert not BookingSet.objects.exists()


def test_a_closed_client_is_not_booked(as_role: Any, issues: list[Issue]) -> None:
    answer = as_role("Sales").post(URL, typed(factories.client_row(closed_at=timezone.now()), issues))
    assert "This client is closed." in answer.content.decode()
    assert not BookingSet.objects.exists()


def test_an_issue_completed_meanwhile_is_refused(as_role: Any, issues: list[Issue]) -> None:
    data = typed(factories.client_row(), issues)
    Issue.objects.filter(pk=issues[0].pk).update(is_complete=True)
    answer = as_role("Sales").post(URL, data)
    assert list(answer.context["form"].errors) == ["issues"]
    assert not BookingSet.objects.exists()


# --- The service --------------------------------------------------------------------------------------------


def line(issue: Issue, **fields: Any) -> Line:
    return Line(**{"issue": issue, "advert_size": half(), "list_price": Decimal("100.00"), **fields})


def book(client: Client, lines: list[Line], key: uuid.UUID | None = None) -> BookingSet:
    by = factories.user("Sales")
    return services.book_adverts(by=by, key=key or uuid.uuid4(), client=client, lines=lines)


def test_a_premium_position_is_sold_once_in_an_issue(title: Publication, issues: list[Issue]) -> None:
    front = PremiumPosition.objects.create(publication=title, name="Front cover", page=1, price=50)
    book(factories.client_row(), [line(issues[0], position=front)])
    with pytest.raises(PositionTaken, match=f"Front cover is sold in {issues[0]} already"):
        book(factories.client_row(), [line(issues[0], position=front), line(issues[1], position=front)])
    assert Booking.objects.count() == 1
    book(factories.client_row(), [line(issues[1], position=front)])


def test_instalments_split_the_price_to_the_penny(issues: list[Issue]) -> None:
    booked = book(factories.client_row(), [line(issues[0], instalments=3)])
    parts = Instalment.objects.filter(booking__booking_set=booked).values_list("sequence", "of", "price")
    assert list(parts) == [(1, 3, Decimal("33.34")), (2, 3, Decimal("33.33")), (3, 3, Decimal("33.33"))]


def test_an_earlier_issue_does_not_take_booked_until_back(issues: list[Issue]) -> None:
    client = factories.client_row()
    first = book(client, [line(issues[5])])
    book(client, [line(issues[0])])
    client.refresh_from_db()
    assert (client.first_booked_at, client.booked_until_on) == (first.booked_at, issues[5].off_sale_on)


def test_queries_do_not_grow_with_the_lines(issues: list[Issue]) -> None:
    client, by, counts = factories.client_row(), factories.user("Sales"), []
    factories.kashflow_on()
    # The very first booking makes the account and the link that wait for a login.
    services.book_adverts(by=by, key=uuid.uuid4(), client=client, lines=[line(issues[0])])
    for many in (1, 7):
        lines = [line(issue) for issue in issues[:many]]
        with CaptureQueriesContext(connection) as queries:
            services.book_adverts(by=by, key=uuid.uuid4(), client=client, lines=lines)
        counts.append(len(queries))
    assert counts[0] == counts[1]

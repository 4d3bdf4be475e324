"""The list of clients: tabs, search, filters, paging, and a query count that does not grow."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import CustomerLink, Section
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/clients/"


def names(answer: Any) -> list[str]:
    return [row["client"].name for row in answer.context["rows"]]


def test_a_stranger_is_sent_to_login() -> None:
    assert Browser().get(URL)["Location"] == "/login/?next=/clients/"


def test_somebody_without_a_role_is_refused(as_role: Any) -> None:
    assert as_role("").get(URL).status_code == 403


def test_tabs_are_derived_from_what_is_booked(as_role: Any) -> None:
    today = timezone.localdate()
    ahead = factories.issue(on_sale_on=today + dt.timedelta(days=3))
    past = factories.issue(on_sale_on=today - dt.timedelta(days=90))
    factories.booking(factories.client_row(name="Active Ltd"), ahead)
    factories.booking(factories.client_row(name="Inactive Ltd"), past)
    factories.client_row(name="Prospect Ltd")
    factories.client_row(name="Agency Ltd", is_agency=True)
    factories.client_row(name="Closed Ltd", closed_at=timezone.now())
    browser = as_role("Production")
    shown = {
        tab: names(browser.get(URL, {"tab": tab}))
        for tab in ("all", "active", "prospects", "inactive", "agencies")
    }
    assert shown == {
        "all": ["Active Ltd", "Agency Ltd", "Inactive Ltd", "Prospect Ltd"],
        "active": ["Active Ltd"],
        "prospects": ["Agency Ltd", "Prospect Ltd"],
        "inactive": ["Closed Ltd", "Inactive Ltd"],
        "agencies": ["Agency Ltd"],
    }
    tabs = browser.get(URL).context["tabs"]
    assert [(tab["label"], tab["count"]) for tab in tabs] == [
        ("All", "4"),
        ("Active", "1"),
        ("Prospects", "2"),
        ("Inactive", "2"),
        ("Agencies", "1"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        "kerne",
        "SHOWROOM",
        "baynham",
        "alison@kerne.example",
        "hr9 5qt",
        "KERN01",
        "office@kerne",
        "kerne bayn",
    ],
)
def test_search_finds_by_every_field(as_role: Any, words: str) -> None:
    account = factories.ledger_account()
    kerne = factories.client_row(
        name="Kerne Bridge Kitchens Ltd",
        advertising_as="The Showroom",
        postcode="HR9 5QT",
        email="office@kerne.example",
    )
    kerne.contacts.update(first_name="Alison", last_name="Baynham", email="alison@kerne.example")
    kerne.contacts.create(first_name="Jane", last_name="Orchard")
    CustomerLink.objects.create(
        client=kerne,
        ledger_account=account,
        state="linked",
        code="KERN01",
        customer_id=7,
        linked_at=timezone.now(),
    )
    factories.client_row(name="Somebody Else Ltd")
    assert names(as_role("Sales").get(URL, {"q": words})) == ["Kerne Bridge Kitchens Ltd"]


def test_search_finds_a_closed_client_and_greys_it(as_role: Any) -> None:
    factories.client_row(name="Shut Shop Ltd", closed_at=timezone.now())
    answer = as_role("Sales").get(URL, {"q": "shut"})
    assert names(answer) == ["Shut Shop Ltd"]
    assert 'class="is-closed"' in answer.content.decode()


def test_filters_narrow_together(as_role: Any) -> None:
    browser = as_role("Sales")
    food = Section.objects.create(name="Food and drink")
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    mine = {"salesperson": browser.person, "section": food}
    factories.client_row(name="Late Ltd", oldest_due_on=yesterday, balance_amount=12, **mine)
    factories.client_row(name="Due today Ltd", oldest_due_on=timezone.localdate(), **mine)
    factories.client_row(name="Other Ltd", oldest_due_on=yesterday)
    wanted = {"salesperson": browser.person.pk, "section": food.pk, "overdue": "on"}
    assert names(browser.get(URL, wanted)) == ["Late Ltd"]


def test_a_filter_that_cannot_be_read_is_left_out(as_role: Any) -> None:
    factories.client_row(name="One Ltd")
    assert names(as_role("Sales").get(URL, {"salesperson": "x'", "tab": "none", "q": "a\x00b"})) == [
        "One Ltd"
    ]


def test_pages_follow_one_another_and_back(as_role: Any) -> None:
    for n in range(120):
        factories.client_row(name=f"Client {n:03}")
    browser = as_role("Sales")
    first = browser.get(URL, {"q": "client"})
    second = browser.get(first.context["next_url"])
    third = browser.get(second.context["next_url"])
    assert [len(names(page)) for page in (first, second, third)] == [50, 50, 20]
    assert [page.context["page_shown"] for page in (first, second, third)] == [
        "1–50 of 120",
        "51–100 of 120",
        "101–120 of 120",
    ]
    assert (first.context["previous_url"], third.context["next_url"]) == ("", "")
    assert names(browser.get(third.context["previous_url"])) == names(second)
    back = browser.get(second.context["previous_url"])
    assert (names(back), back.context["page_shown"]) == (names(first), "1–50 of 120")
    assert "q=client" in second.context["next_url"]


@pytest.mark.parametrize("key", ["nonsense", "W10", "WyJhIl0", "WyJhIiwieCJd", "bnVsbA", "WzEsMl0", "é"])
def test_a_page_key_that_cannot_be_read_gives_the_first_page(as_role: Any, key: str) -> None:
    factories.client_row(name="Zebra Ltd")
    assert names(as_role("Sales").get(URL, {"after": key, "first": "-3"})) == ["Zebra Ltd"]


def test_htmx_gets_the_table_and_the_count_alone(as_role: Any) -> None:
    factories.client_row(name="Zebra Ltd")
    page = as_role("Sales").get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert 'id="results"' in page and 'id="filter-result"' in page and "Zebra Ltd" in page


def test_the_kashflow_id_is_shown_with_kashflow_only(as_role: Any) -> None:
    agency = factories.client_row(name="Teme Media", is_agency=True)
    factories.client_row(name="Managed Ltd", agency=agency)
    account = factories.ledger_account()
    CustomerLink.objects.create(
        client=agency,
        ledger_account=account,
        state="linked",
        code="TEME01",
        customer_id=1,
        linked_at=timezone.now(),
    )
    factories.client_row(name="Unlinked Ltd")
    browser = as_role("Sales")
    assert "KashFlow ID</th>" not in browser.get(URL).content.decode()
    factories.kashflow_on()
    page = browser.get(URL).content.decode()
    assert "KashFlow ID</th>" in page
    # On a screen and on a phone: the agency's code stands for the client it pays for.
    assert (page.count("TEME01"), page.count("Not linked")) == (4, 2)


def test_names_are_escaped(as_role: Any) -> None:
    factories.client_row(name="<script>alert(1)</script>")
    page = as_role("Sales").get(URL).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_queries_do_not_grow_with_the_rows(as_role: Any) -> None:
    factories.company()
    factories.kashflow_on()
    browser, counts = as_role("Sales"), []
    for many in (5, 60):
        for _ in range(many):
            factories.client_row(agency=factories.client_row(is_agency=True))
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15

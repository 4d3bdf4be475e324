"""To Invoice: what is listed, what the sidebar ticks, what goes into the preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.invoicing.batches import bookings, raised

pytestmark = pytest.mark.django_db
ADDRESS = "/invoicing/to-invoice/"
As = Callable[..., Browser]


def ahead(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def test_stranger_is_sent_to_login(stranger: Browser) -> None:
    assert stranger.get(ADDRESS).headers["Location"] == f"/login/?next={ADDRESS}"


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(as_role: As, role: str) -> None:
    assert as_role(role).get(ADDRESS).status_code == 403


def test_nothing_to_invoice_says_so(as_role: As) -> None:
    assert "Everything is invoiced" in as_role("Accounts").get(ADDRESS).text


def test_the_first_issue_of_each_title_is_ticked(as_role: As) -> None:
    wvl, mt = (
        factories.publication(name="Wye Valley Living"),
        factories.publication(name="The Marches Trader"),
    )
    first, later, other = (
        factories.issue(title, on_sale_on=ahead(days), description=text)
        for title, days, text in ((wvl, 5, "January"), (wvl, 33, "February"), (mt, 20, "Jan/Feb"))
    )
    for edition in (first, first, later, other):
        factories.booking(edition=edition)
    page = as_role("Accounts").get(ADDRESS)
    assert page.context["choice"].issue_ids == {first.pk, other.pk}
    assert [len(group["rows"]) for group in page.context["payers"]] == [1, 1, 1]
    assert [[(item.label, item.count) for item in group.items] for group in page.context["groups"]] == [
        [("Jan/Feb", 1)],
        [("January", 2), ("February", 1)],
    ]


@pytest.mark.parametrize(("query", "ticked"), [("", "issue_ids"), ("?by=months", "months")])
def test_what_is_due_by_the_end_of_the_month_is_ticked(as_role: As, query: str, ticked: str) -> None:
    title = factories.publication()
    forgotten, current, later = (
        factories.issue(title, on_sale_on=day) for day in (ahead(-70), ahead(0), ahead(35))
    )
    for edition in (forgotten, current, later):
        factories.booking(edition=edition)
    choice = as_role("Accounts").get(ADDRESS + query).context["choice"]
    due = {
        "issue_ids": {forgotten.pk, current.pk},
        "months": {edition.on_sale_on.replace(day=1) for edition in (forgotten, current)},
    }
    assert getattr(choice, ticked) == due[ticked]


def test_issues_and_months_narrow_it(as_role: As) -> None:
    january = factories.issue(on_sale_on=dt.date(2027, 1, 8))
    february = factories.issue(on_sale_on=dt.date(2027, 2, 8))
    factories.booking(factories.client_row(name="Only January"), january)
    factories.booking(factories.client_row(name="Only February"), february)
    browser = as_role("Accounts")
    for query, shown, hidden in (
        (f"?issue={january.pk}", "Only January", "Only February"),
        ("?by=months&month=2027-02", "Only February", "Only January"),
    ):
        text = browser.get(ADDRESS + query).text
        assert shown in text
        assert hidden not in text


@pytest.mark.parametrize(
    "query", ["?issue=x", "?by=months&month=2027-13", "?by=months&month=0001-01", "?issue=99999999"]
)
def test_an_address_that_makes_no_sense_shows_nothing(as_role: As, query: str) -> None:
    factories.booking()
    page = as_role("Accounts").get(ADDRESS + query)
    assert page.status_code == 200


def test_what_is_invoiced_is_not_listed(as_role: As) -> None:
    edition = factories.issue()
    lines = bookings(2, edition=edition)
    raised(factories.user("Accounts"), lines[:1])
    page = as_role("Accounts").get(f"{ADDRESS}?issue={edition.pk}")
    assert [group["rows"][0].booking_id for group in page.context["payers"]] == [lines[1].pk]


@pytest.mark.parametrize("numbers", [(3, 40)])
def test_queries_do_not_grow_with_the_list(as_role: As, numbers: tuple[int, int]) -> None:
    browser, counts = as_role("Accounts"), []
    factories.kashflow_on()
    for number in numbers:
        edition = factories.issue()
        bookings(number, edition=edition)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"{ADDRESS}?issue={edition.pk}")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


def test_bookings_that_are_not_shown_can_go_along(as_role: As, monkeypatch: Any) -> None:
    monkeypatch.setattr("invoicing.views.batches.SHOWN", 2)
    edition = factories.issue()
    bookings(5, edition=edition)
    browser = as_role("Accounts")
    page = browser.get(f"{ADDRESS}?issue={edition.pk}")
    assert "The first 2 of 5 bookings are listed" in page.text
    shown = page.context["shown"].split(",")
    posted = {"by": "issues", "issue": edition.pk, "shown": page.context["shown"], "instalment": shown[:1]}
    preview = f"{ADDRESS}preview/"
    assert browser.post(preview, posted).context["preview"].booking_count == 1
    assert browser.post(preview, {**posted, "and_the_rest": "1"}).context["preview"].booking_count == 4


def counts(page: Any) -> list[str]:
    return [str(tab["count"]) for tab in page.context["tabs"]]


def test_each_tab_counts_the_same_whichever_is_open(as_role: As) -> None:
    browser = as_role("Accounts")
    edition = factories.issue(factories.publication(), on_sale_on=ahead(-3))
    later = factories.issue(edition.publication, on_sale_on=ahead(60))
    for one in (edition, edition, later):
        factories.booking(edition=one)
    raised(factories.user("Accounts"), bookings(1))
    invoiced = "/invoicing/invoiced/"
    plain = counts(browser.get(ADDRESS))
    assert plain == counts(browser.get(invoiced))
    assert plain[1] == "1"
    # A choice somebody made goes along, and both count what lies in it.
    asked = f"?by=issues&issue={later.pk}"
    assert counts(browser.get(ADDRESS + asked)) == counts(browser.get(invoiced + asked)) == ["1", "0"]


def test_a_long_list_of_issues_is_folded_behind_what_is_near(as_role: As) -> None:
    title = factories.publication()
    editions = [
        factories.issue(title, on_sale_on=ahead(7 * week), description=f"No. {week}") for week in range(12)
    ]
    for edition in editions:
        factories.booking(edition=edition)
    group = as_role("Accounts").get(ADDRESS).context["groups"][0]
    due = sum(item.is_ticked for item in group.items)
    assert [item.label for item in (*group.items, *group.more)] == [f"No. {week}" for week in range(12)]
    assert len(group.items) == due + 4
    assert not group.is_open
    chosen = as_role("Accounts").get(f"{ADDRESS}?by=issues&issue={editions[-1].pk}").context["groups"][0]
    assert chosen.is_open

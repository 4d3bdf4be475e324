"""Publications: the issues on sale, what is sold and what it brings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/publications/"


def test_a_stranger_is_sent_to_login() -> None:
    assert Browser().get(URL)["Location"].startswith("/login/")


def test_somebody_without_a_role_is_refused(as_role: Any) -> None:
    assert as_role("").get(URL).status_code == 403


def test_each_issue_tells_what_is_sold_and_free(as_role: Any) -> None:
    today = timezone.localdate()
    title = factories.publication(page_count=8, sales_target_amount=Decimal("720.00"))
    selling = factories.issue(title, on_sale_on=today + dt.timedelta(days=9))
    factories.booking(edition=selling, price="180.00")
    factories.booking(edition=selling, price="120.50")
    services.cancel_booking(factories.booking(edition=selling), by=factories.user("Sales"))
    sales = as_role("Production").get(URL).context["sales"]
    assert [
        (one.issue, one.adverts, one.pages_sold, one.pages_free, one.revenue, one.target, one.percent)
        for one in sales
    ] == [(selling, 2, "½", "7½", Decimal("300.50"), Decimal("720.00"), 41)]


def test_only_issues_on_sale_are_listed(as_role: Any) -> None:
    today = timezone.localdate()
    current = factories.issue(on_sale_on=today - dt.timedelta(days=5))
    factories.issue(on_sale_on=today - dt.timedelta(days=60))
    factories.issue(on_sale_on=today, is_active=False)
    factories.issue(on_sale_on=today, is_complete=True)
    factories.issue(factories.publication(is_active=False), on_sale_on=today)
    assert [one.issue for one in as_role("Sales").get(URL).context["sales"]] == [current]


def test_an_issue_without_a_target_or_bookings_is_shown_as_such(as_role: Any) -> None:
    factories.issue(on_sale_on=timezone.localdate())
    answer = as_role("Sales").get(URL)
    assert answer.context["sales"][0].percent is None
    assert answer.status_code == 200


def test_queries_do_not_grow_with_the_rows(as_role: Any) -> None:
    factories.company()
    browser, title, counts = as_role("Sales"), factories.publication(), []
    for many in (5, 60):
        for n in range(many):
            on = timezone.localdate() + dt.timedelta(days=many * 10 + n)
            factories.booking(edition=factories.issue(title, on_sale_on=on))
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15

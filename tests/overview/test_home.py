"""Home: every figure is computed, each role sees its own, and few queries do it."""

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

from bookings.models import Booking
from clients.models import Client, CustomerLink
from invoicing.models import Invoice, Transfer
from kashflow.models import Connection
from magmanager.common.models import Run
from publications.models import Publication
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/"


def raised(number: int, days_over: int, total: str, paid: str = "0.00", **fields: Any) -> Invoice:
    """An invoice that was due `days_over` days ago."""
    today = timezone.localdate()
    amount = Decimal(total)
    values = {
        "payer": factories.client_row(),
        "by": factories.user("Accounts"),
        "raised_at": timezone.now(),
        "invoice_date": today - dt.timedelta(days=days_over + 30),
        "due_on": today - dt.timedelta(days=days_over),
        "company_name": f"Company {number}",
        "item_count": 1,
        "amount": amount,
        "vat_amount": Decimal(0),
        "total": amount,
        "paid_amount": Decimal(paid),
        "paid_state": "part" if Decimal(paid) else "unpaid",
        **fields,
    }
    return Invoice.objects.create(
        number=number, marker=uuid.uuid4().hex[:10], delivery="email", period="monthly", **values
    )


def test_a_stranger_is_sent_to_login() -> None:
    assert Browser().get(URL)["Location"] == "/login/?next=/"


@pytest.mark.parametrize(
    ("role", "books", "money"),
    [("Admin", True, True), ("Sales", True, False), ("Production", False, False), ("Accounts", False, True)],
)
def test_each_role_sees_its_own(as_role: Any, role: str, books: bool, money: bool) -> None:
    factories.kashflow_on()
    page = as_role(role).get(URL).content.decode()
    shown = ["Book adverts" in page, "Overdue money" in page, "Transfer desk" in page]
    assert shown == [books, money, money]
    assert "Issues now selling" in page and "Copy deadlines" in page and "KashFlow is not connected" in page


def test_an_empty_house_shows_empty_states_and_no_kashflow(as_role: Any) -> None:
    page = as_role("Admin").get(URL).content.decode()
    assert "No issue is selling" in page and "Nothing booked" in page and "£0.00" in page
    assert "KashFlow" not in page


def test_issues_now_selling(as_role: Any) -> None:
    title = factories.publication(page_count=8)
    today = timezone.localdate()
    soon = factories.issue(
        title, on_sale_on=today + dt.timedelta(days=10), sales_target_amount=Decimal("720.00")
    )
    factories.issue(title, on_sale_on=today + dt.timedelta(days=100))
    factories.issue(title, on_sale_on=today - dt.timedelta(days=20))
    factories.booking(edition=soon, price="180.00")
    selling = as_role("Sales").get(URL).context["selling"]
    assert [(one.sales.issue, one.sales.revenue, one.sales.percent, one.mark) for one in selling] == [
        (soon, Decimal("180.00"), 25, None)
    ]


def past_issues(title: Publication, many: int) -> None:
    """Issues that are out; of each, £100 was booked 60 days before on sale and £300 a day before."""
    today = timezone.localdate()
    for n in range(1, many + 1):
        on_sale_on = today - dt.timedelta(days=30 * n)
        issue = factories.issue(title, on_sale_on=on_sale_on)
        for price, days in (("100.00", 60), ("300.00", 1)):
            booking = factories.booking(edition=issue, price=price)
            noon = timezone.make_aware(dt.datetime.combine(on_sale_on - dt.timedelta(days=days), dt.time(12)))
            Booking.objects.filter(pk=booking.pk).update(booked_at=noon)


def test_the_pace_is_the_median_share_at_the_same_distance(as_role: Any) -> None:
    title = factories.publication(sales_target_amount=Decimal("400.00"))
    past_issues(title, 4)
    selling = factories.issue(title, on_sale_on=timezone.localdate() + dt.timedelta(days=20))
    factories.booking(edition=selling, price="80.00")
    one = as_role("Sales").get(URL).context["selling"][0]
    # By 20 days before on sale a quarter of the final revenue was there each time: £100 of a target of £400.
    assert (one.usual, one.mark, one.ahead_amount, one.behind_amount) == (
        Decimal("0.25"),
        25,
        Decimal("-20.00"),
        Decimal("20.00"),
    )


def test_two_past_issues_tell_no_pace(as_role: Any) -> None:
    title = factories.publication(sales_target_amount=Decimal("400.00"))
    past_issues(title, 2)
    factories.issue(title, on_sale_on=timezone.localdate() + dt.timedelta(days=20))
    one = as_role("Sales").get(URL).context["selling"][0]
    assert (one.usual, one.mark, one.ahead_amount) == (None, None, None)


def test_revenue_by_month_counts_confirmed_bookings(as_role: Any) -> None:
    month = timezone.localdate().replace(day=1)
    issue = factories.issue(on_sale_on=month, sales_target_amount=Decimal("500.00"))
    factories.booking(edition=issue, price="180.00")
    cancelled = factories.booking(edition=issue, price="999.00")
    Booking.objects.filter(pk=cancelled.pk).update(state="cancelled", cancelled_at=timezone.now())
    months = as_role("Sales").get(URL).context["months"]
    assert len(months) == 7
    assert [(m.month, m.revenue, m.target) for m in months if m.revenue or m.target] == [
        (month, Decimal("180.00"), Decimal("500.00"))
    ]


def test_copy_deadlines_of_three_weeks(as_role: Any) -> None:
    now = timezone.now()
    today, next_week, late, gone = (
        factories.issue(on_sale_on=timezone.localdate() + dt.timedelta(days=30), copy_deadline_at=at)
        for at in (now, now + dt.timedelta(days=7), now + dt.timedelta(days=30), now - dt.timedelta(days=2))
    )
    factories.booking(edition=next_week)
    deadlines = as_role("Production").get(URL).context["deadlines"]
    assert [(one.issue, one.adverts, one.is_today) for one in deadlines] == [
        (today, 0, True),
        (next_week, 1, False),
    ]
    assert late and gone


def test_overdue_money_by_age(as_role: Any) -> None:
    raised(1, -5, "1000.00")
    raised(2, 0, "500.00")
    raised(3, 1, "100.10", "0.10")
    raised(4, 30, "50.00")
    raised(5, 31, "7.00")
    raised(6, 91, "3.50")
    raised(7, 200, "999.00", paid_state="paid", paid_amount=Decimal("999.00"))
    raised(8, 200, "999.00", state="cancelled", cancelled_at=timezone.now(), cancelled_reason="Twice")
    answer = as_role("Accounts").get(URL)
    due = answer.context["due"]
    assert [(age.count, age.amount) for age in due.ages] == [
        (2, Decimal("150.00")),
        (1, Decimal("7.00")),
        (0, Decimal("0.00")),
        (1, Decimal("3.50")),
    ]
    assert (due.overdue_amount, due.owed_amount, due.client_count) == (
        Decimal("160.50"),
        Decimal("1660.50"),
        4,
    )
    assert "£160.50" in answer.content.decode()


@pytest.fixture
def login(db: None) -> Connection:
    factories.kashflow_on()
    return factories.saved_login(factories.ledger_account(), factories.user("Admin"))


def transfer(login: Connection, number: int, state: str, cause: str = "") -> Transfer:
    times = {"ambiguous_since": timezone.now()} if state == "ambiguous" else {}
    return Transfer.objects.create(
        invoice=raised(number, -5, "10.00"),
        ledger_account=login.ledger_account,
        state=state,
        last_cause=cause,
        requested_at=timezone.now(),
        **times,
    )


def test_transfers_that_need_someone(as_role: Any, login: Connection) -> None:
    needing = transfer(login, 10431, "conflict", "Number 10431 is already taken in KashFlow.")
    transfer(login, 10432, "ambiguous")
    transfer(login, 10433, "ready")
    CustomerLink.objects.create(
        client=factories.client_row(name="Goodrich Canoes"),
        ledger_account=login.ledger_account,
        state="match",
    )
    answer = as_role("Accounts").get(URL)
    waiting, page = answer.context["waiting"], answer.content.decode()
    assert (waiting.needs_count, waiting.counts) == (2, {"needs_you": 1, "uncertain": 1, "waiting": 1})
    assert "2 transfers need someone" in page
    assert "Number 10431 is already taken in KashFlow." in page
    assert f'href="/invoicing/transfers/{needing.pk}/"' in page
    assert "Goodrich Canoes" in page and "1 uncertain – checking" in page and "1 waiting" in page


@pytest.mark.parametrize(
    ("refusal", "said"), [("", "KashFlow connected"), ("wrong_login", "KashFlow refused the login")]
)
def test_the_light(as_role: Any, login: Connection, refusal: str, said: str) -> None:
    Connection.objects.update(refusal=refusal)
    assert said in as_role("Production").get(URL).content.decode()


def test_queries_do_not_grow_with_the_rows(as_role: Any, login: Connection) -> None:
    factories.company()
    browser, counts, client = as_role("Admin"), [], factories.client_row()
    number = 1
    for many in (3, 12):
        title = factories.publication()
        past_issues(title, many)
        for n in range(many):
            on = timezone.localdate() + dt.timedelta(days=n + 1)
            deadline = timezone.now() + dt.timedelta(days=n)
            factories.booking(client, factories.issue(title, on_sale_on=on, copy_deadline_at=deadline))
            transfer(login, number, "conflict")
            number += 1
        browser.get(URL)
        with CaptureQueriesContext(connection) as queries:
            browser.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
    assert Client.objects.exists()


def test_a_paused_run_needs_someone(as_role: Any, login: Connection) -> None:
    run = Run.objects.create(
        kind="transfer", title="Transfer of 2 invoices to KashFlow", state="paused", summary="Password wrong."
    )
    transfer(login, 10431, "ready")
    answer = as_role("Accounts").get(URL)
    item = answer.context["waiting"].items[0]
    assert answer.context["waiting"].needs_count == 1
    assert (item.name, item.which, item.cause) == ("Transfer of 2 invoices", "paused", "Password wrong.")
    assert item.url == f"/invoicing/runs/{run.pk}/"

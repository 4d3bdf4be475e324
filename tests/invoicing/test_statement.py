"""The statement: open documents with the balance running down, on paper and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Client
from invoicing.models import Invoice, PaidReading
from kashflow.models import Connection
from settings_app.models import AuditEntry, SystemDefaults
from tests import factories
from tests.invoicing.batches import copies
from tests.invoicing.batches import invoice_of as invoice

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]
QUERIES, QUERIES_WITH_KASHFLOW = 11, 18
LAST_NIGHT = dt.datetime(2025, 11, 30, 2, 15, tzinfo=dt.UTC)
SINCE = dt.datetime(2025, 12, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def client(db: None) -> Client:
    factories.company()
    return factories.client_row(name="Kerne Bridge Kitchens Ltd", address1="2 New Quay")


def address(client: Client, query: str = "") -> str:
    return f"/clients/{client.pk}/financial/statement/{query}"


def export(browser: Browser, client: Client, query: str = "") -> list[list[str]]:
    answer = browser.post(f"/clients/{client.pk}/financial/statement/export/{query}")
    assert answer["Content-Disposition"] == 'attachment; filename="statement-kerne-bridge-kitchens-ltd.csv"'
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(as_role: As, client: Client, role: str) -> None:
    browser = as_role(role)
    assert browser.get(address(client)).status_code == 403
    assert browser.post(address(client, "export/")).status_code == 403
    assert not AuditEntry.objects.filter(event="statement.exported").exists()


def test_stranger_is_sent_to_login(stranger: Browser, client: Client) -> None:
    url = address(client, "export/")
    assert stranger.post(url).headers["Location"] == f"/login/?next={url}"


@pytest.fixture
def three(client: Client) -> list[Invoice]:
    """£120.00 each: 150 days old with £20.00 paid, 40 days old, of today; beside them what is not open."""
    made = [
        invoice(client, days_ago=150, paid_amount=Decimal("20.00"), paid_state="part"),
        invoice(client, days_ago=40),
        invoice(client),
    ]
    invoice(client, days_ago=60, paid_amount=Decimal("120.00"), paid_state="paid")
    invoice(client, state="cancelled", cancelled_at=timezone.now(), cancelled_reason="Twice")
    invoice(factories.client_row())
    return made


def shown(page: Any) -> list[tuple[int, Decimal, Decimal, int]]:
    entries = page.context["statement"].entries
    return [(one.invoice.number, one.left, one.balance, one.days_over) for one in entries]


def test_open_documents_with_the_balance_running_down(
    as_role: As, client: Client, three: list[Invoice]
) -> None:
    page = as_role("Accounts").get(address(client))
    assert shown(page) == [
        (three[0].number, 100, 100, 120),
        (three[1].number, 120, 220, 10),
        (three[2].number, 120, 340, 0),
    ]
    statement = page.context["statement"]
    assert (statement.balance, statement.overdue, statement.brought_forward) == (340, 220, 0)
    for text in (
        "Kerne Bridge Kitchens Ltd",
        "2 New Quay",
        "Marches &amp; Wye Media Ltd",
        "£340.00",
        "10 days overdue",
    ):
        assert text in page.text
    assert 'statement-print.css" media="print"' in page.text


def test_a_period_brings_the_older_ones_forward(as_role: As, client: Client, three: list[Invoice]) -> None:
    page = as_role("Accounts").get(address(client, "?since=3"))
    assert [number for number, *_ in shown(page)] == [three[1].number, three[2].number]
    assert page.context["statement"].brought_forward == 100
    assert page.context["statement"].balance == 340
    assert "Brought forward" in page.text


def test_a_period_nobody_offers_shows_all(as_role: As, client: Client, three: list[Invoice]) -> None:
    assert len(shown(as_role("Accounts").get(address(client, "?since=1%00x")))) == 3


def test_nothing_is_open(as_role: As, client: Client) -> None:
    assert "Nothing is open" in as_role("Accounts").get(address(client)).text


def test_the_file_has_the_same_lines(as_role: As, client: Client, three: list[Invoice]) -> None:
    browser = as_role("Accounts")
    head, first, second, third = export(browser, client)
    assert head == ["Date", "Document", "Number", "PO number", "Due", "Total", "Paid", "Open", "Balance"]
    assert first[1:3] + first[5:] == ["Invoice", str(three[0].number), "120.00", "20.00", "100.00", "100.00"]
    assert (second[-1], third[-1]) == ("220.00", "340.00")
    assert export(browser, client, "?since=3")[1][1:] == ["Brought forward", *[""] * 6, "100.00"]
    entry = AuditEntry.objects.filter(event="statement.exported").first()
    assert entry is not None
    assert (entry.by, entry.object_id) == (browser.person, str(client.pk))


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+44 20", "-2+3", "@SUM(A1)"])
def test_no_cell_of_the_file_is_a_formula_and_a_negative_amount_stays_one(
    as_role: As, client: Client, text: str
) -> None:
    invoice(client, bookings=[factories.booking(client, po_number=text)], paid_amount=Decimal("-20.00"))
    _, row = export(as_role("Accounts"), client)
    assert (row[3], row[5:]) == (f"'{text}", ["216.00", "-20.00", "236.00", "236.00"])


def test_phone_has_what_is_open_at_the_right_and_names_the_balance(
    as_role: As, client: Client, three: list[Invoice]
) -> None:
    page = as_role("Accounts").get(address(client)).text
    assert '<td class="at-money phone-only">100.00</td>' in page
    assert "· balance £340.00" in page


@pytest.mark.parametrize("count", [5, 60])
def test_queries_do_not_grow_with_the_documents(as_role: As, client: Client, count: int) -> None:
    copies(invoice(client, days_ago=40), count - 1)
    browser = as_role("Accounts")
    browser.get(address(client))
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(address(client))
    assert page.context["statement"].balance == count * 120
    assert len(asked) == QUERIES


def test_as_of_time_of_what_is_paid(as_role: As, client: Client, connected: Connection) -> None:
    invoice(client)
    browser = as_role("Accounts")
    browser.get(address(client))
    with CaptureQueriesContext(connection) as asked:
        assert "What is paid is as of" not in browser.get(address(client)).text
    assert len(asked) == QUERIES_WITH_KASHFLOW
    last_night = PaidReading.objects.create(ledger_account=connected.ledger_account, read_at=LAST_NIGHT)
    assert "What is paid is as of 30 Nov 2025 02:15." in browser.get(address(client)).text
    PaidReading.objects.create(ledger_account=connected.ledger_account, client=client, read_at=SINCE)
    with CaptureQueriesContext(connection) as asked:
        assert "What is paid is as of 1 Dec 2025 09:00." in browser.get(address(client)).text
    assert len(asked) == QUERIES_WITH_KASHFLOW
    assert "What is paid is as of 30 Nov 2025 02:15." in browser.get("/invoicing/invoiced/").text
    SystemDefaults.objects.update(accounts_package="none")
    for page in (address(client), "/invoicing/invoiced/"):
        assert "as of" not in browser.get(page).text
    assert PaidReading.objects.get(client=None) == last_night

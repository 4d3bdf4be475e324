"""The Financial tab: what a client's documents come to, how each stands, what can be invoiced, and for how long it asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from clients.models import Client
from invoicing.transfer import lanes
from kashflow.models import Connection, LedgerAccount
from tests import factories
from tests.invoicing.batches import copies
from tests.invoicing.batches import invoice_of as invoice
from tests.invoicing.test_raise_credit_note import credit

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]
HTMX = {"HX-Request": "true"}
# Whatever there is of documents and bookings; logging in included. One more says what holds back those that wait.
QUERIES, QUERIES_OF_THE_LIST = 33, 14


def address(client: Client, query: str = "") -> str:
    return f"/clients/{client.pk}/financial/{query}"


@pytest.fixture
def client(db: None) -> Client:
    factories.company()
    return factories.client_row(name="Kerne Bridge Kitchens Ltd")


def figures(page: Any) -> dict[str, tuple[str, str]]:
    return {one.label: (f"{one.amount:.2f}", one.remark) for one in page.context["figures"]}


def states(page: Any) -> dict[int, tuple[str, str]]:
    return {row.number: (row.shown.key, row.shown.word) for row in page.context["rows"]}


# --- Who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "payments/", "statement/"])
def test_stranger_is_sent_to_login(stranger: Browser, client: Client, part: str) -> None:
    url = address(client) + part
    assert stranger.get(url).headers["Location"] == f"/login/?next={url}"


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused_and_sees_no_tab(as_role: As, client: Client, role: str) -> None:
    browser = as_role(role)
    assert browser.get(address(client)).status_code == 403
    assert address(client) not in browser.get(f"/clients/{client.pk}/details/").text


def test_accounts_find_the_tab_on_details(as_role: As, client: Client) -> None:
    assert (
        f'<a href="{address(client)}">Financial'
        in as_role("Accounts").get(f"/clients/{client.pk}/details/").text
    )


def test_a_client_that_is_not_there(as_role: As) -> None:
    assert as_role("Accounts").get("/clients/999999/financial/").status_code == 404


# --- Figures and rows ---------------------------------------------------------------------------------------


def test_the_figures(as_role: As, client: Client) -> None:
    invoice(client, days_ago=5)
    invoice(client, days_ago=40)
    invoice(client, days_ago=50, paid_amount=Decimal("20.00"), paid_state="part")
    invoice(client, days_ago=60, paid_amount=Decimal("120.00"), paid_state="paid")
    invoice(client, days_ago=400, paid_amount=Decimal("120.00"), paid_state="paid")
    factories.booking(client, price="385.00")
    factories.booking(client, price="148.00")
    invoice(factories.client_row(), days_ago=40)
    assert figures(as_role("Accounts").get(address(client))) == {
        "Balance": ("340.00", "3 invoices"),
        "Overdue": ("220.00", "2 invoices, 20 days"),
        "To invoice": ("533.00", "2 bookings, before VAT"),
        "Paid in the last 12 months": ("140.00", "of 2 invoices of that time"),
    }


def test_how_each_document_stands(as_role: As, client: Client) -> None:
    made = [
        invoice(client, days_ago=5),
        invoice(client, days_ago=31),
        invoice(client, paid_amount=Decimal("20.00"), paid_state="part"),
        invoice(client, paid_amount=Decimal("120.00"), paid_state="paid"),
        invoice(
            client, days_ago=99, state="cancelled", cancelled_at=timezone.now(), cancelled_reason="Twice"
        ),
    ]
    page = as_role("Accounts").get(address(client))
    numbers = [one.number for one in made]
    assert states(page) == dict(
        zip(
            numbers,
            [
                ("unpaid", ""),
                ("overdue", "1 day overdue"),
                ("part_paid", ""),
                ("paid", ""),
                ("cancelled", ""),
            ],
            strict=True,
        )
    )
    assert [row.balance for row in page.context["rows"]] == [0, 0, 100, 120, 120]
    for head in ("Number", "Date", "Due", "Items", "Total £", "Paid £", "Balance £", "State"):
        assert f">{head}</th>" in page.text
    assert "Twice" in page.text


def test_the_last_12_months_and_all(as_role: As, client: Client) -> None:
    new, old = invoice(client, days_ago=300), invoice(client, days_ago=400)
    browser = as_role("Accounts")
    assert list(states(browser.get(address(client)))) == [new.number]
    assert list(states(browser.get(address(client, "?period=all")))) == [old.number, new.number]


def test_only_older_ones_are_one_press_away(as_role: As, client: Client) -> None:
    invoice(client, days_ago=400)
    page = as_role("Accounts").get(address(client))
    assert "No invoices in the last 12 months" in page.text
    assert f'href="{address(client)}?period=all"' in page.text


def test_without_kashflow_nothing_of_it_is_shown(as_role: As, client: Client) -> None:
    invoice(client)
    assert "KashFlow" not in as_role("Accounts").get(address(client)).text


@pytest.mark.parametrize("count", [5, 60])
def test_queries_do_not_grow_with_the_documents(as_role: As, client: Client, count: int) -> None:
    factories.kashflow_on()
    factories.ledger_account()
    copies(invoice(client, days_ago=40), count - 1)
    for _ in range(count // 5):
        factories.booking(client)
    browser = as_role("Accounts")
    browser.get(address(client))
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(address(client))
    assert len(page.context["rows"]) == min(count, 50)
    assert figures(page)["Balance"] == (f"{count * 120}.00", f"{count} invoices")
    one_waits = any(row.shown.key == "waiting" for row in page.context["rows"])
    assert len(asked) == QUERIES + one_waits
    with CaptureQueriesContext(connection) as asked:
        browser.get(address(client), headers=HTMX)
    assert len(asked) == QUERIES_OF_THE_LIST + one_waits


def test_paging_by_the_last_row(as_role: As, client: Client) -> None:
    copies(invoice(client), 59)
    browser = as_role("Accounts")
    page = browser.get(address(client))
    assert page.context["page_shown"] == "1–50 of 60"
    assert len(states(browser.get(page.context["next_url"]))) == 10


# --- Agencies -----------------------------------------------------------------------------------------------


def test_an_agency_has_the_documents_it_pays_for(as_role: As, client: Client) -> None:
    agency = factories.client_row(is_agency=True, name="Ridgeway Marketing Ltd")
    Client.objects.filter(pk=client.pk).update(agency=agency)
    client.refresh_from_db()
    made = invoice(client, bookings=[factories.booking(client)])
    factories.booking(client, price="50.00")
    page = as_role("Accounts").get(address(agency))
    assert list(states(page)) == [made.number]
    assert figures(page)["To invoice"] == ("50.00", "1 booking, before VAT")
    assert "for Kerne Bridge Kitchens Ltd" in page.text


def test_a_client_of_an_agency_says_who_pays(as_role: As, client: Client) -> None:
    agency = factories.client_row(is_agency=True, name="Ridgeway Marketing Ltd")
    Client.objects.filter(pk=client.pk).update(agency=agency)
    client.refresh_from_db()
    made = invoice(client, bookings=[factories.booking(client)])
    invoice(agency)
    page = as_role("Accounts").get(address(client))
    assert "Ridgeway Marketing Ltd pays for this client." in page.text
    assert f'href="{address(agency)}"' in page.text
    assert list(states(page)) == [made.number]
    assert figures(page) == {}
    assert (
        f'href="{address(agency)}statement/"' in as_role("Accounts").get(address(client) + "statement/").text
    )


# --- Ready to invoice ---------------------------------------------------------------------------------------


def test_what_is_due_is_ticked_in_the_panel(as_role: As, client: Client) -> None:
    today = timezone.localdate()
    due = factories.booking(client, factories.issue(on_sale_on=today), price="385.00")
    factories.booking(client, factories.issue(on_sale_on=today + dt.timedelta(days=70)), price="148.00")
    page = as_role("Accounts").get(address(client))
    assert [(one.line.row.booking_id == due.pk, one.is_ticked) for one in page.context["ready"]] == [
        (True, True),
        (False, False),
    ]
    assert page.context["ready_total"] == Decimal("462.00")


def test_with_nothing_due_the_first_issue_is_ticked(as_role: As, client: Client) -> None:
    later = [timezone.localdate() + dt.timedelta(days=days) for days in (70, 100)]
    for day in reversed(later):
        factories.booking(client, factories.issue(on_sale_on=day))
    page = as_role("Accounts").get(address(client))
    assert [one.is_ticked for one in page.context["ready"]] == [True, False]


# --- KashFlow -----------------------------------------------------------------------------------------------


def test_the_list_asks_again_until_the_transfer_settled(
    as_role: As, client: Client, connected: Connection
) -> None:
    made, browser = invoice(client), as_role("Accounts")
    page = browser.get(address(client))
    assert states(page) == {made.number: ("waiting", "Waiting to go to KashFlow")}
    assert ', every 2s"' in page.text
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    answer = browser.get(address(client), headers=HTMX)
    assert states(answer) == {made.number: ("in_kashflow", "")}
    assert answer.text.lstrip().startswith('<div id="results"')
    assert 'id="figures" hx-swap-oob="true"' in answer.text
    assert ", every" not in answer.text


def test_without_a_login_the_row_says_why_and_leads_to_my_details(
    as_role: As, client: Client, connected: Connection
) -> None:
    Connection.objects.all().delete()
    invoice(client)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    page = as_role("Accounts").get(address(client))
    assert "Save a login in My Details" in page.text
    assert 'href="/my-details/"' in page.text
    assert ', every 10s"' in page.text


def test_while_the_account_is_stopped_the_row_and_the_invoice_say_why_and_nothing_asks_again(
    as_role: As, client: Client, connected: Connection
) -> None:
    made, browser = invoice(client), as_role("Accounts")
    LedgerAccount.objects.update(paused_reason="KashFlow does not keep our numbers.")
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    page = browser.get(address(client))
    assert states(page) == {made.number: ("waiting", "Waiting to go to KashFlow")}
    assert ", every" not in page.text
    for text in (page.text, browser.get(f"/invoicing/invoices/{made.number}/").text):
        assert "Transfers are stopped. KashFlow does not keep our numbers." in text
        assert 'href="/settings/kashflow/">Settings › KashFlow</a>' in text


def test_credit_note_that_waits_for_its_invoice_says_so_and_nothing_asks_again(
    as_role: As, client: Client, connected: Connection
) -> None:
    made, browser = invoice(client), as_role("Accounts")
    note = credit(factories.user("Accounts"), made, "10.00", credit_date=made.invoice_date)
    made.transfers.update(state="conflict", cause_code="number_taken", last_cause="It is taken.")
    page = browser.get(address(client))
    assert states(page) == {
        note.number: ("waiting", "Waiting to go to KashFlow"),
        made.number: ("needs_you", ""),
    }
    assert ", every" not in page.text
    for text in (page.text, browser.get(f"/invoicing/invoices/{note.number}/").text):
        assert f"It goes once invoice {made.number} is in KashFlow." in text
        assert f'href="/invoicing/invoices/{made.number}/">Open invoice {made.number}</a>' in text


def test_with_kashflow_away_the_row_and_the_invoice_say_so(
    as_role: As, client: Client, connected: Connection, sandbox: Any
) -> None:
    made, browser = invoice(client), as_role("Accounts")
    sandbox.fault("GetCustomerByEmail", "http_503", times=9)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    cause = made.transfers.get().last_cause
    assert cause
    page = browser.get(address(client))
    assert states(page) == {made.number: ("waiting", "Waiting to go to KashFlow")}
    for text in (page.text, browser.get(f"/invoicing/invoices/{made.number}/").text):
        assert escape(cause) in text


def test_a_customer_somebody_must_choose_leads_to_the_client(
    as_role: As, client: Client, connected: Connection, sandbox: Any
) -> None:
    sandbox.server.ledger.add_customer(
        Code="KERNE1", Name="Kerne Bridge", Email=client.email, Postcode="HR9 1AA"
    )
    made = invoice(client)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    browser = as_role("Accounts")
    page = browser.get(address(client))
    assert states(page) == {made.number: ("needs_you", "")}
    assert f'href="/clients/{client.pk}/details/">Look at the client' in page.text
    assert f'href="/clients/{client.pk}/details/#kashflow"' in page.text
    shown = browser.get(f"/invoicing/invoices/{made.number}/").text
    assert f'href="/clients/{client.pk}/details/">Look at the client' in shown


def test_kashflow_on_without_an_account_says_that_no_login_is_saved(as_role: As, client: Client) -> None:
    factories.kashflow_on()
    assert not LedgerAccount.objects.exists()
    invoice(client)
    text = as_role("Accounts").get(address(client)).text
    assert "No KashFlow login is saved" in text
    assert "Save a login in My Details" in text

"""The Financial tab: what came in, how it asks KashFlow for it, and what is credited."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from clients.models import Client
from invoicing import tasks
from invoicing.models import Invoice, PaidReading
from invoicing.transfer import lanes
from kashflow.models import Connection
from tests import factories
from tests.invoicing.batches import invoice_of as invoice
from tests.invoicing.test_raise_credit_note import credit
from tests.invoicing.test_view_financial import HTMX, address, figures, states
from tests.invoicing.test_view_financial import client as client

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


# --- What came in -------------------------------------------------------------------------------------------


@pytest.fixture
def paid(client: Client, connected: Connection, sandbox: Any) -> list[Invoice]:
    """Two invoices of £120.00 in KashFlow: the first paid there, of the second £50.00."""
    made = [invoice(client, days_ago=3), invoice(client, days_ago=2)]
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    for one, amount, day in zip(made, ("120.00", "50.00"), ("2026-11-20", "2026-11-24"), strict=True):
        sandbox.pay(one.transfers.get().kashflow_dbid, amount, day=day)
    return made


def asked(browser: Browser, client: Client) -> Any:
    """What htmx does when the tab is there: has KashFlow asked, and looks for the answer."""
    browser.post(address(client, "paid-status/"))
    tasks.refresh_client(str(PaidReading.objects.get(client=client).pk))
    return browser.get(address(client, "paid-status/"), headers=HTMX)


def test_opening_the_tab_asks_kashflow_and_the_answer_changes_its_rows(
    as_role: As, client: Client, paid: list[Invoice], sandbox: Any
) -> None:
    browser = as_role("Accounts")
    page = browser.get(address(client))
    assert f'hx-post="{address(client)}paid-status/" hx-trigger="load"' in page.text
    assert 'hx-trigger="paid-status from:body"' in page.text
    assert {key for key, _ in states(page).values()} == {"in_kashflow"}
    answer = asked(browser, client)
    assert answer["HX-Trigger"] == "paid-status"
    page = browser.get(address(client), headers=HTMX)
    first, second = paid
    assert states(page) == {first.number: ("paid", ""), second.number: ("part_paid", "")}
    assert figures(page)["Balance"] == ("70.00", "1 invoice")
    assert [(one.what, one.line.amount) for one in page.context["latest"]] == [
        (f"Part of {second.number}", Decimal("50.00")),
        (f"{first.number} in full", Decimal("120.00")),
    ]


def test_every_payment_is_listed(as_role: As, client: Client, paid: list[Invoice]) -> None:
    browser = as_role("Accounts")
    asked(browser, client)
    page = browser.get(address(client, "payments/"))
    assert [one.invoice.number for one in page.context["rows"]] == [one.number for one in reversed(paid)]
    for text in ("24 Nov 2026", "20 Nov 2026", "BACS", "In KashFlow", "120.00", "50.00"):
        assert text in page.text


def test_no_payments_yet(as_role: As, client: Client) -> None:
    assert (
        "Nothing came in for the invoices of this period."
        in as_role("Accounts").get(address(client, "payments/")).text
    )


def test_a_client_of_an_agency_asks_what_the_agency_paid(
    as_role: As, client: Client, connected: Connection
) -> None:
    agency, browser = factories.client_row(is_agency=True), as_role("Accounts")
    Client.objects.filter(pk=client.pk).update(agency=agency)
    assert f'hx-post="{address(client)}paid-status/"' in browser.get(address(client)).text
    browser.post(address(client, "paid-status/"))
    assert [reading.client for reading in PaidReading.objects.all()] == [agency]


# --- Credit notes -------------------------------------------------------------------------------------------


def test_what_is_credited_is_owed_and_overdue_no_more(as_role: As, client: Client) -> None:
    whole, part = invoice(client, days_ago=40), invoice(client, days_ago=50)
    by = factories.user("Accounts")
    notes = [credit(by, whole, "100.00"), credit(by, part, "50.00")]
    page = as_role("Accounts").get(address(client))
    assert states(page) == {
        notes[1].number: ("credit_note", ""),
        notes[0].number: ("credit_note", ""),
        part.number: ("overdue", "20 days overdue"),
        whole.number: ("set_off", "Credited"),
    }
    assert [row.balance for row in page.context["rows"]] == [0, 0, 60, 0]
    assert figures(page)["Balance"] == ("60.00", "2 invoices")
    assert figures(page)["Overdue"] == ("60.00", "1 invoice, 20 days")


def test_credit_note_begins_with_the_choice_of_its_invoice(as_role: As, client: Client) -> None:
    made, browser = invoice(client), as_role("Accounts")
    assert 'href="?choose=credit"' in browser.get(address(client)).text
    page = browser.get(address(client, "?choose=credit"))
    assert "Choose the invoice that the credit note takes back from." in page.text
    assert f'href="/invoicing/invoices/{made.number}/credit-note/"' in page.text

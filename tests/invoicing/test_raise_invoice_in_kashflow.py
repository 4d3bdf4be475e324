"""Create invoice: it goes to KashFlow at once, or waits and says for what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from invoicing.models import Invoice, Transfer
from invoicing.transfer import lanes
from kashflow import connections
from kashflow.models import AccountCode, Connection, LedgerAccount, ProductCode
from tests import factories
from tests.invoicing.test_raise_invoice_page import LINE, address, fields_of, opened, shown_then_raised
from tests.invoicing.test_raise_invoice_page import client as client
from tests.sandboxes import LiveSandbox

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


# --- KashFlow -----------------------------------------------------------------------------------------------


def test_without_kashflow_nothing_of_it_is_shown(as_role: As, client: Client) -> None:
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    assert "KashFlow" not in page.text
    assert "Account code" not in page.text
    assert "KashFlow" not in browser.post(address(client), fields_of(page), follow=True).text
    assert not Transfer.objects.exists()


def test_a_raised_invoice_is_wanted_in_kashflow_at_once(
    as_role: As, client: Client, connected: Connection
) -> None:
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    answer = browser.post(address(client), fields_of(page), follow=True)
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.ledger_account) == ("ready", connected.ledger_account)
    assert "It goes to KashFlow at once." in answer.text


def test_while_the_account_is_stopped_the_toast_says_that_it_waits(
    as_role: As, client: Client, connected: Connection
) -> None:
    LedgerAccount.objects.update(paused_reason="KashFlow does not keep our numbers.")
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    answer = browser.post(address(client), fields_of(page), follow=True)
    assert Transfer.objects.get().state == "ready"
    told = "It waits, because transfers to KashFlow are stopped. KashFlow does not keep our numbers."
    assert told in answer.text
    assert "It goes to KashFlow at once." not in answer.text
    assert "Waiting to go to KashFlow" in answer.text


def test_without_a_saved_login_it_waits_for_one_and_says_so(
    as_role: As, client: Client, sandbox: LiveSandbox
) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    answer = browser.post(address(client), fields_of(page), follow=True)
    assert "It goes to KashFlow once a KashFlow login is saved in My Details." in answer.text
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.connection) == ("ready", None)
    shown = browser.get(f"/invoicing/invoices/{transfer.invoice.number}/").text
    assert "No KashFlow login is saved, so nothing was sent yet." in shown
    assert '<a class="text-link" href="/my-details/">My Details</a>' in shown
    assert lanes.sweep() is None
    assert lanes.carry_due(transfer.ledger_account_id, wake_another=lambda: None) == 0
    assert not transfer.attempts.exists() and sandbox.log() == []


def test_the_first_login_that_is_saved_sends_what_waited(
    as_role: As, client: Client, sandbox: LiveSandbox
) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    browser.post(address(client), fields_of(page))
    connections.save_login(by=factories.user("Admin"), username="demo", password="demo")
    account = LedgerAccount.objects.get()
    advertising = next(one for one in sandbox.state()["nominals"] if one["Code"] == 4000)
    account.sales_code = AccountCode.objects.create(
        ledger_account=account,
        kashflow_id=advertising["id"],
        code=4000,
        name="Advertising",
        is_sales_type=True,
    )
    account.save()
    assert lanes.sweep() == account.pk
    lanes.carry_due(account.pk, wake_another=lambda: None)
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.last_cause, transfer.cause_code) == ("verified", "", "")
    assert len(sandbox.log("InsertInvoice")) == 1


def test_codes_where_they_are_used(as_role: As, client: Client, connected: Connection) -> None:
    factories.kashflow_on(use_account_codes=True)
    account = LedgerAccount.objects.get()
    adverts, other = AccountCode.objects.get(), code_of(account, 4100)
    inside, outside = (
        ProductCode.objects.create(
            ledger_account=account, account_code=code, kashflow_id=n, code=f"P{n}", name=f"Product {n}"
        )
        for n, code in enumerate((adverts, other), start=9000)
    )
    browser = as_role("Accounts")
    page = opened(browser, client)
    refused = browser.post(address(client), fields_of(page, **LINE))
    assert "Choose an account code." in refused.text
    chosen = fields_of(page, "show", **LINE, **{"line-0-account_code": str(adverts.pk)})
    shown = browser.post(address(client), chosen)
    offered = list(shown.context["lines"].forms[0].fields["product_code"].queryset)
    assert offered == [inside]
    elsewhere = browser.post(address(client), {**chosen, "line-0-product_code": str(outside.pk)})
    assert "does not belong to account code" in elsewhere.text
    answer = shown_then_raised(browser, client, {**chosen, "line-0-product_code": str(inside.pk)})
    assert answer.redirect_chain
    line = Invoice.objects.get().lines.get()
    assert (line.account_code, line.product_code) == (adverts, inside)


def code_of(account: LedgerAccount, number: int) -> AccountCode:
    return AccountCode.objects.create(
        ledger_account=account, kashflow_id=number, code=number, name=f"Code {number}", is_turnover=True
    )


def test_the_day_is_today(as_role: As, client: Client) -> None:
    page = opened(as_role("Accounts"), client)
    assert page.context["form"]["invoice_date"].value() == timezone.localdate()

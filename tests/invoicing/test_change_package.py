"""System Defaults with something waiting for KashFlow: it is said before, and nothing is lost or sent by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from clients.models import CustomerLink
from invoicing.models import Invoice
from kashflow.models import Connection
from settings_app.models import AuditEntry, SystemDefaults
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox

PAGE = "/settings/system-defaults/"
OFF, ON = {"accounts_package": "none"}, {"accounts_package": "kashflow"}
Login = Callable[..., Any]


def words_of(page: Any) -> str:
    """What a person reads of a page: no addresses, no names of fields."""
    assert page.status_code == 200
    return re.sub(r"(?s)<[^>]*>", " ", page.content.decode())


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def test_what_waits_is_said_before_kashflow_is_switched_off(desk: Desk, as_role: Login) -> None:
    desk.press(desk.raise_invoices(3))
    wanting = factories.client_row(name="Kernow Kayaks")
    factories.booking(wanting)
    CustomerLink.objects.get_or_create(client=wanting, ledger_account=desk.account)
    browser = as_role("Admin")
    page = browser.post(PAGE, OFF).content.decode()
    for told in (
        "Switch KashFlow off?",
        "3 invoices wait to be sent",
        "1 client waits to be created there",
        "1 run is under way",
    ):
        assert told in page
    assert SystemDefaults.current().uses_kashflow
    assert not AuditEntry.objects.filter(event="system_defaults.changed").exists()


def test_switched_off_nothing_is_sent_and_switched_on_it_goes_on(desk: Desk, as_role: Login) -> None:
    desk.press(desk.raise_invoices(2))
    browser = as_role("Admin")
    browser.post(PAGE, {**OFF, "confirmed": "yes"})
    assert not SystemDefaults.current().uses_kashflow
    desk.sweep_and_work()
    assert (desk.states(), desk.sandbox.log()) == (["ready"] * 2, [])
    page = browser.post(PAGE, ON).content.decode()
    assert "Switch KashFlow on?" in page and "2 invoices wait to be sent" in page
    assert not SystemDefaults.current().uses_kashflow
    browser.post(PAGE, {**ON, "confirmed": "yes"})
    desk.skip(3600)
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 2
    assert Connection.objects.count() == 1


def test_with_nothing_waiting_nothing_is_asked(desk: Desk, as_role: Login) -> None:
    browser = as_role("Admin")
    assert browser.post(PAGE, OFF)["Location"] == PAGE
    assert not SystemDefaults.current().uses_kashflow


def test_switched_off_no_page_of_the_work_names_kashflow(desk: Desk, as_role: Login) -> None:
    desk.press(desk.raise_invoices(1))
    browser = as_role("Admin")
    browser.post(PAGE, {**OFF, "confirmed": "yes"})
    invoice = Invoice.objects.get()
    pages = [
        "/",
        "/clients/",
        "/clients/new/",
        f"/clients/{invoice.payer_id}/details/",
        "/invoicing/to-invoice/",
        "/invoicing/invoiced/",
        f"/invoicing/invoices/{invoice.number}/",
        "/settings/company/",
        "/settings/publications/",
        "/settings/payment-methods/",
        "/my-details/",
    ]
    named = [one for one in pages if "kashflow" in words_of(browser.get(one)).casefold()]
    assert named == []


def test_other_switches_are_not_asked_about(desk: Desk, as_role: Login) -> None:
    desk.press(desk.raise_invoices(1))
    assert as_role("Admin").post(PAGE, {**ON, "use_account_codes": "on"})["Location"] == PAGE
    assert SystemDefaults.current().use_account_codes


@pytest.mark.parametrize("role", ["Accounts", "Sales"])
def test_the_wrong_role_is_refused(desk: Desk, as_role: Login, role: str) -> None:
    desk.press(desk.raise_invoices(1))
    assert as_role(role).post(PAGE, {**OFF, "confirmed": "yes"}).status_code == 403
    assert SystemDefaults.current().uses_kashflow


def test_the_amount_for_a_second_person_outlives_the_question(desk: Desk, as_role: Login) -> None:
    SystemDefaults.objects.update(second_person_above=Decimal("1500.00"))
    desk.press(desk.raise_invoices(1))
    browser = as_role("Admin")
    page = browser.post(PAGE, {**OFF, "second_person_above": "1500.00"}).content.decode()
    assert '<input type="hidden" name="second_person_above" value="1500.00">' in page
    browser.post(PAGE, {**OFF, "second_person_above": "1500.00", "confirmed": "yes"})
    defaults = SystemDefaults.current()
    assert (defaults.uses_kashflow, defaults.second_person_above) == (False, Decimal("1500.00"))

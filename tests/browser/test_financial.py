"""The Financial tab as the accountant uses it: an invoice created there is in KashFlow without another press."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.steps import expect_all_in_kashflow, mend_login, pounds, press_transfer
from tests.browser.test_keyboard import press, type_into

pytestmark = pytest.mark.browser
# Linked in the demo's books, with a year of bookings ahead.
CLIENT = "Lilwall Tractors Ltd"
ON_ITS_WAY = 60_000


def open_tab(page: Page) -> None:
    page.goto(f"/clients/?q={CLIENT.replace(' ', '+')}")
    page.get_by_role("link", name=CLIENT).first.click()
    page.get_by_role("navigation", name="This client").get_by_role("link", name="Financial").click()
    expect(page.get_by_role("region", name="Documents")).to_be_visible()


def create_from_panel(page: Page) -> str:
    """Ticks one booking in the panel and opens Create invoice; returns the total the panel showed."""
    panel = page.get_by_role("region", name="Ready to invoice")
    for box in panel.get_by_role("checkbox").all():
        box.uncheck()
    expect(panel.get_by_role("status")).to_have_text("£0.00")
    panel.get_by_role("checkbox").first.check()
    total = panel.get_by_role("status").inner_text()
    panel.get_by_role("button", name="Create invoice").click()
    return total


def raise_it(page: Page, total: str) -> int:
    """Presses the button that names `total`; returns the number the toast says."""
    page.get_by_role("button", name=f"Raise invoice for {total}").click()
    toast = page.get_by_text(re.compile(r"^Invoice \d+ raised for £"))
    expect(toast).to_be_visible()
    found = re.search(r"\d+", toast.inner_text())
    assert found
    return int(found[0])


def row_of(page: Page, number: int) -> Locator:
    return page.get_by_role("row", name=re.compile(rf"^{number} "))


def expect_arrived(page: Page, number: int) -> None:
    """Its state, not a sentence about where something is mended."""
    state = row_of(page, number).get_by_text("In KashFlow", exact=True)
    expect(state).to_be_visible(timeout=ON_ITS_WAY)


def in_kashflow(running: Product, number: int) -> list[dict[str, Any]]:
    return [one for one in running.sandbox.invoices() if one["InvoiceNumber"] == number]


def test_it_arrives_in_kashflow_without_another_press(open_page: OpenPage, running: Product) -> None:
    page = open_page("Accounts")
    open_tab(page)
    booked = pounds(create_from_panel(page))
    page.get_by_role("textbox", name="Description").fill("Design of the advert")
    page.get_by_role("textbox", name="Rate before VAT").fill("33.35")
    page.get_by_role("combobox", name="Account code").select_option(index=1)
    total = booked + Decimal("40.02")
    expect(page.get_by_role("button", name="Raise invoice")).to_have_text(f"Raise invoice for £{total:,.2f}")
    number = raise_it(page, f"£{total:,.2f}")

    expect_arrived(page, number)
    (document,) = in_kashflow(running, number)
    assert Decimal(document["NetAmount"]) + Decimal(document["VATAmount"]) == total
    assert len(document["Lines"]) == 2


def test_a_refused_connection_is_said_on_the_tab_and_mended_from_there(
    open_page: OpenPage, running: Product
) -> None:
    page = open_page("Accounts")
    open_tab(page)
    running.sandbox.settings(api_enabled=False)
    try:
        number = raise_it(page, create_from_panel(page))
        row = row_of(page, number)
        expect(row).to_contain_text("API", timeout=ON_ITS_WAY)
        expect(row.get_by_role("link").last).to_be_visible()
        assert in_kashflow(running, number) == []
    finally:
        running.sandbox.settings(api_enabled=True)
        mend_login(page, "demo")
    # It goes on by itself within two minutes; who does not want to wait presses the button.
    page.goto(f"/invoicing/invoiced/?q={number}")
    page.get_by_role("checkbox", name=f"Select {number}", exact=True).check()
    press_transfer(page)
    expect_all_in_kashflow(page, 1)
    open_tab(page)
    expect_arrived(page, number)
    assert len(in_kashflow(running, number)) == 1


def test_without_a_pointer(open_page: OpenPage) -> None:
    page = open_page("Accounts")
    open_tab(page)
    panel = page.get_by_role("region", name="Ready to invoice")
    box = panel.get_by_role("checkbox").first
    if not box.is_checked():
        press(page, box, "Space")
    press(page, panel.get_by_role("button", name="Create invoice"))
    type_into(page, page.get_by_role("textbox", name="PO number"), "PO 7")
    button = page.get_by_role("button", name="Raise invoice for")
    expect(button).to_be_visible()
    expect(page.get_by_role("region", name="The invoice")).to_contain_text("PO number PO 7")
    press(page, button)
    expect(page.get_by_text(re.compile(r"^Invoice \d+ raised for £"))).to_be_visible()

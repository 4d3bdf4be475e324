"""Setting up the link to KashFlow by the words of its instructions alone, and what a press without an answer says."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_keyboard import press, type_into

pytestmark = pytest.mark.browser


def test_every_step_is_found_by_its_words_without_a_pointer(open_page: OpenPage) -> None:
    page = open_page("Admin")
    page.goto("/settings/")
    press(page, page.get_by_role("link", name="System Defaults").first)
    expect(page.get_by_role("combobox", name="Accounts Package", exact=True)).to_have_value("kashflow")
    expect(page.get_by_role("switch", name="Use Account Codes", exact=True)).to_be_checked()
    with page.expect_navigation():
        press(page, page.get_by_role("button", name="Update", exact=True))

    page.goto("/my-details/")
    type_into(page, page.get_by_role("textbox", name="KashFlow password", exact=True), "demo")
    press(page, page.get_by_role("button", name="Check Connection", exact=True))
    expect(page.get_by_role("alert")).to_contain_text("Connected to KashFlow")
    expect(page.get_by_role("checkbox", name="Save Login", exact=True)).to_be_checked()
    press(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_role("status")).to_contain_text("KashFlow login saved")

    page.goto("/settings/")
    expect(page.get_by_role("heading", name="Accounts", exact=True)).to_be_visible()
    press(page, page.get_by_role("main").get_by_role("link", name="KashFlow Connection, sync of codes"))
    expect(page.get_by_role("heading", name="KashFlow", exact=True)).to_be_visible()
    for label in ("Sync Bank Accounts", "Sync Sales Codes", "Sync Accounts Codes"):
        button = page.get_by_role("button", name=label, exact=True)
        row = page.locator(".sync-row", has=button)
        press(page, button)
        expect(row.get_by_text("no change")).to_be_visible(timeout=30_000)
        expect(row.locator(".ring")).to_have_count(0)
        expect(button).to_be_focused()

    page.goto("/settings/publications/")
    press(page, page.get_by_role("main").locator("tbody").get_by_role("link").first)
    expect(page.get_by_role("link", name="Defaults", exact=True)).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("combobox", name="Account code", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Inventory code of Full page", exact=True)).to_be_visible()


def test_a_press_without_an_answer_says_so_once_and_no_longer_once_one_came(open_page: OpenPage) -> None:
    page = open_page("Accounts")
    page.goto("/my-details/")
    for event in ("htmx:sendError", "htmx:responseError"):
        page.evaluate(
            "(name) => document.body.dispatchEvent(new CustomEvent(name, { bubbles: true }))", event
        )
    told = page.get_by_text("That did not work")
    expect(told).to_have_count(1)
    expect(page.get_by_role("link", name="Load again")).to_have_attribute("href", "/my-details/")
    page.get_by_role("button", name="Check Connection", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Connected to KashFlow")
    expect(told).to_have_count(0)

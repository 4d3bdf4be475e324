"""The main job without a pointer: Tab, Shift+Tab, Space and Enter."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import EMAIL, PASSWORD
from tests.browser.steps import expect_all_in_kashflow, grey_box

pytestmark = pytest.mark.browser

MOST_KEYS = 150
FOCUS = "(element) => [element === document.activeElement, element.matches(':focus-visible')]"


def go_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Presses `key` until the focus is on it."""
    for _ in range(MOST_KEYS):
        # Asked in one breath: an answer may put the list anew between two questions.
        is_there, is_seen = wanted.evaluate(FOCUS)
        if is_there:
            assert is_seen
            return
        page.keyboard.press(key)
    raise AssertionError(f"{MOST_KEYS} times {key} did not come to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter", *, by: str = "Tab") -> None:
    go_to(page, wanted, by)
    page.keyboard.press(key)


def type_into(page: Page, wanted: Locator, text: str) -> None:
    go_to(page, wanted)
    page.keyboard.type(text)


def test_from_login_to_kashflow(page: Page) -> None:
    page.goto("/login/")
    type_into(page, page.get_by_role("textbox", name="E-mail"), EMAIL["Accounts"])
    type_into(page, page.get_by_role("textbox", name="Password"), PASSWORD)
    page.keyboard.press("Enter")

    press(page, page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoicing"))
    tabs = page.get_by_role("navigation", name="Invoicing")
    press(page, tabs.get_by_role("link", name="To Invoice"))
    press(page, page.get_by_role("button", name="Preview"))

    every = page.get_by_role("checkbox", name="Select all invoices")
    press(page, every, "Space")
    expect(every).not_to_be_checked()
    first = page.get_by_role("checkbox", name=re.compile("^Raise an invoice for ")).first
    press(page, first, "Space")
    expect(first).to_be_checked()
    press(page, page.get_by_role("button", name="Raise 1 invoice"), by="Shift+Tab")

    box = grey_box(page)
    expect(box).to_contain_text("1 selected")
    press(page, box.get_by_role("button", name="Clear"))
    expect(box).to_contain_text("Nothing selected")
    press(page, page.get_by_role("checkbox", name=re.compile(r"^Select \d+$")).first, "Space")
    expect(box).to_contain_text("1 selected")
    press(page, box.get_by_role("button", name="Transfer to KashFlow"), by="Shift+Tab")
    expect_all_in_kashflow(page, 1)


def test_the_first_key_leads_past_the_top_bar(page: Page) -> None:
    page.goto("/login/")
    type_into(page, page.get_by_role("textbox", name="E-mail"), EMAIL["Accounts"])
    type_into(page, page.get_by_role("textbox", name="Password"), PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_several_issues_are_ticked_in_a_row(open_page: OpenPage) -> None:
    page = open_page("Accounts")
    page.goto("/invoicing/to-invoice/")
    boxes = page.get_by_role("group", name="Hereford Weekly").get_by_role("checkbox")
    first, second = (boxes.and_(page.locator(":not(:checked)")).nth(n).get_attribute("id") for n in (0, 1))
    press(page, page.locator(f"#{first}"), "Space")
    expect(page).to_have_url(re.compile("issue="))
    expect(page.locator(f"#{first}")).to_be_focused()
    expect(page.locator(f"#{first}")).to_be_checked()
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Space")
    expect(page.locator(f"#{second}")).to_be_focused()
    expect(page.locator(f"#{second}")).to_be_checked()
    expect(page.locator(f"#{first}")).to_be_checked()


def test_customers_are_decided_in_a_row_and_the_focus_is_never_covered(open_page: OpenPage) -> None:
    page = open_page("Admin")
    page.goto("/settings/kashflow/customer-codes/")
    lines = "\n".join(["Code,Name", *(f"ZQ{n:02},Qwzx{n} Vbnm{n}" for n in range(20))])
    file = {"name": "customers.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    page.get_by_label("Customer list from KashFlow").set_input_files(file)  # type: ignore[arg-type]
    press(page, page.get_by_role("button", name="Upload CSV"))
    press(page, page.get_by_role("link", name="Show all 20"))
    last = page.get_by_role("button", name="Ignore Qwzx19 Vbnm19")
    go_to(page, last)
    ours, box = last.bounding_box(), page.get_by_role("region", name="Apply").bounding_box()
    assert ours and box and ours["y"] + ours["height"] <= box["y"]
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Take back Qwzx19 Vbnm19")).to_be_focused()
    expect(page).to_have_url(re.compile(r"group=unmatched"))


def test_the_focus_stays_on_its_link_when_the_list_is_put_anew(open_page: OpenPage) -> None:
    """As when somebody types, presses Enter and Tab before the answer to the last letter is there."""
    page = open_page("Sales")
    page.goto("/clients/")
    link = page.get_by_role("table").get_by_role("link").nth(3)
    go_to(page, link)
    link.evaluate("(element) => element.setAttribute('data-before', '')")
    page.get_by_role("search").dispatch_event("change")
    expect(page.locator("[data-before]")).to_have_count(0)
    expect(link).to_be_focused()
    assert link.evaluate("(element) => element.matches(':focus-visible')")

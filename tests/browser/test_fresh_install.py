"""From a fresh install to a publication with codes, with the product's own pages only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from tests import tables
from tests.browser.product import OwnServers, Product

pytestmark = pytest.mark.browser
EMAIL, PASSWORD = "ruth@marches.example", "quiet-river-stone-42"


@pytest.fixture
def fresh(chromium: Browser, tmp_path: Path) -> Iterator[Product]:
    """The product as it is installed: no data, no people; KashFlow's books are those of the sandbox."""
    product = Product(tmp_path, is_empty=True)
    servers = None
    if "postgresql" in settings.DATABASES["default"]["ENGINE"]:
        servers = OwnServers(os.environ["DATABASE_URL"], os.environ["CELERY_BROKER_URL"])
        product.env |= servers.make()
    else:
        # Empty ones; that the demo makes them itself is shown by `tests/overview/test_demo.py`.
        tables.copy_to(tmp_path / "magmanager.sqlite3")
    product.start()
    product.sandbox.reset("demo")
    try:
        yield product
    finally:
        product.stop()
        if servers:
            servers.drop()


@pytest.fixture
def window(chromium: Browser, fresh: Product) -> Iterator[Page]:
    """A stranger's window, which fails on any error in its console."""
    complaints: list[str] = []
    context = chromium.new_context(
        base_url=fresh.url, locale="en-GB", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_from_nothing_to_a_publication_with_account_and_inventory_codes(window: Page, fresh: Product) -> None:
    start(window)
    choose_kashflow(window)
    add_client(window, "Hillside Garden Centre")
    save_login(window, fresh)
    sync(window)
    match_customers(window)
    add_publication(window)
    assert fresh.sandbox.log("InsertCustomer") == []


def start(page: Page) -> None:
    """The first person, who comes in by the only page there is."""
    page.goto("/")
    expect(page.get_by_role("heading", name="First start")).to_be_visible()
    for label, typed in (
        ("Company name", "Marches Media"),
        ("Your name", "Ruth Meredith"),
        ("E-mail", EMAIL),
    ):
        page.get_by_label(label).fill(typed)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Home")).to_be_visible()


def choose_kashflow(page: Page) -> None:
    settings_page(page, "System Defaults")
    page.get_by_label("Accounts Package").select_option("KashFlow")
    page.get_by_label("Use Account Codes").check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("System Defaults updated.")).to_be_visible()


def add_client(page: Page, name: str) -> None:
    page.goto("/clients/new/")
    page.get_by_label("Company name").fill(name)
    page.get_by_role("button", name="Add client").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def save_login(page: Page, fresh: Product) -> None:
    """A red *Check Connection* says what to do; after it a green one, and the login is kept."""
    page.goto("/my-details/")
    page.get_by_label("KashFlow username").fill("demo")
    page.get_by_label("KashFlow password").fill("wrong")
    page.get_by_role("button", name="Check Connection").click()
    expect(page.get_by_text("Username or password wrong")).to_be_visible()
    page.get_by_role("link", name="How to mend it").click()
    expect(page.get_by_role("heading", name="Enabling the API in KashFlow")).to_be_visible()
    page.go_back()
    page.get_by_label("KashFlow username").fill("demo")
    page.get_by_label("KashFlow password").fill("demo")
    page.get_by_role("button", name="Check Connection").click()
    expect(page.get_by_text("This login opens the books of Westvale Magazines Ltd.")).to_be_visible()
    page.get_by_label("Save Login").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("KashFlow login saved")).to_be_visible()


def sync(page: Page) -> None:
    settings_page(page, "KashFlow")
    for button, result in (
        ("Sync Bank Accounts", "3 added; 5 payment methods added"),
        ("Sync Sales Codes", "4 added; 8 inventory codes added"),
        ("Sync Accounts Codes", "4 added"),
    ):
        page.get_by_role("button", name=button).click()
        row = page.locator(".sync-row").filter(has=page.get_by_role("button", name=button))
        expect(row.get_by_text(result)).to_be_visible(timeout=60_000)


def match_customers(page: Page) -> None:
    settings_page(page, "Customer codes")
    page.get_by_role("button", name="Match from KashFlow").click()
    expect(page.get_by_role("heading", name="Exact 1")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Ignore all 4").click()
    page.get_by_role("button", name="Apply 1 link").click()
    expect(page.get_by_text("1 client linked.")).to_be_visible()


def add_publication(page: Page) -> None:
    settings_page(page, "Publications")
    page.get_by_role("link", name="Add publication").first.click()
    page.get_by_label("Name").fill("Wye Valley Living")
    page.get_by_label("Interval").select_option("Monthly")
    page.get_by_role("button", name="Add publication").click()
    page.get_by_role("combobox", name=re.compile("^Account code")).select_option("4000 Advertising")
    page.get_by_role("button", name="Change account code").click()
    page.get_by_label("Full page enabled").check()
    page.get_by_label("Default price of Full page").fill("695.00")
    page.get_by_label("Inventory code of Full page").select_option("4000-FP Full page")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Defaults of Wye Valley Living saved.")).to_be_visible()
    expect(page.get_by_label("Inventory code of Full page")).to_contain_text("4000-FP Full page")
    settings_page(page, "Publications")
    row = page.get_by_role("row", name="Wye Valley Living")
    expect(row).to_contain_text("4000 Advertising")


def settings_page(page: Page, name: str) -> None:
    """By the gear, as people go."""
    page.get_by_role("link", name="Settings", exact=True).first.click()
    page.get_by_role("main").get_by_role("link", name=re.compile(f"^{name}")).first.click()

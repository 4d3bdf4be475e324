"""Every page, as the person it is for: no barrier, no error, nothing wider than a phone, in both themes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.look]

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1440, 400)
HEIGHT = 900
# A table's rows are alike: axe looks at the first ones.
ROWS = 6
FEW_ROWS = (
    "(most) => document.querySelectorAll(`tbody tr:nth-child(n + ${most})`).forEach((row) => row.remove())"
)
UNTIL_DRAWN = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    await Promise.allSettled(document.getAnimations().map((one) => one.finished));
}"""


def at(address: str) -> Callable[[Page], Any]:
    return lambda page: page.goto(address)


def first_client(tab: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.goto("/clients/?q=Yapp")
        page.get_by_role("main").get_by_role("link", name=re.compile("^Yapp")).first.click()
        page.get_by_role("navigation", name="This client").get_by_role("link", name=tab).click()

    return go


def financial_of(view: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        first_client("Financial")(page)
        page.get_by_role("navigation", name="What is listed").get_by_role("link", name=view).click()

    return go


def create_invoice(page: Page) -> None:
    first_client("Financial")(page)
    page.get_by_role("region", name="Ready to invoice").get_by_role("button", name="Create invoice").click()


def book_adverts(page: Page) -> None:
    page.goto("/bookings/new/?q=Yapp")
    page.get_by_role("main").get_by_role("link").filter(has_text="Yapp").first.click()


def batch_preview(page: Page) -> None:
    page.goto("/invoicing/to-invoice/")
    page.get_by_role("button", name="Preview").click()


def newest_invoice(page: Page) -> None:
    page.goto("/invoicing/invoiced/")
    number = page.get_by_role("checkbox", name=re.compile(r"^Select \d+$")).first
    page.goto(f"/invoicing/invoices/{(number.get_attribute('aria-label') or '').removeprefix('Select ')}/")


def newest_run(page: Page) -> None:
    page.goto("/invoicing/transfers/")
    page.get_by_role("link", name=re.compile("^Transfer of ")).first.click()


# Name: whose page it is (nobody's: a stranger's), its heading, and the way there.
SCREENS: dict[str, tuple[str, str, Callable[[Page], Any]]] = {
    "login": ("", "Log in", at("/login/")),
    "home": ("Production", "day ", at("/")),
    "clients": ("Sales", "Clients", at("/clients/")),
    "new client": ("Sales", "New client", at("/clients/new/")),
    "client details": ("Sales", "Yapp Fencing", first_client("Details")),
    "client contacts": ("Sales", "Yapp Fencing", first_client("Contacts")),
    "client bookings": ("Sales", "Yapp Fencing", first_client("Bookings")),
    "client financial": ("Accounts", "Yapp Fencing", first_client("Financial")),
    "client payments": ("Accounts", "Yapp Fencing", financial_of("Payments")),
    "client statement": ("Accounts", "Yapp Fencing", financial_of("Statement")),
    "create invoice": ("Accounts", "Create invoice", create_invoice),
    "publications": ("Sales", "Publications", at("/publications/")),
    "bookings": ("Sales", "Bookings", at("/bookings/")),
    "book adverts, client": ("Sales", "Book adverts", at("/bookings/new/")),
    "book adverts": ("Sales", "Book adverts", book_adverts),
    "to invoice": ("Accounts", "Invoicing", at("/invoicing/to-invoice/")),
    "preview": ("Accounts", "Invoicing", batch_preview),
    "invoiced": ("Accounts", "Invoicing", at("/invoicing/invoiced/")),
    "invoice": ("Accounts", "Invoice ", newest_invoice),
    "run": ("Accounts", "Transfer to KashFlow", newest_run),
    "transfers": ("Accounts", "Invoicing", at("/invoicing/transfers/")),
    "settings": ("Admin", "Settings", at("/settings/")),
    "system defaults": ("Admin", "System Defaults", at("/settings/system-defaults/")),
    "company": ("Admin", "Company Details", at("/settings/company/")),
    "kashflow": ("Admin", "KashFlow", at("/settings/kashflow/")),
    "help": ("Production", "Enabling the API in KashFlow", at("/settings/kashflow/help/")),
    "my details": ("Accounts", "My Details", at("/my-details/")),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screen(open_page: OpenPage, name: str) -> None:
    role, heading, way = SCREENS[name]
    page = open_page(role, reduced_motion="reduce")
    way(page)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    page.wait_for_load_state()
    page.evaluate(FEW_ROWS, ROWS)
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        faults += [f"{width}: {fault}" for fault in too_much(page, width)]
        # The dark theme differs in its colours alone, and they are the same at every width.
        for theme in THEMES if width == WIDTHS[-1] else THEMES[:1]:
            page.emulate_media(color_scheme=theme)
            # The page follows by its own script: colours are mixed until it has.
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            page.evaluate(UNTIL_DRAWN)
            faults += [f"{theme}, {width}: {fault}" for fault in barriers(page, theme)]
    assert faults == []


def too_much(page: Page, width: int) -> list[str]:
    """Scrolling sideways, and a second thing to press before all others."""
    found = []
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"the page is {wide} wide")
    primary = page.locator("main .btn-primary:visible").all_inner_texts()
    if len(primary) > 1:
        found.append(f"primary buttons: {primary}")
    return found


def barriers(page: Page, theme: str) -> list[str]:
    """What axe finds, each with the elements it means. The dark theme differs in its colours alone."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if theme == "dark":
        options["runOnly"] = ["color-contrast"]
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} at {[' '.join(map(str, node['target'])) for node in rule['nodes']]}" for rule in found
    ]

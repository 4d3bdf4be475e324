"""What a person does, found by role and accessible name only."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.browser.product import EMAIL, PASSWORD

# A transfer of a month takes seconds; this is for a machine that does much else.
A_RUN = 90_000


@dataclass(frozen=True)
class Sent:
    """A row of a run: what a person reads there."""

    number: int
    client: str
    total: Decimal


def log_in(page: Page, role: str) -> None:
    page.goto("/login/")
    page.get_by_role("textbox", name="E-mail").fill(EMAIL[role])
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Home")).to_be_visible()


def month(ahead: int = 0) -> str:
    """This month, or one `ahead`, as the sidebar of Invoicing spells it."""
    today = dt.datetime.now(ZoneInfo("Europe/London")).date()
    years, index = divmod(today.month - 1 + ahead, 12)
    return f"{dt.date(today.year + years, index + 1, 1):%B %Y}"


def choose_month(page: Page, name: str) -> None:
    """To Invoice with the bookings of that month, and of no other."""
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoicing").click()
    page.get_by_role("navigation", name="Invoicing").get_by_role("link", name="To Invoice").click()
    page.get_by_role("link", name="Months").click()
    months = page.get_by_role("form", name="Issues or months")
    wanted = months.get_by_role("checkbox", name=re.compile(f"^{name}"))
    if not wanted.is_checked():
        with page.expect_navigation():
            wanted.click()
    ticked = months.get_by_role("checkbox", checked=True)
    while ticked.count() > 1:
        values = [box.get_attribute("value") for box in ticked.all()]
        other = next(value for value in values if value != wanted.get_attribute("value"))
        with page.expect_navigation():
            ticked.nth(values.index(other)).click()
    expect(ticked).to_have_count(1)
    expect(wanted).to_be_checked()


def preview(page: Page) -> Locator:
    """Presses Preview; returns the button that raises."""
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing is raised yet and no number is used.")).to_be_visible()
    return page.get_by_role("button", name=re.compile(r"^Raise \d+ invoices?$"))


def keep_only(page: Page, first: int) -> None:
    """On a preview: unticks all but the first few invoices."""
    page.get_by_role("checkbox", name="Select all invoices").uncheck()
    boxes = page.get_by_role("checkbox", name=re.compile("^Raise an invoice for "))
    for n in range(first):
        boxes.nth(n).check()


def raise_some(page: Page, month_name: str, first: int) -> int:
    """Raises at most the first few invoices of a month; they are ticked on Invoiced. Returns how many."""
    choose_month(page, month_name)
    button = preview(page)
    keep_only(page, first)
    expect(button).to_have_text(re.compile(rf"^Raise {first} "))
    button.click()
    expect(grey_box(page)).to_contain_text(f"{first} selected")
    return first


def grey_box(page: Page) -> Locator:
    return page.get_by_role("form", name="What is selected")


def press_transfer(page: Page) -> None:
    """Opens the run."""
    with page.expect_navigation():
        grey_box(page).get_by_role("button", name="Transfer to KashFlow").click()
    expect(page.get_by_role("heading", level=1, name="Transfer to KashFlow")).to_be_visible()


def expect_all_in_kashflow(page: Page, count: int) -> None:
    """Waits until the bar of the run says so."""
    all_of_them = f"{count} of {count} in KashFlow"
    expect(page.get_by_role("img", name=all_of_them)).to_be_visible(timeout=A_RUN)
    expect(page.get_by_role("heading", name=all_of_them)).to_be_visible()


def rows_of_run(page: Page) -> list[Sent]:
    """What the table of a run says."""
    _, *rows = page.get_by_role("table").get_by_role("row").all_inner_texts()
    cells = [[cell.strip() for cell in row.split("\t")] for row in rows]
    return [Sent(int(cell[1]), cell[2], pounds(cell[-1])) for cell in cells]


def pounds(text: str) -> Decimal:
    """£1,234.50 as a number."""
    return Decimal(re.sub(r"[£,\s]", "", text).replace("−", "-"))


def type_kashflow_login(page: Page, password: str) -> Locator:
    """My Details with the password typed; returns the form."""
    page.goto("/my-details/")
    form = page.get_by_role("form", name="KashFlow login")
    form.get_by_role("textbox", name="KashFlow username").fill("demo")
    form.get_by_role("textbox", name="KashFlow password").fill(password)
    return form


def mend_login(page: Page, password: str) -> None:
    """My Details: Check Connection, Save Login, Save."""
    form = type_kashflow_login(page, password)
    form.get_by_role("button", name="Check Connection").click()
    expect(form.get_by_role("alert")).to_contain_text("Connected")
    form.get_by_role("checkbox", name="Save Login").check()
    form.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("KashFlow login saved, stored encrypted.")).to_be_visible()

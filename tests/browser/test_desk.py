"""Every transfer that needs a person, finished by the accountant on the Transfer desk, from how it came about to the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import requests
import zeep
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.test_journey import LOGIN, read_invoice
from tests.browser.test_keyboard import go_to, press, type_into
from tests.browser.test_screens import HEIGHT, THEMES, UNTIL_DRAWN, WIDTHS, barriers, too_much
from tests.kashflow.sandbox.test_zeep import filled

pytestmark = pytest.mark.browser

A_WHILE = 45_000
SETTLE, BETWEEN_LOOKS = 605, 35
_clients = count(1)


class Stage:
    """The accountant at the desk, the bookkeeper at KashFlow, and a clock that can be moved."""

    def __init__(self, page: Page, running: Product) -> None:
        self.page, self.running, self.sandbox = page, running, running.sandbox

    def invoice(self, name: str = "", email: str = "") -> int:
        """The number of a new invoice of £216.00, for a client of its own unless named."""
        name = name or f"Desk {next(_clients)} of {self.running.port} Ltd"
        self.client = name
        email = email or f"{name.replace(' ', '.').lower()}@desk.example"
        return self.running.stage("invoice", name, email)

    def transfer(self, number: int, until: str) -> None:
        """Transfer to KashFlow on the invoice's page; waits for the word on the run, then opens it on the desk."""
        self.page.goto(f"/invoicing/invoices/{number}/")
        self.page.get_by_role("button", name="Transfer to KashFlow").click()
        row = self.page.get_by_role("row").filter(has_text=str(number))
        expect(row).to_contain_text(until, timeout=A_WHILE)
        self.open(number)

    def open(self, number: int) -> None:
        """From the top of the product to the transfer, by search."""
        self.page.goto("/invoicing/transfers/")
        self.page.get_by_role("searchbox", name="Number or client").or_(
            self.page.get_by_role("textbox", name="Number or client")
        ).fill(str(number))
        found = self.page.get_by_role("navigation", name="Transfers by state")
        found.get_by_role("link").filter(has_text=self.client).click()
        expect(self.detail.get_by_role("heading", level=2)).to_contain_text(str(number))

    @property
    def detail(self) -> Locator:
        return self.page.get_by_role("region", name=re.compile("^(Invoice|Credit note) "))

    def choose(self, label: str, button: str, reason: str = "") -> None:
        """Opens a choice where it is not open, types the reason and presses its button."""
        choice = self.detail.get_by_role("group").filter(has_text=label)
        pressed = choice.get_by_role("button", name=button)
        if not pressed.is_visible():
            choice.locator("summary").click()
        if reason:
            choice.get_by_role("textbox", name="Reason").fill(reason)
        pressed.click()

    def later(self, seconds: int) -> None:
        self.running.stage("later", str(seconds))

    def expect_state(self, word: str) -> None:
        """The page follows by itself while something moves; when time was moved, it is asked again."""
        expect(self.detail.locator(".badge-tint").first).to_have_text(word, timeout=A_WHILE)

    def expect_in_kashflow(self, number: int, *, times: int = 1) -> None:
        self.expect_state("In KashFlow")
        assert len(self.sent(number)) == times

    def sent(self, number: int) -> list[Any]:
        """How often we sent it."""
        calls = self.sandbox.log("InsertInvoice")
        return [call for call in calls if call["arguments"]["Inv"]["InvoiceNumber"] == number]

    def recheck_until_sent(self, number: int) -> None:
        """Absent twice, half a minute apart, before anything is sent."""
        self.choose("Recheck", "Recheck KashFlow")
        happened = self.detail.get_by_role("listitem")
        expect(happened.filter(has_text="looked for once more")).to_be_visible(timeout=A_WHILE)
        self.later(BETWEEN_LOOKS)
        self.expect_in_kashflow(number, times=len(self.sent(number)) or 1)

    # --- The bookkeeper

    def type_in(self, **typed: str) -> None:
        """Somebody types a document on KashFlow's own page."""
        form = {
            "due": "2027-01-31",
            "reference": "",
            "quantity": "1",
            "rate": "180.00",
            "vat_rate": "20",
            **typed,
        }
        answer = requests.post(
            f"{self.sandbox.url}/invoices/new", data=form, allow_redirects=False, timeout=10
        )
        assert answer.status_code == 303, answer.text

    def delete(self, number: int) -> None:
        """Somebody deletes a document on KashFlow's own page."""
        dbid = self.there(number)["InvoiceDBID"]
        answer = requests.post(
            f"{self.sandbox.url}/invoices/{dbid}/delete", allow_redirects=False, timeout=10
        )
        assert answer.status_code == 303, answer.text

    def there(self, number: int) -> dict[str, Any]:
        return next(one for one in self.sandbox.invoices() if one["InvoiceNumber"] == number)

    def code_of(self, name: str) -> str:
        customers = self.sandbox.state()["customers"]
        return next(one["Code"] for one in customers if one["Name"] == name)


@pytest.fixture
def stage(open_page: OpenPage, running: Product) -> Iterator[Stage]:
    yield Stage(open_page("Accounts"), running)
    running.sandbox.no_faults()


def taken(stage: Stage) -> int:
    """Somebody typed our next number for another customer (F-50)."""
    number = stage.invoice()
    other = stage.sandbox.state()["customers"][0]["Code"]
    stage.type_in(
        customer=other, number=str(number), day="2026-11-19", description="Stall at the fair", rate="90"
    )
    stage.transfer(number, "Needs you")
    return number


def test_number_taken_cancelled_and_raised_again(stage: Stage) -> None:
    number = taken(stage)
    table = stage.detail.get_by_role("table")
    expect(table.get_by_role("row", name=re.compile("^Total "))).to_contain_text("£108.00")
    expect(table.get_by_role("img", name="differs").first).to_be_visible()
    stage.choose("Cancel and raise again", "Cancel and raise again", "Number taken in KashFlow")
    expect(stage.page.get_by_text(f"{number} is cancelled and raised again as")).to_be_visible()
    heading = stage.detail.get_by_role("heading", level=2).inner_text()
    new = int(re.search(r"Invoice (\d+)", heading)[1])  # type: ignore[index]
    assert new > number
    stage.expect_in_kashflow(new)
    assert (stage.sent(number), len(stage.there(number)["Lines"])) == ([], 1)
    stage.page.goto(f"/invoicing/invoices/{number}/")
    expect(stage.page.get_by_role("main")).to_contain_text("Cancelled, its number is kept")


def test_number_taken_freed_and_rechecked(stage: Stage) -> None:
    number = taken(stage)
    stage.delete(number)
    stage.recheck_until_sent(number)


def test_number_taken_and_not_sent_by_keyboard_alone(stage: Stage) -> None:
    number, page = taken(stage), stage.page
    page.goto("/invoicing/transfers/")
    type_into(page, page.get_by_label("Number or client"), str(number))
    page.keyboard.press("Enter")
    row = (
        page.get_by_role("navigation", name="Transfers by state")
        .get_by_role("link")
        .filter(has_text=stage.client)
    )
    expect(row).to_have_count(1)
    press(page, row)
    expect(stage.detail.get_by_role("heading", level=2)).to_contain_text(str(number))
    choice = stage.detail.get_by_role("group").filter(has_text="Do not send")
    press(page, choice.locator("summary"))
    go_to(page, choice.get_by_role("textbox", name="Reason"))
    page.keyboard.type("Paid in cash at the fair")
    press(page, choice.get_by_role("button", name="Do not send"))
    stage.expect_state("Do not send")
    expect(stage.detail).to_contain_text("Not to be sent. Paid in cash at the fair")
    assert stage.sent(number) == []


def test_row_keeps_the_focus_when_what_was_typed_is_found(stage: Stage) -> None:
    """Its address has what was searched for in it; the answer comes when Tab has gone on to the row."""
    number, page = taken(stage), stage.page
    page.goto("/invoicing/transfers/")
    found = page.get_by_role("navigation", name="Transfers by state").get_by_role("link")
    row = found.filter(has_text=stage.client)
    go_to(page, row)
    row.evaluate("(element) => element.setAttribute('data-before', '')")
    page.get_by_label("Number or client").evaluate("(field, text) => { field.value = text }", str(number))
    page.get_by_role("search").dispatch_event("change")
    expect(page.locator("[data-before]")).to_have_count(0)
    expect(row).to_be_focused()
    assert row.evaluate("(element) => element.matches(':focus-visible')")
    assert f"q={number}" in str(row.get_attribute("href"))


def test_focus_goes_where_the_work_goes_on(stage: Stage) -> None:
    number, page = taken(stage), stage.page
    expect(page.locator("#transfer-title")).to_be_focused()
    stage.choose("Do not send", "Do not send")
    expect(page.get_by_label("Reason").and_(page.locator("[aria-invalid]"))).to_be_focused()
    expect(page.get_by_text("Say why: it stays in the history of this invoice.")).to_be_in_viewport()
    assert stage.sent(number) == []


def test_link_keeps_the_focus_while_it_is_sent(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("GetInvoice", "drop_before", after=1)
    stage.transfer(number, "Sending")
    link = stage.page.get_by_role("link", name=f"Open invoice {number}")
    link.focus()
    with stage.page.expect_response(re.compile("/invoicing/transfers/")) as answer:
        pass
    assert answer.value.request.headers["hx-target"] in ("transfer", "transfer-story")
    expect(link).to_be_focused()


def test_typed_by_hand_and_linked(stage: Stage) -> None:
    """F-52."""
    stage.transfer(stage.invoice(), "In KashFlow")
    name = stage.client
    number = stage.invoice(name)
    day = stage.there(number - 1)["InvoiceDate"][:10]
    stage.type_in(customer=stage.code_of(name), number=str(number), day=day, description="Quarter page")
    before = stage.there(number)
    stage.transfer(number, "Needs you")
    expect(stage.detail).to_contain_text("probably typed by hand")
    stage.choose("Link", "Link the document", "Typed on Friday by the bookkeeper")
    stage.expect_in_kashflow(number, times=0)
    assert stage.there(number) == before


def test_changed_by_the_bookkeeper_and_taken_as_it_stands(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("InsertInvoice", "drop_after")
    stage.transfer(number, "Uncertain")
    kashflow = zeep.Client(f"{stage.sandbox.endpoint}?WSDL")
    document = read_invoice(kashflow, number)
    document.InvoiceDate = document.InvoiceDate.replace(day=1)
    assert kashflow.service.UpdateInvoiceHeader(**LOGIN, Inv=document).Status == "OK"
    stage.later(SETTLE)
    stage.page.reload()
    stage.expect_state("Needs you")
    row = stage.detail.get_by_role("row", name=re.compile("^Date "))
    expect(row.get_by_role("img", name="differs")).to_be_visible()
    stage.choose("Link", "Link the document", "The bookkeeper moved it to the 1st")
    stage.expect_in_kashflow(number)


def test_off_by_a_penny_is_not_linked_but_put_right(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("InsertInvoice", "total_off_by_a_penny")
    stage.transfer(number, "Needs you")
    expect(stage.detail).to_contain_text("It can't be linked: the totals differ by £0.01.")
    expect(stage.detail.get_by_role("button", name="Link the document")).to_have_count(0)
    stage.delete(number)
    stage.choose("Recheck", "Recheck KashFlow")
    expect(stage.detail).to_contain_text("looked for once more", timeout=A_WHILE)
    stage.later(BETWEEN_LOOKS)
    stage.expect_in_kashflow(number, times=2)
    assert stage.there(number)["NetAmount"] == "180.0000"


@pytest.fixture
def our_numbers(open_page: OpenPage) -> Iterator[Callable[[str], None]]:
    """The admin chooses how invoices are numbered; put back afterwards."""
    page = open_page("Admin")

    def choose(label: str) -> None:
        page.goto("/settings/kashflow/")
        page.get_by_label("Invoice numbers").select_option(label=label)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_label("Invoice numbers")).to_have_text(re.compile(label))

    yield choose
    choose("KashFlow numbers its own")
    choose("Our numbers are sent")


def test_another_number_keeps_both_and_the_admin_chooses(
    stage: Stage, our_numbers: Callable[[str], None]
) -> None:
    number = stage.invoice()
    stage.sandbox.fault("InsertInvoice", "number_other", number=number + 50_000)
    stage.transfer(number, "Needs you")
    expect(stage.page.get_by_text("Transfers are stopped", exact=True)).to_be_visible()
    expect(stage.page.get_by_role("link", name="Settings › KashFlow").first).to_be_visible()
    stage.choose("Keep both numbers", "Keep both numbers", "The account numbers its own")
    stage.expect_in_kashflow(number)
    expect(stage.detail).to_contain_text(f"In KashFlow as number {number + 50_000}, here as {number}.")
    our_numbers("KashFlow numbers its own")
    stage.page.reload()
    expect(stage.page.get_by_text("Transfers are stopped", exact=True)).to_have_count(0)


def test_customer_to_choose(stage: Stage) -> None:
    kashflow, email = zeep.Client(f"{stage.sandbox.endpoint}?WSDL"), "known@there.example"
    customer = {"Code": "THERE99", "Name": "Known There Ltd", "Email": email}
    made = kashflow.service.InsertCustomer(**LOGIN, custr=filled(kashflow, "Customer", **customer))
    assert made.Status == "OK", made.StatusDetail
    number = stage.invoice(email=email)
    stage.transfer(number, "Needs you")
    stage.detail.get_by_role("link", name="Look at the client").click()
    stage.page.get_by_role("button", name="Link THERE99").click()
    expect(stage.page.get_by_role("region", name="KashFlow")).to_contain_text("THERE99")
    stage.page.get_by_role("link", name=f"Transfers of {stage.client}").click()
    stage.open(number)
    stage.recheck_until_sent(number)


def test_code_gone(stage: Stage) -> None:
    number = stage.invoice()
    stage.running.stage("code-gone", str(number))
    stage.transfer(number, "Needs you")
    expect(stage.detail).to_contain_text("is no longer in KashFlow")
    stage.detail.get_by_role("link", name="Settings › KashFlow").click()
    stage.page.get_by_role("button", name="Sync Accounts Codes").click()
    expect(stage.page.get_by_role("status").filter(has_text="back")).to_be_visible(timeout=A_WHILE)
    stage.open(number)
    stage.recheck_until_sent(number)


def test_deleted_in_kashflow_before_it_was_read_back(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("GetInvoice", "drop_before", after=1)
    stage.transfer(number, "Sending")
    stage.delete(number)
    stage.later(SETTLE)
    stage.page.reload()
    stage.expect_state("Needs you")
    expect(stage.detail).to_contain_text("Was it deleted?")
    stage.choose("Recheck", "Recheck KashFlow")
    expect(stage.detail).to_contain_text("looked for once more", timeout=A_WHILE)
    stage.later(BETWEEN_LOOKS)
    stage.expect_in_kashflow(number, times=2)


def test_uncertain_needs_nobody(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("InsertInvoice", "drop_before")
    stage.transfer(number, "Uncertain")
    expect(stage.detail).to_contain_text("Looks again")
    expect(stage.detail.get_by_role("button")).to_have_count(0)
    stage.later(SETTLE)
    stage.page.reload()
    expect(stage.detail).to_contain_text("looked for once more", timeout=A_WHILE)
    stage.later(BETWEEN_LOOKS)
    stage.expect_in_kashflow(number, times=2)


def test_waiting_after_a_failure_is_retried(stage: Stage) -> None:
    number = stage.invoice()
    stage.sandbox.fault("GetInvoice", "http_500", times=1)
    stage.transfer(number, "no clear answer")
    stage.choose("Retry", "Retry now")
    stage.expect_in_kashflow(number)


@pytest.mark.look
def test_no_barrier_and_nothing_too_wide(stage: Stage, open_page: OpenPage) -> None:
    number = taken(stage)
    page = open_page("Accounts", reduced_motion="reduce")
    page.goto(stage.page.url)
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        faults += [f"{width}: {fault}" for fault in too_much(page, width)]
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            page.evaluate(UNTIL_DRAWN)
            faults += [f"{theme}, {width}: {fault}" for fault in barriers(page, theme)]
    assert faults == []
    stage.choose("Do not send", "Do not send", "Typed for this test")
    stage.expect_state("Do not send")
    assert stage.sent(number) == []

"""The main job as a person does it: from a month's bookings to invoices in KashFlow, on the running product."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
import zeep
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.steps import (
    Sent,
    choose_month,
    expect_all_in_kashflow,
    grey_box,
    log_in,
    mend_login,
    month,
    pounds,
    press_transfer,
    preview,
    raise_some,
    rows_of_run,
    type_kashflow_login,
)

pytestmark = pytest.mark.browser

LOGIN = {"UserName": "demo", "Password": "demo"}
PENNY = Decimal("0.01")
# Rates as KashFlow writes them.
STANDARD, EXEMPT = Decimal(20), Decimal(-1)
# Crockford's base 32 has no I, L, O, U.
MARKER = re.compile(r"(?:^|\s)([0-9A-HJKMNP-TV-Z]{10})$")
# Items that are no advert have a sales type of their own in the demo's books.
OTHER_ITEMS = "Inserts, digital and other"
# The last row of the lines has the totals alone: fewer cells than a line.
MOST_OF_A_FOOT = 4


def test_a_month_of_bookings_becomes_invoices_in_kashflow(page: Page, running: Product) -> None:
    log_in(page, "Accounts")
    choose_month(page, month())
    bookings = page.get_by_role("checkbox", name=re.compile(r"^Invoice .+ in .+ for .+"))
    bookings.last.uncheck()
    ticked = page.get_by_role("checkbox", name=re.compile(r"^Invoice .+ in .+ for .+"), checked=True).count()
    assert ticked == bookings.count() - 1 > 20

    button = preview(page)
    count, total = raised_by(page, button.inner_text(), ticked)
    button.click()
    expect(page.get_by_text(re.compile(f"^{count} invoices raised"))).to_be_visible()

    tick_one_and_then_all(page, count, total)
    before = running.sandbox.log("InsertInvoice")
    press_transfer(page)
    expect_all_in_kashflow(page, count)
    expect(page.get_by_text(f"= {total} here, {total} in KashFlow")).to_be_visible()
    sent = rows_of_run(page)
    assert (len(sent), sum(one.total for one in sent)) == (count, pounds(total))
    assert len(running.sandbox.log("InsertInvoice")) == len(before) + count

    kashflow = zeep.Client(f"{running.sandbox.endpoint}?WSDL")
    documents = [read_invoice(kashflow, one.number) for one in sent]
    assert_equal_to_the_penny(kashflow, sent, documents)
    assert_codes(running.sandbox.state(), documents)
    for one, document in list(zip(sent, documents, strict=True))[:4]:
        assert_pages_agree(page, running, one, document)
    press_again(page, running, count)


def raised_by(page: Page, words: str, bookings: int) -> tuple[int, str]:
    """How many invoices the button raises and their total with VAT, which the table's last line must say as well."""
    count = int(re.sub(r"\D", "", words))
    foot = page.get_by_role("row", name=re.compile(rf"^{count} invoices "))
    *_, booked, amount, vat, total = foot.get_by_role("cell").all_inner_texts()
    assert int(booked) == bookings
    assert pounds(amount) + pounds(vat) == pounds(total) > 0
    return count, f"£{total}"


def tick_one_and_then_all(page: Page, count: int, total: str) -> None:
    box = grey_box(page)
    expect(box).to_contain_text(f"{count} selected")
    box.get_by_role("button", name="Clear").click()
    expect(box).to_contain_text("Nothing selected")
    expect(box.get_by_role("button", name="Transfer to KashFlow")).to_be_disabled()
    page.get_by_role("checkbox", name=re.compile(r"^Select \d+$")).first.check()
    expect(box).to_contain_text("1 selected")
    page.get_by_role("checkbox", name="Select all invoices on this page").check()
    expect(box).to_contain_text(f"{count} selected")
    expect(box).to_contain_text(f"{total} with VAT")


def read_invoice(kashflow: zeep.Client, number: int) -> Any:
    """A document as somebody else's program reads it."""
    answer = kashflow.service.GetInvoice(**LOGIN, InvoiceNumber=number)
    assert answer.Status == "OK", answer.StatusDetail
    return answer.GetInvoiceResult


def assert_equal_to_the_penny(kashflow: zeep.Client, sent: list[Sent], documents: list[Any]) -> None:
    """Number, customer, sums, VAT per line, and a marker that no other document has."""
    answer = kashflow.service.GetCustomers(**LOGIN)
    names = {one.CustomerID: one.Name for one in answer.GetCustomersResult.Customer}
    for one, document in zip(sent, documents, strict=True):
        assert (document.InvoiceNumber, names[document.CustomerID]) == (one.number, one.client)
        assert document.NetAmount + document.VATAmount == one.total
        assert sum(line.Quantity * line.Rate for line in lines_of(document)) == document.NetAmount
        for line in lines_of(document):
            vat = (line.Quantity * line.Rate * STANDARD / 100).quantize(PENNY, ROUND_HALF_UP)
            assert (line.VatRate, line.VatAmount) in {(STANDARD, vat), (EXEMPT, Decimal(0))}
    markers = [MARKER.search(document.CustomerReference) for document in documents]
    assert all(markers)
    assert len({found[1] for found in markers if found}) == len(sent)


def assert_codes(state: dict[str, Any], documents: list[Any]) -> None:
    """A line goes to the account code of its publication, under the inventory code of its size."""
    types = {one["id"]: one["Name"] for one in state["nominals"] if one["IsSalesType"]}
    products = {one["id"]: one for one in state["sub_products"]}
    for line in (line for document in documents for line in lines_of(document)):
        product, sales_type = products[line.ProductID], types[line.ChargeType]
        assert product["ParentID"] == line.ChargeType
        # The name of an item may have a comma of its own.
        assert line.Description.startswith(product["Name"])
        assert sales_type == OTHER_ITEMS or sales_type.removeprefix("Advertising, ") in line.Description


def lines_of(document: Any) -> list[Any]:
    return list(document.Lines.anyType)


def assert_pages_agree(page: Page, running: Product, one: Sent, document: Any) -> None:
    """Our invoice page and the sandbox's own page have each line of the document, and no other.

    Lines are compared as whole rows: a client may have two adverts of one size in one issue.
    """
    lines = lines_of(document)
    page.goto(f"/invoicing/invoices/{one.number}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(one.number))
    here = [cells(row) for row in page.get_by_role("row").filter(has=page.get_by_role("cell")).all()]
    assert sorted((row[0], *row[-2:]) for row in here if len(row) > MOST_OF_A_FOOT) == sorted(
        (line.Description, net(line), "exempt" if line.VatRate == EXEMPT else f"{line.VatAmount:,.2f}")
        for line in lines
    )

    page.goto(f"{running.sandbox.url}/?q={one.number}")
    row = page.get_by_role("row", name=re.compile(rf"^{one.number} "))
    expect(row).to_contain_text(one.client)
    expect(row.get_by_role("cell", name=f"{one.total:,.2f}", exact=True).last).to_be_visible()
    expect(row).to_contain_text(document.CustomerReference)
    there = [cells(row) for row in page.get_by_role("row").filter(has_text="charge type").all()]
    assert sorted((row[0].split(" charge type ")[0], row[1], row[2]) for row in there) == sorted(
        (f"1 × {net(line)} · {line.Description}", net(line), f"{line.VatAmount:,.2f}") for line in lines
    )
    for line in lines:
        codes = f"charge type {line.ChargeType}, product {line.ProductID}"
        assert [row for row in there if line.Description in row[0] and codes in row[0]]


def cells(row: Locator) -> list[str]:
    """What stands in the cells of a row that say something, spaces folded."""
    found = (" ".join(text.split()) for text in row.get_by_role("cell").all_inner_texts())
    return [text for text in found if text]


def net(line: Any) -> str:
    return f"{line.Rate * line.Quantity:,.2f}"


def press_again(page: Page, running: Product, count: int) -> None:
    """The same invoices ticked once more: the run there is opens, and nothing is sent."""
    before = running.sandbox.log()
    page.goto("/invoicing/invoiced/")
    page.get_by_role("checkbox", name="Select all invoices on this page").check()
    page.get_by_role("checkbox", name=re.compile(r"^Select \d+$")).first.uncheck()
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Select \d+$"))
    for n in range(count, boxes.count()):
        boxes.nth(n).uncheck()
    expect(grey_box(page)).to_contain_text(f"{count - 1} selected")
    press_transfer(page)
    expect_all_in_kashflow(page, count)
    assert running.sandbox.log() == before


def test_a_second_press_while_it_is_under_way_opens_the_same_run(
    open_page: OpenPage, running: Product
) -> None:
    page, sandbox = open_page("Accounts"), running.sandbox
    count = raise_some(page, month(2), first=3)
    list_of_batch = page.url
    sandbox.hold("InsertInvoice", "received")
    try:
        press_transfer(page)
        run = page.url
        numbers = [one.number for one in rows_of_run(page)]
        page.goto(list_of_batch)
        page.get_by_role("checkbox", name="Select all invoices on this page").check()
        press_transfer(page)
        assert page.url == run
    finally:
        sandbox.release()
    expect_all_in_kashflow(page, count)
    assert inserted(running, numbers) == dict.fromkeys(numbers, 1)


def inserted(running: Product, numbers: list[int]) -> dict[int, int]:
    """How often each of our numbers was sent, as the sandbox's log of calls tells."""
    calls = Counter(
        call["arguments"]["Inv"]["InvoiceNumber"] for call in running.sandbox.log("InsertInvoice")
    )
    return {number: calls[number] for number in numbers}


@pytest.fixture
def other_password(open_page: OpenPage, running: Product) -> Iterator[str]:
    """KashFlow's password is changed at KashFlow; put back, and saved here again, afterwards."""
    running.sandbox.settings(password="changed at KashFlow")
    yield "changed at KashFlow"
    running.sandbox.settings(password="demo")
    mend_login(open_page("Accounts"), "demo")


def test_a_wrong_password_stops_the_run_until_it_is_mended(
    open_page: OpenPage, running: Product, other_password: str
) -> None:
    page, sandbox = open_page("Accounts"), running.sandbox
    count, documents = raise_some(page, month(1), first=8), len(sandbox.invoices())
    calls = len(sandbox.log())
    press_transfer(page)
    run = page.url
    stopped = page.get_by_role("alert").filter(has_text="This run is paused")
    expect(stopped).to_contain_text("password", timeout=30_000)
    expect(page.get_by_role("heading", name=f"0 of {count} in KashFlow")).to_be_visible()
    numbers = [one.number for one in rows_of_run(page)]
    refused = sandbox.log()[calls:]
    # KashFlow locks a login after several wrong tries: what was on its way at once, and nothing after it.
    assert 1 <= len(refused) <= 3
    assert {call["operation"] for call in refused}.isdisjoint({"InsertInvoice", "InsertCustomer"})

    stopped.get_by_role("link", name="My Details").click()
    form = type_kashflow_login(page, "still wrong")
    form.get_by_role("button", name="Check Connection").click()
    expect(form.get_by_role("alert")).to_contain_text("Username or password wrong")
    mend_login(page, other_password)
    page.goto(run)
    # The sweep goes on with it by itself within a minute; a person need not wait for that.
    page.get_by_role("button", name="Resume").click()
    expect_all_in_kashflow(page, count)
    assert len(sandbox.invoices()) == documents + count
    assert inserted(running, numbers) == dict.fromkeys(numbers, 1)

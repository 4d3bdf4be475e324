"""Bad input on the forms of the product: an error beside its field, what was typed still there, nothing stored."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.steps import type_kashflow_login

pytestmark = pytest.mark.browser

KEPT = "Nothing was saved and nothing you typed is lost."


def count_shown(page: Page, address: str, noun: str) -> str:
    page.goto(address)
    return page.get_by_text(re.compile(rf"^[\d,+]+ {noun}$")).first.inner_text()


def label(page: Page, words: str) -> Locator:
    """A field whose label says more than its name, such as *optional*."""
    return page.get_by_role("main").get_by_label(re.compile(f"^{words}"))


def test_a_new_client(open_page: OpenPage) -> None:
    page = open_page("Sales")
    before = count_shown(page, "/clients/", "clients")
    page.goto("/clients/new/")
    wrong = {
        r"Company name|^Name": "",
        "VAT number": "GB123",
        "E-mail": "no address",
        "Payment terms": "9999",
        "Town": "Ludlow",
    }
    for name, text in wrong.items():
        label(page, name).first.fill(text)
    page.get_by_role("button", name="Add client").click()
    expect(page.get_by_role("alert")).to_contain_text(KEPT)
    for name in (r"Company name|^Name", "VAT number", "E-mail", "Payment terms"):
        field = label(page, name).first
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(r"\w+ \w+"))
    for name, text in wrong.items():
        expect(label(page, name).first).to_have_value(text)
    assert count_shown(page, "/clients/", "clients") == before


def test_a_booking(open_page: OpenPage) -> None:
    page = open_page("Sales")
    before = count_shown(page, "/bookings/", "bookings")
    page.goto("/bookings/new/?q=Yapp")
    page.get_by_role("main").get_by_role("link").filter(has_text="Yapp").first.click()
    label(page, "Price of each").fill("abc")
    label(page, "Discount %").fill("150")
    label(page, "PO number").fill("PO 77")
    page.get_by_role("button", name="Book adverts").click()
    expect(page.get_by_role("alert")).to_contain_text(KEPT)
    expect(page.get_by_text("No issue is ticked. Tick the issues the advert is to be in.")).to_be_visible()
    for name, text in {"Price of each": "abc", "Discount %": "150"}.items():
        expect(label(page, name)).to_have_attribute("aria-invalid", "true")
        expect(label(page, name)).to_have_accessible_description(re.compile(r"\w+ \w+"))
        expect(label(page, name)).to_have_value(text)
    expect(label(page, "PO number")).to_have_value("PO 77")
    assert count_shown(page, "/bookings/", "bookings") == before


def test_the_next_number_moves_forward_only(open_page: OpenPage) -> None:
    page = open_page("Admin")
    page.goto("/settings/company/")
    number, phone = label(page, "Next invoice number"), label(page, "Phone")
    was = int(number.input_value()), phone.input_value()
    number.fill(str(was[0] - 1))
    phone.fill("01632 960999")
    page.get_by_role("button", name="Update").click()
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(number).to_have_accessible_description(re.compile(f"{was[0]} and moves forward only"))
    expect(number).to_have_value(str(was[0] - 1))
    expect(phone).to_have_value("01632 960999")
    page.goto("/settings/company/")
    assert (int(number.input_value()), phone.input_value()) == was


def test_company_details(open_page: OpenPage) -> None:
    page = open_page("Admin")
    page.goto("/settings/company/")
    wrong = {"Name|Company name": "", "E-mail": "no address", "Payment terms": "-3"}
    was = {name: label(page, name).first.input_value() for name in wrong}
    for name, text in wrong.items():
        label(page, name).first.fill(text)
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("alert")).to_contain_text(KEPT)
    for name, text in wrong.items():
        expect(label(page, name).first).to_have_attribute("aria-invalid", "true")
        expect(label(page, name).first).to_have_value(text)
    page.goto("/settings/company/")
    assert {name: label(page, name).first.input_value() for name in wrong} == was


def test_system_defaults_take_no_package_that_there_is_not(open_page: OpenPage) -> None:
    page = open_page("Admin")
    page.goto("/settings/system-defaults/")
    package = label(page, "Accounts Package")
    package.evaluate("(select) => select.append(new Option('Another one', 'another'))")
    package.select_option("another")
    page.get_by_role("button", name="Update").click()
    expect(package).to_have_attribute("aria-invalid", "true")
    expect(package).to_have_accessible_description(re.compile("another"))
    page.goto("/settings/system-defaults/")
    expect(package).to_have_value("kashflow")


def test_a_wrong_kashflow_password_is_not_saved(open_page: OpenPage, running: Product) -> None:
    page = open_page("Accounts")
    form = type_kashflow_login(page, "wrong")
    saved = form.get_by_text("Saved:").inner_text()
    form.get_by_role("checkbox", name="Save Login").check()
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("Username or password wrong")
    expect(form.get_by_role("textbox", name="KashFlow username")).to_have_value("demo")
    expect(form.get_by_role("textbox", name="KashFlow password")).to_have_value("wrong")
    page.reload()
    expect(form.get_by_text("Saved:")).to_have_text(saved, use_inner_text=True)


def test_own_details(open_page: OpenPage) -> None:
    page = open_page("Production")
    page.goto("/my-details/")
    form = page.get_by_role("form", name="Your details")
    form.get_by_role("textbox", name="Name").fill("")
    form.get_by_role("textbox", name="E-mail").fill("sales@demo.example")
    form.get_by_role("button", name="Save details").click()
    expect(form.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
    email = form.get_by_role("textbox", name="E-mail")
    expect(email).to_have_accessible_description(re.compile("Somebody else logs in with this e-mail address"))
    expect(email).to_have_value("sales@demo.example")
    page.goto("/my-details/")
    expect(email).to_have_value("production@demo.example")


def test_an_invoice_date_a_century_off(open_page: OpenPage) -> None:
    page = open_page("Accounts")
    before = count_shown(page, "/invoicing/invoiced/", "invoices")
    page.goto("/invoicing/to-invoice/")
    page.get_by_role("button", name="Preview").click()
    date = label(page, "Invoice date")
    date.fill("2126-11-22")
    page.get_by_role("button", name=re.compile(r"^Raise \d+ invoices?$")).click()
    expect(date).to_have_accessible_description(re.compile("more than a year away"))
    expect(date).to_have_value("2126-11-22")
    assert count_shown(page, "/invoicing/invoiced/", "invoices") == before

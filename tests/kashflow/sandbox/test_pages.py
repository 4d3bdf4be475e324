"""The ledger page: a person reads everything and plays the bookkeeper."""

from __future__ import annotations

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line

PROBE = "<script>alert('x')</script>"
INVOICE = {
    "customer": "HILL01", "number": "", "day": "2026-11-20", "due": "2026-12-20", "reference": "By hand",
    "charge_type": "880011", "description": "Half page", "quantity": "2", "rate": "150.25", "vat_rate": "20",
}  # fmt: skip


def test_the_page_shows_the_ledger(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=1234, lines=line(description="Full page in October"))
    page = caller.page()
    shown = (
        "KashFlow sandbox, Westvale Magazines Ltd, 1234, Full page in October, Hillside Garden Centre, 120.00"
    )
    codes = "4000-FP, Current Account, BACS, InsertInvoice, Record payment, New invoice, Delete"
    for text in f"{shown}, {codes}".split(", "):
        assert text in page, text


def test_everything_is_escaped(caller: Caller, sandbox: Sandbox) -> None:
    ledger = sandbox.ledger
    customer = ledger.add_customer(Code="EVIL01", Name=PROBE, Contact=PROBE, Email=PROBE, Postcode=PROBE)
    ledger.add_invoice(
        [{"Quantity": 1, "Rate": 1, "Description": PROBE}], CustomerID=customer, CustomerReference=PROBE
    )
    ledger.add_payment(PayInvoice=1001, PayAmount=1, PayNote=PROBE)
    ledger.set_company(CompanyName=PROBE)
    ledger.add_bank_account(AccountName=PROBE)
    ledger.add_nominal(Code=1, Name=PROBE, sales_type=True)
    ledger.change_settings(api_off_text=PROBE)
    for path in ("/", "/?q=" + PROBE.replace(" ", "+"), "/invoices/91000001/payments/new", "/invoices/new"):
        page = caller.page(path)
        assert "<script" not in page
    assert caller.page().count("&lt;script&gt;") >= 9


def test_new_invoice(caller: Caller, sandbox: Sandbox) -> None:
    reply = caller.submit("/invoices/new", **INVOICE)
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    (invoice,) = sandbox.ledger.invoices()
    assert (invoice["InvoiceNumber"], invoice["NetAmount"], invoice["VATAmount"]) == (
        1001,
        "300.5000",
        "60.1000",
    )
    assert (invoice["InvoiceDate"], invoice["CustomerReference"]) == ("2026-11-20T00:00:00", "By hand")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("customer", "NOBODY", "No customer has this code."),
        ("number", "x12", "Enter a whole number"),
        ("day", "20/11/2026", "Enter a date"),
        ("rate", "lots", "Enter an amount"),
        ("rate", "NaN", "Enter an amount"),
        ("quantity", "1e400", "Enter an amount"),
    ],
)
def test_a_mistake_is_named_and_what_was_typed_stays(
    caller: Caller, sandbox: Sandbox, field: str, typed: str, said: str
) -> None:
    reply = caller.submit("/invoices/new", **INVOICE | {field: typed})
    assert reply.status == 422
    assert f'<p class="mistake" id="{field}-mistake">{said}' in reply.text
    assert f'value="{typed}" aria-invalid="true"' in reply.text
    assert 'value="By hand"' in reply.text
    assert list(sandbox.ledger.invoices()) == []


def test_a_number_typed_twice_is_refused(caller: Caller, sandbox: Sandbox) -> None:
    caller.submit("/invoices/new", **INVOICE | {"number": "40"})
    reply = caller.submit("/invoices/new", **INVOICE | {"number": "40"})
    assert (reply.status, "Invoice Number is not unique. Enter another" in reply.text) == (422, True)
    assert len(list(sandbox.ledger.invoices())) == 1


def test_record_payment_and_take_it_back(caller: Caller, sandbox: Sandbox) -> None:
    caller.submit("/invoices/new", **INVOICE)
    form = caller.page("/invoices/91000001/payments/new")
    assert 'name="amount" type="text" value="360.60"' in form
    typed = {"day": "2026-11-21", "method": "302", "account": "7702", "note": "Cheque 4"}
    assert caller.submit("/invoices/91000001/payments/new", amount="360.60", **typed).status == 303
    invoice = sandbox.ledger.invoice(1001)
    assert (invoice["Paid"], invoice["AmountPaid"]) == (1, "360.6000")
    (payment,) = sandbox.ledger.payments(1001)
    assert (payment["PayMethod"], payment["PayAccount"], payment["PayNote"]) == (302, 7702, "Cheque 4")
    assert "Paid 2026-11-21" in caller.page()
    assert caller.submit(f"/payments/{payment['PayID']}/delete").status == 303
    assert sandbox.ledger.invoice(1001)["Paid"] == 0


@pytest.mark.parametrize("amount", ["", "0", "abc", "99999999999"])
def test_a_payment_that_makes_no_sense(caller: Caller, sandbox: Sandbox, amount: str) -> None:
    caller.submit("/invoices/new", **INVOICE)
    reply = caller.submit("/invoices/91000001/payments/new", amount=amount, day="2026-11-21", note="kept")
    assert (reply.status, 'id="amount-mistake"' in reply.text, 'value="kept"' in reply.text) == (
        422,
        True,
        True,
    )
    assert sandbox.ledger.payments(1001) == []


def test_delete(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    caller.submit("/invoices/new", **INVOICE)
    refused = caller.submit(f"/customers/{customer_id}/delete")
    assert (refused.status, "This customer has invoices" in refused.text) == (409, True)
    assert caller.submit("/invoices/91000001/delete").status == 303
    assert list(sandbox.ledger.invoices()) == []
    assert caller.submit("/invoices/91000001/delete").status == 404
    assert caller.submit(f"/customers/{customer_id}/delete").status == 303
    assert len(list(sandbox.ledger.customers())) == 4


def test_another_sites_page_may_not_delete(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    reply = caller.request(
        "POST", f"/customers/{customer_id}/delete", headers={"Origin": "http://evil.example"}
    )
    assert reply.status == 403
    assert len(list(sandbox.ledger.customers())) == 5


def test_reading_changes_nothing(caller: Caller) -> None:
    for path in ("/invoices/91000001/delete", "/payments/1/delete", "/nothing", "/style.css/.."):
        assert caller.request("GET", path).status == 404


def test_search_and_pages(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    with sandbox.ledger.transaction():
        for n in range(1, 121):
            sandbox.ledger.add_invoice(
                CustomerID=customer_id, InvoiceNumber=n + 7000, CustomerReference=f"100%_{n:03}"
            )
    assert caller.page().count('class="document"') == 50
    last = caller.page("/?invoices=3")
    assert (last.count('class="document"'), "invoices=2#invoices" in last, "invoices=4" in last) == (
        20,
        True,
        False,
    )
    assert caller.page("/?invoices=99").count('class="document"') == 20
    assert caller.page("/?q=7005").count('class="document"') == 1
    assert caller.page("/?q=0%25_00").count('class="document"') == 9
    assert "No invoice matches “zzz”." in caller.page("/?q=zzz")


def test_the_soap_address_in_a_browser(caller: Caller) -> None:
    assert "GetInvoicesByDateRange" in caller.page("/api/service.asmx")

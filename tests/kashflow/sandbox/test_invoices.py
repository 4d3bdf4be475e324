"""Invoices, lines and payments through the API."""

from __future__ import annotations

import re

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line

ORDER = [
    "InvoiceDBID",
    "InvoiceNumber",
    "InvoiceDate",
    "DueDate",
    "Customer",
    "CustomerID",
    "Paid",
    "CustomerReference",
    "SuppressTotal",
    "ProjectID",
    "CurrencyCode",
    "ExchangeRate",
    "ReadableString",
    "Lines",
    "NetAmount",
    "VATAmount",
    "AmountPaid",
    "CustomerName",
    "PermaLink",
    "DeliveryAddress",
    "UseCustomDeliveryAddress",
    "CISRCNetAmount",
    "CISRCVatAmount",
    "IsCISReverseCharge",
]


def test_an_invoice_reads_back_with_computed_totals(caller: Caller, customer_id: int) -> None:
    lines = line("4.505", "2.70", "Hay bale").replace("<Quantity>1<", "<Quantity>3<") + line(
        "-1", "0", "Discount"
    )
    more = "<CustomerReference>PO 7 K3M9</CustomerReference>"
    more += "<NetAmount>999</NetAmount><AmountPaid>5</AmountPaid><Paid>1</Paid>"
    assert caller.insert_invoice(customer_id, lines=lines, more=more).value("InsertInvoiceResult") == "1001"
    reply = caller.call("GetInvoice", "<InvoiceNumber>1001</InvoiceNumber>")
    assert reply.names("GetInvoiceResult") == ORDER
    assert reply.names("DeliveryAddress") == [
        "Name",
        "Line1",
        "Line2",
        "Line3",
        "Line4",
        "PostCode",
        "CountryName",
        "CountryCode",
    ]
    for name, value in {
        "InvoiceDBID": "91000001",
        "InvoiceDate": "2026-11-02T00:00:00",
        "DueDate": "0001-01-01T00:00:00",
        "Customer": "HILL01",
        "Paid": "0",
        "CurrencyCode": "GBP",
        "ExchangeRate": "1.0000",
        "Rate": "4.5100",
        "Quantity": "3.0000",
        "VatAmount": "2.7000",
        "Sort": "1",
        "LineID": "70000001",
        "NetAmount": "12.5300",
        "VATAmount": "2.7000",
        "AmountPaid": "0.0000",
        "CustomerName": "Hillside Garden Centre",
        "UseCustomDeliveryAddress": "false",
    }.items():
        assert (name, reply.value(name)) == (name, value)
    assert reply.text.count('<anyType xsi:type="InvoiceLine">') == 2
    assert (
        len(re.findall('<(?:CISRCNetAmount|CISRCVatAmount|IsCISReverseCharge) xsi:nil="true" />', reply.text))
        == 3
    )
    assert reply.text.count("xsi:nil") == 3
    assert "ValuesInCurrency" not in reply.text
    readable = str(reply.value("ReadableString")).splitlines()
    assert readable[:3] == ["Invoice Number : 1001", "DBID: 91000001", "Date: 02/11/2026 00:00:00"]
    assert readable[7] == "Line 1 : 880011,Hay bale,70000001,3.0000,4.5100,20.0000"
    assert re.fullmatch(
        r"https://api.kashflow.com/v2/documents/invoice/[0-9a-f-]{36}", str(reply.value("PermaLink"))
    )


@pytest.mark.parametrize(
    "typed", ["2015-07-20T22:44:00", "2015-07-20", "2015-07-20T22:44:00.123Z", "2015-07-20T22:44:00+05:00"]
)
def test_the_time_of_a_date_is_dropped(caller: Caller, customer_id: int, typed: str) -> None:
    caller.insert_invoice(customer_id, more=f"<DueDate>{typed}</DueDate>")
    assert (
        caller.call("GetInvoice", "<InvoiceNumber>1001</InvoiceNumber>").value("DueDate")
        == "2015-07-20T00:00:00"
    )


def test_xsi_type_is_a_qname(caller: Caller, customer_id: int) -> None:
    prefixed = (
        line()
        .replace("<anyType xsi:type=", '<anyType xmlns:ns1="KashFlow" xsi:type=')
        .replace('"InvoiceLine"', '"ns1:InvoiceLine"')
    )
    assert caller.insert_invoice(customer_id, lines=prefixed).status_pair == ("OK", None)
    foreign = prefixed.replace('xmlns:ns1="KashFlow"', 'xmlns:ns1="urn:other"')
    reply = caller.insert_invoice(customer_id, lines=foreign)
    assert (
        reply.status,
        "The specified type was not recognized: name='InvoiceLine', namespace='urn:other'" in reply.fault,
    ) == (500, True)


def test_a_line_without_its_type_is_a_fault(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    reply = caller.insert_invoice(customer_id, lines=line().replace(' xsi:type="InvoiceLine"', ""))
    assert (reply.status, "XmlNode" in reply.fault) == (500, True)
    assert list(sandbox.ledger.invoices()) == []


def test_an_unknown_customer_is_refused(caller: Caller, sandbox: Sandbox) -> None:
    assert caller.insert_invoice(1).status_pair == ("NO", "There is no customer with that ID")
    assert list(sandbox.ledger.invoices()) == []


def test_zero_takes_the_highest_plus_one(caller: Caller, customer_id: int) -> None:
    numbers = [
        caller.insert_invoice(customer_id, number=n).value("InsertInvoiceResult")
        for n in (0, 5000, 0, 1500, 0)
    ]
    assert numbers == ["1001", "5000", "5001", "1500", "5002"]


@pytest.mark.parametrize(
    ("way", "answer", "documents"),
    [
        ("overwrite", ("5000", "OK", None), [(5000, 91000001, "second")]),
        ("refuse", ("0", "NO", "Invoice Number is not unique"), [(5000, 91000001, "first")]),
        ("duplicate", ("5000", "OK", None), [(5000, 91000001, "first"), (5000, 91000002, "second")]),
        ("next", ("5001", "OK", None), [(5000, 91000001, "first"), (5001, 91000002, "second")]),
    ],
)
def test_a_taken_number(
    caller: Caller,
    sandbox: Sandbox,
    customer_id: int,
    way: str,
    answer: tuple[str, str, str],
    documents: list[object],
) -> None:
    caller.settings(duplicate_number=way)
    caller.insert_invoice(customer_id, number=5000, lines=line(description="first") * 2)
    reply = caller.insert_invoice(customer_id, number=5000, lines=line(description="second"))
    assert (reply.value("InsertInvoiceResult"), *reply.status_pair) == answer
    kept = [
        (one["InvoiceNumber"], one["InvoiceDBID"], one["Lines"][0]["Description"])
        for one in sandbox.ledger.invoices()
    ]
    assert kept == documents


def test_an_account_that_numbers_by_itself(caller: Caller, customer_id: int) -> None:
    caller.settings(numbering="assign")
    assert caller.insert_invoice(customer_id, number=5000).value("InsertInvoiceResult") == "1001"


def test_an_invoice_that_is_not_there(caller: Caller) -> None:
    reply = caller.call("GetInvoice", "<InvoiceNumber>7</InvoiceNumber>")
    assert reply.status_pair == ("NO", "There is no invoice with that number")
    assert caller.call("GetInvoiceByID", "<InvoiceID>7</InvoiceID>").status_pair[0] == "NO"
    caller.settings(not_found="empty")
    reply = caller.call("GetInvoice", "<InvoiceNumber>7</InvoiceNumber>")
    assert (*reply.status_pair, reply.value("InvoiceNumber")) == ("OK", None, "0")


def test_the_lists(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    ledger, other = sandbox.ledger, customer_id + 1
    for payer, day in (
        (customer_id, "2026-10-31"),
        (other, "2026-11-01"),
        (customer_id, "2026-11-30"),
        (other, "2026-12-01"),
    ):
        ledger.add_invoice([{"Quantity": 1, "Rate": 10}], CustomerID=payer, InvoiceDate=day)
    ledger.add_payment(PayInvoice=1002, PayAmount=10, PayDate="2026-11-09")

    def numbers(operation: str, inputs: str = "") -> list[str | None]:
        found = caller.call(operation, inputs).find(f"{operation}Result")
        return [one.findtext("{KashFlow}InvoiceNumber") for one in found]  # type: ignore[union-attr]

    november = "<StartDate>2026-11-01T00:00:00</StartDate><EndDate>2026-11-30T00:00:00</EndDate>"
    assert numbers("GetInvoicesByDateRange", november) == ["1002", "1003"]
    assert numbers("GetInvoicesForCustomer", f"<CustID>{customer_id}</CustID>") == ["1001", "1003"]
    assert numbers("GetInvoices_Unpaid") == ["1001", "1003", "1004"]
    assert numbers("GetInvoicesForCustomer", "<CustID>5</CustID>") == []


def test_payments_flip_paid_and_back(caller: Caller, sandbox: Sandbox, customer_id: int) -> None:
    caller.insert_invoice(customer_id, lines=line())
    assert (
        "<GetInvoicePaymentResult />"
        in caller.call("GetInvoicePayment", "<InvoiceNumber>1001</InvoiceNumber>").text
    )
    states = []
    for amount in ("100", "20"):
        last = sandbox.ledger.add_payment(
            PayInvoice=1001, PayAmount=amount, PayDate="2026-11-05", PayNote="BACS"
        )
        reply = caller.call("GetInvoice", "<InvoiceNumber>1001</InvoiceNumber>")
        states.append((reply.value("AmountPaid"), reply.value("Paid")))
    assert states == [("100.0000", "0"), ("120.0000", "1")]
    reply = caller.call("GetInvoicePayment", "<InvoiceNumber>1001</InvoiceNumber>")
    assert reply.names("GetInvoicePaymentResult") == ["Payment", "Payment"]
    shown = ["PayID", "PayInvoice", "PayDate", "PayNote", "PayMethod", "PayAccount", "PayAmount"]
    assert reply.names("Payment") == shown
    assert (reply.value("PayID"), reply.value("PayInvoice"), reply.value("PayAmount")) == (
        "66000001",
        "1001",
        "100.0000",
    )
    sandbox.ledger.delete_payment(last)
    assert caller.call("GetInvoice", "<InvoiceNumber>1001</InvoiceNumber>").value("Paid") == "0"


def test_the_codes(caller: Caller) -> None:
    products = caller.call("GetProducts")
    assert products.names("Product")[:3] == ["ProductID", "ProductName", "ProductCode"]
    assert (products.value("ProductID"), products.value("ProductCode")) == ("880011", "4000")
    full = caller.call("GetProductsWithSubProducts")
    assert full.names("ProductsFull")[-1] == "subProducts"
    assert full.names("subProducts") == ["SubProduct"] * 4
    subs = caller.call("GetSubProducts", "<NominalID>880012</NominalID>")
    assert (subs.names("GetSubProductsResult"), subs.value("ParentID")) == (["SubProduct"] * 2, "880012")
    assert len(caller.call("GetNominalCodesExtended").names("GetNominalCodesExtendedResult")) == 8
    assert caller.call("GetBankAccounts").names("GetBankAccountsResult") == ["BankAccount"] * 3
    assert caller.call("GetInvPayMethods").value("MethodID") == "301"
    assert caller.call("GetCompanyDetails").value("CompanyName") == "Westvale Magazines Ltd"

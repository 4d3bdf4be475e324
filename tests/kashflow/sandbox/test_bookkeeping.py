"""What the ledger does with documents, money and customers behind the operations, seen from the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller, line


def paid(caller: Caller, number: int) -> tuple[str | None, str | None]:
    invoice = caller.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>")
    return invoice.value("AmountPaid"), invoice.value("Paid")


def apply(caller: Caller, invoice: int, credit: int) -> tuple[str | None, str | None]:
    reply = caller.call(
        "applyCreditNoteToInvoice",
        f"<InvoiceID>{invoice}</InvoiceID><CreditNoteID>{credit}</CreditNoteID>",
    )
    return reply.value("applyCreditNoteToInvoiceResult"), reply.value("Status")


def test_a_credit_note_pays_what_it_can(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line("100.00", "20.00"))
    caller.insert_invoice(customer_id, number=2041, lines=line("-40.00", "-8.00"))
    assert apply(caller, 91000001, 91000002) == ("true", "OK")
    assert paid(caller, 2040) == ("48.0000", "0")
    assert paid(caller, 2041) == ("-48.0000", "1")
    assert "Credit note 2041" in caller.page()
    assert payments(caller, 2040) == [("48.0000", "Credit note 2041")]
    assert payments(caller, 2041) == [("-48.0000", "Applied to invoice 2040")]
    assert apply(caller, 91000001, 91000002) == ("false", "NO")


def payments(caller: Caller, number: int) -> list[tuple[str | None, str | None]]:
    """Amount and note of each payment on a document."""
    found = caller.call("GetInvoicePayment", f"<InvoiceNumber>{number}</InvoiceNumber>").find(
        "GetInvoicePaymentResult"
    )
    assert found is not None
    return [(one.findtext("{KashFlow}PayAmount"), one.findtext("{KashFlow}PayNote")) for one in found]


def test_a_credit_note_of_more_than_is_due_keeps_the_rest(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line("10.00", "2.00"))
    caller.insert_invoice(customer_id, number=2041, lines=line("100.00", "20.00"))
    caller.insert_invoice(customer_id, number=2042, lines=line("-40.00", "-8.00"))
    assert apply(caller, 91000001, 91000003) == ("true", "OK")
    assert (paid(caller, 2040), paid(caller, 2042)) == (("12.0000", "1"), ("-12.0000", "0"))
    assert apply(caller, 91000002, 91000003) == ("true", "OK")
    assert (paid(caller, 2041), paid(caller, 2042)) == (("36.0000", "0"), ("-48.0000", "1"))


@pytest.mark.parametrize(
    ("amounts", "seen"),
    [
        (["50"], ("50.0000", "0")),
        (["50", "70"], ("120.0000", "1")),
        (["120.01"], ("120.0100", "1")),
        (["120", "-20"], ("100.0000", "0")),
        (["-5"], ("-5.0000", "0")),
        (["119.995"], ("119.9950", "0")),
    ],
)
def test_what_payments_come_to(
    caller: Caller, customer_id: int, amounts: list[str], seen: tuple[str, str]
) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    for amount in amounts:
        pay = f"<PayInvoice>2040</PayInvoice><PayDate>2026-11-05</PayDate><PayAmount>{amount}</PayAmount>"
        assert caller.call("InsertInvoicePayment", f"<InvoicePayment>{pay}</InvoicePayment>").status_pair == (
            "OK",
            None,
        )
    assert paid(caller, 2040) == seen
    assert len(payments(caller, 2040)) == len(amounts)


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("DeleteInvoiceByID", "<InvoiceID>91000001</InvoiceID>"),
        ("DeleteInvoice", "<InvoiceNumber>2040</InvoiceNumber>"),
    ],
)
def test_a_deleted_document_takes_its_payments_along(
    caller: Caller, customer_id: int, sandbox: Sandbox, operation: str, asked: str
) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    caller.insert_invoice(customer_id, number=2041, lines=line())
    for number in (2040, 2041):
        sandbox.ledger.add_payment(PayInvoice=number, PayAmount=120, PayDate="2026-11-05")
    assert caller.call(operation, asked).status_pair == ("OK", None)
    again = caller.call(operation, asked)
    assert (again.value(f"{operation}Result"), again.status_pair[0]) == ("0", "NO")
    november = "<StartDate>2026-11-01</StartDate><EndDate>2026-11-30</EndDate><PageNumber>1</PageNumber>"
    left = caller.call("GetInvoicePaymentsByDateRange", november)
    assert (left.names("GetInvoicePaymentsByDateRangeResult"), left.value("PayInvoice")) == (
        ["Payment"],
        "2041",
    )
    # The number is free again, and nobody's money comes with it.
    caller.insert_invoice(customer_id + 1, number=2040, lines=line())
    assert (paid(caller, 2040), payments(caller, 2040)) == (("0.0000", "0"), [])


@pytest.mark.parametrize(
    ("invoice", "credit"),
    [(2040, 2041), (91000001, 91000001), (91000002, 91000001), (91000001, 91000003), (91000001, 1)],
)
def test_ids_that_are_no_such_pair_change_nothing(
    invoice: int, credit: int, caller: Caller, customer_id: int
) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    caller.insert_invoice(customer_id, number=2041, lines=line("-40.00", "-8.00"))
    caller.insert_invoice(customer_id + 1, number=2042, lines=line("-40.00", "-8.00"))
    assert apply(caller, invoice, credit) == ("false", "NO")
    assert [paid(caller, number) for number in (2040, 2041, 2042)] == [("0.0000", "0")] * 3


def test_a_payment_in_advance_is_used_up(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line("10.00", "2.00"))
    caller.insert_invoice(customer_id, number=2041, lines=line("100.00", "20.00"))
    caller.call(
        "InsertBankTransaction",
        f"<bp><accid>7701</accid><TransactionDate>2026-11-01</TransactionDate><moneyin>30</moneyin>"
        f"<CustomerId>{customer_id}</CustomerId></bp>",
    )
    advance = "<BankTxId>44000001</BankTxId>"
    for number in (2040, 2041):
        reply = caller.call(
            "AllocateAdvancePaymentToInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>{advance}"
        )
        assert reply.value("Status") == "OK"
    assert [paid(caller, 2040), paid(caller, 2041)] == [("12.0000", "1"), ("18.0000", "0")]
    left = caller.call("GetCustomerAdvancePayments", f"<CustomerId>{customer_id}</CustomerId>")
    assert left.names("GetCustomerAdvancePaymentsResult") == []
    again = caller.call("AllocateAdvancePaymentToInvoice", f"<InvoiceNumber>2041</InvoiceNumber>{advance}")
    assert (again.value("Status"), paid(caller, 2041)) == ("NO", ("18.0000", "0"))


@pytest.mark.parametrize(("on", "status"), [("2040", "OK"), ("0", "OK"), ("", "OK"), ("2041", "NO")])
def test_a_payment_is_taken_back_by_its_own_number(
    on: str, status: str, caller: Caller, customer_id: int
) -> None:
    """Clients of the older shape name no invoice."""
    caller.insert_invoice(customer_id, number=2040, lines=line())
    caller.insert_invoice(customer_id, number=2041, lines=line())
    caller.call(
        "InsertInvoicePayment",
        "<InvoicePayment><PayInvoice>2040</PayInvoice><PayAmount>120</PayAmount></InvoicePayment>",
    )
    named = f"<InvoiceNumber>{on}</InvoiceNumber>" if on else ""
    reply = caller.call(
        "DeleteInvoicePayment", f"{named}<InvoicePaymentNumber>66000001</InvoicePaymentNumber>"
    )
    assert reply.value("Status") == status
    assert paid(caller, 2040) == (("0.0000", "0") if status == "OK" else ("120.0000", "1"))


EURO = "<CurrencyCode>EUR</CurrencyCode><ExchangeRate>1.15</ExchangeRate>"
IN_CURRENCY = "<ValuesInCurrency>1</ValuesInCurrency></anyType>"


@pytest.mark.parametrize(
    ("currency", "more", "seen"),
    [
        (EURO, "</anyType>", ("115.0000", "115.0000", "23.0000")),
        (EURO, IN_CURRENCY, ("100.0000", "100.0000", "20.0000")),
        (EURO.replace("1.15", "0"), "</anyType>", ("100.0000", "100.0000", "20.0000")),
        (EURO.replace("EUR", "GBP"), "</anyType>", ("100.0000", "100.0000", "20.0000")),
    ],
)
def test_lines_are_of_the_home_currency_unless_they_say_so(
    caller: Caller, customer_id: int, currency: str, more: str, seen: tuple[str, ...]
) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line().replace("</anyType>", more), more=currency)
    invoice = caller.call("GetInvoice", "<InvoiceNumber>2040</InvoiceNumber>")
    assert tuple(invoice.value(name) for name in ("Rate", "NetAmount", "VATAmount")) == seen
    single = "<Rate>10</Rate><Quantity>1</Quantity>"
    caller.call("InsertInvoiceLine", f"<InvoiceID>91000001</InvoiceID><InvLine>{single}</InvLine>")
    invoice = caller.call("GetInvoice", "<InvoiceNumber>2040</InvoiceNumber>")
    added = Decimal("11.5") if "EUR" in currency and "1.15" in currency else Decimal(10)
    assert Decimal(invoice.value("NetAmount") or 0) - Decimal(seen[1]) == added


def test_payments_are_of_the_home_currency(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line(), more=EURO)
    caller.insert_invoice(customer_id, number=2041, lines=line("-50.00", "-10.00"), more=EURO)
    pay = "<InvoicePayment><PayInvoice>2040</PayInvoice><PayAmount>{}</PayAmount></InvoicePayment>"
    caller.call("InsertInvoicePayment", pay.format("60"))
    assert paid(caller, 2040) == ("69.0000", "0")
    assert 'name="amount" type="text" value="60.00"' in caller.page("/invoices/91000001/payments/new")
    assert apply(caller, 91000001, 91000002) == ("true", "OK")
    assert (paid(caller, 2040), paid(caller, 2041)) == (("138.0000", "1"), ("-69.0000", "1"))
    assert [amount for amount, _ in payments(caller, 2040)] == ["60.0000", "60.0000"]


def test_a_customer_with_documents_stays(caller: Caller, customer_id: int, sandbox: Sandbox) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    kept = caller.call("DeleteCustomer", f"<CustomerID>{customer_id}</CustomerID>")
    assert (kept.value("DeleteCustomerResult"), kept.value("Status")) == ("0", "NO")
    gone = caller.call("DeleteCustomer", f"<CustomerID>{customer_id + 1}</CustomerID>")
    assert (gone.value("DeleteCustomerResult"), gone.value("Status")) == ("0", "OK")
    assert [one["Code"] for one in sandbox.ledger.customers()] == ["HILL01", "CAST01", "MARC01", "BLUE01"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("HILL-1", "The customer code specified is invalid, please re-enter without any special characters."),
        ("teme01", "Customer Code is not unique"),
    ],
)
def test_a_code_is_checked_on_update_too(code: str, said: str, caller: Caller, customer_id: int) -> None:
    written = f"<custr><CustomerID>{customer_id}</CustomerID><Code>{code}</Code><Name>Other</Name></custr>"
    assert caller.call("UpdateCustomer", written).status_pair == ("NO", said)
    still = caller.call("GetCustomer", "<CustomerCode>HILL01</CustomerCode>")
    assert still.value("Name") == "Hillside Garden Centre"


def test_the_second_generation_leaves_what_it_does_not_show(caller: Caller) -> None:
    caller.insert_customer("<Code>EURO01</Code><Name>Euro</Name><EC>1</EC>")
    changed = (
        "<Customer2><CustomerID>50006</CustomerID><Name>Euro NV</Name><TradeBorderType>NI</TradeBorderType>"
    )
    assert caller.call("UpdateCustomer2", f"{changed}</Customer2>").value("Status") == "OK"
    first = caller.call("GetCustomer", "<CustomerCode>EURO01</CustomerCode>")
    assert (first.value("EC"), first.value("Name"), first.find("TradeBorderType")) == ("1", "Euro NV", None)
    second = caller.call("GetCustomer2", "<CustomerCode>EURO01</CustomerCode>")
    assert (second.find("EC"), second.value("TradeBorderType")) == (None, "NI")


def test_the_page_shows_balances_and_the_account_s_lists(caller: Caller, customer_id: int) -> None:
    caller.insert_invoice(customer_id, number=2040, lines=line())
    caller.call(
        "InsertInvoicePayment",
        "<InvoicePayment><PayInvoice>2040</PayInvoice><PayAccount>7702</PayAccount>"
        "<PayAmount>45.5</PayAmount></InvoicePayment>",
    )
    page = caller.page()
    assert '<td>Reserve Account</td><td class="money">45.50</td>' in page
    for shown in ("EUR", "1.1500", "Standard", "Trade fair"):
        assert shown in page

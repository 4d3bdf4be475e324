"""Each operation of the sales side: its request typed by hand from kashflow-api.md, and what its answer becomes."""

# ruff: noqa: E501  (a row is one case, and its XML is read as a whole)

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import EnvelopeInvalid, NotFound, Refused, Unknown
from kashflow.gateway.records import (
    AccountDefaults,
    AccountOverview,
    BankOverview,
    BankTransaction,
    BankTransactionType,
    Currency,
    Customer,
    CustomerBalance,
    Dataset,
    Invoice,
    InvoiceLine,
    InvoiceNote,
    Nominal,
    Payment,
    SpecialNominal,
    SubProduct,
)
from kashflow.gateway.schema import OPERATIONS
from tests.kashflow.gateway.conftest import FOOT, HEAD, refused, soap

DAY, LATER = date(2026, 11, 5), date(2026, 11, 30)
LOGIN = "<UserName>meadowfarm</UserName><Password>not-a-real-one</Password>"
LINE = InvoiceLine(description="Delivery", rate=Decimal("10.00"), charge_type=880012, vat_rate=Decimal(20), vat_amount=Decimal("2.00"))  # fmt: skip
LINE_XML = (
    "<Quantity>1</Quantity><Description>Delivery</Description><Rate>10.00</Rate><ChargeType>880012</ChargeType>"
    "<VatRate>20</VatRate><VatAmount>2.00</VatAmount><ProductID>0</ProductID><Sort>{sort}</Sort><ProjID>0</ProjID>"
    "<LineID>0</LineID>"
)
INVOICE = Invoice(dbid=91000456, number=1042, invoice_date=DAY, customer_id=50123, exchange_rate=Decimal(1), lines=(LINE,))  # fmt: skip
HEADER_XML = (
    "<InvoiceDBID>{dbid}</InvoiceDBID><InvoiceNumber>1042</InvoiceNumber>"
    "<InvoiceDate>2026-11-05T00:00:00</InvoiceDate><DueDate>0001-01-01T00:00:00</DueDate>"
    "<CustomerID>50123</CustomerID><Paid>0</Paid><SuppressTotal>0</SuppressTotal><ProjectID>0</ProjectID>"
    "<ExchangeRate>1</ExchangeRate>"
)
TOTALS_XML = "<NetAmount>0</NetAmount><VATAmount>0</VATAmount><AmountPaid>0</AmountPaid>"
NIL_XML = (
    '<UseCustomDeliveryAddress>false</UseCustomDeliveryAddress><CISRCNetAmount xsi:nil="true"/>'
    '<CISRCVatAmount xsi:nil="true"/><IsCISReverseCharge xsi:nil="true"/>'
)
ZERO_XML = (
    "<CISRCNetAmount>0</CISRCNetAmount><CISRCVatAmount>0</CISRCVatAmount>"
    "<IsCISReverseCharge>false</IsCISReverseCharge>"
)
LINES_TD = f"<Lines><InvoiceLine>{LINE_XML.format(sort=1)}</InvoiceLine></Lines>"
LINES_ANY = f'<Lines><anyType xsi:type="InvoiceLine">{LINE_XML.format(sort=1)}</anyType></Lines>'
INVOICE_ANSWER = (
    "<InvoiceDBID>91000456</InvoiceDBID><InvoiceNumber>1042</InvoiceNumber>"
    "<InvoiceDate>2026-11-05T00:00:00</InvoiceDate><DueDate>0001-01-01T00:00:00</DueDate><Customer>BROO01</Customer>"
    "<CustomerID>50123</CustomerID><Paid>0</Paid><CustomerReference /><ExchangeRate>1.0000</ExchangeRate>"
    "<Lines><InvoiceLine><Quantity>1.0000</Quantity><Description>Delivery</Description><Rate>10.0000</Rate>"
    "<ChargeType>880012</ChargeType><VatRate>20.0000</VatRate><VatAmount>2.0000</VatAmount><ProductID>0</ProductID>"
    "<Sort>1</Sort><ProjID>0</ProjID><LineID>70000001</LineID></InvoiceLine></Lines>"
    "<NetAmount>10.0000</NetAmount><VATAmount>2.0000</VATAmount><AmountPaid>0.0000</AmountPaid>"
    f"<CustomerName>Brook Stables</CustomerName>{ZERO_XML}"
)
READ = Invoice(
    dbid=91000456, number=1042, invoice_date=DAY, customer_code="BROO01", customer_id=50123, customer_name="Brook Stables",
    net_amount=Decimal("10.0000"), vat_amount=Decimal("2.0000"), amount_paid=Decimal("0.0000"), exchange_rate=Decimal("1.0000"),
    lines=(InvoiceLine(quantity=Decimal("1.0000"), description="Delivery", rate=Decimal("10.0000"), charge_type=880012,
                       vat_rate=Decimal("20.0000"), vat_amount=Decimal("2.0000"), sort=1, line_id=70000001),),
)  # fmt: skip
BROOK = Customer(customer_id=50123, code="BROO01", name="Brook Stables", trade_border_type="GB")
BROOK_ANSWER = "<CustomerID>50123</CustomerID><Code>BROO01</Code><Name>Brook Stables</Name>"
BROOK2_ANSWER = f"{BROOK_ANSWER}<VATNumber /><TradeBorderType>GB</TradeBorderType>"
BOXES = "".join(f"<CheckBox{n}>0</CheckBox{n}>" for n in range(1, 21))
TRANSACTION = BankTransaction(transaction_id=7, account_id=7701, on=DAY, money_in=Decimal("12.50"), type_id=3, comment="Deposit", customer_id=50123)  # fmt: skip
TRANSACTION_XML = (
    "<ID>{id}</ID><accid>7701</accid><TransactionDate>2026-11-05T00:00:00</TransactionDate><moneyin>12.50</moneyin>"
    "<moneyout>0</moneyout><Vatable>0</Vatable><VatRate>0</VatRate><VatAmount>0</VatAmount>"
    "<TransactionType>3</TransactionType><Comment>Deposit</Comment><ProjectID>0</ProjectID>"
    "<CustomerId>50123</CustomerId><SupplierId>0</SupplierId>"
)
SUB = SubProduct(product_id=31, nominal_id=880011, name="Half page", code="WVL-HALF")
SUB_ANSWER = "<SubProduct><id>31</id><ParentID>880011</ParentID><Name>Half page</Name><Code>WVL-HALF</Code></SubProduct>"
PAYMENT = Payment(payment_id=66001, invoice_number=1042, pay_date=DAY, note="BACS", method_id=301, account_id=7701, amount=Decimal("16.20"))  # fmt: skip
CURRENCY_XML = "<CurrencyId>1</CurrencyId><CurrencyCode>GBP</CurrencyCode><ExchangeRate>1.0000</ExchangeRate><isDefault>1</isDefault>"
POUND = Currency(currency_id=1, code="GBP", exchange_rate=Decimal("1.0000"), is_default=True)
DEFAULTS = AccountDefaults(is_vat_registered=True, vat_number="GB123456789", currencies=(POUND,))
IN_UK = AccountDefaults(
    is_vat_registered=True, vat_number="GB123456789", currencies=(POUND,), registered_in="UK"
)
REGISTERED = "<isVATRegistered>true</isVATRegistered><VATNumber>GB123456789</VATNumber>"
ANY_CURRENCY = f'<Currencies><anyType xsi:type="Currencies">{CURRENCY_XML}</anyType></Currencies>'
TD_CURRENCY = f"<Currencies><Currencies>{CURRENCY_XML}</Currencies></Currencies>"


class Case(NamedTuple):
    """A call, the elements it sends after the login, its result element's content, and what comes back."""

    operation: str
    call: Callable[[Gateway], Any]
    sent: str
    answer: str | None
    expected: Any = None


def days(more: str = "") -> str:
    return f"<StartDate>2026-11-05T00:00:00</StartDate><EndDate>2026-11-30T00:00:00</EndDate>{more}"


CASES = [
    # Customers
    Case("GetCustomersModifiedSince", lambda g: list(g.get_customers_modified_since(DAY)), "<ModifiedSince>2026-11-05T00:00:00</ModifiedSince>", f"<Customer>{BROOK_ANSWER}</Customer>", [Customer(customer_id=50123, code="BROO01", name="Brook Stables")]),
    Case("GetCustomersByPostcode", lambda g: list(g.get_customers_by_postcode("BS1 4DJ")), "<Postcode>BS1 4DJ</Postcode>", "", []),
    Case("SearchCustomerByCustText", lambda g: g.search_customer_by_cust_text("X1").code, "<SearchVal>X1</SearchVal>", BROOK_ANSWER, "BROO01"),
    Case("DeleteCustomer", lambda g: g.delete_customer(50123), "<CustomerID>50123</CustomerID>", "0"),
    Case("GetCustomerSources", lambda g: list(g.get_customer_sources()), "", "<BasicDataset><ID>4</ID><Name>Web</Name><Description /><Value>0.0000</Value></BasicDataset>", [Dataset(id=4, name="Web", value=Decimal("0.0000"))]),
    Case("GetCustomerVATNumber", lambda g: g.get_customer_vat_number("BROO01"), "<CustomerCode>BROO01</CustomerCode>", "GB1", "GB1"),
    Case("SetCustomerVATNumber", lambda g: g.set_customer_vat_number("BROO01", "GB1"), "<CustVATNumber>GB1</CustVATNumber><CustomerCode>BROO01</CustomerCode>", "1"),
    Case("GetCustomerCurrency", lambda g: g.get_customer_currency("BROO01"), "<CustomerCode>BROO01</CustomerCode>", "GBP", "GBP"),
    Case("SetCustomerCurrency", lambda g: g.set_customer_currency("BROO01", "EUR"), "<CurrencyCode>EUR</CurrencyCode><CustomerCode>BROO01</CustomerCode>", "1"),
    Case("GetCustomerBalance", lambda g: g.get_customer_balance("broo01"), "<CustomerCode>broo01</CustomerCode>", "<CustomerId>50123</CustomerId><CustomerCode>BROO01</CustomerCode><Value>16.2000</Value><Balance>4.0000</Balance>", CustomerBalance(customer_id=50123, customer_code="BROO01", paid=Decimal("16.2000"), balance=Decimal("4.0000"))),
    Case("GetCustomerAdvancePayments", lambda g: list(g.get_customer_advance_payments(50123)), "<CustomerId>50123</CustomerId>", f"<BankTransaction>{TRANSACTION_XML.format(id=7)}</BankTransaction>", [TRANSACTION]),
    Case("GetCustomer2", lambda g: g.get_customer2("broo01").trade_border_type, "<CustomerCode>broo01</CustomerCode>", BROOK2_ANSWER, "GB"),
    Case("GetCustomerByID2", lambda g: g.get_customer_by_id2(50123).code, "<Customer2ID>50123</Customer2ID>", BROOK2_ANSWER, "BROO01"),
    Case("GetCustomerByEmail2", lambda g: g.get_customer_by_email2("a@b.example").code, "<CustomerEmail>a@b.example</CustomerEmail>", BROOK2_ANSWER, "BROO01"),
    Case("SearchCustomerByCustText2", lambda g: g.search_customer_by_cust_text2("X1").code, "<SearchVal>X1</SearchVal>", BROOK2_ANSWER, "BROO01"),
    Case("GetCustomers2", lambda g: [c.code for c in g.get_customers2()], "", f"<Customer2>{BROOK2_ANSWER}</Customer2>", ["BROO01"]),
    Case("GetCustomersModifiedSince2", lambda g: list(g.get_customers_modified_since2(DAY)), "<ModifiedSince>2026-11-05T00:00:00</ModifiedSince>", "", []),
    Case("GetCustomersByPostcode2", lambda g: list(g.get_customers_by_postcode2("BS1")), "<Postcode>BS1</Postcode>", "", []),
    Case("InsertCustomer2", lambda g: g.insert_customer2(BROOK), f"<Customer2><CustomerID>0</CustomerID><Code>BROO01</Code><Name>Brook Stables</Name><Source>0</Source><Discount>0</Discount><ShowDiscount>false</ShowDiscount><PaymentTerms>0</PaymentTerms>{BOXES}<Created>0001-01-01T00:00:00</Created><Updated>0001-01-01T00:00:00</Updated><CurrencyID>0</CurrencyID><TradeBorderType>GB</TradeBorderType></Customer2>", "50124", 50124),
    Case("UpdateCustomer2", lambda g: g.update_customer2(BROOK), f"<Customer2><CustomerID>50123</CustomerID><Code>BROO01</Code><Name>Brook Stables</Name><Contact/><Telephone/><Mobile/><Email/><Address1/><Address2/><Address3/><Address4/><CountryName/><CountryCode/><Postcode/><Website/><Notes/><Source>0</Source><Discount>0</Discount><ShowDiscount>false</ShowDiscount><PaymentTerms>0</PaymentTerms>{BOXES}<Created>0001-01-01T00:00:00</Created><Updated>0001-01-01T00:00:00</Updated><CurrencyID>0</CurrencyID><ContactTitle/><ContactFirstName/><ContactLastName/><VATNumber/><TradeBorderType>GB</TradeBorderType></Customer2>", ""),
    # Invoices
    Case("InsertInvoice_TypeDefined", lambda g: g.insert_invoice_type_defined(INVOICE), f"<Inv_TD>{HEADER_XML.format(dbid=0)}{LINES_TD}{TOTALS_XML}{ZERO_XML}</Inv_TD>", "1042", 1042),
    Case("UpdateInvoice", lambda g: g.update_invoice(INVOICE), f"<Inv>{HEADER_XML.format(dbid=91000456)}{LINES_ANY}{TOTALS_XML}{NIL_XML}</Inv>", None),
    Case("UpdateInvoice_TypeDefined", lambda g: g.update_invoice_type_defined(INVOICE), f"<InvTD>{HEADER_XML.format(dbid=91000456)}{LINES_TD}{TOTALS_XML}{ZERO_XML}</InvTD>", None),
    Case("UpdateInvoiceHeader", lambda g: g.update_invoice_header(INVOICE), f"<Inv>{HEADER_XML.format(dbid=91000456)}{TOTALS_XML}{NIL_XML}</Inv>", None),
    Case("GetInvoice_TypeDefined", lambda g: g.get_invoice_type_defined(1042), "<InvoiceNumber>1042</InvoiceNumber>", INVOICE_ANSWER, READ),
    Case("GetInvoicesForCustomer_typeDefined", lambda g: list(g.get_invoices_for_customer_type_defined(50123)), "<CustID>50123</CustID>", f"<Invoice_TypeDefined>{INVOICE_ANSWER}</Invoice_TypeDefined>", [READ]),
    Case("GetInvoices_Overdue", lambda g: list(g.get_invoices_overdue()), "", "", []),
    Case("GetInvoices_Overdue_TypeDefined", lambda g: list(g.get_invoices_overdue_type_defined()), "", f"<Invoice_TypeDefined>{INVOICE_ANSWER}</Invoice_TypeDefined>", [READ]),
    Case("GetInvoices_Unpaid_TypeDefined", lambda g: list(g.get_invoices_unpaid_type_defined()), "", "", []),
    Case("GetInvoices_Recent", lambda g: list(g.get_invoices_recent(5)), "<NumberOfInvoices>5</NumberOfInvoices>", "", []),
    Case("GetInvoices_Recent_TypeDefined", lambda g: list(g.get_invoices_recent_type_defined(5)), "<NumberOfInvoices>5</NumberOfInvoices>", "", []),
    Case("DeleteInvoice", lambda g: g.delete_invoice(1042), "<InvoiceNumber>1042</InvoiceNumber>", "1"),
    Case("DeleteInvoiceByID", lambda g: g.delete_invoice_by_id(91000456), "<InvoiceID>91000456</InvoiceID>", "1"),
    Case("InsertInvoiceLine", lambda g: g.insert_invoice_line(91000456, LINE), f"<InvoiceID>91000456</InvoiceID><InvLine>{LINE_XML.format(sort=0)}</InvLine>", "70000002", 70000002),
    Case("InsertInvoiceLineWithInvoiceNumber", lambda g: g.insert_invoice_line_with_invoice_number(1042, LINE), f"<InvoiceNumber>1042</InvoiceNumber><InvLine>{LINE_XML.format(sort=0)}</InvLine>", "70000002", 70000002),
    Case("DeleteInvoiceLine", lambda g: g.delete_invoice_line(70000002, 1042), "<LineID>70000002</LineID><InvoiceNumber>1042</InvoiceNumber>", "1"),
    Case("DeleteInvoiceLineWithInvoiceID", lambda g: g.delete_invoice_line_with_invoice_id(70000002, 91000456), "<LineID>70000002</LineID><InvoiceID>91000456</InvoiceID>", "1"),
    Case("applyCreditNoteToInvoice", lambda g: g.apply_credit_note_to_invoice(91000456, 91000457), "<InvoiceID>91000456</InvoiceID><CreditNoteID>91000457</CreditNoteID>", "true"),
    # Papers
    Case("EmailInvoice", lambda g: g.email_invoice(1042, to="a@b.example", sender="c@d.example", sender_name="Helen", subject="Invoice", body="Dear"), "<InvoiceNumber>1042</InvoiceNumber><FromEmail>c@d.example</FromEmail><FromName>Helen</FromName><SubjectLine>Invoice</SubjectLine><Body>Dear</Body><RecipientEmail>a@b.example</RecipientEmail>", None),
    Case("PrintInvoice", lambda g: g.print_invoices([1042, 1043]), "<InvoiceNumber>0</InvoiceNumber><InvoiceNumberList>1042,1043</InvoiceNumberList>", "https://k.example/x.pdf", "https://k.example/x.pdf"),
    Case("GetPaypalLink", lambda g: g.get_paypal_link(1042), "<InvoiceNumber>1042</InvoiceNumber>", "https://p.example/", "https://p.example/"),
    Case("InsertInvoiceNote", lambda g: g.insert_invoice_note(91000456, DAY, "Called"), "<InvoiceId>91000456</InvoiceId><NoteDate>2026-11-05T00:00:00</NoteDate><Notes>Called</Notes>", "true"),
    Case("GetInvoiceNotes", lambda g: list(g.get_invoice_notes(91000456)), "<InvoiceId>91000456</InvoiceId>", "<InvoiceNotes><InvoiceId>91000456</InvoiceId><NoteId>5</NoteId><NoteDate>2026-11-05T00:00:00</NoteDate><Notes>Called</Notes></InvoiceNotes>", [InvoiceNote(invoice_dbid=91000456, note_id=5, on=DAY, text="Called")]),
    Case("AttachFileToInvoice", lambda g: g.attach_file_to_invoice(1042, b"copy", name="advert.pdf", content_type="application/pdf"), "<InvoiceNo>1042</InvoiceNo><Base64String>Y29weQ==</Base64String><ContentType>application/pdf</ContentType><Filename>advert.pdf</Filename><FileExtension>pdf</FileExtension><FileSize>4</FileSize>", "9", 9),
    # Payments
    Case("InsertInvoicePayment", lambda g: g.insert_invoice_payment(PAYMENT), "<InvoicePayment><PayID>0</PayID><PayInvoice>1042</PayInvoice><PayDate>2026-11-05T00:00:00</PayDate><PayNote>BACS</PayNote><PayMethod>301</PayMethod><PayAccount>7701</PayAccount><PayAmount>16.20</PayAmount></InvoicePayment>", "66001", 66001),
    Case("DeleteInvoicePayment", lambda g: g.delete_invoice_payment(1042, 66001), "<InvoiceNumber>1042</InvoiceNumber><InvoicePaymentNumber>66001</InvoicePaymentNumber>", None),
    Case("GetInvoicePaymentsByDateRange", lambda g: list(g.get_invoice_payments_by_date_range(DAY, LATER, 2)), days("<PageNumber>2</PageNumber>"), "", []),
    Case("GetInvoicePaymentsCountforDateRange", lambda g: g.get_invoice_payments_count_for_date_range(DAY, LATER), days(), "0", 0),
    Case("AllocateAdvancePaymentToInvoice", lambda g: g.allocate_advance_payment_to_invoice(1042, 7), "<InvoiceNumber>1042</InvoiceNumber><BankTxId>7</BankTxId>", "1"),
    # Codes
    Case("GetSubProductByID", lambda g: g.get_sub_product_by_id(31).code, "<ProductID>31</ProductID>", SUB_ANSWER[12:-13], "WVL-HALF"),
    Case("GetSubProductByCode", lambda g: g.get_sub_product_by_code("wvl-half").product_id, "<ProductCode>wvl-half</ProductCode>", SUB_ANSWER[12:-13], 31),
    Case("AddOrUpdateSubProduct", lambda g: g.add_or_update_sub_product(SUB), "<sp><id>31</id><ParentID>880011</ParentID><Name>Half page</Name><Code>WVL-HALF</Code><Description/><Price>0</Price><VatRate>0</VatRate><WholesalePrice>0</WholesalePrice><Managed>0</Managed><QtyInStock>0</QtyInStock><StockWarnQty>0</StockWarnQty><AutoFill>0</AutoFill></sp>", "31", 31),
    Case("GetNominalCodes", lambda g: list(g.get_nominal_codes()), "", "<NominalCode><id>880011</id><Code>4000</Code><Name>Sales</Name><debit>0.0000</debit><credit>1.0000</credit><balance>1.0000</balance></NominalCode>", [Nominal(nominal_id=880011, code=4000, name="Sales", debit=Decimal("0.0000"), credit=Decimal("1.0000"), balance=Decimal("1.0000"))]),
    Case("InsertNominalCode", lambda g: g.insert_nominal_code("Adverts", 4010, classification=1, nominal_type=2), "<name>Adverts</name><code>4010</code><classification>1</classification><nomtype>2</nomtype>", "880099", 880099),
    Case("CreateSpecialNominal", lambda g: g.create_special_nominal(SpecialNominal(name="Adverts", code=4010, type_enum="Turnover")), '<SpecialNominal><Id>0</Id><Name>Adverts</Name><Code>4010</Code><Special>0</Special><Sa103Code xsi:nil="true"/><PlOption>0</PlOption><BsOption>0</BsOption><Type>0</Type><TypeEnum>Turnover</TypeEnum><NomType xsi:nil="true"/><Disallowed>0</Disallowed></SpecialNominal>', None),
    # Bank
    Case("GetBankBalance", lambda g: g.get_bank_balance(7701, DAY), "<AccountID>7701</AccountID><BalanceDate>2026-11-05T00:00:00</BalanceDate>", "12.5000", Decimal("12.5000")),
    Case("GetBankOverview", lambda g: list(g.get_bank_overview()), "", "<BankOverview><AccountID>7701</AccountID><AccountName>Lloyds</AccountName><Balance>0</Balance></BankOverview>", [BankOverview(account_id=7701, name="Lloyds", balance=Decimal(0))]),
    Case("GetBankTxTypes", lambda g: list(g.get_bank_tx_types()), "", "<BankTXType><TypeID>3</TypeID><TypeName>Deposit</TypeName><TypeCode>9</TypeCode></BankTXType>", [BankTransactionType(type_id=3, name="Deposit", code=9)]),
    Case("GetBankTransactions", lambda g: list(g.get_bank_transactions(7701)), "<AccountID>7701</AccountID>", f"<BankTransaction>{TRANSACTION_XML.format(id=7)}</BankTransaction>", [TRANSACTION]),
    Case("InsertBankTransaction", lambda g: g.insert_bank_transaction(TRANSACTION), f"<bp>{TRANSACTION_XML.format(id=0)}</bp>", "8", 8),
    Case("UpdateBankTransaction", lambda g: g.update_bank_transaction(TRANSACTION), f"<bp>{TRANSACTION_XML.format(id=7)}</bp><TransactionID>7</TransactionID>", "7"),
    Case("DeleteBankTransaction", lambda g: g.delete_bank_transaction(7), "<TransactionID>7</TransactionID>", "1"),
    Case("CreateBankAccount", lambda g: g.create_bank_account("Petty cash", 1201), "<AccountName>Petty cash</AccountName><NominalCode>1201</NominalCode>", "7709", 7709),
    # The account
    Case("GetVATRates", lambda g: [rate.value for rate in g.get_vat_rates()], "", "<BasicDataset><ID>1</ID><Name>20%</Name><Description /><Value>20.0000</Value></BasicDataset>", [Decimal("20.0000")]),
    Case("isUserVATRegistered", lambda g: g.is_user_vat_registered(), "", "true", True),
    Case("GetCurrencies", lambda g: list(g.get_currencies()), "", f"<Currencies>{CURRENCY_XML}</Currencies>", [POUND]),
    Case("GetUserAccountDefaults", lambda g: g.get_user_account_defaults(), "", REGISTERED + ANY_CURRENCY, DEFAULTS),
    Case("GetUserAccountDefaults_TypeDefined", lambda g: g.get_user_account_defaults_type_defined(), "", REGISTERED + TD_CURRENCY, DEFAULTS),
    Case("GetUserAccountDefault2", lambda g: g.get_user_account_default2(), "", f"{REGISTERED}{ANY_CURRENCY}<VATRegisteredIn>UK</VATRegisteredIn>", IN_UK),
    Case("GetUserAccountDefault_TypeDefined2", lambda g: g.get_user_account_default_type_defined2(), "", f"{REGISTERED}{TD_CURRENCY}<VATRegisteredIn>UK</VATRegisteredIn>", IN_UK),
    Case("GetAccountOverview", lambda g: g.get_account_overview(), "", "<TotalDue>5.0000</TotalDue><TotalOwed>0</TotalOwed>", AccountOverview(total_due=Decimal("5.0000"), total_owed=Decimal(0))),
    Case("AutoAuthIP", lambda g: g.auto_auth_ip("MagManager", "1234ABCD-1234"), "<appName>MagManager</appName><AutoAuthKey>1234ABCD-1234</AutoAuthKey>", "1"),
    Case("GetRemoteLoginURL", lambda g: g.get_remote_login_url(), "", "https://k.example/in", "https://k.example/in"),
]  # fmt: skip
# Whose envelopes stand in test_requests and test_reading.
ELSEWHERE = {
    "GetCompanyDetails", "GetCustomer", "GetCustomers", "GetCustomerByEmail", "GetCustomerByID", "InsertCustomer",
    "UpdateCustomer", "GetInvoice", "GetInvoiceByID", "InsertInvoice", "GetInvoicesForCustomer", "GetInvoices_Unpaid",
    "GetInvoicesByDateRange", "GetInvoicePayment", "GetInvPayMethods", "GetProducts", "GetProductsWithSubProducts",
    "GetSubProducts", "GetNominalCodesExtended", "GetBankAccounts",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.operation for case in CASES])
def test_the_request_is_as_typed_and_the_answer_is_read(case: Case, gateway, wire, reply) -> None:
    name = case.operation
    result = "" if case.answer is None else f"<{name}Result>{case.answer}</{name}Result>"
    reply(
        soap(f'<{name}Response xmlns="KashFlow">{result}<Status>OK</Status><StatusDetail /></{name}Response>')
    )
    assert case.call(gateway) == case.expected
    typed = f'{HEAD}<{name} xmlns="KashFlow">{LOGIN}{case.sent}</{name}>{FOOT}'
    assert canonical(wire.calls[0].request.body.decode()) == canonical(typed)
    assert wire.calls[0].request.headers["SOAPAction"] == f'"KashFlow/{name}"'
    assert len(wire.calls) == 1


def canonical(text: str) -> str:
    """Self-closed and empty elements written one way."""
    return re.sub(r"<(\w+)></\1>", r"<\1/>", text).replace(" />", "/>")


def test_every_operation_has_a_case() -> None:
    assert sorted(OPERATIONS) == sorted([case.operation for case in CASES] + list(ELSEWHERE))


def test_every_method_of_the_gateway_says_what_it_does() -> None:
    public = {
        name: one for name, one in inspect.getmembers(Gateway, inspect.isfunction) if not name.startswith("_")
    }
    assert [name for name, one in public.items() if not inspect.getdoc(one)] == []


DESTRUCTIVE = [
    lambda g: g.update_invoice(Invoice(number=1042, invoice_date=DAY, customer_id=1)),
    lambda g: g.update_invoice(Invoice(invoice_date=DAY, customer_id=1, lines=(LINE,))),
    lambda g: g.update_invoice_type_defined(Invoice(number=1042, invoice_date=DAY, customer_id=1)),
    lambda g: g.update_invoice_header(Invoice(number=1042, invoice_date=DAY, customer_id=1)),
    lambda g: g.update_customer2(Customer(name="Nobody")),
    lambda g: g.delete_customer(0),
    lambda g: g.delete_invoice(0),
    lambda g: g.delete_invoice_by_id(-1),
    lambda g: g.delete_invoice_payment(0, 66001),
    lambda g: g.delete_bank_transaction(0),
    lambda g: g.apply_credit_note_to_invoice(91000456, 0),
    lambda g: g.insert_invoice_payment(Payment(amount=Decimal(1), pay_date=DAY)),
]


@pytest.mark.parametrize("call", DESTRUCTIVE)
def test_a_write_that_would_hit_something_else_is_refused_unsent(gateway, wire, call) -> None:
    with pytest.raises(EnvelopeInvalid):
        call(gateway)
    assert len(wire.calls) == 0


def test_a_credit_note_that_was_not_applied_is_a_refusal(gateway, reply) -> None:
    name = "applyCreditNoteToInvoice"
    reply(
        soap(
            f'<{name}Response xmlns="KashFlow"><{name}Result>false</{name}Result><Status>OK</Status></{name}Response>'
        )
    )
    with pytest.raises(Refused):
        gateway.apply_credit_note_to_invoice(91000456, 91000457)


ABSENT = [
    ("GetCustomer2", "There is no customer with that code", lambda g: g.get_customer2("X")),
    ("GetCustomerBalance", "There is no customer with that code", lambda g: g.get_customer_balance("X")),
    (
        "GetInvoice_TypeDefined",
        "There is no invoice with that number",
        lambda g: g.get_invoice_type_defined(4),
    ),
    ("DeleteInvoice", "There is no invoice with that number", lambda g: g.delete_invoice(4)),
    ("GetSubProductByCode", "There is no product with that code", lambda g: g.get_sub_product_by_code("X")),
]


@pytest.mark.parametrize(("operation", "text", "call"), ABSENT)
def test_what_is_not_there_is_told_apart_from_what_is_not_known(
    gateway, reply, operation, text, call
) -> None:
    reply(refused(operation, text))
    with pytest.raises(NotFound):
        call(gateway)
    reply(refused(operation, "Something nobody has met"))
    with pytest.raises(Unknown):
        call(gateway)


WRONG_KINDS = [
    ("isUserVATRegistered", "", lambda g: g.is_user_vat_registered()),
    ("GetBankBalance", "lots", lambda g: g.get_bank_balance(7701, DAY)),
    (
        "GetInvoicePaymentsCountforDateRange",
        "1.5",
        lambda g: g.get_invoice_payments_count_for_date_range(DAY, LATER),
    ),
]


@pytest.mark.parametrize(("operation", "answer", "call"), WRONG_KINDS)
def test_an_answer_of_the_wrong_kind_is_unknown(gateway, reply, operation, answer, call) -> None:
    result = f"<{operation}Result>{answer}</{operation}Result>" if answer else ""
    reply(soap(f'<{operation}Response xmlns="KashFlow">{result}<Status>OK</Status></{operation}Response>'))
    with pytest.raises(Unknown):
        call(gateway)

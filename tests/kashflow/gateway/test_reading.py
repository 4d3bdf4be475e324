"""Replies typed by hand, read into records."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kashflow.gateway.errors import NotFound, Unknown
from kashflow.gateway.records import (
    BankAccount,
    Customer,
    Invoice,
    InvoiceLine,
    NominalCode,
    Payment,
    PaymentMethod,
    SalesType,
    SalesTypeWithProducts,
    SubProduct,
)
from tests.kashflow.gateway.conftest import soap

LINE = (
    '<anyType xsi:type="InvoiceLine"><Quantity>3.0000</Quantity><Description>Hay bale, small</Description>'
    "<Rate>4.5000</Rate><ChargeType>880011</ChargeType><VatRate>20.0000</VatRate><VatAmount>2.7000</VatAmount>"
    "<ProductID>0</ProductID><Sort>1</Sort><ProjID>0</ProjID><LineID>70000001</LineID></anyType>"
)
INVOICE = (
    "<InvoiceDBID>91000456</InvoiceDBID><InvoiceNumber>1042</InvoiceNumber>"
    "<InvoiceDate>2026-11-02T00:00:00</InvoiceDate><DueDate>2026-12-02T00:00:00</DueDate>"
    "<Customer>BROO01</Customer><CustomerID>50123</CustomerID><Paid>0</Paid>"
    "<CustomerReference>ORD-7781</CustomerReference><SuppressTotal>0</SuppressTotal><ProjectID>0</ProjectID>"
    "<CurrencyCode>GBP</CurrencyCode><ExchangeRate>1.0000</ExchangeRate>"
    f"<ReadableString>Invoice Number : 1042</ReadableString><Lines>{LINE}</Lines>"
    "<NetAmount>13.5000</NetAmount><VATAmount>2.7000</VATAmount><AmountPaid>0.0000</AmountPaid>"
    "<CustomerName>Brook Stables</CustomerName><PermaLink>https://kashflow.example/doc/42</PermaLink>"
    "<DeliveryAddress><Name /><Line1 /><PostCode /></DeliveryAddress>"
    "<UseCustomDeliveryAddress>false</UseCustomDeliveryAddress>"
    '<CISRCNetAmount xsi:nil="true" /><CISRCVatAmount xsi:nil="true" /><IsCISReverseCharge xsi:nil="true" />'
)
READ = Invoice(
    dbid=91000456,
    number=1042,
    invoice_date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    customer_code="BROO01",
    customer_id=50123,
    customer_name="Brook Stables",
    reference="ORD-7781",
    lines=(
        InvoiceLine(
            quantity=Decimal(3),
            description="Hay bale, small",
            rate=Decimal("4.5"),
            charge_type=880011,
            vat_rate=Decimal(20),
            vat_amount=Decimal("2.7"),
            sort=1,
            line_id=70000001,
        ),
    ),
    net_amount=Decimal("13.5"),
    vat_amount=Decimal("2.7"),
    currency_code="GBP",
    permalink="https://kashflow.example/doc/42",
)


def ok(operation: str, result: str) -> str:
    """A whole reply that says OK around what stands in its result."""
    return soap(
        f'<{operation}Response xmlns="KashFlow"><{operation}Result>{result}</{operation}Result>'
        f"<Status>OK</Status><StatusDetail /></{operation}Response>"
    )


def test_get_invoice(gateway, reply):
    reply(ok("GetInvoice", INVOICE))
    assert gateway.get_invoice(1042) == READ


def test_get_invoice_by_id(gateway, reply):
    reply(ok("GetInvoiceByID", INVOICE))
    assert gateway.get_invoice_by_id(91000456) == READ


def test_a_null_date_is_none_and_a_paid_invoice_is_paid(gateway, reply):
    changed = INVOICE.replace("2026-12-02", "0001-01-01").replace("<Paid>0", "<Paid>1")
    reply(ok("GetInvoice", changed))
    invoice = gateway.get_invoice(1042)
    assert invoice.due_date is None
    assert invoice.paid is True


@pytest.mark.parametrize(
    "shape",
    [
        "<GetInvoiceResponse xmlns='KashFlow'><Status>NO</Status>"
        "<StatusDetail>There is No Invoice with that number</StatusDetail></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><Status>OK</Status><StatusDetail /></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult /><Status>OK</Status></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult xsi:nil='true' /><Status>OK</Status>"
        "</GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult><InvoiceDBID>0</InvoiceDBID>"
        "<InvoiceNumber>0</InvoiceNumber></GetInvoiceResult><Status>OK</Status></GetInvoiceResponse>",
    ],
)
def test_the_known_shapes_of_absent(gateway, reply, shape):
    reply(soap(shape))
    with pytest.raises(NotFound):
        gateway.get_invoice(1042)


@pytest.mark.parametrize(
    "shape",
    [
        "<GetInvoiceResponse xmlns='KashFlow' />",
        "<GetInvoiceResponse xmlns='KashFlow'><Status /></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><Status>OK</Status><StatusDetail>odd</StatusDetail>"
        "</GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult>gone</GetInvoiceResult><Status>OK</Status>"
        "</GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult><InvoiceDBID>91</InvoiceDBID>"
        "<InvoiceNumber>0</InvoiceNumber></GetInvoiceResult><Status>OK</Status></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><GetInvoiceResult><Customer>A</Customer></GetInvoiceResult>"
        "<Status>OK</Status></GetInvoiceResponse>",
        "<GetInvoiceResponse xmlns='KashFlow'><Status>NO</Status><StatusDetail>Timeout expired</StatusDetail>"
        "</GetInvoiceResponse>",
    ],
)
def test_anything_else_is_never_absent(gateway, reply, shape):
    reply(soap(shape))
    with pytest.raises(Unknown):
        gateway.get_invoice(1042)


def test_an_ok_with_the_text_of_an_error_is_unknown(gateway, reply):
    for name, result in (("InsertInvoice", "1042"), ("GetCustomers", ""), ("DeleteInvoice", "1")):
        told = "<Status>OK</Status><StatusDetail>Timeout expired</StatusDetail>"
        body = (
            f'<{name}Response xmlns="KashFlow"><{name}Result>{result}</{name}Result>{told}</{name}Response>'
        )
        reply(soap(body))
    line = InvoiceLine(rate=Decimal(1))
    calls = (
        lambda: gateway.insert_invoice(
            Invoice(invoice_date=date(2026, 11, 2), customer_id=50123, lines=(line,))
        ),
        lambda: list(gateway.get_customers()),
        lambda: gateway.delete_invoice(1042),
    )
    for call in calls:
        with pytest.raises(Unknown, match="said OK, and also: Timeout expired"):
            call()


CUSTOMER = (
    "<CustomerID>50123</CustomerID><Code>BROO01</Code><Name>Brook Stables</Name><Contact /><Fax>0117</Fax>"
    "<Email>hay@brook.example</Email><EC>1</EC><OutsideEC>0</OutsideEC><Source>3</Source>"
    "<Discount>2.5000</Discount><ShowDiscount>true</ShowDiscount><PaymentTerms>30</PaymentTerms>"
    "<CheckBox1>1</CheckBox1><Created>2016-09-16T00:00:00</Created><Updated>0001-01-01T00:00:00</Updated>"
    "<CurrencyID>0</CurrencyID><CustHasDeliveryAddress>99999999999</CustHasDeliveryAddress>"
)


def test_get_customer_keeps_the_rest(gateway, reply):
    reply(ok("GetCustomer", CUSTOMER))
    customer = gateway.get_customer("broo01")
    assert (customer.customer_id, customer.code, customer.name) == (50123, "BROO01", "Brook Stables")
    assert (customer.contact, customer.mobile, customer.email) == ("", "", "hay@brook.example")
    assert (customer.ec, customer.outside_ec, customer.payment_terms) == (True, False, 30)
    assert dict(customer.rest) == {
        "Fax": "0117",
        "Source": 3,
        "Discount": Decimal("2.5"),
        "ShowDiscount": True,
        "CheckBox1": 1,
        "Created": date(2016, 9, 16),
        "Updated": None,
        "CustHasDeliveryAddress": 99999999999,
    }


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (lambda g: g.get_customer("OTHER1"), "GetCustomer"),
        (lambda g: g.get_customer_by_id(50124), "GetCustomerByID"),
    ],
)
def test_another_customers_data_is_not_taken(gateway, reply, call, operation):
    reply(ok(operation, CUSTOMER))
    with pytest.raises(Unknown, match="another question"):
        call(gateway)


def test_get_customer_by_email_and_by_id(gateway, reply):
    reply(ok("GetCustomerByEmail", CUSTOMER))
    reply(ok("GetCustomerByID", CUSTOMER))
    assert gateway.get_customer_by_email("hay@brook.example") == gateway.get_customer_by_id(50123)


def test_an_ok_without_a_customer_is_unknown(gateway, reply):
    reply(ok("GetCustomerByEmail", ""))
    with pytest.raises(Unknown):
        gateway.get_customer_by_email("hay@brook.example")


def test_get_company_details(gateway, reply):
    reply(
        ok(
            "GetCompanyDetails",
            "<CompanyName>Meadow Farm</CompanyName><PrimaryEmail>us@farm.example</PrimaryEmail>"
            "<VatRegistrationNumber>GB1</VatRegistrationNumber><PaymentTerms>30</PaymentTerms>",
        )
    )
    company = gateway.get_company_details()
    assert (company.name, company.email, company.vat_number, company.payment_terms) == (
        "Meadow Farm",
        "us@farm.example",
        "GB1",
        30,
    )


@pytest.mark.parametrize("number", ["0", "-5", "2147483648", "", "104x", "1e3", "１２", "10.0"])
def test_a_create_without_a_good_number_is_unknown(gateway, reply, number):
    reply(ok("InsertCustomer", number))
    with pytest.raises(Unknown):
        gateway.insert_customer(Customer(name="Brook"))


LISTS = [
    (
        lambda g: g.get_invoice_payments(1042),
        "GetInvoicePayment",
        "<Payment><PayID>66001</PayID><PayInvoice>1042</PayInvoice><PayDate>2026-11-05T00:00:00</PayDate>"
        "<PayNote>BACS</PayNote><PayMethod>301</PayMethod><PayAccount>7701</PayAccount>"
        "<PayAmount>16.2000</PayAmount></Payment>",
        Payment(
            payment_id=66001,
            invoice_number=1042,
            pay_date=date(2026, 11, 5),
            note="BACS",
            method_id=301,
            account_id=7701,
            amount=Decimal("16.2"),
        ),
    ),
    (
        lambda g: g.get_inv_pay_methods(),
        "GetInvPayMethods",
        "<PaymentMethod><MethodID>301</MethodID><MethodName>BACS</MethodName></PaymentMethod>",
        PaymentMethod(method_id=301, name="BACS"),
    ),
    (
        lambda g: g.get_products(),
        "GetProducts",
        "<Product><ProductID>880011</ProductID><ProductName>Advertising</ProductName><ProductCode>4000</ProductCode>"
        "<ProductDescription /><ManageStockLevels>0</ManageStockLevels><QtyInStock>0</QtyInStock>"
        "<ProductPrice>0.0000</ProductPrice></Product>",
        SalesType(nominal_id=880011, name="Advertising", code=4000),
    ),
    (
        lambda g: g.get_products_with_sub_products(),
        "GetProductsWithSubProducts",
        "<ProductsFull><ProductID>880011</ProductID><ProductName>Advertising</ProductName>"
        "<ProductCode>4000</ProductCode><subProducts><SubProduct><id>5</id><ParentID>880011</ParentID>"
        "<Name>Full page</Name><Code>FP</Code><Price>900.0000</Price></SubProduct></subProducts>"
        "</ProductsFull>",
        SalesTypeWithProducts(
            nominal_id=880011,
            name="Advertising",
            code=4000,
            products=(
                SubProduct(product_id=5, nominal_id=880011, name="Full page", code="FP", price=Decimal(900)),
            ),
        ),
    ),
    (
        lambda g: g.get_sub_products(880011),
        "GetSubProducts",
        "<SubProduct><id>5</id><ParentID>880011</ParentID><Name>Full page</Name><Code>FP</Code></SubProduct>",
        SubProduct(product_id=5, nominal_id=880011, name="Full page", code="FP"),
    ),
    (
        lambda g: g.get_nominal_codes_extended(),
        "GetNominalCodesExtended",
        "<NominalCodeExtended><id>880011</id><Code>4000</Code><Name>Advertising</Name><balance>-12.5000</balance>"
        "<Archived>true</Archived></NominalCodeExtended>",
        NominalCode(
            nominal_id=880011, code=4000, name="Advertising", balance=Decimal("-12.5"), archived=True
        ),
    ),
    (
        lambda g: g.get_bank_accounts(),
        "GetBankAccounts",
        "<BankAccount><AccountID>7701</AccountID><AccountName>Current</AccountName>"
        "<AccountCode>1200</AccountCode></BankAccount>",
        BankAccount(account_id=7701, name="Current", code=1200),
    ),
    (lambda g: g.get_invoices_unpaid(), "GetInvoices_Unpaid", f"<Invoice>{INVOICE}</Invoice>", READ),
    (
        lambda g: g.get_invoices_for_customer(50123),
        "GetInvoicesForCustomer",
        f"<Invoice>{INVOICE}</Invoice>",
        READ,
    ),
]


@pytest.mark.parametrize(("call", "operation", "item", "record"), LISTS)
def test_lists(gateway, reply, call, operation, item, record):
    reply(ok(operation, item + item))
    assert list(call(gateway)) == [record, record]


@pytest.mark.parametrize(
    ("call", "operation", "item"),
    [
        (lambda g: g.get_invoices_for_customer(1), "GetInvoicesForCustomer", f"<Invoice>{INVOICE}</Invoice>"),
        (lambda g: g.get_invoice_payments(7), "GetInvoicePayment", LISTS[0][2]),
    ],
)
def test_a_list_of_something_else_is_unknown(gateway, reply, call, operation, item):
    reply(ok(operation, item))
    with pytest.raises(Unknown, match="another question"):
        list(call(gateway))


@pytest.mark.parametrize(
    "inside",
    [
        "none",
        "<Customer2><CustomerID>1</CustomerID></Customer2>",
        '<Customer xmlns="urn:x"/>',
        "<Error>no</Error>",
    ],
)
def test_a_list_of_nothing_known_is_unknown_and_not_empty(gateway, reply, inside):
    answer = f"<GetCustomersResult>{inside}</GetCustomersResult><Status>OK</Status>"
    reply(soap(f'<GetCustomersResponse xmlns="KashFlow">{answer}</GetCustomersResponse>'))
    with pytest.raises(Unknown):
        list(gateway.get_customers())


@pytest.mark.parametrize("inside", ["two", "<InvoiceLine><Rate>1</Rate></InvoiceLine>"])
def test_lines_of_nothing_known_are_unknown_and_not_none(gateway, reply, inside):
    reply(ok("GetInvoice", INVOICE.replace(LINE, inside)))
    with pytest.raises(Unknown):
        gateway.get_invoice(1042)


def test_a_missing_list_is_unknown_and_not_empty(gateway, reply):
    reply(
        soap(
            '<GetCustomersResponse xmlns="KashFlow"><Status>OK</Status><StatusDetail />'
            "</GetCustomersResponse>"
        )
    )
    with pytest.raises(Unknown, match="list is missing"):
        list(gateway.get_customers())

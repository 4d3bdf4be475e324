"""What goes out, byte for byte, against envelopes typed by hand from kashflow-api.md, section 13."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import pytest

from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.records import Customer, Invoice, InvoiceLine
from tests.kashflow.gateway.conftest import FOOT, HEAD, soap

CREATED = soap(
    '<InsertInvoiceResponse xmlns="KashFlow"><InsertInvoiceResult>1042</InsertInvoiceResult>'
    "<Status>OK</Status><StatusDetail /></InsertInvoiceResponse>"
)
HAY = InvoiceLine(
    quantity=Decimal(3),
    description="Hay bale, small",
    rate=Decimal("4.50"),
    charge_type=880011,
    vat_rate=Decimal(20),
    vat_amount=Decimal("2.70"),
)
INVOICE = Invoice(
    invoice_date=date(2026, 11, 2),
    due_date=date(2026, 12, 2),
    customer_id=50123,
    reference="ORD-7781",
    currency_code="GBP",
    lines=(HAY,),
)
LOGIN = "<UserName>meadowfarm</UserName><Password>not-a-real-one</Password>"


def typed(body: str) -> bytes:
    """An envelope typed by hand, with the white space between elements taken out."""
    return (HEAD + re.sub(r">\s+<", "><", body.strip()) + FOOT).encode()


def done(operation: str) -> str:
    return soap(
        f'<{operation}Response xmlns="KashFlow"><Status>OK</Status><StatusDetail /></{operation}Response>'
    )


def empty_list(operation: str) -> str:
    return soap(
        f'<{operation}Response xmlns="KashFlow"><{operation}Result /><Status>OK</Status><StatusDetail />'
        f"</{operation}Response>"
    )


def test_insert_invoice_is_the_sample(gateway, wire, reply):
    reply(CREATED)
    assert gateway.insert_invoice(INVOICE) == 1042
    assert len(wire.calls) == 1
    assert wire.calls[0].request.body == typed("""
        <InsertInvoice xmlns="KashFlow">
          <UserName>meadowfarm</UserName><Password>not-a-real-one</Password>
          <Inv>
            <InvoiceDBID>0</InvoiceDBID><InvoiceNumber>0</InvoiceNumber>
            <InvoiceDate>2026-11-02T00:00:00</InvoiceDate><DueDate>2026-12-02T00:00:00</DueDate>
            <CustomerID>50123</CustomerID><Paid>0</Paid><CustomerReference>ORD-7781</CustomerReference>
            <SuppressTotal>0</SuppressTotal><ProjectID>0</ProjectID><CurrencyCode>GBP</CurrencyCode>
            <ExchangeRate>1</ExchangeRate>
            <Lines>
              <anyType xsi:type="InvoiceLine">
                <Quantity>3</Quantity><Description>Hay bale, small</Description><Rate>4.50</Rate>
                <ChargeType>880011</ChargeType><VatRate>20</VatRate><VatAmount>2.70</VatAmount>
                <ProductID>0</ProductID><Sort>1</Sort><ProjID>0</ProjID><LineID>0</LineID>
              </anyType>
            </Lines>
            <NetAmount>0</NetAmount><VATAmount>0</VATAmount><AmountPaid>0</AmountPaid>
            <UseCustomDeliveryAddress>false</UseCustomDeliveryAddress>
            <CISRCNetAmount xsi:nil="true"/><CISRCVatAmount xsi:nil="true"/>
            <IsCISReverseCharge xsi:nil="true"/>
          </Inv>
        </InsertInvoice>""")


def test_headers_are_soap_1_1(gateway, wire, reply):
    reply(CREATED)
    gateway.insert_invoice(INVOICE)
    headers = wire.calls[0].request.headers
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["SOAPAction"] == '"KashFlow/InsertInvoice"'
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers
    assert "Cookie" not in headers


def test_our_number_and_a_second_line_go_out(gateway, wire, reply):
    reply(CREATED)
    credit = replace(HAY, quantity=Decimal("1.5"), rate=Decimal("-4.5"), description="", product_id=7)
    gateway.insert_invoice(replace(INVOICE, number=1042, reference="", lines=(HAY, credit)))
    body = wire.calls[0].request.body.decode()
    assert "<InvoiceNumber>1042</InvoiceNumber>" in body
    assert "CustomerReference" not in body
    assert (
        '<anyType xsi:type="InvoiceLine"><Quantity>1.5</Quantity><Description></Description><Rate>-4.5</Rate>'
        "<ChargeType>880011</ChargeType><VatRate>20</VatRate><VatAmount>2.70</VatAmount><ProductID>7</ProductID>"
        "<Sort>2</Sort><ProjID>0</ProjID><LineID>0</LineID></anyType></Lines>" in body
    )


def test_what_kashflow_computes_is_never_sent(gateway, wire, reply):
    reply(CREATED)
    reread = replace(
        INVOICE,
        dbid=91000456,
        net_amount=Decimal("13.50"),
        amount_paid=Decimal(1),
        paid=True,
        permalink="https://x",
    )
    gateway.insert_invoice(reread)
    body = wire.calls[0].request.body.decode()
    assert "<InvoiceDBID>0</InvoiceDBID>" in body
    assert "<Paid>0</Paid>" in body
    assert "<NetAmount>0</NetAmount><VATAmount>0</VATAmount><AmountPaid>0</AmountPaid>" in body
    assert "PermaLink" not in body


CHECK_BOXES = "".join(f"<CheckBox{n}>0</CheckBox{n}>" for n in range(1, 21))


def test_insert_customer_sends_what_is_set_and_what_is_mandatory(gateway, wire, reply):
    reply(
        soap(
            '<InsertCustomerResponse xmlns="KashFlow"><InsertCustomerResult>50123</InsertCustomerResult>'
            "<Status>OK</Status><StatusDetail /></InsertCustomerResponse>"
        )
    )
    customer = Customer(
        customer_id=7,
        code="BROO01",
        name="Brook & Sons <Stables>",
        email="hay@brook.example",
        postcode="BS1 4DJ",
    )
    assert gateway.insert_customer(customer) == 50123
    assert wire.calls[0].request.body == typed(f"""
        <InsertCustomer xmlns="KashFlow">{LOGIN}
          <custr>
            <CustomerID>0</CustomerID><Code>BROO01</Code><Name>Brook &amp; Sons &lt;Stables&gt;</Name>
            <Email>hay@brook.example</Email><Postcode>BS1 4DJ</Postcode><EC>0</EC><OutsideEC>0</OutsideEC>
            <Source>0</Source><Discount>0</Discount><ShowDiscount>false</ShowDiscount>
            <PaymentTerms>0</PaymentTerms>{CHECK_BOXES}<Created>0001-01-01T00:00:00</Created>
            <Updated>0001-01-01T00:00:00</Updated><CurrencyID>0</CurrencyID>
          </custr>
        </InsertCustomer>""")


def test_update_customer_sends_back_what_was_read(gateway, wire, reply):
    reply(done("UpdateCustomer"))
    rest = {"Fax": "", "Source": 3, "Discount": Decimal("2.5000"), "ShowDiscount": True, "CheckBox2": 1}
    rest |= {
        "ExtraText20": "stall 4",
        "Created": date(2016, 9, 16),
        "Updated": None,
        "DeliveryAddress1": "Yard",
    }
    read = Customer(customer_id=50123, code="BROO01", name="Brook", ec=True, rest=MappingProxyType(rest))
    assert gateway.update_customer(replace(read, telephone="0117 496 0000")) is None
    boxes = CHECK_BOXES.replace("<CheckBox2>0", "<CheckBox2>1")
    body = wire.calls[0].request.body.decode()
    assert "<CustomerID>50123</CustomerID><Code>BROO01</Code><Name>Brook</Name>" in body
    assert "<Telephone>0117 496 0000</Telephone><Mobile></Mobile><Fax></Fax>" in body
    assert "<EC>1</EC><OutsideEC>0</OutsideEC>" in body
    assert "<Source>3</Source><Discount>2.5000</Discount><ShowDiscount>true</ShowDiscount>" in body
    assert f"<ExtraText20>stall 4</ExtraText20>{boxes}<Created>2016-09-16T00:00:00</Created>" in body
    assert "<Updated>0001-01-01T00:00:00</Updated>" in body
    assert "<DeliveryAddress1>Yard</DeliveryAddress1><VATNumber></VATNumber></custr>" in body
    assert "ExtraText1>" not in body


@pytest.mark.parametrize(
    ("call", "operation", "arguments"),
    [
        (lambda g: g.get_customers(), "GetCustomers", ""),
        (lambda g: g.get_invoices_for_customer(50123), "GetInvoicesForCustomer", "<CustID>50123</CustID>"),
        (lambda g: g.get_invoices_unpaid(), "GetInvoices_Unpaid", ""),
        (
            lambda g: g.get_invoices_by_date_range(date(2026, 11, 1), date(2026, 11, 30)),
            "GetInvoicesByDateRange",
            "<StartDate>2026-11-01T00:00:00</StartDate><EndDate>2026-11-30T00:00:00</EndDate>",
        ),
        (lambda g: g.get_invoice_payments(1042), "GetInvoicePayment", "<InvoiceNumber>1042</InvoiceNumber>"),
        (lambda g: g.get_products(), "GetProducts", ""),
        (lambda g: g.get_products_with_sub_products(), "GetProductsWithSubProducts", ""),
        (lambda g: g.get_sub_products(880011), "GetSubProducts", "<NominalID>880011</NominalID>"),
        (lambda g: g.get_nominal_codes_extended(), "GetNominalCodesExtended", ""),
        (lambda g: g.get_bank_accounts(), "GetBankAccounts", ""),
        (lambda g: g.get_inv_pay_methods(), "GetInvPayMethods", ""),
    ],
)
def test_list_calls(gateway, wire, reply, call, operation, arguments):
    reply(empty_list(operation))
    assert list(call(gateway)) == []
    assert wire.calls[0].request.body == typed(
        f'<{operation} xmlns="KashFlow">{LOGIN}{arguments}</{operation}>'
    )


def test_a_list_is_not_asked_for_before_it_is_read(gateway, wire):
    gateway.get_customers()
    assert len(wire.calls) == 0


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\ufffeb", "a\ud800b"])
def test_characters_xml_cannot_carry_are_refused_unsent(gateway, wire, exchanges, text):
    with pytest.raises(EnvelopeInvalid) as refusal:
        gateway.insert_invoice(replace(INVOICE, lines=(replace(HAY, description=text),)))
    assert refusal.value.detail == "Description: has a character that XML cannot carry"
    assert "nothing was sent" in refusal.value.sentence
    assert len(wire.calls) == 0
    assert [one.outcome for one in exchanges] == ["envelope_invalid"]


@pytest.mark.parametrize(
    ("invoice", "named"),
    [
        (replace(INVOICE, invoice_date=None), "InvoiceDate"),
        (replace(INVOICE, customer_id=0), "CustomerID"),
        (replace(INVOICE, number=2**31), "InvoiceNumber"),
        (replace(INVOICE, lines=(replace(HAY, rate=Decimal("NaN")),)), "Rate"),
        (replace(INVOICE, lines=(replace(HAY, rate=4.5),)), "Rate"),
        (replace(INVOICE, lines=(replace(HAY, description=None, charge_type="4000"),)), "ChargeType"),
    ],
)
def test_what_breaks_the_schema_is_refused_unsent(gateway, wire, invoice, named):
    with pytest.raises(EnvelopeInvalid) as refusal:
        gateway.insert_invoice(invoice)
    assert named in refusal.value.detail
    assert len(wire.calls) == 0


def test_an_update_without_the_customer_id_is_refused_unsent(gateway, wire):
    with pytest.raises(EnvelopeInvalid):
        gateway.update_customer(Customer(code="BROO01", name="Brook"))
    assert len(wire.calls) == 0


def test_awkward_text_is_escaped_once_and_whole(gateway, wire, reply):
    reply(CREATED)
    text = 'Fish & Chips <b>"\'" ]]> 😀 \u202ertl e\u0301 line\nnext\rend'
    gateway.insert_invoice(replace(INVOICE, lines=(replace(HAY, description=text),)))
    sent = 'Fish &amp; Chips &lt;b&gt;"\'" ]]&gt; 😀 \u202ertl e\u0301 line\nnext&#13;end'
    assert f"<Description>{sent}</Description>".encode() in wire.calls[0].request.body

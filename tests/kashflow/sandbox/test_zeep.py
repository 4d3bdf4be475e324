"""zeep, given nothing but the sandbox's own WSDL, writes and reads a customer and an invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
import zeep

from kashflow.gateway.schema import OPERATIONS
from kashflow.sandbox.server import Sandbox

LOGIN = {"UserName": "demo", "Password": "demo"}


@pytest.fixture(params=["KashFlowAPISoap", "KashFlowAPISoap12"])
def client(sandbox: Sandbox, request: pytest.FixtureRequest) -> zeep.Client:
    return zeep.Client(f"{sandbox.endpoint}?WSDL", service_name="KashFlowAPI", port_name=request.param)


def filled(client: zeep.Client, name: str, **values: object) -> object:
    """The type with every element that must be there: zeep insists, the service does not."""
    kind = client.get_type(f"{{KashFlow}}{name}")
    zeros = {"Int": 0, "Decimal": Decimal(0), "Boolean": False, "DateTime": datetime(2026, 11, 2)}
    needed = {
        field: zeros[type(element.type).__name__]
        for field, element in kind.elements
        if element.min_occurs and not element.nillable
    }
    return kind(**needed | values)


def test_every_operation_is_described(client: zeep.Client) -> None:
    assert set(client.service._operations) == set(OPERATIONS)


def test_a_customer_and_an_invoice_there_and_back(client: zeep.Client, sandbox: Sandbox) -> None:
    custr = filled(client, "Customer", Code="ZEEP01", Name="Zeep & Sons", Email="z@zeep.example")
    inserted = client.service.InsertCustomer(**LOGIN, custr=custr)
    assert (inserted.Status, inserted.InsertCustomerResult) == ("OK", 50006)
    customer = client.service.GetCustomer(**LOGIN, CustomerCode="ZEEP01").GetCustomerResult
    assert (customer.CustomerID, customer.Name, customer.Discount) == (
        50006,
        "Zeep & Sons",
        Decimal("0.0000"),
    )

    sold = filled(
        client, "InvoiceLine", Quantity=2, Description="Half page", Rate=Decimal("310.50"), ChargeType=880011,
        VatRate=20, VatAmount=Decimal("124.20"),
    )  # fmt: skip
    inv = filled(client, "Invoice", InvoiceNumber=2040, CustomerID=50006, Lines={"anyType": [sold]})
    assert client.service.InsertInvoice(**LOGIN, Inv=inv).InsertInvoiceResult == 2040
    invoice = client.service.GetInvoice(**LOGIN, InvoiceNumber=2040).GetInvoiceResult
    (line,) = invoice.Lines.anyType
    assert (line.Description, line.Rate, line.VatAmount) == (
        "Half page",
        Decimal("310.5000"),
        Decimal("124.2000"),
    )
    assert (invoice.NetAmount, invoice.VATAmount, invoice.Paid) == (
        Decimal("621.0000"),
        Decimal("124.2000"),
        0,
    )
    assert (invoice.InvoiceDate, invoice.IsCISReverseCharge) == (datetime(2026, 11, 2), None)
    assert [one["InvoiceNumber"] for one in sandbox.ledger.invoices()] == [2040]


def test_extended_and_empty_lists_read(client: zeep.Client) -> None:
    full = client.service.GetProductsWithSubProducts(**LOGIN).GetProductsWithSubProductsResult
    assert [len(one.subProducts.SubProduct) if one.subProducts else 0 for one in full.ProductsFull] == [
        4,
        2,
        2,
        0,
    ]
    assert not client.service.GetInvoicePayment(**LOGIN, InvoiceNumber=1).GetInvoicePaymentResult

"""Records as the elements of a request, by what KashFlow lets a caller set (kashflow-api.md, sections 5 to 9)."""

from __future__ import annotations

from kashflow.gateway.records import Customer, Invoice, InvoiceLine, Record
from kashflow.gateway.schema import RECORDS
from kashflow.gateway.values import Values

TYPE_DEFINED = "Invoice_TypeDefined"


def invoice_values(invoice: Invoice, record: str = "Invoice") -> Values:
    """The elements of a new invoice. What KashFlow computes is left to the mandatory zeros."""
    values = {
        "InvoiceNumber": invoice.number,
        "InvoiceDate": invoice.invoice_date,
        "DueDate": invoice.due_date,
        "CustomerID": invoice.customer_id,
        "CustomerReference": invoice.reference or None,
        "CurrencyCode": invoice.currency_code or None,
        "ExchangeRate": invoice.exchange_rate,
        "Lines": [line_values(line, position) for position, line in enumerate(invoice.lines, start=1)],
    }
    return _of(record, values)


def changed_invoice_values(invoice: Invoice, record: str = "Invoice") -> Values:
    """The elements of an invoice that was read: an update writes the whole document."""
    return _of(record, {**invoice.rest, **invoice_values(invoice, record), "InvoiceDBID": invoice.dbid})


def line_values(line: InvoiceLine, position: int = 1) -> Values:
    """The elements of one new line; `position` is its place where it names none."""
    return {**values_of(line), "Sort": line.sort or position, "LineID": 0}


def new_customer_values(customer: Customer, record: str = "Customer") -> Values:
    """The elements of a new customer: empty texts are left out, KashFlow is reported to reject some."""
    values = {**changed_customer_values(customer, record), "CustomerID": 0}
    return {element: value for element, value in values.items() if value != ""}


def changed_customer_values(customer: Customer, record: str = "Customer") -> Values:
    """The elements of an existing customer, all of them: UpdateCustomer writes the whole record."""
    return _of(record, {**customer.rest, **values_of(customer)})


def values_of(record: Record) -> Values:
    """Every attribute that is one element, by the element's name."""
    return {element: getattr(record, name) for name, element, _, _ in record.elements()}


def _of(record: str, values: Values) -> Values:
    """Those that `record` has: two shapes of one thing differ in a few elements."""
    known = {field.name for field in RECORDS[record].fields}
    return {element: value for element, value in values.items() if element in known}

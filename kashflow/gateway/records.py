"""KashFlow's records with Python names: dates are `date`, amounts are `Decimal` pounds, flags are `bool`.

Each attribute names its element once; `reader` fills them and `envelope` writes them, by the schema's types.
"""

# ruff: noqa: RUF009 - `_element` only declares a field, whose default is immutable

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Self

from kashflow.gateway.values import Unreadable, Values

ZERO = Decimal(0)


def _element(name: str, default: Any, *, needed: bool = False) -> Any:
    """An attribute kept in element `name`; a `needed` one missing from a reply makes the reply unreadable."""
    return field(default=default, metadata={"element": name, "needed": needed})


@dataclass(frozen=True, kw_only=True)
class Record:
    """What all records share: how to be made from the values that were read."""

    record: ClassVar[str]

    @classmethod
    def elements(cls) -> Iterator[tuple[str, str, Any, bool]]:
        """Attribute, element, default and whether it is needed, of every attribute that is one element."""
        for one in fields(cls):
            if "element" in one.metadata:
                yield one.name, one.metadata["element"], one.default, one.metadata["needed"]

    @classmethod
    def from_values(cls, values: Values) -> Self:
        """The record of these values. Raises Unreadable when a needed element is missing."""
        return cls(**cls._attributes(values))

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        found: Values = {}
        for name, element, default, needed in cls.elements():
            if needed and element not in values:
                raise Unreadable(f"{element} is missing from a {cls.record}")
            value = values.get(element)
            if value is not None:
                found[name] = bool(value) if isinstance(default, bool) else value
        return found


@dataclass(frozen=True, kw_only=True)
class CompanyDetails(Record):
    record: ClassVar[str] = "CompanyDetails"
    name: str = _element("CompanyName", "", needed=True)
    address1: str = _element("Address1", "")
    address2: str = _element("Address2", "")
    address3: str = _element("Address3", "")
    address4: str = _element("Address4", "")
    postcode: str = _element("Postcode", "")
    email: str = _element("PrimaryEmail", "")
    contact: str = _element("PrimaryContact", "")
    telephone: str = _element("Telephone", "")
    mobile: str = _element("Mobile", "")
    vat_registered: str = _element("VatRegistered", "")
    vat_number: str = _element("VatRegistrationNumber", "")
    payment_terms: int = _element("PaymentTerms", 0)
    currency_symbol: str = _element("CurrencySymbol", "")
    currency_id: int = _element("CurrencyId", 0)
    currency_name: str = _element("CurrencyName", "")


@dataclass(frozen=True, kw_only=True)
class Customer(Record):
    """A customer. `rest` keeps the elements without an attribute: an update sends back all that was read."""

    record: ClassVar[str] = "Customer"
    customer_id: int = _element("CustomerID", 0, needed=True)
    code: str = _element("Code", "")
    name: str = _element("Name", "")
    contact: str = _element("Contact", "")
    contact_title: str = _element("ContactTitle", "")
    contact_first_name: str = _element("ContactFirstName", "")
    contact_last_name: str = _element("ContactLastName", "")
    telephone: str = _element("Telephone", "")
    mobile: str = _element("Mobile", "")
    email: str = _element("Email", "")
    address1: str = _element("Address1", "")
    address2: str = _element("Address2", "")
    address3: str = _element("Address3", "")
    address4: str = _element("Address4", "")
    country_code: str = _element("CountryCode", "")
    country_name: str = _element("CountryName", "")
    postcode: str = _element("Postcode", "")
    website: str = _element("Website", "")
    vat_number: str = _element("VATNumber", "")
    payment_terms: int = _element("PaymentTerms", 0)
    ec: bool = _element("EC", False)
    outside_ec: bool = _element("OutsideEC", False)
    currency_id: int = _element("CurrencyID", 0)
    notes: str = _element("Notes", "")
    rest: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        named = {element for _, element, _, _ in cls.elements()}
        rest = {name: value for name, value in values.items() if name not in named}
        return {**super()._attributes(values), "rest": MappingProxyType(rest)}


@dataclass(frozen=True, kw_only=True)
class InvoiceLine(Record):
    """`rate` is net pounds per unit, `vat_amount` the VAT of the whole line, `charge_type` a nominal's id.

    `vat_rate` is a percentage; -1 means exempt.
    """

    record: ClassVar[str] = "InvoiceLine"
    quantity: Decimal = _element("Quantity", Decimal(1), needed=True)
    description: str = _element("Description", "")
    rate: Decimal = _element("Rate", ZERO, needed=True)
    charge_type: int = _element("ChargeType", 0, needed=True)
    vat_rate: Decimal = _element("VatRate", ZERO, needed=True)
    vat_amount: Decimal = _element("VatAmount", ZERO, needed=True)
    product_id: int = _element("ProductID", 0)
    sort: int = _element("Sort", 0)
    line_id: int = _element("LineID", 0)


@dataclass(frozen=True, kw_only=True)
class Invoice(Record):
    """An invoice or, with negative lines, a credit note.

    The three amounts, `paid`, `permalink`, the customer's code and name are KashFlow's to set.
    """

    record: ClassVar[str] = "Invoice"
    dbid: int = _element("InvoiceDBID", 0, needed=True)
    number: int = _element("InvoiceNumber", 0, needed=True)
    invoice_date: date | None = _element("InvoiceDate", None, needed=True)
    due_date: date | None = _element("DueDate", None)
    customer_code: str = _element("Customer", "")
    customer_id: int = _element("CustomerID", 0, needed=True)
    customer_name: str = _element("CustomerName", "")
    reference: str = _element("CustomerReference", "")
    net_amount: Decimal = _element("NetAmount", ZERO, needed=True)
    vat_amount: Decimal = _element("VATAmount", ZERO, needed=True)
    amount_paid: Decimal = _element("AmountPaid", ZERO, needed=True)
    paid: bool = _element("Paid", False, needed=True)
    currency_code: str = _element("CurrencyCode", "")
    exchange_rate: Decimal = _element("ExchangeRate", Decimal(1))
    permalink: str = _element("PermaLink", "")
    lines: tuple[InvoiceLine, ...] = ()

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        lines = tuple(InvoiceLine.from_values(line) for line in values.get("Lines") or ())
        return {**super()._attributes(values), "lines": lines}


@dataclass(frozen=True, kw_only=True)
class Payment(Record):
    record: ClassVar[str] = "Payment"
    payment_id: int = _element("PayID", 0, needed=True)
    invoice_number: int = _element("PayInvoice", 0, needed=True)
    pay_date: date | None = _element("PayDate", None, needed=True)
    note: str = _element("PayNote", "")
    method_id: int = _element("PayMethod", 0)
    account_id: int = _element("PayAccount", 0)
    amount: Decimal = _element("PayAmount", ZERO, needed=True)


@dataclass(frozen=True, kw_only=True)
class PaymentMethod(Record):
    record: ClassVar[str] = "PaymentMethod"
    method_id: int = _element("MethodID", 0, needed=True)
    name: str = _element("MethodName", "")


@dataclass(frozen=True, kw_only=True)
class SalesType(Record):
    """A nominal flagged as sales (GetProducts): `nominal_id` goes into a line, people see `code`."""

    record: ClassVar[str] = "Product"
    nominal_id: int = _element("ProductID", 0, needed=True)
    name: str = _element("ProductName", "")
    code: int = _element("ProductCode", 0, needed=True)
    description: str = _element("ProductDescription", "")
    price: Decimal = _element("ProductPrice", ZERO)


@dataclass(frozen=True, kw_only=True)
class SubProduct(Record):
    """A product under a sales type. `product_id` is what a line's product_id takes."""

    record: ClassVar[str] = "SubProduct"
    product_id: int = _element("id", 0, needed=True)
    nominal_id: int = _element("ParentID", 0, needed=True)
    name: str = _element("Name", "")
    code: str = _element("Code", "")
    description: str = _element("Description", "")
    price: Decimal = _element("Price", ZERO)
    vat_rate: Decimal = _element("VatRate", ZERO)


@dataclass(frozen=True, kw_only=True)
class SalesTypeWithProducts(SalesType):
    record: ClassVar[str] = "ProductsFull"
    products: tuple[SubProduct, ...] = ()

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        products = tuple(SubProduct.from_values(one) for one in values.get("subProducts") or ())
        return {**super()._attributes(values), "products": products}


@dataclass(frozen=True, kw_only=True)
class NominalCode(Record):
    """A nominal account (GetNominalCodesExtended): a line takes `nominal_id`, people see `code`."""

    record: ClassVar[str] = "NominalCodeExtended"
    nominal_id: int = _element("id", 0, needed=True)
    code: int = _element("Code", 0, needed=True)
    name: str = _element("Name", "")
    debit: Decimal = _element("debit", ZERO)
    credit: Decimal = _element("credit", ZERO)
    balance: Decimal = _element("balance", ZERO)
    type_id: int = _element("TypeID", 0)
    type_name: str = _element("TypeName", "")
    classification_id: int = _element("ClassificationID", 0)
    classification_name: str = _element("ClassificationName", "")
    price: Decimal = _element("Price", ZERO)
    vat_rate: Decimal = _element("VATRate", ZERO)
    description: str = _element("Description", "")
    archived: bool = _element("Archived", False)


@dataclass(frozen=True, kw_only=True)
class BankAccount(Record):
    record: ClassVar[str] = "BankAccount"
    account_id: int = _element("AccountID", 0, needed=True)
    name: str = _element("AccountName", "")
    code: int = _element("AccountCode", 0)


def invoice_values(invoice: Invoice) -> Values:
    """The elements of a new invoice. What KashFlow computes is left to the mandatory zeros."""
    return {
        "InvoiceNumber": invoice.number,
        "InvoiceDate": invoice.invoice_date,
        "DueDate": invoice.due_date,
        "CustomerID": invoice.customer_id,
        "CustomerReference": invoice.reference or None,
        "CurrencyCode": invoice.currency_code or None,
        "ExchangeRate": invoice.exchange_rate,
        "Lines": [_line_values(line, position) for position, line in enumerate(invoice.lines, start=1)],
    }


def _line_values(line: InvoiceLine, position: int) -> Values:
    values = {element: getattr(line, name) for name, element, _, _ in InvoiceLine.elements()}
    return {**values, "Sort": line.sort or position, "LineID": 0}


def new_customer_values(customer: Customer) -> Values:
    """The elements of a new customer: empty texts are left out, KashFlow is reported to reject some."""
    values = {**_customer_values(customer), "CustomerID": 0}
    return {element: value for element, value in values.items() if value != ""}


def changed_customer_values(customer: Customer) -> Values:
    """The elements of an existing customer, all of them: UpdateCustomer writes the whole record."""
    return _customer_values(customer)


def _customer_values(customer: Customer) -> Values:
    named = {element: getattr(customer, name) for name, element, _, _ in Customer.elements()}
    return {**customer.rest, **named}

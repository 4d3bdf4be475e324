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
    def _rest(cls, values: Values, *left_out: str) -> Mapping[str, object]:
        """What was read and has no attribute of its own."""
        named = {element for _, element, _, _ in cls.elements()} | set(left_out)
        return MappingProxyType({name: value for name, value in values.items() if name not in named})

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
    """A customer, also of the calls that end in 2: those know `trade_border_type` in place of the two EC flags.

    `rest` keeps the elements without an attribute: an update sends back all that was read.
    """

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
    trade_border_type: str = _element("TradeBorderType", "")
    rest: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        return {**super()._attributes(values), "rest": cls._rest(values)}


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
    """An invoice or, with negative lines, a credit note; also of the calls with `_TypeDefined` in their name.

    The three amounts, `paid`, `permalink`, the customer's code and name are KashFlow's to set. `rest` is as
    with a customer.
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
    rest: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        lines = tuple(InvoiceLine.from_values(line) for line in values.get("Lines") or ())
        rest = cls._rest(values, "Lines", "ReadableString", "EstimateCategory")
        return {**super()._attributes(values), "lines": lines, "rest": rest}


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


@dataclass(frozen=True, kw_only=True)
class Nominal(Record):
    """A nominal account as GetNominalCodes lists it, without its type."""

    record: ClassVar[str] = "NominalCode"
    nominal_id: int = _element("id", 0, needed=True)
    code: int = _element("Code", 0, needed=True)
    name: str = _element("Name", "")
    debit: Decimal = _element("debit", ZERO)
    credit: Decimal = _element("credit", ZERO)
    balance: Decimal = _element("balance", ZERO)


@dataclass(frozen=True, kw_only=True)
class SpecialNominal(Record):
    """A nominal with its places in the reports. `type_enum` is Turnover, CostOfSale, Expenditure, …"""

    record: ClassVar[str] = "SpecialNominal"
    nominal_id: int = _element("Id", 0)
    name: str = _element("Name", "")
    code: int = _element("Code", 0)
    special: int = _element("Special", 0)
    sa103_code: int | None = _element("Sa103Code", None)
    pl_option: int = _element("PlOption", 0)
    bs_option: int = _element("BsOption", 0)
    type: int = _element("Type", 0)
    type_enum: str | None = _element("TypeEnum", None)
    nom_type: int | None = _element("NomType", None)
    disallowed: int = _element("Disallowed", 0)


@dataclass(frozen=True, kw_only=True)
class BankOverview(Record):
    record: ClassVar[str] = "BankOverview"
    account_id: int = _element("AccountID", 0, needed=True)
    name: str = _element("AccountName", "")
    balance: Decimal = _element("Balance", ZERO, needed=True)


@dataclass(frozen=True, kw_only=True)
class BankTransactionType(Record):
    record: ClassVar[str] = "BankTXType"
    type_id: int = _element("TypeID", 0, needed=True)
    name: str = _element("TypeName", "")
    code: int = _element("TypeCode", 0)


@dataclass(frozen=True, kw_only=True)
class BankTransaction(Record):
    """Money in or out of a bank account; with a `customer_id` and money in it is a payment in advance."""

    record: ClassVar[str] = "BankTransaction"
    transaction_id: int = _element("ID", 0, needed=True)
    account_id: int = _element("accid", 0, needed=True)
    on: date | None = _element("TransactionDate", None, needed=True)
    money_in: Decimal = _element("moneyin", ZERO)
    money_out: Decimal = _element("moneyout", ZERO)
    vatable: bool = _element("Vatable", False)
    vat_rate: Decimal = _element("VatRate", ZERO)
    vat_amount: Decimal = _element("VatAmount", ZERO)
    type_id: int = _element("TransactionType", 0)
    comment: str = _element("Comment", "")
    project_id: int = _element("ProjectID", 0)
    customer_id: int = _element("CustomerId", 0)
    supplier_id: int = _element("SupplierId", 0)


@dataclass(frozen=True, kw_only=True)
class CustomerBalance(Record):
    """`paid` is what came in, `balance` what is unpaid; both without what is dated in the future."""

    record: ClassVar[str] = "CustomerBalance"
    customer_id: int = _element("CustomerId", 0, needed=True)
    customer_code: str = _element("CustomerCode", "")
    paid: Decimal = _element("Value", ZERO, needed=True)
    balance: Decimal = _element("Balance", ZERO, needed=True)


@dataclass(frozen=True, kw_only=True)
class Dataset(Record):
    """One of a short list: a customer source, or a VAT rate with its percentage in `value`."""

    record: ClassVar[str] = "BasicDataset"
    id: int = _element("ID", 0, needed=True)
    name: str = _element("Name", "")
    description: str = _element("Description", "")
    value: Decimal = _element("Value", ZERO)


@dataclass(frozen=True, kw_only=True)
class InvoiceNote(Record):
    """A note on an invoice, which goes by its InvoiceDBID."""

    record: ClassVar[str] = "InvoiceNotes"
    invoice_dbid: int = _element("InvoiceId", 0, needed=True)
    note_id: int = _element("NoteId", 0, needed=True)
    on: date | None = _element("NoteDate", None)
    text: str = _element("Notes", "")


@dataclass(frozen=True, kw_only=True)
class Currency(Record):
    record: ClassVar[str] = "Currencies"
    currency_id: int = _element("CurrencyId", 0, needed=True)
    code: str = _element("CurrencyCode", "")
    exchange_rate: Decimal = _element("ExchangeRate", Decimal(1))
    is_default: bool = _element("isDefault", False)


@dataclass(frozen=True, kw_only=True)
class AccountDefaults(Record):
    """What holds for the whole account; the two `registered` texts come from the calls that end in 2."""

    record: ClassVar[str] = "UserAccountDefaults"
    is_vat_registered: bool = _element("isVATRegistered", False, needed=True)
    vat_number: str = _element("VATNumber", "")
    registered_in: str = _element("VATRegisteredIn", "")
    registered_state: str = _element("VATRegisteredState", "")
    currencies: tuple[Currency, ...] = ()

    @classmethod
    def _attributes(cls, values: Values) -> Values:
        currencies = tuple(Currency.from_values(one) for one in values.get("Currencies") or ())
        return {**super()._attributes(values), "currencies": currencies}


@dataclass(frozen=True, kw_only=True)
class AccountOverview(Record):
    record: ClassVar[str] = "AccountOverview"
    total_due: Decimal = _element("TotalDue", ZERO, needed=True)
    total_owed: Decimal = _element("TotalOwed", ZERO, needed=True)
    receipts_overdue: Decimal = _element("ReceiptsOverdue", ZERO)
    sales_overdue: Decimal = _element("SalesOverdue", ZERO)
    receipt_part_payments: Decimal = _element("ReceiptPartPayments", ZERO)
    receipt_part_payments_overdue: Decimal = _element("ReceiptPartPaymentsOverdue", ZERO)
    invoice_part_payments: Decimal = _element("InvoicePartPayments", ZERO)
    invoice_part_payments_overdue: Decimal = _element("InvoicePartPaymentsOverdue", ZERO)

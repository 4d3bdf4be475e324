"""What each operation does with the ledger. A new one is a line in the gateway's table and a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kashflow.sandbox import errors
from kashflow.sandbox.errors import NotFound, SoapFault
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.settings import Settings
from kashflow.sandbox.values import NULL_DATE

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Bend:
    """How an injected fault bends what an insert stores."""

    lines_dropped: bool = False
    net_off_by: Decimal = Decimal(0)
    other_number: int | None = None


@dataclass(frozen=True)
class Account:
    """What a call works on: the ledger, its settings at that moment, and how a fault bends it."""

    ledger: Ledger
    settings: Settings
    bend: Bend = field(default_factory=Bend)


Handler = Callable[[Account, Arguments], object]
HANDLERS: dict[str, Handler] = {}


def operation(handler: Handler) -> Handler:
    """Registers the function under its name, the operation's without capitals and underscores."""
    HANDLERS[handler.__name__.replace("_", "")] = handler
    return handler


def run(account: Account, name: str, arguments: Arguments) -> object:
    """Carries the operation out and returns its result; raises Refused or SoapFault."""
    return HANDLERS[name.replace("_", "").lower()](account, arguments)


@operation
def get_company_details(account: Account, given: Arguments) -> object:
    return account.ledger.company()


@operation
def get_customer(account: Account, given: Arguments) -> object:
    return account.ledger.customer("Code", given["CustomerCode"])


@operation
def get_customers(account: Account, given: Arguments) -> object:
    return account.ledger.customers()


@operation
def get_customer_by_email(account: Account, given: Arguments) -> object:
    return account.ledger.customer("Email", given["CustomerEmail"])


@operation
def get_customer_by_id(account: Account, given: Arguments) -> object:
    return account.ledger.customer("CustomerID", given["CustomerID"])


@operation
def insert_customer(account: Account, given: Arguments) -> object:
    customer = _strict_code(account, _needed(given["custr"]))
    return account.ledger.add_customer(**customer | {"CustomerID": 0, "Created": None, "Updated": None})


@operation
def update_customer(account: Account, given: Arguments) -> object:
    account.ledger.update_customer(**_strict_code(account, _needed(given["custr"])))
    return ""


@operation
def get_invoice(account: Account, given: Arguments) -> object:
    return _or_empty(account, lambda: account.ledger.invoice(given["InvoiceNumber"]))


@operation
def get_invoice_by_id(account: Account, given: Arguments) -> object:
    return _or_empty(account, lambda: account.ledger.invoice_by_id(given["InvoiceID"]))


@operation
def insert_invoice(account: Account, given: Arguments) -> object:
    invoice = dict(_needed(given["Inv"]))
    lines, delivery = invoice.pop("Lines") or [], invoice.pop("DeliveryAddress")
    _check_charge_types(account, lines)
    with account.ledger.transaction():
        _bend_number(account, invoice)
        number, _dbid = account.ledger.add_invoice(
            [] if account.bend.lines_dropped else lines,
            delivery=delivery,
            numbering=account.settings.numbering,
            duplicate=account.settings.duplicate_number,
            net_off_by=account.bend.net_off_by,
            **invoice,
        )
    return number


@operation
def get_invoices_for_customer(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_for_customer(given["CustID"])


@operation
def get_invoices_unpaid(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_unpaid()


@operation
def get_invoices_by_date_range(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_by_date(given["StartDate"], given["EndDate"])


@operation
def get_invoice_payment(account: Account, given: Arguments) -> object:
    return account.ledger.payments(given["InvoiceNumber"])


@operation
def get_inv_pay_methods(account: Account, given: Arguments) -> object:
    return account.ledger.payment_methods()


@operation
def get_products(account: Account, given: Arguments) -> object:
    return account.ledger.sales_types()


@operation
def get_products_with_sub_products(account: Account, given: Arguments) -> object:
    return account.ledger.sales_types_with_products()


@operation
def get_sub_products(account: Account, given: Arguments) -> object:
    return account.ledger.sub_products(given["NominalID"])


@operation
def get_nominal_codes_extended(account: Account, given: Arguments) -> object:
    return account.ledger.nominals()


@operation
def get_bank_accounts(account: Account, given: Arguments) -> object:
    return account.ledger.bank_accounts()


def _needed(record: Arguments | None) -> dict[str, Any]:
    if record is None:
        raise SoapFault(
            "Server was unable to process request. ---> "
            "Object reference not set to an instance of an object.",
            "Server",
        )
    return dict(record)


def _strict_code(account: Account, customer: dict[str, Any]) -> dict[str, Any]:
    code = customer["Code"] or ""
    if account.settings.strict and not (code.isascii() and (code.isalnum() or not code)):
        raise SoapFault(errors.CODE_INVALID)
    return customer


def _check_charge_types(account: Account, lines: list[Arguments]) -> None:
    # What the service does with an unknown id is not published; strict finds an id mixed up with a code.
    if account.settings.strict and not all(
        account.ledger.has_charge_type(line["ChargeType"]) for line in lines
    ):
        raise errors.Refused(errors.NO_CHARGE_TYPE)


def _bend_number(account: Account, invoice: dict[str, Any]) -> None:
    other = account.bend.other_number
    if other is not None:
        free = account.ledger.next_number()
        invoice["InvoiceNumber"] = other or free + (free == invoice["InvoiceNumber"])


def _or_empty(account: Account, read: Callable[[], object]) -> object:
    try:
        return read()
    except NotFound:
        if account.settings.not_found == "empty":
            return _EMPTY_INVOICE
        raise


_EMPTY_INVOICE = {
    "InvoiceDBID": 0,
    "InvoiceNumber": 0,
    "InvoiceDate": NULL_DATE,
    "DueDate": NULL_DATE,
    "CustomerID": 0,
    "Paid": 0,
    "SuppressTotal": 0,
    "ProjectID": 0,
    "ExchangeRate": "0.0000",
    "NetAmount": "0.0000",
    "VATAmount": "0.0000",
    "AmountPaid": "0.0000",
    "UseCustomDeliveryAddress": False,
}

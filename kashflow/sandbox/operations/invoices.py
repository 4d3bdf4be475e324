"""Invoices, their lines, and credit notes set off against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from kashflow.sandbox import errors
from kashflow.sandbox.errors import NotFound
from kashflow.sandbox.registry import Account, Arguments, needed, operation
from kashflow.sandbox.values import NULL_DATE, midnight


@operation
def get_invoice(account: Account, given: Arguments) -> object:
    return _or_empty(account, lambda: account.ledger.invoice(given["InvoiceNumber"]))


@operation
def get_invoice_type_defined(account: Account, given: Arguments) -> object:
    return _typed(_or_empty(account, lambda: account.ledger.invoice(given["InvoiceNumber"])))


@operation
def get_invoice_by_id(account: Account, given: Arguments) -> object:
    return _or_empty(account, lambda: account.ledger.invoice_by_id(given["InvoiceID"]))


@operation
def insert_invoice(account: Account, given: Arguments) -> object:
    return _insert(account, given["Inv"])


@operation
def insert_invoice_type_defined(account: Account, given: Arguments) -> object:
    return _insert(account, given["Inv_TD"])


@operation
def update_invoice(account: Account, given: Arguments) -> object:
    _update(account, given["Inv"])
    return None


@operation
def update_invoice_type_defined(account: Account, given: Arguments) -> object:
    _update(account, given["InvTD"])
    return None


@operation
def update_invoice_header(account: Account, given: Arguments) -> object:
    header, _lines, delivery = _parts(given["Inv"])
    account.ledger.update_invoice(int(header["InvoiceDBID"]), header, None, delivery)
    return None


@operation
def get_invoices_for_customer(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_for_customer(given["CustID"])


@operation
def get_invoices_for_customer_type_defined(account: Account, given: Arguments) -> object:
    return map(_typed, account.ledger.invoices_for_customer(given["CustID"]))


@operation
def get_invoices_unpaid(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_unpaid()


@operation
def get_invoices_unpaid_type_defined(account: Account, given: Arguments) -> object:
    return map(_typed, account.ledger.invoices_unpaid())


@operation
def get_invoices_overdue(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_overdue(midnight(date.today()))


@operation
def get_invoices_overdue_type_defined(account: Account, given: Arguments) -> object:
    return map(_typed, account.ledger.invoices_overdue(midnight(date.today())))


@operation
def get_invoices_recent(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_recent(given["NumberOfInvoices"])


@operation
def get_invoices_recent_type_defined(account: Account, given: Arguments) -> object:
    return map(_typed, account.ledger.invoices_recent(given["NumberOfInvoices"]))


@operation
def get_invoices_by_date_range(account: Account, given: Arguments) -> object:
    return account.ledger.invoices_by_date(given["StartDate"], given["EndDate"])


@operation
def delete_invoice(account: Account, given: Arguments) -> object:
    account.ledger.delete_invoice(account.ledger.dbid_of(given["InvoiceNumber"]))
    return 1


@operation
def delete_invoice_by_id(account: Account, given: Arguments) -> object:
    account.ledger.delete_invoice(given["InvoiceID"])
    return 1


@operation
def insert_invoice_line(account: Account, given: Arguments) -> object:
    return _add_line(account, given["InvoiceID"], given["InvLine"])


@operation
def insert_invoice_line_with_invoice_number(account: Account, given: Arguments) -> object:
    return _add_line(account, account.ledger.dbid_of(given["InvoiceNumber"]), given["InvLine"])


@operation
def delete_invoice_line(account: Account, given: Arguments) -> object:
    account.ledger.delete_line(account.ledger.dbid_of(given["InvoiceNumber"]), given["LineID"])
    return 1


@operation
def delete_invoice_line_with_invoice_id(account: Account, given: Arguments) -> object:
    account.ledger.delete_line(given["InvoiceID"], given["LineID"])
    return 1


@operation
def apply_credit_note_to_invoice(account: Account, given: Arguments) -> object:
    account.ledger.apply_credit(given["InvoiceID"], given["CreditNoteID"])
    return True


def _parts(record: Arguments | None) -> tuple[dict[str, Any], list[Arguments], Arguments | None]:
    """The header, the lines and the delivery address, which one of the two shapes does not have."""
    header = needed(record)
    return header, header.pop("Lines") or [], header.pop("DeliveryAddress", None)


def _insert(account: Account, record: Arguments | None) -> int:
    header, lines, delivery = _parts(record)
    _check_charge_types(account, lines)
    with account.ledger.transaction():
        _bend_number(account, header)
        number, _dbid = account.ledger.add_invoice(
            [] if account.bend.lines_dropped else lines,
            delivery=delivery,
            numbering=account.settings.numbering,
            duplicate=account.settings.duplicate_number,
            net_off_by=account.bend.net_off_by,
            **header,
        )
    return number


def _update(account: Account, record: Arguments | None) -> None:
    """The whole document with this number is written, and its lines are replaced by those sent."""
    header, lines, delivery = _parts(record)
    _check_charge_types(account, lines)
    account.ledger.update_invoice(account.ledger.dbid_of(header["InvoiceNumber"]), header, lines, delivery)


def _add_line(account: Account, dbid: int, line: Arguments | None) -> int:
    _check_charge_types(account, [needed(line)])
    return account.ledger.add_line(dbid, needed(line))


def _check_charge_types(account: Account, lines: Iterable[Arguments]) -> None:
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


def _or_empty(account: Account, read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except NotFound:
        if account.settings.not_found == "empty":
            return _EMPTY_INVOICE
        raise


def _typed(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document for the shape whose three CIS elements cannot be nil."""
    zeros = {"CISRCNetAmount": "0", "CISRCVatAmount": "0", "IsCISReverseCharge": False}
    return {**document, **{name: zero for name, zero in zeros.items() if document.get(name) is None}}


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

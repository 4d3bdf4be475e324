"""What a bookkeeper changes on a document by hand, on KashFlow's own screens, without any call of ours.

What the document says of itself (`Paid`, `AmountPaid`, its amounts, its currency) can be set against its lines
and payments: the service has been seen to say one thing and list another. It stays so until the next payment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from kashflow.sandbox import errors
from kashflow.sandbox.corrections import count_totals, demand_document, lines_of
from kashflow.sandbox.invoices import oldest_with_number
from kashflow.sandbox.storage import Row, Storage, update
from kashflow.sandbox.values import decimal_text, midnight, to_pennies

_ON_A_LINE = ("Description", "Quantity", "Rate", "VatRate", "VatAmount")
_SAID = ("Paid", "AmountPaid", "NetAmount", "VATAmount", "CurrencyCode")
EDITABLE = (
    "InvoiceNumber", "InvoiceDate", "DueDate", "Customer", "CustomerReference", *_ON_A_LINE, *_SAID,
)  # fmt: skip
_DECIMALS = ("Quantity", "Rate", "VatRate", "VatAmount", "AmountPaid", "NetAmount", "VATAmount")


class EditRefused(ValueError):
    """An element that cannot be edited, or a value it cannot hold; the text says which."""


class Edits(Storage):
    """A bookkeeper's changes."""

    def edit_invoice(self, dbid: int, changes: Mapping[str, object]) -> None:
        """Changes single elements of the document with this InvoiceDBID, all or none.

        `Customer` is a customer's code. Elements of a line go to the first one, whose VatAmount follows where
        it is not named. Raises EditRefused, NotFound, and Refused for a number that is taken.
        """
        wanted = {name: _checked(name, value) for name, value in changes.items()}
        with self.transaction() as db:
            document = demand_document(db, dbid)
            header = {name: wanted[name] for name in wanted if name not in (*_ON_A_LINE, *_SAID, "Customer")}
            if "Customer" in wanted:
                header["CustomerID"] = _customer_id(db, wanted["Customer"])
            _renumber(db, document, header)
            _write(db, dbid, header)
            if line := {name: wanted[name] for name in _ON_A_LINE if name in wanted}:
                _edit_line(db, dbid, line)
            _write(db, dbid, {name: wanted[name] for name in _SAID if name in wanted})


def _write(db: sqlite3.Connection, dbid: int, values: Row) -> None:
    if values:
        update(db, "invoice", "InvoiceDBID", values | {"InvoiceDBID": dbid})


def _renumber(db: sqlite3.Connection, document: Row, header: Row) -> None:
    """The payments go by the number, so they follow it."""
    number = header.get("InvoiceNumber", document["InvoiceNumber"])
    if number == document["InvoiceNumber"]:
        return
    if oldest_with_number(db, number) is not None:
        raise errors.Refused(errors.NUMBER_NOT_UNIQUE)
    dbid = document["InvoiceDBID"]
    db.execute('UPDATE payment SET "PayInvoice" = ? WHERE "InvoiceDBID" = ?', (number, dbid))


def _edit_line(db: sqlite3.Connection, dbid: int, changes: Row) -> None:
    line = next(iter(lines_of(db, dbid)), None)
    if line is None:
        raise errors.NotFound(errors.NO_LINE)
    changed = line | changes
    changed["Rate"] = decimal_text(to_pennies(Decimal(changed["Rate"])))
    if "VatAmount" not in changes:
        net = to_pennies(Decimal(changed["Quantity"]) * Decimal(changed["Rate"]))
        changed["VatAmount"] = decimal_text(
            to_pennies(net * max(Decimal(changed["VatRate"]), Decimal(0)) / 100)
        )
    update(db, "invoice_line", "LineID", changed)
    count_totals(db, dbid)


def _customer_id(db: sqlite3.Connection, code: object) -> int:
    query = 'SELECT "CustomerID" FROM customer WHERE "Code" = ? COLLATE NOCASE'
    found = db.execute(query, (code,)).fetchone()
    if found is None:
        raise errors.NotFound(errors.NO_CUSTOMER_CODE)
    return int(found[0])


def _checked(name: str, value: object) -> object:
    """The value as its column keeps it."""
    if name not in EDITABLE:
        raise EditRefused(f"{name} cannot be edited. What can be: {', '.join(EDITABLE)}")
    try:
        if name in ("InvoiceDate", "DueDate"):
            return midnight(date.fromisoformat(str(value)[:10]))
        if name in _DECIMALS:
            return _amount(Decimal(str(value)))
        if name in ("InvoiceNumber", "Paid"):
            return _whole(value, *((1, 2**31 - 1) if name == "InvoiceNumber" else (0, 1)))
    except (ValueError, InvalidOperation):
        raise EditRefused(f"{name} cannot be {value}") from None
    if not isinstance(value, str):
        raise EditRefused(f"{name} must be text")
    return value


def _amount(value: Decimal) -> str:
    if not value.is_finite() or abs(value) >= 10**12:
        raise ValueError(value)
    return decimal_text(value)


def _whole(value: object, smallest: int, largest: int) -> int:
    if not isinstance(value, int) or not smallest <= value <= largest:
        raise ValueError(value)
    return int(value)

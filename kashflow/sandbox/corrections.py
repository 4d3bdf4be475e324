"""What changes a document that is there: writing it anew, single lines, a credit note set off against it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kashflow.sandbox import errors
from kashflow.sandbox.invoices import (
    count_payments,
    demand_customer,
    due,
    header_of,
    kept_line,
    totals_of,
)
from kashflow.sandbox.storage import Row, Storage, insert, update
from kashflow.sandbox.values import Elements, decimal_text, midnight

# What a person may put there as it is, such as a mark that disagrees with the payments.
EDITABLE = (
    "InvoiceNumber", "CustomerID", "CustomerReference", "NetAmount", "VATAmount", "AmountPaid", "Paid", "CurrencyCode",
)  # fmt: skip
# What a document keeps whatever is written over it.
_KEPT = ("Guid", "Paid", "AmountPaid", "InvoiceNumber")


class Corrections(Storage):
    """What can be done to a document, by its InvoiceDBID. Each raises NotFound where there is none."""

    def update_invoice(
        self, dbid: int, header: Elements, lines: Sequence[Elements] | None, delivery: Elements | None
    ) -> None:
        """Writes the header, and with `lines` replaces the lines, which get new LineIDs."""
        with self.transaction() as db:
            _demand(db, dbid)
            demand_customer(db, header.get("CustomerID"))
            values = {name: value for name, value in header_of(header, delivery).items() if name not in _KEPT}
            for amount in ("NetAmount", "VATAmount"):
                del values[amount]
            update(db, "invoice", "InvoiceDBID", values | {"InvoiceDBID": dbid})
            if lines is not None:
                db.execute('DELETE FROM invoice_line WHERE "InvoiceDBID" = ?', (dbid,))
                for place, line in enumerate(lines, 1):
                    insert(db, "invoice_line", kept_line(line, place) | {"InvoiceDBID": dbid})
            _count(db, dbid)

    def add_line(self, dbid: int, line: Elements) -> int:
        """Adds a line at the end and returns its LineID."""
        with self.transaction() as db:
            _demand(db, dbid)
            place = len(_lines(db, dbid)) + 1
            line_id = insert(db, "invoice_line", kept_line(line, place) | {"InvoiceDBID": dbid})
            _count(db, dbid)
            return line_id

    def delete_line(self, dbid: int, line_id: int) -> None:
        """Takes a line away."""
        with self.transaction() as db:
            _demand(db, dbid)
            which = 'DELETE FROM invoice_line WHERE "InvoiceDBID" = ? AND "LineID" = ?'
            if not db.execute(which, (dbid, line_id)).rowcount:
                raise errors.NotFound(errors.NO_LINE)
            _count(db, dbid)

    def apply_credit(self, dbid: int, credit_dbid: int) -> None:
        """Sets off as much of the credit note as is left of it and due on the invoice, as a payment on each.

        Raises Refused where the two are not an invoice and a credit note of one customer with something left.
        """
        with self.transaction() as db:
            invoice, credit = _demand(db, dbid), _demand(db, credit_dbid)
            amount = min(due(invoice), -due(credit))
            if invoice["CustomerID"] != credit["CustomerID"] or amount <= 0:
                raise errors.Refused(errors.NO_CREDIT_NOTE)
            _set_off(db, invoice, amount, f"Credit note {credit['InvoiceNumber']}")
            _set_off(db, credit, -amount, f"Applied to invoice {invoice['InvoiceNumber']}")

    def edit(self, dbid: int, **elements: object) -> None:
        """Writes elements of the document as they are given; nothing is counted again. Raises Refused for others."""
        if unknown := sorted(set(elements) - set(EDITABLE)):
            raise errors.Refused(f"Only {', '.join(EDITABLE)} can be edited, not {', '.join(unknown)}")
        with self.transaction() as db:
            _demand(db, dbid)
            update(db, "invoice", "InvoiceDBID", {"InvoiceDBID": dbid, **elements})


def _demand(db: sqlite3.Connection, dbid: int) -> Row:
    found = db.execute('SELECT * FROM invoice WHERE "InvoiceDBID" = ?', (dbid,)).fetchone()
    if found is None:
        raise errors.NotFound(errors.NO_INVOICE_ID)
    return dict(found)


def _lines(db: sqlite3.Connection, dbid: int) -> list[Row]:
    return [dict(one) for one in db.execute('SELECT * FROM invoice_line WHERE "InvoiceDBID" = ?', (dbid,))]


def _count(db: sqlite3.Connection, dbid: int) -> None:
    """The totals follow the lines, and whether it is paid follows the totals."""
    update(db, "invoice", "InvoiceDBID", totals_of(_lines(db, dbid), Decimal(0)) | {"InvoiceDBID": dbid})
    count_payments(db, dbid)


def _set_off(db: sqlite3.Connection, invoice: Row, amount: Decimal, note: str) -> None:
    values = {
        "PayInvoice": invoice["InvoiceNumber"],
        "PayDate": midnight(date.today()),
        "PayNote": note,
        "PayMethod": 0,
        "PayAccount": 0,
        "PayAmount": decimal_text(amount),
        "InvoiceDBID": invoice["InvoiceDBID"],
    }
    insert(db, "payment", values)
    count_payments(db, int(str(invoice["InvoiceDBID"])))

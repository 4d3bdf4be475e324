"""Invoices, their lines and their payments in the ledger."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from kashflow.gateway.schema import RECORDS
from kashflow.sandbox import errors
from kashflow.sandbox.storage import Row, Storage, insert, update
from kashflow.sandbox.tables import COMPUTED, FIRST_INVOICE_NUMBER
from kashflow.sandbox.values import NULL_DATE, Elements, decimal_text, row, to_pennies

PERMALINK = "https://api.kashflow.com/v2/documents/invoice/"
HOME = "GBP"
_ADDRESS = tuple(field.name for field in RECORDS["DeliveryAddress"].fields)
_INVOICES = """SELECT invoice.*, customer."Code" AS "Customer", customer."Name" AS "CustomerName"
    FROM invoice JOIN customer USING ("CustomerID") WHERE """
_LINES = """SELECT invoice_line.* FROM invoice JOIN invoice_line USING ("InvoiceDBID") WHERE """
_OLDEST_FIRST = ' ORDER BY invoice."InvoiceDBID"'


class Invoices(Storage):
    """What can be done with invoices and payments."""

    def add_invoice(
        self,
        lines: Sequence[Elements] = (),
        *,
        delivery: Elements | None = None,
        numbering: str = "honour",
        duplicate: str = "refuse",
        net_off_by: Decimal = Decimal(0),
        **elements: object,
    ) -> tuple[int, int]:
        """Adds a document with its lines and returns (InvoiceNumber, InvoiceDBID).

        InvoiceNumber 0 takes the highest + 1, as `numbering="assign"` always does; `duplicate` says what a
        taken number does: overwrite, refuse, duplicate or next. `net_off_by`: pounds added to the net total.
        Raises Refused for an unknown customer or a refused number.
        """
        with self.transaction() as db:
            demand_customer(db, elements.get("CustomerID"))
            values = header_of(elements, delivery)
            kept_lines = [kept_line(line, place, rate_of(values)) for place, line in enumerate(lines, 1)]
            values |= totals_of(kept_lines, net_off_by)
            replaced = _settle_number(db, values, numbering, duplicate)
            dbid = _replace(db, values, replaced) if replaced else insert(db, "invoice", values)
            for line in kept_lines:
                insert(db, "invoice_line", line | {"InvoiceDBID": dbid})
            return int(str(values["InvoiceNumber"])), dbid

    def next_number(self) -> int:
        """The number a document sent with 0 would get."""
        with self.reading() as db:
            return _next_number(db)

    def delete_invoice(self, dbid: int) -> None:
        """Deletes the document, its lines and its payments."""
        with self.transaction() as db:
            if not db.execute('DELETE FROM invoice WHERE "InvoiceDBID" = ?', (dbid,)).rowcount:
                raise errors.NotFound(errors.NO_INVOICE_ID)

    def add_payment(self, **elements: object) -> int:
        """Records a payment on the document numbered `PayInvoice` and returns its PayID.

        PayMethod and PayAccount 0 take the first of each. `Paid` and `AmountPaid` follow.
        """
        with self.transaction() as db:
            dbid = oldest_with_number(db, elements.get("PayInvoice"))
            if dbid is None:
                raise errors.NotFound(errors.NO_INVOICE)
            values = row("Payment", elements) | {"InvoiceDBID": dbid}
            values["PayMethod"] = values["PayMethod"] or _first(db, "MethodID", "payment_method")
            values["PayAccount"] = values["PayAccount"] or _first(db, "AccountID", "bank_account")
            if not values["PayID"]:
                del values["PayID"]
            payment_id = insert(db, "payment", values)
            count_payments(db, dbid)
            return payment_id

    def delete_payment(self, payment_id: int, on_number: int = 0) -> int:
        """Takes a payment back (from the document `on_number`, where one is named); returns its InvoiceDBID."""
        with self.transaction() as db:
            found = db.execute(
                'SELECT "InvoiceDBID" FROM payment WHERE "PayID" = ? AND ? IN (0, "PayInvoice")',
                (payment_id, on_number),
            ).fetchone()
            if found is None:
                raise errors.NotFound(errors.NO_PAYMENT)
            db.execute('DELETE FROM payment WHERE "PayID" = ?', (payment_id,))
            count_payments(db, found[0])
            return int(found[0])

    def invoice(self, number: int) -> Row:
        """The document with this number (the oldest, where two share it); raises NotFound."""
        return _only(self._invoices('"InvoiceNumber" = ?', (number,)), errors.NO_INVOICE)

    def invoice_by_id(self, dbid: int) -> Row:
        """The document with this InvoiceDBID; raises NotFound."""
        return _only(self._invoices('"InvoiceDBID" = ?', (dbid,)), errors.NO_INVOICE_ID)

    def invoices(self) -> Iterator[Row]:
        """Every document, in order of InvoiceDBID."""
        return self._invoices("1", ())

    def invoices_for_customer(self, customer_id: int) -> Iterator[Row]:
        """The customer's documents."""
        return self._invoices('invoice."CustomerID" = ?', (customer_id,))

    def invoices_unpaid(self) -> Iterator[Row]:
        """The documents that are not fully paid."""
        return self._invoices('"Paid" = 0', ())

    def invoices_overdue(self, today: str) -> Iterator[Row]:
        """The documents past their due date and not fully paid; a document without one is not."""
        return self._invoices('"Paid" = 0 AND "DueDate" > ? AND "DueDate" < ?', (NULL_DATE, today))

    def invoices_recent(self, count: int) -> list[Row]:
        """The latest documents by invoice date."""
        newest = 'SELECT "InvoiceDBID" FROM invoice ORDER BY "InvoiceDate" DESC, "InvoiceDBID" DESC LIMIT ?'
        with self.reading() as db:
            found = [dbid for (dbid,) in db.execute(newest, (min(max(count, 0), 10_000),))]
        return self.invoices_with_ids(found)

    def dbid_of(self, number: int) -> int:
        """The InvoiceDBID of the document with this number (the oldest, where two share it); raises NotFound."""
        with self.reading() as db:
            dbid = oldest_with_number(db, number)
        if dbid is None:
            raise errors.NotFound(errors.NO_INVOICE)
        return dbid

    def invoices_by_date(self, start: str, end: str) -> Iterator[Row]:
        """The documents dated from `start` to `end`, both included (texts as on the wire)."""
        return self._invoices('"InvoiceDate" BETWEEN ? AND ?', (start, end))

    def invoices_with_ids(self, dbids: Sequence[int]) -> list[Row]:
        """These documents, in the order asked for."""
        marks = ", ".join("?" * len(dbids))
        found = {
            row["InvoiceDBID"]: row for row in self._invoices(f'"InvoiceDBID" IN ({marks})', tuple(dbids))
        }
        return [found[dbid] for dbid in dbids]

    def payments(self, number: int) -> list[Row]:
        """The payments on the document with this number, oldest first; none for an unknown number."""
        with self.reading() as db:
            found = db.execute('SELECT * FROM payment WHERE "PayInvoice" = ? ORDER BY "PayID"', (number,))
            return [dict(one) for one in found]

    def _invoices(self, condition: str, parameters: tuple[object, ...]) -> Iterator[Row]:
        with self.reading() as db:
            lines = db.execute(_LINES + condition + _OLDEST_FIRST + ', "LineID"', parameters)
            grouped = groupby(map(dict, lines), itemgetter("InvoiceDBID"))
            waiting = next(grouped, None)
            for header in db.execute(_INVOICES + condition + _OLDEST_FIRST, parameters):
                own: list[Row] = []
                if waiting is not None and waiting[0] == header["InvoiceDBID"]:
                    own = list(waiting[1])
                    waiting = next(grouped, None)
                yield _document(dict(header), own)


def _only(found: Iterator[Row], missing: str) -> Row:
    rows = list(found)
    if not rows:
        raise errors.NotFound(missing)
    return rows[0]


def _document(header: Row, lines: list[Row]) -> Row:
    for line in lines:
        line["ValuesInCurrency"] = None
    document = header | {"Lines": lines, "PermaLink": f"{PERMALINK}{header['Guid']}"}
    document["DeliveryAddress"] = json.loads(str(header["Delivery"]))
    return document | {"ReadableString": _readable(document, lines)}


def _readable(header: Row, lines: Iterable[Row]) -> str:
    facts = [
        f"Invoice Number : {header['InvoiceNumber']}",
        f"DBID: {header['InvoiceDBID']}",
        f"Date: {_british(header['InvoiceDate'])}",
        f"Due: {_british(header['DueDate'])}",
        f"Customer: {header['Customer']}",
        f"Paid: {header['Paid']}",
        f"Cust Ref: {header['CustomerReference']}",
    ]
    shown = ("ChargeType", "Description", "LineID", "Quantity", "Rate", "VatRate")
    facts += [f"Line {n} : {','.join(str(line[name]) for name in shown)}" for n, line in enumerate(lines, 1)]
    return "\n".join(facts)


def _british(moment: object) -> str:
    year, month, day = str(moment)[:10].split("-")
    return f"{day}/{month}/{year} 00:00:00"


def demand_customer(db: sqlite3.Connection, customer_id: object) -> None:
    if db.execute('SELECT 1 FROM customer WHERE "CustomerID" = ?', (customer_id,)).fetchone() is None:
        raise errors.NotFound(errors.NO_CUSTOMER_ID)


def header_of(elements: Elements, delivery: Elements | None) -> Row:
    values: Row = {name: value for name, value in row("Invoice", elements).items() if name not in COMPUTED}
    del values["InvoiceDBID"]
    # Quotes have one; on an invoice the service leaves the element out.
    values["EstimateCategory"] = None
    values["CurrencyCode"] = values["CurrencyCode"] or HOME
    values["ExchangeRate"] = "1.0000" if values["ExchangeRate"] == "0.0000" else values["ExchangeRate"]
    address = {name: (delivery or {}).get(name) or "" for name in _ADDRESS}
    return values | {
        "Guid": str(uuid.uuid4()),
        "Delivery": json.dumps(address),
        "Paid": 0,
        "AmountPaid": "0.0000",
    }


def rate_of(invoice: Elements) -> Decimal:
    """What an amount of the home currency is multiplied by to be one of the document's."""
    rate = Decimal(str(invoice["ExchangeRate"]))
    return rate if invoice["CurrencyCode"] != HOME and rate > 0 else Decimal(1)


def kept_line(elements: Elements, place: int, rate: Decimal = Decimal(1)) -> Row:
    """A line as its columns keep it. Its amounts are of the home currency unless it says otherwise."""
    values: Row = dict(row("InvoiceLine", elements))
    del values["LineID"]
    values["Sort"] = values["Sort"] or place
    if str(values["ValuesInCurrency"]).strip() == "1":
        rate = Decimal(1)
    values["Rate"] = decimal_text(to_pennies(Decimal(str(values["Rate"])) * rate))
    if rate != 1:
        values["VatAmount"] = decimal_text(to_pennies(Decimal(str(values["VatAmount"])) * rate))
    return values


def totals_of(lines: Iterable[Row], net_off_by: Decimal) -> Row:
    net = vat = Decimal(0)
    for line in lines:
        net += to_pennies(Decimal(str(line["Quantity"])) * Decimal(str(line["Rate"])))
        vat += Decimal(str(line["VatAmount"]))
    return {"NetAmount": decimal_text(net + net_off_by), "VATAmount": decimal_text(vat)}


def _settle_number(db: sqlite3.Connection, values: Row, numbering: str, duplicate: str) -> int | None:
    """Puts the number the document gets into `values`; returns the InvoiceDBID it overwrites, if it does."""
    asked = max(int(str(values["InvoiceNumber"])), 0) if numbering == "honour" else 0
    taken_by = oldest_with_number(db, asked) if asked else None
    if taken_by is not None and duplicate == "refuse":
        raise errors.Refused(errors.NUMBER_NOT_UNIQUE)
    if not asked or (taken_by is not None and duplicate == "next"):
        values["InvoiceNumber"] = _next_number(db)
        return None
    return taken_by if duplicate == "overwrite" else None


def _next_number(db: sqlite3.Connection) -> int:
    """What number 0 becomes: the highest + 1."""
    (highest,) = db.execute('SELECT MAX("InvoiceNumber") FROM invoice').fetchone()
    return int(highest) + 1 if highest else FIRST_INVOICE_NUMBER


def oldest_with_number(db: sqlite3.Connection, number: object) -> int | None:
    found = db.execute(
        'SELECT MIN("InvoiceDBID") FROM invoice WHERE "InvoiceNumber" = ?', (number,)
    ).fetchone()
    return None if found[0] is None else int(found[0])


def _replace(db: sqlite3.Connection, values: Row, dbid: int) -> int:
    kept = {name: value for name, value in values.items() if name != "Guid"}
    update(db, "invoice", "InvoiceDBID", kept | {"InvoiceDBID": dbid})
    db.execute('DELETE FROM invoice_line WHERE "InvoiceDBID" = ?', (dbid,))
    count_payments(db, dbid)
    return dbid


def count_payments(db: sqlite3.Connection, dbid: int) -> None:
    amounts = db.execute('SELECT "PayAmount" FROM payment WHERE "InvoiceDBID" = ?', (dbid,)).fetchall()
    paid = sum((Decimal(amount) for (amount,) in amounts), Decimal(0))
    invoice = db.execute('SELECT * FROM invoice WHERE "InvoiceDBID" = ?', (dbid,)).fetchone()
    total = Decimal(invoice["NetAmount"]) + Decimal(invoice["VATAmount"])
    # Payments are of the home currency, whatever the document is in.
    if (rate := rate_of(dict(invoice))) != 1:
        paid = to_pennies(paid * rate)
    settled = bool(amounts) and (paid >= total if total >= 0 else paid <= total)
    update(
        db,
        "invoice",
        "InvoiceDBID",
        {"InvoiceDBID": dbid, "AmountPaid": decimal_text(paid), "Paid": int(settled)},
    )


def _first(db: sqlite3.Connection, key: str, table: str) -> int:
    found = db.execute(f'SELECT MIN("{key}") FROM {table}').fetchone()  # noqa: S608  (two fixed pairs of names)
    return int(found[0] or 0)


def due(invoice: Row) -> Decimal:
    """What is still to be paid on a document, in pounds; negative on a credit note."""
    net, vat, paid = (Decimal(str(invoice[name])) for name in ("NetAmount", "VATAmount", "AmountPaid"))
    rate = rate_of(invoice)
    return net + vat - paid if rate == 1 else to_pennies((net + vat - paid) / rate)

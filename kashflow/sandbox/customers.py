"""Customers in the ledger."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from kashflow.sandbox import errors
from kashflow.sandbox.storage import Row, Storage, insert, update
from kashflow.sandbox.values import midnight, row

LEGAL_CODE = re.compile(r"[A-Za-z0-9]*")
_LOOKUPS = {
    "CustomerID": ('"CustomerID" = ?', errors.NO_CUSTOMER_ID),
    "Code": ('"Code" = ? COLLATE NOCASE', errors.NO_CUSTOMER_CODE),
    "Email": ('"Email" = ? COLLATE NOCASE AND "Email" <> \'\'', errors.NO_CUSTOMER_EMAIL),
}


class Customers(Storage):
    """What can be done with customers."""

    def add_customer(self, **elements: object) -> int:
        """Adds one and returns its CustomerID. Without a Code it gets one: letters of its name, two digits.

        Raises Refused where the code is taken or has special characters.
        """
        with self.transaction() as db:
            values = _row(elements)
            values["Code"] = _checked_code(values["Code"]) or _next_code(db, str(values["Name"]))
            for stamp in ("Created", "Updated"):
                values[stamp] = midnight(elements.get(stamp) or date.today())
            if not values["CustomerID"]:
                del values["CustomerID"]
            return _unique_code(lambda: insert(db, "customer", values))

    def update_customer(self, **elements: object) -> None:
        """Replaces the whole customer found by CustomerID; an empty Code keeps the one it has."""
        with self.transaction() as db:
            now = self.customer("CustomerID", elements.get("CustomerID"))
            values = _row({"TradeBorderType": now["TradeBorderType"]} | elements)
            values["Code"] = _checked_code(values["Code"]) or str(now["Code"])
            values |= {"Created": str(now["Created"]), "Updated": midnight(date.today())}
            _unique_code(lambda: update(db, "customer", "CustomerID", values))

    def delete_customer(self, customer_id: int) -> None:
        """Deletes a customer; raises Refused while there are documents on it."""
        with self.transaction() as db:
            try:
                gone = db.execute('DELETE FROM customer WHERE "CustomerID" = ?', (customer_id,)).rowcount
            except sqlite3.IntegrityError:
                raise errors.Refused("This customer has invoices. Delete those first.") from None
            if not gone:
                raise errors.NotFound(errors.NO_CUSTOMER_ID)

    def customer(self, by: str, value: object) -> Row:
        """The customer with this `CustomerID`, `Code` or `Email`; raises NotFound in the service's words."""
        condition, missing = _LOOKUPS[by]
        with self.reading() as db:
            # No text of a caller: the condition is one of the three above.
            found = db.execute(
                f'SELECT * FROM customer WHERE {condition} ORDER BY "CustomerID"',  # noqa: S608
                (value,),
            ).fetchone()
        if found is None:
            raise errors.NotFound(missing)
        return dict(found)

    def customers(self) -> Iterator[Row]:
        """Every customer, in order of CustomerID."""
        with self.reading() as db:
            yield from map(dict, db.execute('SELECT * FROM customer ORDER BY "CustomerID"'))

    def customers_modified_since(self, moment: str) -> Iterator[Row]:
        """The customers made or changed on that day or later (text as on the wire)."""
        return self._customers('MAX("Created", "Updated") >= ?', midnight(moment))

    def customers_by_postcode(self, postcode: str) -> Iterator[Row]:
        """The customers with this postcode, however it is spaced."""
        return self._customers(
            """REPLACE("Postcode", ' ', '') = ? COLLATE NOCASE""", postcode.replace(" ", "")
        )

    def customer_by_text(self, text: str) -> Row:
        """The first customer one of whose extra texts is `text`; raises NotFound."""
        columns = " OR ".join(f'"ExtraText{n}" = ?1' for n in range(1, 21))
        found = next(self._customers(f"?1 <> '' AND ({columns})", text), None)
        if found is None:
            raise errors.NotFound("There is no customer with that text")
        return found

    def set_customer(self, code: object, **elements: object) -> int:
        """Sets single elements of the customer with this code; returns the CustomerID."""
        customer_id = int(str(self.customer("Code", code)["CustomerID"]))
        with self.transaction() as db:
            stamp = {"CustomerID": customer_id, "Updated": midnight(date.today())}
            update(db, "customer", "CustomerID", stamp | elements)
        return customer_id

    def _customers(self, condition: str, value: object) -> Iterator[Row]:
        with self.reading() as db:
            query = f'SELECT * FROM customer WHERE {condition} ORDER BY "CustomerID"'  # noqa: S608  (fixed texts)
            yield from map(dict, db.execute(query, (value,)))


def _row(elements: Mapping[str, object]) -> Row:
    """A customer of either generation as its columns keep it."""
    border = str(elements.get("TradeBorderType") or "")
    first = {name: value for name, value in elements.items() if name != "TradeBorderType"}
    return {**row("Customer", first), "TradeBorderType": border}


def _checked_code(code: object) -> str:
    if not LEGAL_CODE.fullmatch(str(code)):
        raise errors.Refused(errors.CODE_INVALID)
    return str(code)


def _unique_code(write: Callable[[], int]) -> int:
    try:
        return write()
    except sqlite3.IntegrityError as error:
        if "customer" not in str(error):
            raise
        raise errors.Refused(errors.CODE_NOT_UNIQUE) from None


def _next_code(db: sqlite3.Connection, name: str) -> str:
    letters = (re.sub(r"[^A-Z]", "", name.upper()) + "XXXX")[:4]
    pattern = f"{letters}[0-9]*"
    taken = {
        code.upper()
        for (code,) in db.execute('SELECT "Code" FROM customer WHERE UPPER("Code") GLOB ?', (pattern,))
    }
    return next(code for n in range(1, len(taken) + 2) if (code := f"{letters}{n:02}") not in taken)

"""What the ledger page lists: a page of invoices or customers that carry the text searched for."""

from __future__ import annotations

from dataclasses import dataclass

from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.storage import Row

PAGE_SIZE = 50
_INVOICES = """FROM invoice JOIN customer USING ("CustomerID") WHERE :text = '' OR "InvoiceNumber" = :number
    OR "CustomerReference" LIKE :like ESCAPE '!' OR customer."Name" LIKE :like ESCAPE '!'
    OR customer."Code" LIKE :like ESCAPE '!'"""
_CUSTOMERS = """FROM customer WHERE :text = '' OR "CustomerID" = :number OR "Name" LIKE :like ESCAPE '!'
    OR "Code" LIKE :like ESCAPE '!' OR "Email" LIKE :like ESCAPE '!' OR "Postcode" LIKE :like ESCAPE '!'"""


@dataclass(frozen=True)
class Page:
    """One page of a list, 1 the first."""

    rows: list[Row]
    number: int
    total: int

    @property
    def previous(self) -> int:
        """The page before, or 0."""
        return self.number - 1

    @property
    def following(self) -> int:
        """The page after, or 0."""
        return self.number + 1 if self.number * PAGE_SIZE < self.total else 0


def find_invoices(ledger: Ledger, text: str, number: int) -> Page:
    """Invoices with their lines, the newest first."""
    with ledger.reading() as db:
        given = _given(text)
        (total,) = db.execute(f"SELECT COUNT(*) {_INVOICES}", given).fetchone()
        number = _within(number, total)
        page = {"size": PAGE_SIZE, "skip": (number - 1) * PAGE_SIZE}
        query = f'SELECT "InvoiceDBID" {_INVOICES} ORDER BY "InvoiceDBID" DESC LIMIT :size OFFSET :skip'
        dbids = [dbid for (dbid,) in db.execute(query, given | page)]
        return Page(ledger.invoices_with_ids(dbids), number, total)


def find_customers(ledger: Ledger, text: str, number: int) -> Page:
    """Customers by name."""
    with ledger.reading() as db:
        given = _given(text)
        (total,) = db.execute(f"SELECT COUNT(*) {_CUSTOMERS}", given).fetchone()
        number = _within(number, total)
        page = {"size": PAGE_SIZE, "skip": (number - 1) * PAGE_SIZE}
        query = f'SELECT * {_CUSTOMERS} ORDER BY "Name" COLLATE NOCASE, "CustomerID" LIMIT :size OFFSET :skip'
        return Page([dict(one) for one in db.execute(query, given | page)], number, total)


def _given(text: str) -> Row:
    literal = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1
    return {"text": text, "like": f"%{literal}%", "number": number}


def _within(number: int, total: int) -> int:
    return max(1, min(number, (total - 1) // PAGE_SIZE + 1))

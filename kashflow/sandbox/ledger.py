"""The account as a whole: its company, its settings, and going back to a known state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from kashflow.sandbox import demo
from kashflow.sandbox.bank import Bank
from kashflow.sandbox.calls import Calls
from kashflow.sandbox.codes import Codes
from kashflow.sandbox.corrections import Corrections
from kashflow.sandbox.customers import Customers
from kashflow.sandbox.edits import Edits
from kashflow.sandbox.invoices import Invoices
from kashflow.sandbox.papers import Papers
from kashflow.sandbox.settings import Settings
from kashflow.sandbox.storage import Row, insert
from kashflow.sandbox.tables import FIRST_IDS
from kashflow.sandbox.values import row

# Children before parents, so that each can be emptied on its own.
_DATA = (
    "invoice_note",
    "attachment",
    "bank_transaction",
    "payment",
    "invoice_line",
    "invoice",
    "customer",
    "sub_product",
    "nominal",
    "bank_account",
    "payment_method",
    "currency",
    "dataset",
)
_BLANK_COMPANY = {"CompanyName": "KashFlow sandbox", "VatRegistered": "1", "PaymentTerms": 30}
_STERLING = {"CurrencySymbol": "£", "CurrencyPosition": "Left", "UsDate": "0", "CurrencyName": "GBP"}


class Ledger(Customers, Invoices, Corrections, Edits, Papers, Codes, Bank, Calls):
    """One KashFlow account in the SQLite file at `path`. Thread-safe; fill it inside `transaction()`."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        with self.transaction() as db:
            self.is_new = db.execute("SELECT 1 FROM company").fetchone() is None
            if self.is_new:
                self._empty(db)
            elif not self.currencies():
                _complete(db)
                demo.add_lists(self)

    def company(self) -> Row:
        """The company details, every element."""
        with self.reading() as db:
            elements: Row = json.loads(db.execute("SELECT elements FROM company").fetchone()[0])
        return elements

    def set_company(self, **elements: object) -> None:
        """Replaces the company details."""
        values = row("CompanyDetails", _STERLING | elements)
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO company VALUES (1, ?)", (json.dumps(values),))

    def settings(self) -> Settings:
        """The switches as they are now."""
        with self.reading() as db:
            found = db.execute("SELECT body FROM settings").fetchone()
        return Settings().changed(json.loads(found[0]))

    def change_settings(self, /, **changes: object) -> Settings:
        """Changes some switches; raises SettingsRefused, and then none is changed."""
        with self.transaction() as db:
            settings = self.settings().changed(changes)
            _write_settings(db, settings)
        return settings

    def allow_address(self, address: str) -> None:
        """Adds an address to those that may call."""
        with self.transaction():
            allowed = self.settings().allowed_ips
            if address not in allowed:
                self.change_settings(allowed_ips=[*allowed, address])

    def reset(self, to: str) -> None:
        """Back to `empty`, or to `demo`: what `save_as_demo` kept, else the small built-in ledger.

        The settings go back to the usual ones too, and the call log is emptied.
        """
        if to not in ("empty", "demo"):
            raise ValueError(f"A ledger can be reset to empty or demo, not to {to}")
        with self.transaction() as db:
            self._empty(db)
            db.execute("DELETE FROM call")
            if to == "demo" and self._snapshot.exists():
                _copy(self._snapshot, db)
            elif to == "demo":
                demo.fill(self)

    def save_as_demo(self) -> None:
        """Keeps the ledger as it is now for `reset("demo")`."""
        unfinished = self._snapshot.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        with self._connection() as db:
            db.execute("VACUUM INTO ?", (str(unfinished),))
        unfinished.replace(self._snapshot)

    def contents(self) -> Row:
        """The whole ledger, elements by their own names, amounts as text; no password."""
        with self.reading() as db:
            payments = _by_document(db.execute('SELECT * FROM payment ORDER BY "PayID"'), "InvoiceDBID")
            notes = _by_document(db.execute('SELECT * FROM invoice_note ORDER BY "NoteId"'), "InvoiceId")
            return {
                "company": self.company(),
                "settings": self.settings().shown(),
                "customers": list(self.customers()),
                "invoices": [
                    one | {"Payments": payments.get(_dbid(one), []), "Notes": notes.get(_dbid(one), [])}
                    for one in self.invoices()
                ],
                "nominals": self.nominals(),
                "sub_products": self.sub_products(),
                "bank_accounts": self.bank_accounts(),
                "bank_transactions": self.every_bank_transaction(),
                "customer_sources": self.datasets("source"),
                "payment_methods": self.payment_methods(),
                "currencies": self.currencies(),
                "vat_rates": self.datasets("vat"),
            }

    @property
    def _snapshot(self) -> Path:
        return self.path.with_name(self.path.name + ".demo")

    def _empty(self, db: sqlite3.Connection) -> None:
        for table in _DATA:
            db.execute(f"DELETE FROM {table}")  # noqa: S608  (fixed names)
        db.execute("DELETE FROM sqlite_sequence WHERE name <> 'call'")
        _complete(db)
        _write_settings(db, Settings())
        self.set_company(**_BLANK_COMPANY)
        demo.add_lists(self)


def _complete(db: sqlite3.Connection) -> None:
    """Each table's ids start where they should, also in a file made before there was that table."""
    started = {name for (name,) in db.execute("SELECT name FROM sqlite_sequence")}
    for name in sorted(FIRST_IDS.keys() - started):
        insert(db, "sqlite_sequence", {"name": name, "seq": FIRST_IDS[name] - 1})


def _by_document(found: Iterable[sqlite3.Row], key: str) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = {}
    for one in found:
        rows.setdefault(one[key], []).append(dict(one))
    return rows


def _dbid(invoice: Row) -> int:
    return int(str(invoice["InvoiceDBID"]))


def _write_settings(db: sqlite3.Connection, settings: Settings) -> None:
    body = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    db.execute("INSERT OR REPLACE INTO settings VALUES (1, ?)", (json.dumps(body),))


def _copy(snapshot: Path, db: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(snapshot)) as source:
        source.row_factory = sqlite3.Row
        # A snapshot of an earlier version has fewer tables.
        there = {name for (name,) in source.execute("SELECT name FROM sqlite_master")}
        for table in filter(there.__contains__, reversed(_DATA)):
            db.execute(f"DELETE FROM {table}")  # noqa: S608  (fixed names)
            for one in source.execute(f"SELECT * FROM {table}"):  # noqa: S608  (fixed names)
                insert(db, table, dict(one))
        elements = source.execute("SELECT elements FROM company").fetchone()
        db.execute("INSERT OR REPLACE INTO company VALUES (1, ?)", tuple(elements))
        for one in source.execute("SELECT name, seq FROM sqlite_sequence WHERE name <> 'call'"):
            db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (one["seq"], one["name"]))

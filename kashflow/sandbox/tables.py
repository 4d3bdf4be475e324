"""The ledger file's tables. Columns bear the API's element names, so the file reads like the wire."""

from __future__ import annotations

import sqlite3

from kashflow.sandbox.values import scalar_fields

# Far apart, so that a number given where another kind is meant finds nothing.
FIRST_IDS = {
    "customer": 50_001,
    "invoice": 91_000_001,
    "invoice_line": 70_000_001,
    "payment": 66_000_001,
    "nominal": 880_011,
    "sub_product": 3_300_001,
    "bank_account": 7_701,
    "payment_method": 301,
    "invoice_note": 5_500_001,
    "attachment": 6_600_001,
    "bank_transaction": 44_000_001,
    "currency": 21,
    "dataset": 601,
}
FIRST_INVOICE_NUMBER = 1_001
KEYS = {
    "customer": ("Customer", "CustomerID"),
    "invoice": ("Invoice", "InvoiceDBID"),
    "invoice_line": ("InvoiceLine", "LineID"),
    "payment": ("Payment", "PayID"),
    "nominal": ("NominalCodeExtended", "id"),
    "sub_product": ("SubProduct", "id"),
    "bank_account": ("BankAccount", "AccountID"),
    "payment_method": ("PaymentMethod", "MethodID"),
    "invoice_note": ("InvoiceNotes", "NoteId"),
    "bank_transaction": ("BankTransaction", "ID"),
    "currency": ("Currencies", "CurrencyId"),
    "dataset": ("BasicDataset", "ID"),
}
# Made from other rows whenever a document is read, so never kept.
COMPUTED = frozenset({"Customer", "CustomerName", "ReadableString", "PermaLink"})
_OWN_COLUMNS = {
    # Only the customers of the second generation show it.
    "customer": """, "TradeBorderType" TEXT NOT NULL DEFAULT ''""",
    "invoice_note": ', FOREIGN KEY ("InvoiceId") REFERENCES invoice ON DELETE CASCADE',
    "bank_transaction": """, "Allocated" TEXT NOT NULL DEFAULT '0.0000',
        FOREIGN KEY ("accid") REFERENCES bank_account""",
    "currency": ', UNIQUE ("CurrencyCode")',
    "dataset": ", \"Kind\" TEXT NOT NULL CHECK (\"Kind\" IN ('source', 'vat'))",
    "invoice": """, "Guid" TEXT NOT NULL, "Delivery" TEXT NOT NULL, CHECK ("Paid" IN (0, 1)),
        CHECK ("InvoiceNumber" > 0),
        FOREIGN KEY ("CustomerID") REFERENCES customer""",
    "invoice_line": ', "InvoiceDBID" INTEGER NOT NULL REFERENCES invoice ON DELETE CASCADE',
    "payment": ', "InvoiceDBID" INTEGER NOT NULL REFERENCES invoice ON DELETE CASCADE',
    "nominal": ', "IsSalesType" INTEGER NOT NULL, UNIQUE ("Code"), CHECK ("IsSalesType" IN (0, 1))',
    "sub_product": ', FOREIGN KEY ("ParentID") REFERENCES nominal, UNIQUE ("Code")',
}
_OTHERS = """
CREATE TABLE IF NOT EXISTS company (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1), elements TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attachment (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT, "InvoiceDBID" INTEGER NOT NULL REFERENCES invoice ON DELETE CASCADE,
    "Filename" TEXT NOT NULL, "ContentType" TEXT NOT NULL, "Base64String" TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, at TEXT NOT NULL, address TEXT NOT NULL,
    username TEXT NOT NULL, arguments TEXT NOT NULL, fault TEXT NOT NULL, outcome TEXT NOT NULL,
    detail TEXT NOT NULL, milliseconds REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS customer_code ON customer ("Code" COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS customer_email ON customer ("Email" COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS invoice_number ON invoice ("InvoiceNumber");
CREATE INDEX IF NOT EXISTS invoice_customer ON invoice ("CustomerID");
CREATE INDEX IF NOT EXISTS invoice_date ON invoice ("InvoiceDate");
CREATE INDEX IF NOT EXISTS invoice_unpaid ON invoice ("InvoiceDBID") WHERE "Paid" = 0;
CREATE INDEX IF NOT EXISTS line_invoice ON invoice_line ("InvoiceDBID");
CREATE INDEX IF NOT EXISTS payment_invoice ON payment ("InvoiceDBID");
CREATE INDEX IF NOT EXISTS note_invoice ON invoice_note ("InvoiceId");
CREATE INDEX IF NOT EXISTS transaction_account ON bank_transaction ("accid");
CREATE INDEX IF NOT EXISTS transaction_customer ON bank_transaction ("CustomerId");
CREATE INDEX IF NOT EXISTS payment_number ON payment ("PayInvoice");
"""


def _create(table: str) -> str:
    record, key = KEYS[table]
    columns = [f'"{key}" INTEGER PRIMARY KEY AUTOINCREMENT']
    for field in scalar_fields(record):
        kind = "INTEGER" if field.type in ("int", "boolean") else "TEXT"
        needed = "" if field.nillable or field.optional else " NOT NULL"
        if field.name not in {key, *COMPUTED}:
            columns.append(f'"{field.name}" {kind}{needed}')
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}{_OWN_COLUMNS.get(table, '')});"


def create_script() -> str:
    """The SQL that makes every table and index that is not there yet."""
    return "\n".join(_create(table) for table in KEYS) + _OTHERS


def add_new_columns(db: sqlite3.Connection) -> None:
    """Gives a file of an earlier version the columns that came later."""
    there = {name for (_place, name, *_rest) in db.execute("PRAGMA table_info(customer)")}
    if "TradeBorderType" not in there:
        db.execute("ALTER TABLE customer ADD COLUMN" + _OWN_COLUMNS["customer"].removeprefix(","))

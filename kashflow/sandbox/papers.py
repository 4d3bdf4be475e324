"""Notes and files on documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from kashflow.sandbox import errors
from kashflow.sandbox.storage import Row, Storage, insert
from kashflow.sandbox.values import row


class Papers(Storage):
    """What is kept beside a document; it goes with it."""

    def add_note(self, **elements: object) -> int:
        """Notes something on the document whose InvoiceDBID is `InvoiceId`; returns the NoteId."""
        values = row("InvoiceNotes", elements)
        del values["NoteId"]
        with self.transaction() as db:
            return _on_a_document(lambda: insert(db, "invoice_note", values))

    def notes(self, dbid: int) -> list[Row]:
        """The notes on a document, oldest first."""
        with self.reading() as db:
            found = db.execute('SELECT * FROM invoice_note WHERE "InvoiceId" = ? ORDER BY "NoteId"', (dbid,))
            return [dict(one) for one in found]

    def attach(self, dbid: int, name: str, content_type: str, base64: str) -> int:
        """Keeps a file with a document and returns the file's id."""
        values = {"InvoiceDBID": dbid, "Filename": name, "ContentType": content_type, "Base64String": base64}
        with self.transaction() as db:
            return _on_a_document(lambda: insert(db, "attachment", values))


def _on_a_document(write: Callable[[], int]) -> int:
    try:
        return write()
    except sqlite3.IntegrityError:
        raise errors.NotFound(errors.NO_INVOICE_ID) from None

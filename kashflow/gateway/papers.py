"""What goes with an invoice: notes, files, e-mail, print (kashflow-api.md, section 6)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import date

from kashflow.gateway.records import InvoiceNote
from kashflow.gateway.session import Session, demand


class Papers(Session):
    """What can be asked and done about the papers of an invoice."""

    def email_invoice(
        self, number: int, *, to: str, sender: str, sender_name: str, subject: str, body: str
    ) -> None:
        """Has KashFlow send the invoice as a PDF."""
        values = {
            "InvoiceNumber": number,
            "FromEmail": sender,
            "FromName": sender_name,
            "SubjectLine": subject,
            "Body": body,
            "RecipientEmail": to,
        }
        self._calls.change("EmailInvoice", values)

    def print_invoice(self, number: int) -> str:
        """The address of a PDF of the invoice with this InvoiceNumber."""
        return self._calls.text("PrintInvoice", {"InvoiceNumber": number, "InvoiceNumberList": ""})

    def print_invoices(self, numbers: Sequence[int]) -> str:
        """The address of one PDF of several invoices."""
        listed = ",".join(map(str, numbers))
        return self._calls.text("PrintInvoice", {"InvoiceNumber": 0, "InvoiceNumberList": listed})

    def get_paypal_link(self, number: int) -> str:
        """Where the invoice can be paid by PayPal."""
        return self._calls.text("GetPaypalLink", {"InvoiceNumber": number})

    def insert_invoice_note(self, dbid: int, day: date, text: str) -> None:
        """Notes something on the invoice with this InvoiceDBID."""
        demand("InsertInvoiceNote", InvoiceId=dbid)
        self._calls.change("InsertInvoiceNote", {"InvoiceId": dbid, "NoteDate": day, "Notes": text})

    def get_invoice_notes(self, dbid: int) -> Iterator[InvoiceNote]:
        """The notes on the invoice with this InvoiceDBID."""
        return self._calls.list(
            "GetInvoiceNotes", InvoiceNote, {"InvoiceId": dbid}, lambda note: note.invoice_dbid == dbid
        )

    def attach_file_to_invoice(self, number: int, data: bytes, *, name: str, content_type: str) -> int:
        """Attaches a file to the invoice with this InvoiceNumber and returns the attachment's id."""
        demand("AttachFileToInvoice", InvoiceNo=number)
        values = {
            "InvoiceNo": number,
            "Base64String": b64encode(data).decode(),
            "ContentType": content_type,
            "Filename": name,
            "FileExtension": name.rpartition(".")[2],
            "FileSize": str(len(data)),
        }
        return self._calls.create("AttachFileToInvoice", values)

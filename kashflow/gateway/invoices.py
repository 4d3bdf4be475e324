"""Invoices, their lines and credit notes: kashflow-api.md, section 6.

InvoiceNumber is what people see, InvoiceDBID the id behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kashflow.gateway.errors import Refused
from kashflow.gateway.records import Invoice, InvoiceLine
from kashflow.gateway.session import Session, demand
from kashflow.gateway.writing import TYPE_DEFINED, changed_invoice_values, invoice_values, line_values


class Invoices(Session):
    """What can be asked and done about invoices."""

    def get_invoice(self, number: int) -> Invoice:
        """The invoice with this InvoiceNumber. Raises NotFound."""
        return self._calls.invoice(
            "GetInvoice", {"InvoiceNumber": number}, lambda invoice: invoice.number == number
        )

    def insert_invoice(self, invoice: Invoice, send_by: float | None = None) -> int:
        """Creates an invoice with its lines and returns the number KashFlow gave it.

        `invoice.number` 0 lets KashFlow number it. `send_by` is a moment of `time.monotonic()`: after it
        nothing is written and SendDeadlineMissed is raised. Unknown means that it may have been created.
        """
        return self._calls.create("InsertInvoice", {"Inv": invoice_values(invoice)}, send_by)

    def update_invoice(self, invoice: Invoice) -> None:
        """Writes the whole document found by its InvoiceNumber; its lines are replaced. Pass on what was read."""
        demand("UpdateInvoice", InvoiceNumber=invoice.number, Lines=invoice.lines)
        self._calls.change("UpdateInvoice", {"Inv": changed_invoice_values(invoice)})

    def get_invoices_for_customer(self, customer_id: int) -> Iterator[Invoice]:
        """All invoices of the customer with this CustomerID."""
        return self._calls.list(
            "GetInvoicesForCustomer",
            Invoice,
            {"CustID": customer_id},
            lambda invoice: invoice.customer_id == customer_id,
        )

    def get_invoices_unpaid(self) -> Iterator[Invoice]:
        """All invoices that are not fully paid."""
        return self._calls.list("GetInvoices_Unpaid", Invoice, {})

    def get_invoices_overdue(self) -> Iterator[Invoice]:
        """All invoices past their due date and not fully paid."""
        return self._calls.list("GetInvoices_Overdue", Invoice, {})

    def get_invoices_recent(self, count: int) -> Iterator[Invoice]:
        """The latest `count` invoices by invoice date."""
        return self._calls.list("GetInvoices_Recent", Invoice, {"NumberOfInvoices": count})

    def get_invoice_type_defined(self, number: int) -> Invoice:
        """The invoice with this InvoiceNumber, its lines without xsi:type. Raises NotFound."""
        return self._calls.invoice(
            "GetInvoice_TypeDefined", {"InvoiceNumber": number}, lambda invoice: invoice.number == number
        )

    def insert_invoice_type_defined(self, invoice: Invoice, send_by: float | None = None) -> int:
        """Creates an invoice with its lines and returns the number KashFlow gave it.

        `invoice.number` 0 lets KashFlow number it. `send_by` is a moment of `time.monotonic()`: after it
        nothing is written and SendDeadlineMissed is raised. Unknown means that it may have been created.
        """
        return self._calls.create(
            "InsertInvoice_TypeDefined", {"Inv_TD": invoice_values(invoice, TYPE_DEFINED)}, send_by
        )

    def update_invoice_type_defined(self, invoice: Invoice) -> None:
        """Writes the whole document found by its InvoiceNumber; its lines are replaced. Pass on what was read."""
        demand("UpdateInvoice_TypeDefined", InvoiceNumber=invoice.number, Lines=invoice.lines)
        self._calls.change(
            "UpdateInvoice_TypeDefined", {"InvTD": changed_invoice_values(invoice, TYPE_DEFINED)}
        )

    def get_invoices_for_customer_type_defined(self, customer_id: int) -> Iterator[Invoice]:
        """All invoices of the customer with this CustomerID, its lines without xsi:type."""
        return self._calls.list(
            "GetInvoicesForCustomer_typeDefined",
            Invoice,
            {"CustID": customer_id},
            lambda invoice: invoice.customer_id == customer_id,
        )

    def get_invoices_unpaid_type_defined(self) -> Iterator[Invoice]:
        """All invoices that are not fully paid, its lines without xsi:type."""
        return self._calls.list("GetInvoices_Unpaid_TypeDefined", Invoice, {})

    def get_invoices_overdue_type_defined(self) -> Iterator[Invoice]:
        """All invoices past their due date and not fully paid, its lines without xsi:type."""
        return self._calls.list("GetInvoices_Overdue_TypeDefined", Invoice, {})

    def get_invoices_recent_type_defined(self, count: int) -> Iterator[Invoice]:
        """The latest `count` invoices by invoice date, its lines without xsi:type."""
        return self._calls.list("GetInvoices_Recent_TypeDefined", Invoice, {"NumberOfInvoices": count})

    def get_invoice_by_id(self, dbid: int) -> Invoice:
        """The invoice with this InvoiceDBID. Raises NotFound."""
        return self._calls.invoice(
            "GetInvoiceByID", {"InvoiceID": dbid}, lambda invoice: invoice.dbid == dbid
        )

    def get_invoices_by_date_range(self, start: date, end: date) -> Iterator[Invoice]:
        """The invoices dated from `start` to `end`, both included as far as is known."""
        return self._calls.list("GetInvoicesByDateRange", Invoice, {"StartDate": start, "EndDate": end})

    def update_invoice_header(self, invoice: Invoice) -> None:
        """Writes the head of the document found by its InvoiceDBID; its lines stay."""
        demand("UpdateInvoiceHeader", InvoiceDBID=invoice.dbid)
        values = changed_invoice_values(invoice)
        del values["Lines"]
        self._calls.change("UpdateInvoiceHeader", {"Inv": values})

    def delete_invoice(self, number: int) -> None:
        """Deletes the document with this InvoiceNumber for good. Raises NotFound."""
        demand("DeleteInvoice", InvoiceNumber=number)
        self._calls.change("DeleteInvoice", {"InvoiceNumber": number})

    def delete_invoice_by_id(self, dbid: int, send_by: float | None = None) -> None:
        """Deletes the document with this InvoiceDBID for good. Raises NotFound; `send_by` as in insert_invoice."""
        demand("DeleteInvoiceByID", InvoiceID=dbid)
        self._calls.change("DeleteInvoiceByID", {"InvoiceID": dbid}, send_by)

    def insert_invoice_line(self, dbid: int, line: InvoiceLine) -> int:
        """Adds a line to the document with this InvoiceDBID and returns its LineID."""
        return self._calls.create("InsertInvoiceLine", {"InvoiceID": dbid, "InvLine": line_values(line, 0)})

    def insert_invoice_line_with_invoice_number(self, number: int, line: InvoiceLine) -> int:
        """Adds a line to the document with this InvoiceNumber and returns its LineID."""
        values = {"InvoiceNumber": number, "InvLine": line_values(line, 0)}
        return self._calls.create("InsertInvoiceLineWithInvoiceNumber", values)

    def delete_invoice_line(self, line_id: int, number: int) -> None:
        """Takes the line away from the document with this InvoiceNumber."""
        demand("DeleteInvoiceLine", LineID=line_id, InvoiceNumber=number)
        self._calls.change("DeleteInvoiceLine", {"LineID": line_id, "InvoiceNumber": number})

    def delete_invoice_line_with_invoice_id(self, line_id: int, dbid: int) -> None:
        """Takes the line away from the document with this InvoiceDBID."""
        demand("DeleteInvoiceLineWithInvoiceID", LineID=line_id, InvoiceID=dbid)
        self._calls.change("DeleteInvoiceLineWithInvoiceID", {"LineID": line_id, "InvoiceID": dbid})

    def apply_credit_note_to_invoice(
        self, dbid: int, credit_note_dbid: int, send_by: float | None = None
    ) -> None:
        """Sets a credit note off against an invoice; both go by their InvoiceDBID.

        Raises Refused where KashFlow says that it did not; `send_by` as in insert_invoice.
        """
        operation = "applyCreditNoteToInvoice"
        demand(operation, InvoiceID=dbid, CreditNoteID=credit_note_dbid)
        values = {"InvoiceID": dbid, "CreditNoteID": credit_note_dbid}
        done = self._calls.change(operation, values, send_by)
        if done is not True:
            raise Refused(operation, "KashFlow said OK, and that the credit note was not applied")

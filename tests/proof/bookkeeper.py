"""Somebody at work in KashFlow itself, whom our product does not ask and cannot stop."""

from __future__ import annotations

from typing import Any

from invoicing.models import Invoice
from tests.sandboxes import LiveSandbox

# Far above every number that is given: where KashFlow numbers its own, its next ones follow it.
RENUMBERED = 990_000
CHANGES = ("amount", "customer", "date", "reference", "number")


class Bookkeeper:
    """Remembers the InvoiceDBIDs: `changed` and `deleted`, `paid_on` where a payment came or went.

    `wiped` has the marker that the reference of a document once ended with.
    """

    def __init__(self, sandbox: LiveSandbox) -> None:
        self.sandbox = sandbox
        self.changed: set[int] = set()
        self.deleted: set[int] = set()
        self.paid_on: set[int] = set()
        self.wiped: dict[int, str] = {}
        self.payments: list[tuple[int, int]] = []

    def type_in(self, number: int) -> None:
        """A document of their own under a number that is free (0: KashFlow's next one)."""
        line = {"Quantity": "1", "Rate": "99.00", "VatRate": "20", "VatAmount": "19.80"}
        customer = self.sandbox.state()["customers"][0]["CustomerID"]
        self._type(number, [line], InvoiceDate="2026-11-20", CustomerID=customer)

    def type_same(self, invoice: Invoice, number: int, customer_id: int) -> None:
        """An invoice of ours once more, by hand: same customer, date and money, and no marker."""
        lines = [
            {
                "Quantity": str(line.quantity),
                "Rate": str(line.rate),
                "VatRate": str(line.vat_percent),
                "VatAmount": str(line.vat_amount),
            }
            for line in invoice.lines.order_by("sort")
        ]
        self._type(number, lines, InvoiceDate=f"{invoice.invoice_date}", CustomerID=customer_id)

    def _type(self, number: int, lines: list[dict[str, str]], *, InvoiceDate: str, CustomerID: int) -> None:
        if number and any(one["InvoiceNumber"] == number for one in self.sandbox.invoices()):
            return
        self.sandbox.server.ledger.add_invoice(
            lines,
            InvoiceNumber=number,
            CustomerID=CustomerID,
            CustomerReference="Typed",
            InvoiceDate=f"{InvoiceDate}T00:00:00",
            DueDate="2026-12-20T00:00:00",
        )

    def change(self, what: str, document: dict[str, Any], marker: str) -> None:
        """One of CHANGES; `marker` is that of the invoice whose document it is."""
        dbid = document["InvoiceDBID"]
        others = [one["Code"] for one in self.sandbox.state()["customers"]]
        to: dict[str, dict[str, Any]] = {
            "amount": {"Rate": "77.77"},
            "customer": {"Customer": next(code for code in others if code != document["Customer"])},
            "date": {"InvoiceDate": "2026-11-02"},
            "reference": {"CustomerReference": "Typed over"},
            "number": {"InvoiceNumber": RENUMBERED + dbid},
        }
        self.changed.add(dbid)
        if what == "reference":
            self.wiped[dbid] = marker
        self.sandbox.edit_by_id(dbid, **to[what])

    def delete(self, dbid: int) -> None:
        self.deleted.add(dbid)
        self.sandbox.delete(dbid)

    def pay(self, dbid: int, amount: str) -> None:
        self.paid_on.add(dbid)
        self.payments.append((dbid, self.sandbox.pay(dbid, amount)))

    def take_back(self) -> None:
        """The payment that was recorded last, where its document is still there."""
        dbid, payment = self.payments.pop()
        if dbid not in self.deleted:
            self.sandbox.unpay(payment)

"""What a person types on the ledger page, checked: values, or an error beside each field that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from kashflow.sandbox.errors import NotFound
from kashflow.sandbox.invoices import due
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.storage import Row
from kashflow.sandbox.values import to_pennies

Typed = Mapping[str, str]
_LARGEST = Decimal("9999999.99")


T = TypeVar("T")


class Mistakes(Exception):
    """What is wrong, by field."""

    def __init__(self, by_field: dict[str, str]) -> None:
        super().__init__(by_field)
        self.by_field = by_field


class _Fields:
    """Reads typed fields one by one and collects what is wrong."""

    def __init__(self, typed: Typed) -> None:
        self._typed = typed
        self.mistakes: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self._typed.get(name, "").strip()

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return self._wrong(name, "Enter a date, such as 2026-11-30.", date.today())

    def amount(self, name: str) -> Decimal:
        try:
            value = Decimal(self.text(name))
        except InvalidOperation:
            value = Decimal("NaN")
        if value.is_finite() and abs(value) <= _LARGEST:
            return value
        return self._wrong(name, "Enter an amount, such as 120.00.", Decimal(0))

    def number(self, name: str) -> int:
        text = self.text(name) or "0"
        if text.isascii() and text.isdigit() and int(text) < 2**31:
            return int(text)
        return self._wrong(name, "Enter a whole number, or leave it empty.", 0)

    def done(self) -> None:
        if self.mistakes:
            raise Mistakes(self.mistakes)

    def _wrong(self, name: str, text: str, instead: T) -> T:
        self.mistakes[name] = text
        return instead


def blank_payment(invoice: Row) -> dict[str, str]:
    """A payment of all that is owed, today."""
    return {"amount": f"{to_pennies(due(invoice))}", "day": date.today().isoformat(), "note": "BACS"}


def record_payment(ledger: Ledger, invoice: Row, typed: Typed) -> int:
    """Records the payment and returns its PayID; raises Mistakes."""
    fields = _Fields(typed)
    payment = {
        "PayInvoice": invoice["InvoiceNumber"],
        "PayDate": fields.day("day"),
        "PayAmount": fields.amount("amount"),
        "PayNote": fields.text("note"),
        "PayMethod": fields.number("method"),
        "PayAccount": fields.number("account"),
    }
    if not payment["PayAmount"] and "amount" not in fields.mistakes:
        fields.mistakes["amount"] = "A payment of nothing cannot be recorded. Enter the amount received."
    fields.done()
    return ledger.add_payment(**payment)


def blank_invoice() -> dict[str, str]:
    """An invoice of today, due in 30 days."""
    today = date.today()
    return {"day": f"{today}", "due": f"{today + timedelta(30)}", "quantity": "1", "vat_rate": "20"}


def new_invoice(ledger: Ledger, typed: Typed) -> int:
    """Adds an invoice of one line and returns its InvoiceDBID; raises Mistakes or Refused."""
    fields = _Fields(typed)
    quantity, rate, vat_rate = fields.amount("quantity"), fields.amount("rate"), fields.amount("vat_rate")
    net = to_pennies(quantity * to_pennies(rate))
    line = {
        "Quantity": quantity,
        "Description": fields.text("description"),
        "Rate": rate,
        "ChargeType": fields.number("charge_type"),
        "VatRate": vat_rate,
        "VatAmount": to_pennies(net * max(vat_rate, Decimal(0)) / 100),
    }
    header: Row = {
        "InvoiceNumber": fields.number("number"),
        "InvoiceDate": fields.day("day"),
        "DueDate": fields.day("due"),
        "CustomerID": _customer_id(ledger, fields),
        "CustomerReference": fields.text("reference"),
    }
    fields.done()
    return ledger.add_invoice([line], **header)[1]


def typed_of(invoice: Row) -> dict[str, str]:
    """An invoice as the form to edit it shows it; without a line there is no rate."""
    line = next(iter(invoice["Lines"]), {"Rate": 0, "VatAmount": 0})
    return {
        "customer": str(invoice["Customer"]),
        "number": str(invoice["InvoiceNumber"]),
        "day": str(invoice["InvoiceDate"])[:10],
        "due": str(invoice["DueDate"])[:10],
        "reference": str(invoice["CustomerReference"]),
        "rate": f"{to_pennies(Decimal(str(line['Rate'])))}",
        "vat": f"{to_pennies(Decimal(str(line['VatAmount'])))}",
    }


def edit_invoice(ledger: Ledger, invoice: Row, typed: Typed) -> None:
    """Writes what was changed in the form; raises Mistakes or Refused."""
    fields, shown = _Fields(typed), typed_of(invoice)
    _customer_id(ledger, fields)
    wanted: Row = {
        "customer": ("Customer", fields.text("customer")),
        "number": ("InvoiceNumber", fields.number("number")),
        "day": ("InvoiceDate", fields.day("day")),
        "due": ("DueDate", fields.day("due")),
        "reference": ("CustomerReference", fields.text("reference")),
    }
    if invoice["Lines"]:
        wanted |= {"rate": ("Rate", fields.amount("rate")), "vat": ("VatAmount", fields.amount("vat"))}
    fields.done()
    ledger.edit_invoice(
        int(str(invoice["InvoiceDBID"])),
        dict(pair for name, pair in wanted.items() if fields.text(name) != shown[name]),
    )


def _customer_id(ledger: Ledger, fields: _Fields) -> object:
    try:
        return ledger.customer("Code", fields.text("customer"))["CustomerID"]
    except NotFound:
        fields.mistakes["customer"] = "No customer has this code. Enter one from the list of customers."
        return 0

"""Transfers that need a person, each made as it comes about, against the live sandbox."""

from __future__ import annotations

from typing import Any

from clients.models import Client, CustomerLink
from invoicing.models import Invoice, Transfer
from invoicing.transfer import adoption
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import BETWEEN, type_in

# The lines of `Desk.raise_invoices`, as somebody types them in KashFlow.
SAME_MONEY = [
    {"Quantity": "1", "Rate": rate, "VatRate": "20", "VatAmount": vat, "Description": "Advert"}
    for rate, vat in (("180.00", "36.00"), ("42.35", "8.47"))
]


def number_taken(desk: Desk, **elements: Any) -> Transfer:
    """Somebody typed our next number for another customer; the same money unless `lines` says otherwise."""
    invoice = desk.raise_invoices(1)[0]
    type_in(desk, invoice.number, **{"lines": SAME_MONEY, **elements})
    return carried(desk, invoice, "conflict", "number_taken")


def known_payer(desk: Desk) -> tuple[Client, int]:
    """A client that has an invoice in KashFlow already, and its CustomerID there."""
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    return payer, CustomerLink.objects.get(client=payer).customer_id or 0


def probable(desk: Desk) -> Transfer:
    """Somebody typed this very invoice by hand (F-52)."""
    payer, customer_id = known_payer(desk)
    invoice = desk.raise_invoices(1, payer)[0]
    type_in(desk, invoice.number, customer_id=customer_id, lines=SAME_MONEY)
    return carried(desk, invoice, "review", "found_probable")


def off_by_a_penny(desk: Desk) -> Transfer:
    """KashFlow made another total of it."""
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "total_off_by_a_penny")
    return carried(desk, invoice, "review", "differs")


def other_number(desk: Desk) -> Transfer:
    """KashFlow gave it another number, so the account is paused."""
    desk.sandbox.settings(numbering="assign")
    return carried(desk, desk.raise_invoices(1)[0], "review", "other_number")


def carried(desk: Desk, invoice: Invoice, state: str, cause: str) -> Transfer:
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == (state, cause)
    return transfer


def shown(transfer: Transfer) -> dict[str, Any]:
    """What the page carries of the document it shows: the arguments of a press."""
    kept = adoption.documents(transfer)[0]
    return {"dbid": kept["dbid"], "seen": adoption.fingerprint(kept)}


def edit(desk: Desk, dbid: int, **elements: Any) -> None:
    """Somebody changes a document's own fields in KashFlow."""
    with desk.sandbox.server.ledger.transaction() as db:
        for name, value in elements.items():
            db.execute(f'UPDATE invoice SET "{name}" = ? WHERE "InvoiceDBID" = ?', (value, dbid))  # noqa: S608


def rounds(desk: Desk, count: int = 3) -> None:
    """Lets the looks that follow a recheck be made."""
    for _ in range(count):
        desk.skip(BETWEEN)
        desk.sweep_and_work()

"""What the rows of the fault matrix have in common: many invoices, a fault for each, and the oracle at the end."""

from __future__ import annotations

from typing import Any

from invoicing.models import Invoice
from tests import factories, oracle
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import BETWEEN, SETTLE


def struck(desk: Desk, *orders: dict[str, Any], operation: str = "InsertInvoice") -> list[Invoice]:
    """As many invoices as `orders`: the first create meets the first fault, and so on. Pressed and carried once."""
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    for order in orders:
        desk.sandbox.fault(operation, **order)
    invoices = desk.raise_invoices(len(orders), payer)
    desk.press(invoices)
    desk.work()
    return invoices


def settle(desk: Desk) -> None:
    """The settle wait and both looks, as the sweeps of an hour would have it. No attempt is rewritten by them."""
    written = oracle.attempts()
    for seconds in (SETTLE, BETWEEN, SETTLE, BETWEEN):
        desk.skip(seconds)
        desk.sweep_and_work()
    assert list(oracle.rewritten(written, oracle.attempts())) == []


def assert_exactly_once(desk: Desk) -> None:
    """Every invoice is in KashFlow once, equal to the penny, and verified here."""
    assert set(desk.states()) == {"verified"}
    assert oracle.find(oracle.product_rows(), desk.sandbox.invoices()).problems == []

"""What the tests of the paid status share."""

from __future__ import annotations

from decimal import Decimal

from invoicing import tasks
from invoicing.models import Invoice
from invoicing.paid_status import runs
from magmanager.common.models import Run
from tests.invoicing.transfer.conftest import Desk

TOTAL = Decimal("266.82")


def updated(desk: Desk) -> Run:
    """The run of a press, worked off."""
    run = runs.update_paid_status(by=desk.by)
    tasks.update_paid_status(str(run.pk))
    run.refresh_from_db()
    return run


def money(invoice: Invoice) -> tuple[str, Decimal, str]:
    invoice.refresh_from_db()
    return invoice.paid_state, invoice.paid_amount, invoice.payment_flag

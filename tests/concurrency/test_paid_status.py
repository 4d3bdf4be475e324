"""Two updates, presses and lanes at once: the same end, each observation and each payment once."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from clients.models import Client
from invoicing.models import Invoice, Payment, PaymentObservation, Transfer
from invoicing.paid_status import ours
from invoicing.paid_status.reading import ask_for_all
from invoicing.paid_status.writing import write
from invoicing.transfer import lanes
from invoicing.transfer.payments import transfer_payments
from kashflow import syncs
from kashflow.models import BankAccount, Connection, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.services import get_gateway
from kashflow.tasks import sync
from magmanager.common.models import Run
from settings_app.models import PaymentMethod
from tests import factories
from tests.concurrency.threads import at_once
from tests.invoicing.batches import bookings, raised
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox


@pytest.fixture
def desk(committed: None, connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def test_two_updates_that_read_the_same_write_it_once(desk: Desk) -> None:
    """F-59: two syncs at once."""
    invoices = desk.in_kashflow(6, factories.client_row())
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "66.82")
    account = desk.account
    gateway = get_gateway(desk.connection, by=desk.by, purpose="Test")
    seen = list(ask_for_all(gateway, account)[1])
    at = invoices[0].raised_at
    changes = at_once([lambda: write(account, seen, at=at)] * 3)
    assert sorted(map(len, changes)) == [0, 0, 6]
    assert PaymentObservation.objects.count() == 6
    assert {one.paid_amount for one in Invoice.objects.all()} == {Decimal("66.82")}
    assert Client.objects.get(pk=invoices[0].payer_id).balance_amount == 6 * Decimal("-66.82")
    assert [one.paid_state for one in ours.of_client(account, invoices[0].payer)] == ["part"] * 6


def test_payments_recorded_at_once_all_count(committed: None) -> None:
    factories.company()
    by = factories.user("Accounts")
    invoice = raised(by, bookings(1)).invoices.get()
    at_once([lambda: factories.payment(invoice, "10.00", by=by)] * 4)
    key = uuid.uuid4()
    at_once([lambda: factories.payment(invoice, "1.00", by=by, key=key)] * 4)
    invoice.refresh_from_db()
    assert (Payment.objects.count(), invoice.paid_amount) == (5, Decimal("41.00"))
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("175.00")


def test_presses_and_lanes_at_once_make_one_payment_each(desk: Desk) -> None:
    sync(str(syncs.sync_bank_accounts(by=desk.by).pk))
    LedgerAccount.objects.update(bank_account=BankAccount.objects.first(), numbers_proved=True)
    PaymentMethodMapping.objects.create(
        ledger_account=desk.account,
        method=PaymentMethod.objects.filter(is_enabled=True)[0],
        kashflow_method=KashFlowMethod.objects.all()[0],
    )
    invoices = desk.in_kashflow(4, factories.client_row())
    for invoice in invoices:
        factories.payment(invoice, "66.82", by=desk.by)
    people = [desk.by, factories.user("Accounts"), factories.user("Admin"), desk.by]
    found = at_once([lambda by=by: transfer_payments(by=by).pk for by in people])
    assert len(set(found)) == 1
    at_once([lambda: lanes.carry_due(desk.account.pk, wake_another=lambda: None, seconds=60)] * 3)
    desk.work()
    assert Transfer.objects.filter(kind="payment", state="verified").count() == 4
    assert [len(desk.sandbox.payments(desk.dbid(invoice))) for invoice in invoices] == [1] * 4
    assert desk.calls("InsertInvoicePayment") == 4
    assert Run.objects.filter(kind="transfer_payments").count() == 1

"""*Transfer to KashFlow* pressed, and lanes started, from several threads at once."""

from __future__ import annotations

import pytest

from invoicing.models import RunTransfer, Transfer
from invoicing.transfer import lanes, services
from kashflow.models import Connection, LedgerAccount
from magmanager.common.models import Run
from tests import factories
from tests.concurrency.threads import at_once
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox


@pytest.fixture
def desk(committed: None, connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def test_four_presses_for_the_same_invoices_make_one_run(desk: Desk) -> None:
    ids = [invoice.pk for invoice in desk.raise_invoices(5)]
    people = [desk.by, factories.user("Accounts"), factories.user("Admin"), desk.by]
    found = at_once([lambda by=by: services.request_transfers(by=by, invoice_ids=ids).pk for by in people])
    assert len(set(found)) == 1
    assert (Run.objects.count(), RunTransfer.objects.count(), Transfer.objects.count()) == (1, 5, 5)


@pytest.mark.parametrize("proved", [True, False])
def test_four_lanes_side_by_side_send_each_once(desk: Desk, proved: bool) -> None:
    LedgerAccount.objects.update(numbers_proved=proved)
    invoices = desk.raise_invoices(12, factories.client_row())
    desk.press(invoices)
    at_once([lambda: lanes.carry_due(desk.account.pk, wake_another=lambda: None, seconds=60)] * 4)
    desk.work()
    assert desk.states() == ["verified"] * 12
    assert desk.numbers() == [invoice.number for invoice in invoices]
    assert desk.calls("InsertInvoice") == 12

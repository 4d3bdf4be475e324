"""*Transfer to KashFlow* pressed, and lanes started, from several threads at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from invoicing import crediting
from invoicing.models import Invoice, RunTransfer, Transfer
from invoicing.transfer import lanes, services
from kashflow.models import Connection, LedgerAccount
from magmanager.common.models import Run
from tests import factories
from tests.concurrency.threads import at_once
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit
from tests.sandboxes import LiveSandbox

# Seconds that the press has to get in between; where it is made to wait it waits all that time.
A_WHILE = 0.5


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


def test_credit_note_that_is_being_raised_goes_with_its_invoice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was found that the invoice does not go to KashFlow, and the press comes before the note is written."""
    (invoice,) = desk.raise_invoices(1)
    goes_to_kashflow = crediting.goes_to_kashflow
    pressing = threading.Thread(target=lambda: (desk.press([invoice]), connections.close_all()))

    def while_somebody_presses(credited: Invoice) -> bool:
        found = goes_to_kashflow(credited)
        pressing.start()
        pressing.join(A_WHILE)
        return found

    monkeypatch.setattr(crediting, "goes_to_kashflow", while_somebody_presses)
    note = credit(desk, invoice, "100.00")
    pressing.join()
    desk.work()
    kinds = Transfer.objects.filter(invoice=note).values_list("kind", "state")
    assert set(kinds) == {("create", "verified"), ("apply", "verified")}
    assert desk.transfer(invoice).state == "verified"

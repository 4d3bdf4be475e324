"""*Transfer to KashFlow*: who may, what a press does, and what a second press does not do."""

from __future__ import annotations

import pytest

from invoicing.models import RunTransfer, Transfer, TransferAttempt
from invoicing.transfer import services
from invoicing.transfer.progress import progress
from kashflow.connections import NoLogin
from kashflow.models import ApiCall, Connection, LedgerAccount
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_sends_nothing(desk: Desk, role: str) -> None:
    invoices = desk.raise_invoices(1)
    with pytest.raises(NotAllowed):
        services.request_transfers(by=factories.user(role), invoice_ids=[invoices[0].pk])
    assert not Transfer.objects.exists()
    assert not Run.objects.exists()


def test_without_a_login_nothing_is_asked_for(desk: Desk) -> None:
    invoices = desk.raise_invoices(1)
    LedgerAccount.objects.update(office_login=None)
    Connection.objects.all().delete()
    with pytest.raises(NoLogin):
        desk.press(invoices)
    assert not Transfer.objects.exists()


def test_five_invoices_arrive_once_with_lines_customers_and_codes(desk: Desk) -> None:
    invoices = desk.raise_invoices(5, po_number="PO-77")
    run = desk.press(invoices)
    assert desk.states() == ["ready"] * 5
    assert desk.work() == 5
    assert desk.states() == ["verified"] * 5
    assert desk.numbers() == [invoice.number for invoice in invoices]
    for invoice, document in zip(
        invoices, sorted(desk.documents(), key=lambda one: one["InvoiceNumber"]), strict=True
    ):
        assert document["CustomerReference"] == f"PO-77 {invoice.marker}"
        assert document["InvoiceDate"].startswith("2026-11-20")
        assert [line["Rate"] for line in document["Lines"]] == ["180.0000", "42.3500"]
        assert [line["VatAmount"] for line in document["Lines"]] == ["36.0000", "8.4700"]
        assert {line["ChargeType"] for line in document["Lines"]} == {desk.account.sales_code.kashflow_id}
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED
    assert run.summary == "5 in KashFlow"
    now = progress(run)
    assert (now.total, now.counts["in_kashflow"], now.is_settled) == (5, 5, True)
    assert now.amount_total == now.verified_total == sum(invoice.total for invoice in invoices)
    assert desk.account.numbers_proved


def test_three_calls_an_invoice_once_customers_and_numbering_are_known(desk: Desk) -> None:
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    before = ApiCall.objects.count()
    desk.press(desk.raise_invoices(4, payer))
    desk.work()
    assert desk.states() == ["verified"] * 5
    made = list(ApiCall.objects.order_by("pk").values_list("operation", flat=True))[before:]
    assert made == ["GetInvoice", "InsertInvoice", "GetInvoice"] * 4


def test_second_press_opens_the_run_there_is_and_sends_nothing_twice(desk: Desk) -> None:
    invoices = desk.raise_invoices(3)
    run = desk.press(invoices)
    assert desk.press(invoices) == run
    desk.work()
    assert desk.press(invoices) == run
    desk.work()
    assert Run.objects.count() == 1
    assert RunTransfer.objects.count() == 3
    assert desk.calls("InsertInvoice") == 3
    assert len(desk.documents()) == 3


def test_a_new_one_among_those_under_way_gets_a_run_of_its_own(desk: Desk) -> None:
    first = desk.raise_invoices(2)
    run = desk.press(first)
    more = desk.raise_invoices(1)
    other = desk.press([*first, *more])
    assert other != run
    assert list(other.run_transfers.values_list("transfer__invoice_id", flat=True)) == [more[0].pk]


def test_cancelled_invoices_are_refused(desk: Desk) -> None:
    invoices = desk.raise_invoices(1)
    invoices[0].state, invoices[0].cancelled_reason = "cancelled", "Wrong client"
    invoices[0].cancelled_at = invoices[0].raised_at
    invoices[0].save()
    with pytest.raises(services.NothingToTransfer):
        desk.press(invoices)
    assert not Transfer.objects.exists()


def test_every_move_is_noted_and_the_press_is_in_the_audit_log(desk: Desk) -> None:
    invoices = desk.raise_invoices(1)
    run = desk.press(invoices)
    desk.work()
    outcomes = TransferAttempt.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["claim", "intent", "created", "read_back_equal"]
    entry = AuditEntry.objects.get(event="transfers.requested")
    assert (entry.by, entry.object_id, entry.after) == (desk.by, str(run.pk), {"invoices": 1})


@pytest.mark.parametrize("state", [None, "do_not_send"])
def test_credit_note_alone_does_not_go_where_its_invoice_does_not(desk: Desk, state: str | None) -> None:
    invoice = desk.raise_invoices(1)[0]
    note = credit(desk, invoice, "100.00")
    if state:
        factories.transfer(invoice, state=state)
    with pytest.raises(services.NothingToTransfer, match="A credit note goes with its invoice"):
        desk.press([note])
    assert not Transfer.objects.filter(invoice=note).exists()
    assert not Run.objects.exists()


def test_credit_note_alone_goes_where_its_invoice_is_on_its_way(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    note = credit(desk, invoice, "100.00")
    factories.transfer(invoice)
    run = desk.press([note])
    assert list(run.run_transfers.values_list("transfer__invoice", flat=True)) == [note.pk]
    desk.work()
    assert set(Transfer.objects.values_list("state", flat=True)) == {"verified"}

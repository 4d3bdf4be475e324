"""Cancelling an invoice whose way to KashFlow has begun: nothing is sent after it, and nothing is left there."""

from __future__ import annotations

import pytest

from invoicing.cancelling import AlreadyPaid, cancel_invoice
from invoicing.models import Invoice, Transfer, TransferAttempt
from invoicing.transfer import claims, engine
from invoicing.transfer.desk import recheck
from kashflow.models import LedgerAccount
from magmanager.common.models import Run
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import type_in

SETTLE, BETWEEN = 601, 31


def cancel(desk: Desk, invoice: Invoice) -> None:
    """These invoices have lines without bookings, as an ad hoc one has."""
    cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    invoice.refresh_from_db()
    assert invoice.state == "cancelled"


def until_known(desk: Desk) -> None:
    desk.skip(SETTLE)
    desk.sweep_and_work()
    desk.skip(BETWEEN)
    desk.sweep_and_work()


def test_waiting_one_is_never_sent_and_its_run_ends(desk: Desk) -> None:
    first, second = desk.raise_invoices(2)
    run = desk.press([first, second])
    cancel(desk, first)
    assert desk.states() == ["cancelled", "ready"]
    desk.work()
    assert desk.states() == ["cancelled", "verified"]
    assert desk.numbers() == [second.number]
    run.refresh_from_db()
    assert (run.state, run.summary) == (Run.State.FINISHED, "1 in KashFlow, 1 cancelled")
    attempt = TransferAttempt.objects.get(transfer=desk.transfer(first))
    assert (attempt.by, attempt.what) == (desk.by, "Cancelled. It was never in KashFlow.")


def test_one_that_is_being_looked_up_is_not_sent_by_the_worker_that_holds_it(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    held = claims.claim(desk.account.pk, desk.transfer(invoice).pk)
    assert held is not None
    cancel(desk, invoice)
    assert desk.states() == ["cancelled"]
    engine.carry(held)
    assert desk.calls("InsertInvoice") == 0
    assert desk.states() == ["cancelled"]


def test_uncertain_one_that_never_arrived_is_cancelled_once_that_is_proved(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    desk.work()
    cancel(desk, invoice)
    assert (desk.states(), desk.transfer(invoice).cancel_requested) == (["ambiguous"], True)
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).absent_seen) == (["ambiguous"], 1)
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert desk.states() == ["cancelled"]
    assert (desk.calls("InsertInvoice"), desk.documents()) == (1, [])


def test_uncertain_one_whose_number_somebody_took_is_cancelled_and_theirs_is_left_alone(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    desk.work()
    cancel(desk, invoice)
    type_in(desk, invoice.number, CustomerReference="By the bookkeeper")
    until_known(desk)
    assert desk.states() == ["cancelled"]
    theirs = [one for one in desk.sandbox.invoices() if one["InvoiceNumber"] == invoice.number]
    assert [one["CustomerReference"] for one in theirs] == ["By the bookkeeper"]


def test_refused_create_of_a_cancelled_one_needs_nobody(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Transfer.objects.update(state="rejected", cause_code="refused", cancel_requested=True)
    desk.sweep_and_work()
    assert desk.states() == ["cancelled"]
    assert not desk.transfer(invoice).cancel_requested


def test_one_kept_back_by_a_paused_account_is_cancelled_all_the_same(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    LedgerAccount.objects.update(paused_reason="KashFlow numbers otherwise.")
    cancel(desk, invoice)
    assert desk.states() == ["cancelled"]


def test_conflict_is_left_to_the_document_that_is_there(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    type_in(desk, invoice.number, CustomerReference="By the bookkeeper")
    desk.press([invoice])
    desk.work()
    cancel(desk, invoice)
    assert desk.states() == ["cancelled"]
    assert desk.numbers() == []


def test_one_that_was_changed_in_kashflow_stays_with_a_person_until_it_is_gone_there(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "total_off_by_a_penny")
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["review"]
    cancel(desk, invoice)
    assert desk.states() == ["ambiguous"]
    until_known(desk)
    assert (desk.states(), desk.transfer(invoice).cancel_requested) == (["review"], True)
    desk.sandbox.server.ledger.delete_invoice(desk.documents()[0]["InvoiceDBID"])
    Transfer.objects.update(state="ambiguous", ambiguous_since="2026-01-01T00:00:00Z")
    until_known(desk)
    assert desk.states() == ["cancelled"]


@pytest.mark.parametrize("state", ["do_not_send", "cancelled"])
def test_what_was_decided_before_stays_decided(desk: Desk, state: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Transfer.objects.update(state=state)
    cancel(desk, invoice)
    assert desk.states() == [state]
    assert not TransferAttempt.objects.exists()


@pytest.mark.parametrize("is_rechecked", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_one_that_is_there_otherwise_is_asked_about_and_kept_alive_by_money(
    desk: Desk, kept: bool, is_rechecked: bool
) -> None:
    """KashFlow's document differs, so nothing here says what is paid of it; KashFlow does."""
    (invoice,) = desk.raise_invoices(1)
    desk.sandbox.fault("InsertInvoice", "total_off_by_a_penny")
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["review"]
    if not kept:
        Transfer.objects.update(kashflow_dbid=None)
    desk.sandbox.pay(desk.documents()[0]["InvoiceDBID"], "60.00")
    if is_rechecked:
        recheck(by=desk.by, transfer=desk.transfer(invoice))
    before = desk.states()
    with pytest.raises(AlreadyPaid, match=r"£60\.00"):
        cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    invoice.refresh_from_db()
    assert (invoice.state, desk.states()) == ("raised", before)

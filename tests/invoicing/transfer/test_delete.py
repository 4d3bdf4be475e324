"""Deleting a cancelled invoice's document in KashFlow, where an admin chose that: ours, unpaid, and once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from invoicing.cancelling import AlreadyPaid, cancel_invoice
from invoicing.models import Invoice, Transfer
from kashflow.models import LedgerAccount
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit, document, pay, sent, settle
from tests.invoicing.transfer.test_carry import type_in

BETWEEN = 31
DELETE = "DeleteInvoiceByID"


@pytest.fixture
def cancelled(desk: Desk) -> Invoice:
    """An invoice in KashFlow, just cancelled here: its deletion waits."""
    LedgerAccount.objects.update(voiding=LedgerAccount.Voiding.DELETE)
    invoice = sent(desk)
    cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    assert errand(invoice).state == "ready"
    return invoice


def errand(invoice: Invoice) -> Transfer:
    return Transfer.objects.get(invoice=invoice, kind="delete")


def test_it_is_gone_there_and_no_credit_note_is_raised(desk: Desk, cancelled: Invoice) -> None:
    dbid = document(desk, cancelled)["InvoiceDBID"]
    desk.work()
    assert errand(cancelled).state == "verified"
    assert [call["arguments"] for call in desk.sandbox.log(DELETE)] == [{"InvoiceID": dbid}]
    assert desk.documents() == []
    assert not Invoice.objects.filter(kind="credit_note").exists()
    desk.sweep_and_work()
    assert desk.calls(DELETE) == 1


def test_paid_one_is_not_cancelled_in_the_first_place(desk: Desk) -> None:
    LedgerAccount.objects.update(voiding=LedgerAccount.Voiding.DELETE)
    invoice = sent(desk)
    pay(desk, invoice, "50.00")
    with pytest.raises(AlreadyPaid, match=r"£50\.00 of invoice"):
        cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    assert not Transfer.objects.filter(kind="delete").exists()
    invoice.refresh_from_db()
    assert invoice.state == "raised"


def test_one_that_was_paid_just_afterwards_is_left_alone(desk: Desk, cancelled: Invoice) -> None:
    pay(desk, cancelled, "50.00")
    desk.work()
    assert (errand(cancelled).state, errand(cancelled).cause_code) == ("review", "not_deleted")
    assert errand(cancelled).last_cause.startswith("£50.00 of it is paid in KashFlow, so it was not deleted.")
    assert desk.calls(DELETE) == 0
    assert len(desk.documents()) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"CustomerReference": "Bookkeeper's own"}, "does not carry our marker any more"),
        ({"InvoiceDate": "2026-11-01T00:00:00"}, "It was changed in KashFlow"),
    ],
)
def test_one_that_somebody_changed_is_left_alone(
    desk: Desk, cancelled: Invoice, change: dict[str, str], why: str
) -> None:
    dbid = document(desk, cancelled)["InvoiceDBID"]
    ledger: Any = desk.sandbox.server.ledger
    kept = document(desk, cancelled)
    header = {name: kept[name] for name in ("CustomerID", "CustomerReference", "InvoiceDate", "DueDate")}
    ledger.update_invoice(dbid, {**header, **change}, None, None)
    desk.work()
    assert errand(cancelled).state == "review"
    assert why in errand(cancelled).last_cause
    assert desk.calls(DELETE) == 0
    assert dbid in [one["InvoiceDBID"] for one in desk.sandbox.invoices()]


def test_one_that_is_gone_already_needs_no_call(desk: Desk, cancelled: Invoice) -> None:
    desk.sandbox.server.ledger.delete_invoice(document(desk, cancelled)["InvoiceDBID"])
    desk.work()
    assert (errand(cancelled).state, desk.calls(DELETE)) == ("verified", 0)


def test_its_number_on_somebody_elses_document_is_not_taken_for_it(desk: Desk, cancelled: Invoice) -> None:
    desk.sandbox.fault(DELETE, "drop_after")
    desk.work()
    type_in(desk, cancelled.number, CustomerReference="By the bookkeeper")
    settle(desk)
    assert (errand(cancelled).state, desk.calls(DELETE)) == ("verified", 1)
    theirs = [one for one in desk.sandbox.invoices() if one["InvoiceNumber"] == cancelled.number]
    assert [one["CustomerReference"] for one in theirs] == ["By the bookkeeper"]


@pytest.mark.parametrize("kind", ["drop_after", "cut_reply", "empty_reply"])
def test_reply_lost_after_the_deletion_is_looked_up(desk: Desk, cancelled: Invoice, kind: str) -> None:
    desk.sandbox.fault(DELETE, kind)
    desk.work()
    assert errand(cancelled).state == "ambiguous"
    settle(desk)
    assert (errand(cancelled).state, desk.calls(DELETE), desk.documents()) == ("verified", 1, [])


@pytest.mark.parametrize("kind", ["drop_before", "http_503"])
def test_lost_before_is_deleted_after_two_looks_that_found_it(
    desk: Desk, cancelled: Invoice, kind: str
) -> None:
    desk.sandbox.fault(DELETE, kind)
    desk.work()
    settle(desk)
    assert (errand(cancelled).state, desk.calls(DELETE)) == ("ambiguous", 1)
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert (errand(cancelled).state, desk.calls(DELETE), desk.documents()) == ("verified", 2, [])


@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_worker_that_died_leaves_nothing_there(desk: Desk, cancelled: Invoice, state: str) -> None:
    rows = Transfer.objects.filter(kind="delete")
    rows.update(state=state, epoch=1, lease_until="2026-01-01T00:00:00Z")
    for _ in range(3):
        settle(desk)
    assert (errand(cancelled).state, desk.calls(DELETE), desk.documents()) == ("verified", 1, [])


@pytest.mark.parametrize("kind", ["http_500", "empty_reply"])
def test_failed_look_deletes_nothing_and_is_never_gone(desk: Desk, cancelled: Invoice, kind: str) -> None:
    desk.sandbox.fault("GetInvoiceByID", kind)
    desk.work()
    assert (errand(cancelled).state, desk.calls(DELETE)) == ("ready", 0)
    assert len(desk.documents()) == 1
    desk.skip(60)
    desk.sweep_and_work()
    assert (errand(cancelled).state, desk.documents()) == ("verified", [])


def test_one_with_a_credit_note_is_voided_by_credit_instead(desk: Desk) -> None:
    LedgerAccount.objects.update(voiding=LedgerAccount.Voiding.DELETE)
    invoice = sent(desk)
    credit(desk, invoice, "100.00")
    desk.work()
    cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    desk.work()
    assert not Transfer.objects.filter(kind="delete").exists()
    assert Decimal(document(desk, invoice)["AmountPaid"]) == invoice.total
    assert desk.calls(DELETE) == 0

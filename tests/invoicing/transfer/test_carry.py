"""Carrying one transfer through everything KashFlow and people there can do to it (transfer.md, States)."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import CustomerLink
from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer import claims, engine, record
from invoicing.transfer.lanes import sweep
from invoicing.transfer.states import State
from kashflow.account import change_kashflow_settings
from kashflow.models import LedgerAccount
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk

SETTLE, BETWEEN, LEASE = 601, 31, 181


def until_settled(desk: Desk, rounds: int = 6) -> None:
    """Lets time pass and the sweep come round until nothing moves any more."""
    for _ in range(rounds):
        desk.skip(SETTLE)
        desk.sweep_and_work()


# --- Replies that are lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "drop_after",
        "cut_reply",
        "html_page",
        "malformed_xml",
        "empty_reply",
        "number_zero",
        "wrong_namespace",
    ],
)
def test_reply_lost_after_the_create_is_adopted_and_never_sent_again(desk: Desk, kind: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", kind)
    run = desk.press([invoice])
    desk.work()
    assert desk.states() == ["ambiguous"]
    assert desk.sweep_and_work() is None
    assert desk.calls("InsertInvoice") == 1
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]
    assert desk.calls("InsertInvoice") == 1
    assert desk.numbers() == [invoice.number]
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


@pytest.mark.parametrize("kind", ["drop_before", "http_503"])
def test_lost_before_the_create_is_sent_after_two_looks_that_found_nothing(desk: Desk, kind: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", kind)
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["ambiguous"]
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).absent_seen) == (["ambiguous"], 1)
    desk.sweep_and_work()
    assert desk.calls("InsertInvoice") == 1
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]
    assert desk.numbers() == [invoice.number]
    looks = TransferAttempt.objects.filter(outcome__in=["absent_once", "absent_proved"]).count()
    assert looks == 2


def test_failed_read_is_never_absent(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("GetInvoice", "http_500", times=20)
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.tries, transfer.cause_code) == ("ready", 1, "unknown")
    assert transfer.not_before is not None
    assert desk.calls("InsertInvoice") == 0
    desk.sandbox.no_faults()
    desk.skip(60)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]


def test_failed_read_keeps_what_is_uncertain_uncertain_and_a_person_is_asked_after_a_day(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    desk.work()
    desk.sandbox.fault("GetInvoice", "empty_reply", times=50)
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert desk.states() == ["ambiguous"]
    desk.skip(24 * 60 * 60)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).cause_code) == (["review"], "uncertain_too_long")
    assert desk.calls("InsertInvoice") == 1


def test_read_back_that_fails_is_made_again(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    # The first GetInvoice is the look, the second reads back.
    desk.sandbox.fault("GetInvoice", "drop_before", after=2)
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["sent"]
    desk.skip(60)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]


# --- Numbers ------------------------------------------------------------------------------------------------


def type_in(desk: Desk, number: int, **elements: Any) -> int:
    """Somebody types a document in KashFlow; returns its InvoiceDBID."""
    ledger = desk.sandbox.server.ledger
    customer_id = elements.pop("customer_id", None) or desk.sandbox.state()["customers"][0]["CustomerID"]
    line = {
        "Quantity": "1",
        "Rate": "99.00",
        "VatRate": "20",
        "VatAmount": "19.80",
        "Description": "Typed by hand",
    }
    lines = elements.pop("lines", [line])
    elements = {"InvoiceDate": "2026-11-20T00:00:00", "DueDate": "2026-12-20T00:00:00", **elements}
    return ledger.add_invoice(lines, InvoiceNumber=number, CustomerID=customer_id, **elements)[1]


def test_taken_number_stops_that_invoice_alone_and_nothing_of_theirs_is_touched(desk: Desk) -> None:
    invoices = desk.raise_invoices(3)
    type_in(desk, invoices[1].number, CustomerReference="By the bookkeeper")
    run = desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified", "conflict", "verified"]
    transfer = desk.transfer(invoices[1])
    assert transfer.found["reference"] == "By the bookkeeper"
    assert f"Number {invoices[1].number} is already used" in transfer.last_cause
    assert desk.numbers() == [invoices[0].number, invoices[2].number]
    theirs = [one for one in desk.sandbox.invoices() if one["InvoiceNumber"] == invoices[1].number]
    assert [one["CustomerReference"] for one in theirs] == ["By the bookkeeper"]
    run.refresh_from_db()
    assert run.summary == "2 in KashFlow, 1 needs you"


def test_same_invoice_typed_by_hand_waits_for_a_person(desk: Desk) -> None:
    payer = factories.client_row()
    first = desk.raise_invoices(1, payer)
    desk.press(first)
    desk.work()
    second = desk.raise_invoices(1, payer)[0]
    lines = [
        {"Quantity": "1", "Rate": rate, "VatRate": "20", "VatAmount": vat}
        for rate, vat in (("180.00", "36.00"), ("42.35", "8.47"))
    ]
    customer_id = CustomerLink.objects.get(client=payer).customer_id
    type_in(desk, second.number, customer_id=customer_id, lines=lines)
    desk.press([second])
    desk.work()
    transfer = desk.transfer(second)
    assert (transfer.state, transfer.cause_code) == ("review", "found_probable")
    assert desk.calls("InsertInvoice") == 1


def test_account_stops_before_the_next_invoice_has_its_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sandbox.settings(numbering="assign")
    desk.press(desk.raise_invoices(2))
    write, stopped = record._write, []

    def noting(transfer: Transfer, to: State, *values: Any) -> None:
        stopped.append((str(to), bool(LedgerAccount.objects.get().paused_reason)))
        write(transfer, to, *values)

    monkeypatch.setattr(record, "_write", noting)
    desk.work()
    assert ("review", True) in stopped
    assert ("review", False) not in stopped
    assert desk.states() == ["review", "ready"]
    assert len(desk.documents()) == 1


def test_another_number_stops_the_account_with_one_document(desk: Desk) -> None:
    invoices = desk.raise_invoices(3)
    desk.sandbox.settings(numbering="assign")
    run = desk.press(invoices)
    desk.work()
    assert desk.states() == ["review", "ready", "ready"]
    assert desk.calls("InsertInvoice") == 1
    assert "does not keep our numbers" in desk.account.paused_reason
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.PAUSED, "account_paused")
    until_settled(desk)
    assert desk.calls("InsertInvoice") == 1
    assert len(desk.documents()) == 1


def test_choosing_the_numbering_lets_an_account_go_on_that_its_numbers_stopped(desk: Desk) -> None:
    desk.sandbox.settings(numbering="assign")
    desk.press(desk.raise_invoices(2))
    desk.work()
    change_kashflow_settings(
        by=factories.user("Admin"), account=desk.account, values={"numbering": "kashflow"}
    )
    assert desk.account.paused_reason == ""


def test_until_the_numbering_is_proved_creates_go_one_at_a_time_in_order(desk: Desk) -> None:
    highest = (
        max(one["InvoiceNumber"] for one in desk.sandbox.invoices()) if desk.sandbox.invoices() else None
    )
    if highest is None:
        type_in(desk, 20_000)
        highest = 20_000
    desk.next_number = highest + 1
    invoices = desk.raise_invoices(3)
    desk.press(list(reversed(invoices)))
    desk.work()
    assert desk.states() == ["verified"] * 3
    sent = [call["arguments"]["Inv"]["InvoiceNumber"] for call in desk.sandbox.log("InsertInvoice")]
    assert [int(number) for number in sent] == [invoice.number for invoice in invoices]
    # Each was the highest + 1: an account that numbers by itself would have answered the same.
    assert not desk.account.numbers_proved


def test_kashflow_numbers_its_own_and_both_numbers_are_kept(desk: Desk) -> None:
    LedgerAccount.objects.update(numbering="kashflow")
    invoices = desk.raise_invoices(3)
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press(invoices)
    desk.work()
    # One create at a time: the uncertain one may still take a number there.
    assert desk.states() == ["ambiguous", "ready", "ready"]
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 3
    assert len(desk.documents()) == 3
    theirs = {one["CustomerReference"].split(" ")[-1]: one["InvoiceNumber"] for one in desk.documents()}
    for invoice in invoices:
        assert desk.transfer(invoice).kashflow_number == theirs[invoice.marker] != invoice.number


# --- What KashFlow stored -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "field"), [("total_off_by_a_penny", "Amount before VAT"), ("lines_dropped", "Lines")]
)
def test_read_back_that_differs_waits_for_a_person_field_by_field(desk: Desk, kind: str, field: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", kind)
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("review", "differs")
    assert field in [one["field"] for one in transfer.found["differences"]]
    until_settled(desk)
    assert desk.calls("InsertInvoice") == 1


def test_missing_sales_code_is_refused_before_anything_is_sent(desk: Desk) -> None:
    LedgerAccount.objects.update(sales_code=None)
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert transfer.state == "rejected"
    assert "Choose the default sales code in Settings › KashFlow" in transfer.last_cause
    assert desk.calls("InsertInvoice") == 0


def test_likely_customer_waits_for_a_person_and_the_others_go_on(desk: Desk) -> None:
    known, other = factories.client_row(), factories.client_row()
    desk.sandbox.server.ledger.add_customer(Code="THERE1", Name="Somebody", Email=known.email)
    invoices = [*desk.raise_invoices(1, known), *desk.raise_invoices(1, other)]
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["review", "verified"]
    assert "THERE1 Somebody (same e-mail)" in desk.transfer(invoices[0]).last_cause
    assert desk.calls("InsertCustomer") == 1


def test_failed_customer_look_makes_neither_customer_nor_invoice(desk: Desk) -> None:
    desk.sandbox.fault("GetCustomerByEmail", "http_503")
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert desk.states() == ["ready"]
    assert (desk.calls("InsertCustomer"), desk.calls("InsertInvoice")) == (0, 0)


def test_two_invoices_of_a_new_client_make_one_customer(desk: Desk) -> None:
    payer = factories.client_row(name="Kernow Kayaks")
    desk.press(desk.raise_invoices(2, payer))
    desk.work()
    assert desk.states() == ["verified"] * 2
    assert [one["Code"] for one in desk.sandbox.state()["customers"] if one["Name"] == payer.name] == [
        "KERN01"
    ]


def test_pressing_again_after_mending_looks_first_and_then_sends(desk: Desk) -> None:
    sales_code = desk.account.sales_code
    LedgerAccount.objects.update(sales_code=None)
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.work()
    LedgerAccount.objects.update(sales_code=sales_code)
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.transfer(invoice).absent_seen) == (["ambiguous"], 1)
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]
    assert len(desk.documents()) == 1


# --- Workers that die ---------------------------------------------------------------------------------------


def test_expired_claim_is_taken_up_again(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Transfer.objects.update(state="claimed", epoch=1, lease_until="2026-01-01T00:00:00Z")
    assert sweep() == desk.account.pk
    assert desk.states() == ["ready"]
    desk.work()
    assert desk.states() == ["verified"]


def test_expired_send_is_uncertain_from_the_moment_it_is_found(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Transfer.objects.update(state="sending", epoch=1, lease_until="2026-01-01T00:00:00Z")
    desk.sweep_and_work()
    assert desk.states() == ["ambiguous"]
    assert desk.calls("GetInvoice") == 0
    until_settled(desk, 1)
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert desk.states() == ["verified"]
    assert len(desk.documents()) == 1


def test_whoever_lost_the_row_stops_quietly_and_sends_nothing(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    zombie = claims.claim(desk.account.pk, desk.transfer(invoice).pk)
    assert zombie is not None
    Transfer.objects.update(epoch=zombie.epoch + 1)
    engine.carry(zombie)
    assert desk.calls("InsertInvoice") == 0
    assert desk.states() == ["claimed"]


def test_kashflow_away_one_probes_for_all_and_nobody_is_lost(desk: Desk) -> None:
    invoices = desk.raise_invoices(5)
    desk.sandbox.fault("GetInvoice", "rate_limited", times=3, retry_after="2")
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["ready"] * 5
    assert desk.calls("GetInvoice") == 1
    for _ in range(4):
        desk.skip(40)
        desk.sweep_and_work()
    assert desk.states() == ["verified"] * 5
    assert len(desk.documents()) == 5

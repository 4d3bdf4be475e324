"""*Transfer Payments* once each, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from clients.models import Client
from invoicing import tasks
from invoicing.models import Transfer, TransferAttempt
from invoicing.paid_status import runs, shown
from invoicing.transfer import claims, engine
from invoicing.transfer.payments import transfer_payments
from invoicing.transfer.services import NothingToTransfer
from kashflow.models import BankAccount, LedgerAccount
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.paid import updated
from tests.invoicing.paying import BETWEEN, SETTLE, errand, plain_desk, press, there, until_settled
from tests.invoicing.paying import desk as desk
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]
__all__ = ["desk", "plain_desk"]


@pytest.mark.parametrize(
    "kind", ["drop_after", "cut_reply", "html_page", "malformed_xml", "empty_reply", "wrong_namespace"]
)
def test_reply_lost_after_the_insert_is_adopted_and_never_sent_again(desk: Desk, kind: str) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", kind)
    press(desk)
    assert errand(payment).state == "ambiguous"
    desk.sweep_and_work()
    assert desk.calls("InsertInvoicePayment") == 1
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert errand(payment).state == "verified"
    assert len(there(desk, invoice)) == desk.calls("InsertInvoicePayment") == 1
    invoice.refresh_from_db()
    assert (invoice.paid_amount, invoice.kashflow_paid_amount) == (Decimal("66.82"), Decimal("66.82"))


@pytest.mark.parametrize("kind", ["drop_before", "http_503"])
def test_lost_before_the_insert_is_sent_after_two_looks_that_found_nothing(desk: Desk, kind: str) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", kind)
    press(desk)
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (errand(payment).state, errand(payment).absent_seen) == ("ambiguous", 1)
    assert desk.calls("InsertInvoicePayment") == 1
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert errand(payment).state == "verified"
    assert len(there(desk, invoice)) == 1
    assert TransferAttempt.objects.filter(outcome__in=["absent_once", "absent_proved"]).count() == 2


@pytest.mark.parametrize("operation", ["GetInvoice", "GetInvoicePayment"])
def test_failed_look_is_never_absent(desk: Desk, operation: str) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault(operation, "http_500")
    press(desk)
    assert (errand(payment).state, errand(payment).tries) == ("ready", 1)
    assert desk.calls("InsertInvoicePayment") == 0
    desk.skip(120)
    desk.sweep_and_work()
    assert errand(payment).state == "verified"
    assert len(there(desk, invoice)) == 1


def test_pages_that_disagree_with_the_count_are_no_proof(desk: Desk) -> None:
    """F-58: the count of the day's payments disagrees with its pages."""
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.pay(desk.dbid(invoice), "1.00", day="2026-11-24")
    desk.sandbox.fault("InsertInvoicePayment", "drop_before")
    press(desk)
    desk.sandbox.fault("GetInvoicePaymentsByDateRange", "duplicate_element", element="Payment")
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (errand(payment).state, errand(payment).absent_seen) == ("ambiguous", 0)
    assert desk.calls("InsertInvoicePayment") == 1


def test_worker_that_died_while_sending_is_looked_for_first(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    transfer_payments(by=desk.by)
    row = errand(payment)
    Transfer.objects.filter(pk=row.pk).update(state="sending", epoch=5, lease_until=row.requested_at)
    desk.sandbox.pay(desk.dbid(invoice), "66.82", note=payment.code)
    desk.sweep_and_work()
    assert errand(payment).state == "ambiguous"
    until_settled(desk, 1)
    assert len(there(desk, invoice)) == 1
    assert desk.calls("InsertInvoicePayment") == 0


def test_update_in_between_counts_an_uncertain_payment_once(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", "drop_after")
    press(desk)
    run = runs.update_paid_status(by=desk.by)
    tasks.update_paid_status(str(run.pk))
    invoice.refresh_from_db()
    assert (invoice.paid_amount, invoice.kashflow_paid_amount) == (Decimal("66.82"), Decimal("66.82"))
    until_settled(desk, 1)
    invoice.refresh_from_db()
    assert errand(payment).state == "verified"
    assert (invoice.paid_amount, invoice.kashflow_paid_amount) == (Decimal("66.82"), Decimal("66.82"))


def test_deleted_in_kashflow_afterwards_is_taken_off_and_never_sent_again(desk: Desk, as_role: As) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    press(desk)
    desk.sandbox.unpay(errand(payment).kashflow_payment_id or 0)
    run = runs.update_paid_status(by=desk.by)
    tasks.update_paid_status(str(run.pk))
    invoice.refresh_from_db()
    assert (invoice.paid_state, invoice.paid_amount) == ("unpaid", Decimal(0))
    assert "Deleted in KashFlow" in as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/").text
    with pytest.raises(NothingToTransfer):
        transfer_payments(by=desk.by)
    until_settled(desk, 2)
    assert there(desk, invoice) == []
    assert desk.calls("InsertInvoicePayment") == 1


def test_refused_login_stops_the_run_with_its_sentence(desk: Desk) -> None:
    invoices = desk.in_kashflow(3)
    for invoice in invoices:
        factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", "login_refused")
    run = press(desk)
    assert run.state == Run.State.PAUSED
    assert "username or password is wrong" in run.summary
    assert desk.calls("InsertInvoicePayment") == 1
    assert {row.state for row in Transfer.objects.filter(kind="payment")} == {"ready"}


def test_what_was_sent_to_another_account_is_not_sent_to_this_one(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    old = factories.ledger_account(is_current=False)
    Transfer.objects.create(
        invoice=invoice,
        payment=payment,
        ledger_account=old,
        kind="payment",
        state="ambiguous",
        requested_at=payment.recorded_at,
        ambiguous_since=payment.recorded_at,
    )
    with pytest.raises(NothingToTransfer):
        transfer_payments(by=desk.by)
    assert Transfer.objects.filter(kind="payment").count() == 1


@pytest.mark.parametrize("is_payment_first", [True, False])
def test_payment_and_set_off_of_one_invoice_go_one_after_the_other(
    desk: Desk, is_payment_first: bool
) -> None:
    """Otherwise the set-off would find more paid than before, and ask who paid."""
    (invoice,) = desk.in_kashflow()
    credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    Transfer.objects.filter(kind="apply").update(not_before=None)
    payment = factories.payment(invoice, "46.82")
    transfer_payments(by=desk.by)
    errands = [errand(payment), Transfer.objects.get(kind="apply")]
    first = errands[0] if is_payment_first else errands[1]
    held = claims.claim(desk.account.pk, first.pk)
    assert held is not None
    assert desk.work() == 0
    engine.carry(held)
    assert desk.work() == 1
    assert {one.state for one in Transfer.objects.all()} == {"verified"}
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("100.00")
    assert {Decimal(amount) for amount, _note in there(desk, invoice)} == {
        Decimal("120.00"),
        Decimal("46.82"),
    }


def test_default_bank_account_changed_while_it_is_uncertain_is_no_difference(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", "drop_after")
    press(desk)
    other = BankAccount.objects.exclude(pk=desk.account.bank_account_id).first()
    LedgerAccount.objects.update(bank_account=other)
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (errand(payment).state, errand(payment).last_cause) == ("verified", "")
    assert len(there(desk, invoice)) == 1


def test_default_bank_account_changed_after_it_was_proved_absent_is_the_one_it_goes_to(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    desk.sandbox.fault("InsertInvoicePayment", "drop_before")
    press(desk)
    other = BankAccount.objects.exclude(pk=desk.account.bank_account_id)[0]
    LedgerAccount.objects.update(bank_account=other)
    until_settled(desk)
    assert errand(payment).state == "verified"
    (there_now,) = desk.sandbox.payments(desk.dbid(invoice))
    assert there_now["PayAccount"] == other.kashflow_id


def test_deleted_after_kashflow_named_it_is_one_struck_line(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82")
    press(desk)
    desk.sandbox.pay(desk.dbid(invoice), "10.00")
    updated(desk)
    desk.sandbox.unpay(errand(payment).kashflow_payment_id or 0)
    updated(desk)
    invoice.refresh_from_db()
    lines = shown.payments(invoice, uses_kashflow=True)
    assert [line.where for line in lines if not line.counts] == ["Deleted in KashFlow"]

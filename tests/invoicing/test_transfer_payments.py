"""*Transfer Payments*: payments recorded here come into KashFlow, once each, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from invoicing import tasks
from invoicing.models import Invoice, Payment, Transfer, TransferAttempt
from invoicing.paid_status import runs
from invoicing.payments import remove_payment
from invoicing.transfer.payments import transfer_payments
from invoicing.transfer.services import NothingToTransfer, TransfersStopped
from kashflow import syncs
from kashflow.models import BankAccount, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.tasks import sync
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import PaymentMethod, SystemDefaults
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as plain_desk

pytestmark = pytest.mark.django_db
PRESS, PAGE = "/settings/kashflow/transfer-payments/", "/settings/kashflow/"
SETTLE, BETWEEN, LEASE = 601, 31, 181
As = Callable[..., Browser]
__all__ = ["plain_desk"]


@pytest.fixture
def desk(plain_desk: Desk) -> Desk:
    """Bank accounts and payment methods are synced, the default account chosen, the first method mapped."""
    sync(str(syncs.sync_bank_accounts(by=plain_desk.by).pk))
    account = plain_desk.account
    LedgerAccount.objects.filter(pk=account.pk).update(bank_account=BankAccount.objects.first())
    PaymentMethodMapping.objects.create(
        ledger_account=account,
        method=PaymentMethod.objects.filter(is_enabled=True)[0],
        kashflow_method=KashFlowMethod.objects.all()[1],
    )
    return plain_desk


def press(desk: Desk) -> Run:
    """Pressed, and worked off as far as it goes."""
    run = transfer_payments(by=desk.by)
    desk.work()
    run.refresh_from_db()
    return run


def errand(payment: Payment) -> Transfer:
    return Transfer.objects.get(payment=payment)


def there(desk: Desk, invoice: Invoice) -> list[tuple[str, str]]:
    """Amount and note of the payments in KashFlow."""
    return [
        (str(Decimal(one["PayAmount"])), one["PayNote"]) for one in desk.sandbox.payments(desk.dbid(invoice))
    ]


def until_settled(desk: Desk, rounds: int = 5) -> None:
    for _ in range(rounds):
        desk.skip(SETTLE)
        desk.sweep_and_work()


# --- Who may ------------------------------------------------------------------------------------------------


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    assert stranger.post(PRESS)["Location"].startswith("/login/")
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(desk: Desk, as_role: As, role: str) -> None:
    (invoice,) = desk.in_kashflow()
    factories.payment(invoice)
    browser = as_role(role)
    assert browser.post(PRESS).status_code == 403
    with pytest.raises(NotAllowed):
        transfer_payments(by=browser.person)
    assert not Transfer.objects.filter(kind="payment").exists()


def test_right_taken_away_before_a_worker_came_sends_nothing(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice)
    run = transfer_payments(by=desk.by)
    desk.by.groups.clear()
    desk.work()
    run.refresh_from_db()
    assert (run.state, errand(payment).state) == (Run.State.PAUSED, "ready")
    assert desk.calls("InsertInvoicePayment") == 0


def test_nothing_is_sent_while_kashflow_is_not_the_package(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice)
    transfer_payments(by=desk.by)
    SystemDefaults.objects.update(accounts_package="none")
    with pytest.raises(TransfersStopped):
        transfer_payments(by=desk.by)
    desk.work()
    assert errand(payment).state == "ready"
    assert desk.calls("InsertInvoicePayment") == 0


# --- The press ----------------------------------------------------------------------------------------------


def test_payment_comes_into_kashflow_with_method_account_and_code(desk: Desk, as_role: As) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice, "66.82", note="Cheque 104, late")
    browser = as_role("Accounts")
    part = browser.post(PRESS, headers={"HX-Request": "true"}).text
    assert ">Transfer Payments</button>" in part
    assert "every 1s" in part
    desk.work()
    (made,) = desk.sandbox.payments(desk.dbid(invoice))
    assert (Decimal(made["PayAmount"]), made["PayDate"][:10]) == (Decimal("66.82"), "2026-11-24")
    assert made["PayNote"] == f"Cheque 104, late {payment.code}"
    assert made["PayMethod"] == KashFlowMethod.objects.all()[1].kashflow_id
    assert made["PayAccount"] == BankAccount.objects.first().kashflow_id
    transfer = errand(payment)
    assert (transfer.state, transfer.kashflow_payment_id, transfer.verified_total) == (
        "verified",
        made["PayID"],
        6682,
    )
    invoice.refresh_from_db()
    payment.refresh_from_db()
    assert (invoice.paid_amount, invoice.kashflow_paid_amount) == (Decimal("66.82"), Decimal("66.82"))
    assert payment.in_kashflow_at is not None
    part = browser.get(PAGE, headers={"HX-Request": "true"}).text
    assert "1 in KashFlow" in part
    assert "every 1s" not in part


def test_run_page_speaks_of_payments_and_their_amounts(desk: Desk, as_role: As) -> None:
    one, two = desk.in_kashflow(2)
    factories.payment(one, "66.82")
    factories.payment(two, "10.00")
    run = press(desk)
    page = as_role("Accounts").get(f"/invoicing/runs/{run.pk}/").text
    assert "<h1" in page
    assert "Transfer Payments" in page
    assert "2 payments, £76.82 · started by" in page
    assert "2 of 2 in KashFlow" in page
    assert "= £76.82 here, £76.82 in KashFlow" in page
    assert (run.state, run.summary, run.title) == (
        Run.State.FINISHED,
        "2 in KashFlow",
        "Transfer of 2 payments to KashFlow",
    )


def test_next_update_finds_nothing_new_and_the_payment_once(desk: Desk, as_role: As) -> None:
    (invoice,) = desk.in_kashflow()
    factories.payment(invoice, "66.82", note="Cheque 104")
    press(desk)
    desk.sandbox.pay(desk.dbid(invoice), "100.00")
    run = runs.update_paid_status(by=desk.by)
    tasks.update_paid_status(str(run.pk))
    invoice.refresh_from_db()
    assert (invoice.paid_amount, invoice.kashflow_paid_amount) == (Decimal("166.82"), Decimal("166.82"))
    page = as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/").text
    assert page.count("Cheque 104") == 1
    assert "Recorded here, in KashFlow" in page
    assert "100.00" in page


def test_two_presses_by_two_people_make_one_run_and_one_payment(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    factories.payment(invoice, "66.82")
    first = transfer_payments(by=desk.by)
    assert transfer_payments(by=factories.user("Admin")) == first
    desk.work()
    with pytest.raises(NothingToTransfer, match="No payment recorded here waits"):
        transfer_payments(by=desk.by)
    assert len(there(desk, invoice)) == 1
    assert desk.calls("InsertInvoicePayment") == 1


def test_payment_of_an_invoice_that_is_not_there_waits(desk: Desk) -> None:
    (invoice,) = desk.raise_invoices(1)
    payment = factories.payment(invoice)
    with pytest.raises(NothingToTransfer, match="not in KashFlow yet"):
        transfer_payments(by=desk.by)
    desk.press([invoice])
    desk.work()
    press(desk)
    assert errand(payment).state == "verified"
    assert len(there(desk, invoice)) == 1


def test_two_equal_payments_recorded_here_are_two(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    factories.payment(invoice, "66.82")
    factories.payment(invoice, "66.82")
    assert press(desk).summary == "2 in KashFlow"
    assert [amount for amount, _ in there(desk, invoice)] == ["66.8200", "66.8200"]


# --- What keeps one from being sent -------------------------------------------------------------------------


def test_unmapped_method_needs_you_with_the_link_and_goes_once_mapped(desk: Desk, as_role: As) -> None:
    (invoice,) = desk.in_kashflow()
    method = PaymentMethod.objects.filter(is_enabled=True)[1]
    payment = factories.payment(invoice, "66.82", method=method)
    run = press(desk)
    assert (run.summary, errand(payment).state) == ("1 needs you", "rejected")
    page = as_role("Accounts").get(f"/invoicing/runs/{run.pk}/").text
    assert f"“{method}” is none of KashFlow&#x27;s payment methods yet" in page
    assert 'href="/settings/payment-methods/"' in page
    assert desk.calls("InsertInvoicePayment") == 0
    PaymentMethodMapping.objects.create(
        ledger_account=desk.account, method=method, kashflow_method=KashFlowMethod.objects.all()[0]
    )
    press(desk)
    until_settled(desk)
    assert errand(payment).state == "verified"
    assert len(there(desk, invoice)) == 1


def test_no_bank_account_needs_you(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice)
    LedgerAccount.objects.update(bank_account=None)
    press(desk)
    assert (errand(payment).state, errand(payment).cause_code) == ("rejected", "payment_no_bank")
    assert desk.calls("InsertInvoicePayment") == 0


def test_removed_while_it_waits_is_not_sent(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice)
    transfer_payments(by=desk.by)
    remove_payment(by=desk.by, payment=payment, reason="Wrong invoice")
    desk.work()
    assert errand(payment).state == "cancelled"
    assert there(desk, invoice) == []


def test_same_money_typed_in_kashflow_waits_for_a_person(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "66.82", day="2026-11-24")
    payment = factories.payment(invoice, "66.82")
    assert press(desk).summary == "1 needs you"
    assert (errand(payment).state, errand(payment).cause_code) == ("review", "found_probable")
    assert len(there(desk, invoice)) == 1
    remove_payment(by=desk.by, payment=payment, reason="It is in KashFlow")
    assert errand(payment).state == "cancelled"


def test_number_that_leads_to_somebody_elses_document_gets_no_payment(desk: Desk) -> None:
    """F-55: deleted, and the number typed again."""
    (invoice,) = desk.in_kashflow()
    payment = factories.payment(invoice)
    desk.sandbox.delete(desk.dbid(invoice))
    somebody = desk.sandbox.state()["customers"][0]
    typed = desk.sandbox.type(invoice.number, customer=somebody["Code"])
    press(desk)
    assert errand(payment).state == "rejected"
    assert "is on a document for" in errand(payment).last_cause
    assert desk.sandbox.payments(typed) == []
    assert desk.calls("InsertInvoicePayment") == 0


# --- Once each ----------------------------------------------------------------------------------------------


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

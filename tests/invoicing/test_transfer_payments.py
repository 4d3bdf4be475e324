"""*Transfer Payments*: who may, what is sent, and what keeps a payment from being sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from invoicing import tasks
from invoicing.models import Transfer
from invoicing.paid_status import runs
from invoicing.payments import remove_payment
from invoicing.transfer.payments import transfer_payments
from invoicing.transfer.services import NothingToTransfer, TransfersStopped
from kashflow.models import BankAccount, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import PaymentMethod, SystemDefaults
from tests import factories
from tests.invoicing.paying import desk as desk
from tests.invoicing.paying import errand, plain_desk, press, there, until_settled
from tests.invoicing.transfer.conftest import Desk

pytestmark = pytest.mark.django_db
PRESS, PAGE = "/settings/kashflow/transfer-payments/", "/settings/kashflow/"
As = Callable[..., Browser]
__all__ = ["desk", "plain_desk"]


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
    part = browser.get(f"{PAGE}?live=transfer_payments", headers={"HX-Request": "true"}).text
    assert "1 in KashFlow" in part
    assert "every 1s" not in part


def test_run_page_speaks_of_payments_and_their_amounts(desk: Desk, as_role: As) -> None:
    one, two = desk.in_kashflow(2)
    factories.payment(one, "66.82")
    factories.payment(two, "10.00")
    run = press(desk)
    page = as_role("Accounts").get(f"/invoicing/runs/{run.pk}/").text
    assert "<h1" in page
    assert "Transfer Payments ·" in page.partition("</title>")[0]
    assert "Transfer Payments" in page.partition("</title>")[2]
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

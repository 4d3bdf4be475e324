"""Taking back a payment that was recorded here by mistake; not once KashFlow has it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from clients.models import Client
from invoicing.models import Invoice, Payment, Transfer
from invoicing.payments import PaymentIsThere, remove_payment
from magmanager.common.errors import Gone, NotAllowed
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.batches import bookings, raised

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


@pytest.fixture
def payment() -> Payment:
    """£100.00 of £216.00."""
    invoice = raised(factories.user("Accounts"), bookings(1)).invoices.get()
    return factories.payment(invoice, "100.00")


def address(payment: Payment) -> str:
    return f"/invoicing/payments/{payment.pk}/remove/"


def test_stranger_is_sent_to_login(payment: Payment, stranger: Browser) -> None:
    assert stranger.post(address(payment), {"reason": "x"})["Location"].startswith("/login/")
    assert not Payment.objects.exclude(removed_at=None).exists()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(payment: Payment, as_role: As, role: str) -> None:
    browser = as_role(role)
    assert browser.post(address(payment), {"reason": "x"}).status_code == 403
    with pytest.raises(NotAllowed):
        remove_payment(by=browser.person, payment=payment, reason="x")
    assert not Payment.objects.exclude(removed_at=None).exists()


def test_removed_with_its_reason_it_stays_struck_through(payment: Payment, as_role: As) -> None:
    browser = as_role("Accounts")
    assert browser.post(address(payment), {"reason": ""}).status_code == 422
    browser.post(address(payment), {"reason": "Wrong invoice"})
    payment.refresh_from_db()
    invoice = Invoice.objects.get(pk=payment.invoice_id)
    assert (payment.removed_by, payment.removed_reason) == (browser.person, "Wrong invoice")
    assert (invoice.paid_state, invoice.paid_amount) == ("unpaid", Decimal(0))
    client = Client.objects.get(pk=invoice.payer_id)
    assert (client.balance_amount, client.oldest_due_on) == (Decimal("216.00"), invoice.due_on)
    page = browser.get(f"/invoicing/invoices/{invoice.number}/").text
    assert f"Removed by {browser.person}: Wrong invoice" in page
    assert "is-struck" in page
    line = AuditEntry.objects.filter(event="payment.removed").get()
    assert (line.by, line.before["amount"], line.after) == (
        browser.person,
        "100.00",
        {"reason": "Wrong invoice"},
    )


def test_removed_twice_is_taken_off_once(payment: Payment) -> None:
    by = factories.user("Accounts")
    remove_payment(by=by, payment=payment, reason="Wrong invoice")
    with pytest.raises(Gone):
        remove_payment(by=by, payment=payment, reason="Again")
    assert Invoice.objects.get(pk=payment.invoice_id).paid_amount == 0
    assert Payment.objects.get().removed_reason == "Wrong invoice"


@pytest.mark.parametrize("state", ["claimed", "sending", "ambiguous", "sent", "verified"])
def test_payment_that_kashflow_has_or_may_have_is_not_removed(
    payment: Payment, as_role: As, state: str
) -> None:
    account = factories.ledger_account()
    Transfer.objects.create(
        invoice=payment.invoice,
        payment=payment,
        ledger_account=account,
        kind="payment",
        state=state,
        kashflow_payment_id=66,
        requested_at=payment.recorded_at,
        lease_until=payment.recorded_at,
        ambiguous_since=payment.recorded_at,
    )
    answer = as_role("Accounts").post(address(payment), {"reason": "Wrong invoice"})
    assert answer.status_code == 422
    assert "was not removed" in answer.text
    payment.refresh_from_db()
    assert payment.removed_at is None
    assert Transfer.objects.get().state == state


def test_payment_that_came_to_kashflow_by_itself_says_where_to_delete_it(payment: Payment) -> None:
    Payment.objects.update(in_kashflow_at=payment.recorded_at)
    with pytest.raises(PaymentIsThere, match="Delete it there"):
        remove_payment(by=factories.user("Admin"), payment=payment, reason="Wrong invoice")


def test_payment_that_is_not_to_be_sent_says_so_and_can_be_removed(payment: Payment, as_role: As) -> None:
    account = factories.ledger_account()
    factories.kashflow_on()
    browser, page = as_role("Accounts"), f"/invoicing/invoices/{payment.invoice.number}/"
    assert "Recorded here, not sent to KashFlow yet" in browser.get(page).text
    Transfer.objects.create(
        invoice=payment.invoice,
        payment=payment,
        ledger_account=account,
        kind="payment",
        state="do_not_send",
        requested_at=payment.recorded_at,
    )
    text = browser.get(page).text
    assert "Recorded here; not to be sent to KashFlow, as somebody decided" in text
    assert "not sent to KashFlow yet" not in text
    assert f'href="{address(payment)}"' in text
    browser.post(address(payment), {"reason": "Same money as in KashFlow"})
    assert Invoice.objects.get(pk=payment.invoice_id).paid_amount == 0
    assert Transfer.objects.get().state == "do_not_send"


@pytest.mark.parametrize("state", ["ready", "rejected", "review"])
def test_payment_that_waits_is_not_sent_any_more(payment: Payment, state: str) -> None:
    Transfer.objects.create(
        invoice=payment.invoice,
        payment=payment,
        ledger_account=factories.ledger_account(),
        kind="payment",
        state=state,
        requested_at=payment.recorded_at,
    )
    remove_payment(by=factories.user("Accounts"), payment=payment, reason="Wrong invoice")
    assert Transfer.objects.get().state == "cancelled"

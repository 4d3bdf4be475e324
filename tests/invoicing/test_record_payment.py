"""Recording a payment here: who may, what it changes, and what is asked before."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from invoicing.models import Invoice, Payment
from invoicing.payments import record_payment
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry, PaymentMethod
from tests import factories
from tests.invoicing.batches import bookings, raised
from tests.invoicing.test_raise_credit_note import credit

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


@pytest.fixture
def invoice() -> Invoice:
    """£216.00 with VAT, nothing paid."""
    return raised(factories.user("Accounts"), bookings(1)).invoices.get()


def address(invoice: Invoice) -> str:
    return f"/invoicing/invoices/{invoice.number}/payments/record/"


def typed(**fields: Any) -> dict[str, Any]:
    method = PaymentMethod.objects.filter(is_enabled=True)[0]
    today = timezone.localdate().isoformat()
    return {"key": str(uuid.uuid4()), "amount": "100.00", "paid_on": today, "method": method.pk, **fields}


def owed(invoice: Invoice) -> tuple[str, Decimal, Decimal, dt.date | None]:
    """State, paid; and what the client owes in all, since when."""
    invoice.refresh_from_db()
    client = Client.objects.get(pk=invoice.payer_id)
    return invoice.paid_state, invoice.paid_amount, client.balance_amount, client.oldest_due_on


def test_stranger_is_sent_to_login(invoice: Invoice, stranger: Browser) -> None:
    assert stranger.post(address(invoice), typed())["Location"].startswith("/login/")
    assert not Payment.objects.exists()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(invoice: Invoice, as_role: As, role: str) -> None:
    browser = as_role(role)
    assert browser.get(address(invoice)).status_code == 403
    assert browser.post(address(invoice), typed()).status_code == 403
    with pytest.raises(NotAllowed):
        factories.payment(invoice, by=browser.person)
    assert not Payment.objects.exists()


def test_page_begins_with_the_balance_and_the_enabled_methods(invoice: Invoice, as_role: As) -> None:
    PaymentMethod.objects.filter(pk=PaymentMethod.objects.all()[0].pk).update(is_enabled=False)
    factories.payment(invoice, "16.00")
    page = as_role("Accounts").get(address(invoice))
    assert 'value="200.00"' in page.text
    offered = [one for one, _ in page.context["form"].fields["method"].choices if one]
    assert [one.value for one in offered] == list(
        PaymentMethod.objects.filter(is_enabled=True).values_list("pk", flat=True)
    )
    assert "Better recorded in KashFlow" not in page.text
    assert "Bank account" not in page.text


def test_with_kashflow_it_says_where_payments_are_better_recorded(invoice: Invoice, as_role: As) -> None:
    factories.kashflow_on()
    factories.ledger_account()
    page = as_role("Accounts").get(address(invoice)).text
    assert "Better recorded in KashFlow" in page
    assert "Transfer Payments" in page
    assert "The default one: none is chosen" in page


def test_part_then_the_rest(invoice: Invoice, as_role: As) -> None:
    browser = as_role("Accounts")
    answer = browser.post(address(invoice), typed(note="Cheque 104"))
    assert answer["Location"] == f"/invoicing/invoices/{invoice.number}/"
    assert owed(invoice) == ("part", Decimal("100.00"), Decimal("116.00"), invoice.due_on)
    payment = Payment.objects.get()
    assert (payment.by, payment.note, len(payment.code)) == (browser.person, "Cheque 104", 10)
    line = AuditEntry.objects.filter(event="payment.recorded").get()
    assert (line.by, line.after["amount"]) == (browser.person, "100.00")
    page = browser.get(f"/invoicing/invoices/{invoice.number}/").text
    assert "Cheque 104" in page
    assert "£116.00" in page
    assert "Part paid" in page
    browser.post(address(invoice), typed(amount="116.00"))
    assert owed(invoice) == ("paid", Decimal("216.00"), Decimal(0), None)
    assert invoice.kashflow_paid_amount == 0


def test_oldest_due_date_moves_to_the_next_open_invoice(invoice: Invoice) -> None:
    by = factories.user("Accounts")
    client = Client.objects.get(pk=invoice.payer_id)
    later = raised(by, [factories.booking(client)], invoice_date=dt.date(2026, 12, 1)).invoices.get()
    assert owed(invoice)[3] == invoice.due_on
    factories.payment(invoice, "216.00")
    assert owed(invoice)[2:] == (Decimal("216.00"), later.due_on)


def test_overpayment_is_asked_about_not_forbidden(invoice: Invoice, as_role: As) -> None:
    browser, wanted = as_role("Accounts"), typed(amount="220.00")
    answer = browser.post(address(invoice), wanted)
    assert answer.status_code == 422
    assert "£220.00 is more than the £216.00 still owed" in answer.text
    assert "Yes, it is more than is owed" in answer.text
    assert 'value="220.00"' in answer.text
    assert not Payment.objects.exists()
    browser.post(address(invoice), {**wanted, "may_overpay": "on"})
    assert owed(invoice) == ("over", Decimal("220.00"), Decimal("-4.00"), None)
    assert "Overpaid by" in browser.get(f"/invoicing/invoices/{invoice.number}/").text


def test_second_press_records_nothing_more(invoice: Invoice, as_role: As) -> None:
    browser, wanted = as_role("Accounts"), typed()
    browser.post(address(invoice), wanted)
    browser.post(address(invoice), wanted)
    assert Payment.objects.count() == 1
    assert owed(invoice)[1] == Decimal("100.00")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("amount", "0", "Enter an amount above £0.00."),
        ("amount", "-5", "Enter an amount above £0.00."),
        ("amount", "1.005", "2 decimal places"),
        ("amount", "lots", "Enter a number."),
        ("paid_on", "2099-01-01", "still to come"),
        ("paid_on", "2019-01-01", "more than two years ago"),
        ("paid_on", "yesterday", "Enter a valid date."),
        ("method", "999", "Select a valid choice"),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    invoice: Invoice, as_role: As, field: str, text: str, said: str
) -> None:
    answer = as_role("Accounts").post(address(invoice), typed(note="kept", **{field: text}))
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    assert 'value="kept"' in answer.text
    assert not Payment.objects.exists()


def test_cancelled_invoice_takes_no_payment(invoice: Invoice, as_role: As) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(
        state="cancelled", cancelled_at=timezone.now(), cancelled_reason="Raised twice"
    )
    answer = as_role("Accounts").post(address(invoice), typed())
    assert f"Invoice {invoice.number} is cancelled, so no payment was recorded on it." in answer.text
    assert not Payment.objects.exists()
    assert "Record payment" not in as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/").text


def test_what_was_recorded_never_changes(invoice: Invoice) -> None:
    payment = factories.payment(invoice)
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(amount=Decimal(1))
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(removed_at=timezone.now())
    assert Payment.objects.get().amount == Decimal("10.00")


def test_payments_are_listed_in_the_opened_row(invoice: Invoice, as_role: As) -> None:
    factories.payment(invoice, "16.00", note="Cheque 104")
    row = (
        as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/", headers={"HX-Request": "true"}).text
    )
    assert "Cheque 104" in row
    assert "Recorded here" in row
    assert "£200.00" in row
    assert "<html" not in row


def test_record_payment_keeps_pennies_exact(invoice: Invoice) -> None:
    method = PaymentMethod.objects.all()[0]
    for _ in range(3):
        record_payment(
            by=factories.user("Accounts"),
            key=uuid.uuid4(),
            invoice=invoice,
            amount=Decimal("0.10"),
            paid_on=dt.date(2026, 11, 24),
            method=method,
        )
    assert owed(invoice)[1:3] == (Decimal("0.30"), Decimal("215.70"))


def test_what_was_credited_is_not_asked_for_again(invoice: Invoice, as_role: As) -> None:
    credit(factories.user("Accounts"), invoice, "90.00")
    browser, wanted = as_role("Accounts"), typed(amount="216.00")
    assert 'value="108.00"' in browser.get(address(invoice)).text
    answer = browser.post(address(invoice), wanted)
    assert answer.status_code == 422
    assert "£216.00 is more than the £108.00 still owed" in answer.text
    assert not Payment.objects.exists()
    browser.post(address(invoice), typed(amount="108.00"))
    assert owed(invoice) == ("part", Decimal("108.00"), Decimal(0), None)


def test_page_says_what_is_owed_and_leads_back(invoice: Invoice, as_role: As) -> None:
    factories.payment(invoice, "16.00")
    page = as_role("Accounts").get(address(invoice)).text
    assert "£200.00 owed of £216.00" in page
    assert f"Invoice {invoice.number}</a>" in page


def test_what_is_left_out_is_asked_for_in_plain_words(invoice: Invoice, as_role: As) -> None:
    page = as_role("Accounts").post(address(invoice), typed(amount="", paid_on="", method="")).text
    for words in (
        "Enter the amount that came in.",
        "Enter the day the money was received.",
        "Choose how it was paid.",
    ):
        assert words in page
    assert not Payment.objects.exists()

"""Cancelling an invoice here: its number stays with its reason, its bookings are free, nobody owes it any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from bookings.models import Instalment
from clients.models import Client
from invoicing.cancelling import AlreadyPaid, cancel_invoice, raise_again
from invoicing.models import Invoice, InvoiceLine, NumberCounter
from invoicing.reasons import ReasonMissing
from magmanager.common.errors import Gone, NotAllowed
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.batches import DAY, bookings, raised

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return factories.user("Accounts")


def raise_one(by: User, client: Client | None = None, **fields: object) -> Invoice:
    booked = bookings(1, **fields) if client is None else [factories.booking(client, **fields)]
    return raised(by, booked).invoices.get()


def owed(invoice: Invoice) -> tuple[Decimal, dt.date | None]:
    client = Client.objects.get(pk=invoice.payer_id)
    return client.balance_amount, client.oldest_due_on


def nothing_changed(invoice: Invoice) -> bool:
    invoice.refresh_from_db()
    return (
        (invoice.state, invoice.cancelled_at, invoice.cancelled_reason) == ("raised", None, "")
        and not Instalment.objects.filter(is_open=True).exists()
        and not InvoiceLine.objects.filter(is_live=False).exists()
        and not AuditEntry.objects.filter(event="invoice.cancelled").exists()
        and owed(invoice)[0] == invoice.total - invoice.paid_amount
    )


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_is_refused(by: User, role: str) -> None:
    invoice = raise_one(by)
    with pytest.raises(NotAllowed):
        cancel_invoice(by=factories.user(role), invoice=invoice, reason="Wrong client")
    assert nothing_changed(invoice)


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_without_a_reason_nothing_is_cancelled(by: User, reason: str) -> None:
    invoice = raise_one(by)
    with pytest.raises(ReasonMissing) as refused:
        cancel_invoice(by=by, invoice=invoice, reason=reason)
    assert refused.value.field == "reason"
    assert nothing_changed(invoice)


def test_number_reason_and_who_are_kept_and_the_bookings_are_free(by: User) -> None:
    invoice = raise_one(by, price="645.00")
    number = invoice.number
    cancelled = cancel_invoice(by=by, invoice=invoice, reason="  Booked for\nthe wrong client ")
    assert cancelled.state == "cancelled"
    invoice.refresh_from_db()
    assert (invoice.number, invoice.state, invoice.cancelled_reason) == (
        number,
        "cancelled",
        "Booked for the wrong client",
    )
    assert invoice.cancelled_at is not None
    assert invoice.total == Decimal("774.00")
    assert not invoice.lines.filter(is_live=True).exists()
    assert Instalment.objects.get().is_open
    assert owed(invoice) == (Decimal("0.00"), None)
    entry = AuditEntry.objects.get(event="invoice.cancelled")
    assert (entry.by, entry.object_label, entry.before, entry.after) == (
        by,
        str(number),
        {"state": "raised", "total": "774.00"},
        {"state": "cancelled", "reason": "Booked for the wrong client"},
    )
    assert NumberCounter.objects.get().next_number == number + 1


def test_its_bookings_can_be_invoiced_again_under_the_next_number(by: User) -> None:
    invoice = raise_one(by)
    booking = Instalment.objects.get().booking
    cancel_invoice(by=by, invoice=invoice, reason="Wrong PO number")
    again = raised(by, [booking]).invoices.get()
    assert again.number == invoice.number + 1
    assert list(
        InvoiceLine.objects.order_by("invoice__number").values_list("invoice__number", "is_live")
    ) == [
        (invoice.number, False),
        (again.number, True),
    ]


def test_what_else_is_owed_stays_owed(by: User) -> None:
    client = factories.client_row(payment_terms_days=14)
    factories.company()
    older = raised(by, [factories.booking(client)], invoice_date=DAY - dt.timedelta(days=30)).invoices.get()
    newer = raised(by, [factories.booking(client, price="100.00")]).invoices.get()
    cancel_invoice(by=by, invoice=older, reason="Not printed")
    assert owed(newer) == (Decimal("120.00"), newer.due_on)


def test_second_press_is_told_that_it_is_done(by: User) -> None:
    invoice = raise_one(by)
    cancel_invoice(by=by, invoice=invoice, reason="Twice")
    with pytest.raises(Gone, match="cancelled meanwhile"):
        cancel_invoice(by=by, invoice=invoice, reason="Once more")
    invoice.refresh_from_db()
    assert invoice.cancelled_reason == "Twice"
    assert AuditEntry.objects.filter(event="invoice.cancelled").count() == 1


@pytest.mark.parametrize(("amount", "state"), [("20.00", "part"), ("216.00", "paid")])
def test_what_money_came_in_for_is_refused(by: User, amount: str, state: str) -> None:
    invoice = raise_one(by)
    Invoice.objects.update(paid_amount=Decimal(amount), paid_state=state)
    Client.objects.update(balance_amount=invoice.total - Decimal(amount))
    with pytest.raises(AlreadyPaid, match=f"£{amount} of invoice {invoice.number} is paid.*credit note"):
        cancel_invoice(by=by, invoice=invoice, reason="Too late")
    assert nothing_changed(invoice)


def test_an_old_page_changes_nothing_of_the_money(by: User) -> None:
    invoice = raise_one(by)
    cancel_invoice(by=by, invoice=invoice, reason="Wrong client")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(total=Decimal("1.00"), amount=Decimal("1.00"))


# --- The page -----------------------------------------------------------------------------------------------


def page(invoice: Invoice) -> str:
    return f"/invoicing/invoices/{invoice.number}/cancel/"


def test_stranger_is_sent_to_login(by: User, stranger: Browser) -> None:
    invoice = raise_one(by)
    assert stranger.post(page(invoice), {"reason": "Mine"})["Location"].startswith("/login/")
    assert nothing_changed(invoice)


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_page_is_refused_to_the_wrong_role(by: User, as_role: Callable[..., Any], role: str) -> None:
    invoice = raise_one(by)
    assert as_role(role).post(page(invoice), {"reason": "Mine"}).status_code == 403
    assert nothing_changed(invoice)


def test_page_says_before_what_happens_and_then_does_it(by: User, as_role: Callable[..., Any]) -> None:
    invoice, browser = raise_one(by), as_role("Accounts")
    asked = browser.get(page(invoice)).content.decode()
    for words in (
        f"Cancel invoice {invoice.number}?",
        "Its booking can be invoiced again at once.",
        f"Number {invoice.number} stays in the list, marked cancelled, with your reason. This can&#x27;t be undone.",
        "Keep the invoice",
        "Cancel invoice",
    ):
        assert words in asked
    assert nothing_changed(invoice)
    answer = browser.post(page(invoice), {"reason": "Wrong client"}, follow=True)
    assert answer.redirect_chain == [(f"/invoicing/invoices/{invoice.number}/", 302)]
    shown = answer.content.decode()
    assert "Cancelled, its number is kept" in shown
    assert f"{browser.person.name}: Wrong client" in shown
    assert "/cancel/" not in shown
    invoice.refresh_from_db()
    assert (invoice.state, invoice.cancelled_by) == ("cancelled", browser.person)


def test_page_without_a_reason_shows_it_beside_the_field(by: User, as_role: Callable[..., Any]) -> None:
    invoice = raise_one(by)
    shown = as_role("Accounts").post(page(invoice), {"reason": " "}).content.decode()
    assert "Say why it is cancelled" in shown
    assert nothing_changed(invoice)


@pytest.mark.parametrize("method", ["get", "post"])
def test_page_of_a_paid_one_says_so_at_once_and_offers_a_credit_note(
    by: User, as_role: Callable[..., Any], method: str
) -> None:
    invoice = raise_one(by)
    Invoice.objects.update(paid_amount=Decimal("20.00"), paid_state="part")
    Client.objects.update(balance_amount=invoice.total - Decimal("20.00"))
    shown = getattr(as_role("Accounts"), method)(page(invoice), {"reason": "Too late"}).content.decode()
    assert "£20.00 of it is paid, so it can&#x27;t be cancelled" in shown
    assert f"/invoicing/invoices/{invoice.number}/credit-note/" in shown
    assert 'name="reason"' not in shown
    assert nothing_changed(invoice)


def test_cancelled_one_is_grey_and_leads_to_what_was_raised_in_its_place(
    by: User, as_role: Callable[..., Any]
) -> None:
    old, browser = raise_one(by), as_role("Accounts")
    new = raise_again(by=by, invoice=old, reason="Number used twice")
    shown = browser.get(f"/invoicing/invoices/{old.number}/").content.decode()
    link = f'<a href="/invoicing/invoices/{new.number}/">{new.number}</a>'
    assert f"Raised again as {link}. Number used twice" in shown
    assert "on-bad" not in shown
    assert "badge-tint tone-bad" not in shown
    shown = browser.get(f"/invoicing/invoices/{new.number}/").content.decode()
    assert f'in place of <a href="/invoicing/invoices/{old.number}/">invoice {old.number}</a>' in shown


def test_opened_row_of_invoiced_offers_it(by: User, as_role: Callable[..., Any]) -> None:
    invoice = raise_one(by)
    row = as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/", headers={"HX-Request": "true"})
    assert page(invoice) in row.content.decode()

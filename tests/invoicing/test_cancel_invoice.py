"""Cancelling an invoice here: its number stays with its reason, its bookings are free, nobody owes it any more."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from bookings.models import Instalment
from clients.models import Client
from invoicing.cancelling import AlreadyPaid, cancel_invoice
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

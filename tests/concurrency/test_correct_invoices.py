"""The same invoice cancelled and credited from several threads at once: one of them has it, the others are told."""

from __future__ import annotations

import uuid
from decimal import Decimal

from bookings.models import Instalment
from clients.models import Client
from invoicing.cancelling import cancel_invoice, raise_again
from invoicing.crediting import raise_credit_note
from invoicing.models import Invoice, InvoiceLine, NumberCounter
from settings_app.models import AuditEntry, User
from tests import factories
from tests.concurrency.threads import at_once
from tests.invoicing.batches import DAY, bookings, raised


def invoice_of(by: User) -> Invoice:
    return raised(by, bookings(1)).invoices.get()


def credit(by: User, invoice: Invoice, amount: str, key: uuid.UUID | None = None) -> Invoice:
    return raise_credit_note(
        by=by,
        key=key or uuid.uuid4(),
        invoice=invoice,
        amounts={invoice.lines.get().pk: Decimal(amount)},
        reason="Printed in black and white",
        credit_date=DAY,
        expected_total=Decimal(amount) * Decimal("1.2"),
    )


def names(results: list[object]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_four_threads_cancel_it_once(committed: None) -> None:
    by = factories.user("Accounts")
    for _ in range(5):
        invoice = invoice_of(by)
        results = at_once([lambda i=invoice: cancel_invoice(by=by, invoice=i, reason="Booked twice")] * 4)
        assert names(results) == ["Gone"] * 3 + ["Invoice"]
    assert AuditEntry.objects.filter(event="invoice.cancelled").count() == 5
    assert Instalment.objects.filter(is_open=True).count() == 5
    assert not Client.objects.exclude(balance_amount=0).exists()


def test_four_threads_raise_it_again_once(committed: None) -> None:
    by = factories.user("Accounts")
    for _ in range(5):
        invoice = invoice_of(by)
        results = at_once([lambda i=invoice: raise_again(by=by, invoice=i)] * 4)
        assert names(results) == ["Gone"] * 3 + ["Invoice"]
    assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(1, 11))
    assert NumberCounter.objects.get().next_number == 11
    assert InvoiceLine.objects.filter(is_live=True).count() == 5


def test_four_threads_with_one_key_raise_one_credit_note(committed: None) -> None:
    by = factories.user("Accounts")
    for _ in range(5):
        invoice, key = invoice_of(by), uuid.uuid4()
        results = at_once([lambda i=invoice, k=key: credit(by, i, "100.00", k).pk] * 4)
        assert len(set(results)) == 1
    assert Invoice.objects.filter(kind="credit_note").count() == 5


def test_line_is_never_credited_beyond_itself_by_four_at_once(committed: None) -> None:
    by = factories.user("Accounts")
    for _ in range(5):
        invoice = invoice_of(by)
        results = at_once([lambda i=invoice: credit(by, i, "100.00")] * 4)
        assert names(results) == ["Invoice"] + ["MoreThanLeft"] * 3
        line = invoice.lines.get()
        assert (line.credited_amount, line.credited_vat) == (Decimal("100.00"), Decimal("20.00"))
        assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("96.00")
    assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(1, 11))


def test_it_is_cancelled_or_credited_never_both(committed: None) -> None:
    by = factories.user("Accounts")
    for _ in range(5):
        invoice = invoice_of(by)
        results = at_once(
            [
                lambda i=invoice: cancel_invoice(by=by, invoice=i, reason="Booked twice"),
                lambda i=invoice: credit(by, i, "100.00"),
            ]
        )
        assert names(results) in (["InKashFlow", "Invoice"], ["Invoice", "NotCreditable"])
        invoice.refresh_from_db()
        assert (invoice.state == "cancelled") != Invoice.objects.filter(credits=invoice).exists()

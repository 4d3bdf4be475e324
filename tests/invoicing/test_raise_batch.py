"""raise_batch: all or nothing, numbers without gaps, a second press that changes nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking, Instalment
from bookings.services import AlreadyInvoiced, cancel_booking
from clients.models import Client
from invoicing.models import MAX_NUMBER, Batch, Invoice, InvoiceLine, NumberCounter
from invoicing.numbering import NumbersUsedUp, take_block
from invoicing.services import CannotBeInvoiced, NothingChosen, TotalChanged, raise_batch
from magmanager.common.errors import DomainError, Gone, NotAllowed
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.batches import DAY, bookings, ids_of, raised

pytestmark = pytest.mark.django_db


def nothing_happened() -> None:
    assert (Batch.objects.count(), Invoice.objects.count(), InvoiceLine.objects.count()) == (0, 0, 0)
    assert NumberCounter.objects.get().next_number == 1
    assert not Instalment.objects.filter(is_open=False).exists()
    assert not AuditEntry.objects.filter(event__in=["invoice.raised", "batch.raised"]).exists()
    assert not Client.objects.exclude(balance_amount=0).exists()


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_raises_nothing(role: str) -> None:
    lines = bookings(2)
    with pytest.raises(NotAllowed):
        raised(factories.user(role), lines)
    nothing_happened()


def test_one_invoice_per_payer_with_everything_frozen_on_it() -> None:
    factories.company(payment_terms_days=30)
    agency = factories.client_row(name="Teme Media", is_agency=True)
    managed = [factories.client_row(name=name, agency=agency) for name in ("Tenbury Tiles", "Ludlow Linen")]
    own = factories.client_row(
        name="Archenfield Accountants LLP", payment_terms_days=14, vat_number="GB980780684"
    )
    wvl = factories.publication(name="Wye Valley Living", code="WVL")
    january = factories.issue(wvl, on_sale_on=dt.date(2026, 12, 28), description="January 2027")
    lines = [
        factories.booking(managed[0], january, price="160.00"),
        factories.booking(managed[1], january, price="85.00"),
        factories.booking(
            own, january, price="645.00", list_price="716.67", discount_percent="10", po_number="PO 7"
        ),
    ]
    accountant = factories.user("Accounts")

    batch = raised(accountant, lines)

    assert batch.invoice_count == 2
    first, second = Invoice.objects.order_by("number")
    assert (first.number, first.company_name, first.amount, first.vat_amount, first.total) == (
        1, "Archenfield Accountants LLP", Decimal("645.00"), Decimal("129.00"), Decimal("774.00"),
    )  # fmt: skip
    assert first.address == [own.address1, "Hereford", "HR1 2AB"]
    assert (first.due_on, first.vat_number, first.po_number) == (dt.date(2026, 12, 7), "GB980780684", "PO 7")
    assert (second.number, second.payer, second.item_count, second.total) == (2, agency, 2, Decimal("294.00"))
    assert second.due_on == dt.date(2026, 12, 23)
    assert [(line.sort, line.description) for line in second.lines.all()] == [
        (1, "Quarter page, Wye Valley Living, January 2027, for Tenbury Tiles"),
        (2, "Quarter page, Wye Valley Living, January 2027, for Ludlow Linen"),
    ]
    line = first.lines.get()
    assert (line.list_price, line.discount_percent, line.rate, line.quantity) == (
        Decimal("716.67"), Decimal("10.00"), Decimal("645.00"), 1,
    )  # fmt: skip
    assert not Instalment.objects.filter(is_open=True).exists()
    own.refresh_from_db()
    agency.refresh_from_db()
    assert (own.balance_amount, own.oldest_due_on) == (Decimal("774.00"), dt.date(2026, 12, 7))
    assert (agency.balance_amount, agency.oldest_due_on) == (Decimal("294.00"), dt.date(2026, 12, 23))
    assert not Client.objects.filter(pk__in=[one.pk for one in managed]).exclude(balance_amount=0).exists()
    entries = AuditEntry.objects.filter(by=accountant).order_by("id").values_list("event", "object_label")
    assert list(entries) == [("invoice.raised", "1"), ("invoice.raised", "2"), ("batch.raised", "Batch of 2")]
    assert len({invoice.marker for invoice in (first, second)}) == 2


def test_balances_add_up_and_keep_the_oldest_due_date() -> None:
    client, accountant = factories.client_row(), factories.user("Accounts")
    factories.company()
    raised(accountant, [factories.booking(client, price="100.00")])
    raised(accountant, [factories.booking(client, price="50.00")], invoice_date=DAY - dt.timedelta(days=60))
    raised(accountant, [factories.booking(client, price="10.00")])
    client.refresh_from_db()
    assert client.balance_amount == Decimal("192.00")
    assert client.oldest_due_on == DAY - dt.timedelta(days=30)


def test_the_same_key_again_opens_the_batch_there_is() -> None:
    lines, accountant, key = bookings(2), factories.user("Accounts"), uuid.uuid4()
    first = raised(accountant, lines, key=key)
    assert raised(accountant, lines, key=key, expected_total=Decimal(0)) == first
    assert (Invoice.objects.count(), NumberCounter.objects.get().next_number) == (2, 3)


def test_nothing_chosen_is_refused() -> None:
    with pytest.raises(NothingChosen):
        raise_batch(
            by=factories.user("Accounts"),
            key=uuid.uuid4(),
            instalment_ids=[],
            invoice_date=DAY,
            expected_total=Decimal(0),
        )
    nothing_happened()


def test_a_price_changed_since_the_preview_raises_nothing() -> None:
    lines = bookings(2, price="100.00")
    Booking.objects.filter(pk=lines[0].pk).update(price=90)
    Instalment.objects.filter(booking=lines[0]).update(price=90)
    with pytest.raises(TotalChanged, match=r"£228\.00, and the preview showed £240\.00"):
        raised(factories.user("Accounts"), lines, expected_total=Decimal("240.00"))
    nothing_happened()


def test_a_booking_cancelled_meanwhile_raises_nothing() -> None:
    lines, accountant = bookings(2), factories.user("Accounts")
    ids = ids_of(lines)
    cancel_booking(lines[0], by=factories.user("Sales"))
    with pytest.raises(AlreadyInvoiced):
        raised(accountant, lines, instalment_ids=ids)
    assert (Invoice.objects.count(), NumberCounter.objects.get().next_number) == (0, 1)


def test_a_booking_invoiced_elsewhere_or_gone_raises_nothing() -> None:
    lines, accountant = bookings(1), factories.user("Accounts")
    Booking.objects.update(
        invoiced_elsewhere_at=lines[0].booked_at, invoiced_elsewhere_reason="Paper invoice"
    )
    with pytest.raises(Gone, match="invoiced elsewhere"):
        raised(accountant, lines)
    with pytest.raises(Gone, match="does not exist"):
        raised(accountant, [], instalment_ids=[987654321])
    nothing_happened()


def test_a_client_with_a_problem_is_refused_by_name() -> None:
    lines, accountant = bookings(2), factories.user("Accounts")
    Client.objects.filter(pk=lines[1].client_id).update(is_po_required=True, name="Aylestone Motors Ltd")
    with pytest.raises(
        CannotBeInvoiced, match="Aylestone Motors Ltd can't be invoiced yet: This client requires a PO"
    ):
        raised(accountant, lines)
    nothing_happened()


def test_numbers_end_where_kashflow_ends() -> None:
    lines, accountant = bookings(2), factories.user("Accounts")
    NumberCounter.objects.update(next_number=MAX_NUMBER - 1)
    with pytest.raises(NumbersUsedUp):
        raised(accountant, lines)
    assert (Invoice.objects.count(), NumberCounter.objects.get().next_number) == (0, MAX_NUMBER - 1)


def test_a_rollback_gives_the_numbers_back() -> None:
    accountant = factories.user("Accounts")
    raised(accountant, bookings(3))
    with pytest.raises(DomainError), transaction.atomic():
        take_block(5)
        raise DomainError("Something else went wrong.")
    raised(accountant, bookings(2))
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "change",
    [
        lambda: Invoice.objects.update(total=1, amount=1, vat_amount=0),
        lambda: Invoice.objects.update(number=99),
        lambda: Invoice.objects.update(company_name="Somebody else"),
        lambda: Invoice.objects.all().delete(),
        lambda: InvoiceLine.objects.update(description="Something else"),
        lambda: InvoiceLine.objects.all().delete(),
    ],
)
def test_the_database_keeps_what_was_issued(change) -> None:
    raised(factories.user("Accounts"), bookings(1))
    before = Invoice.objects.values().get(), InvoiceLine.objects.values().get()
    with pytest.raises(DatabaseError), transaction.atomic():
        change()
    assert (Invoice.objects.values().get(), InvoiceLine.objects.values().get()) == before


def test_an_instalment_is_on_one_live_line() -> None:
    raised(factories.user("Accounts"), bookings(1))
    line = InvoiceLine.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        InvoiceLine.objects.create(
            invoice=line.invoice, sort=2, instalment=line.instalment, client=line.client, description="Again",
            rate=1, list_price=1, amount=1, vat_percent=0, vat_amount=0,
        )  # fmt: skip


def test_queries_do_not_grow_with_the_batch() -> None:
    factories.kashflow_on()
    counts = []
    for lines in (bookings(5), bookings(30)):
        ids, accountant = ids_of(lines), factories.user("Accounts")
        with CaptureQueriesContext(connection) as queries:
            raise_batch(
                by=accountant,
                key=uuid.uuid4(),
                instalment_ids=ids,
                invoice_date=DAY,
                expected_total=216 * Decimal(len(ids)),
            )
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24

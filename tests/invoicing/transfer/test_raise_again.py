"""Cancel and raise again: the same document under a new number, for one that never reached KashFlow."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bookings.models import Instalment
from clients.models import Client
from invoicing.cancelling import AlreadyPaid, InKashFlow, cancel_invoice, raise_again
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer
from magmanager.common.errors import Gone, NotAllowed
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.batches import bookings, raised
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import type_in

SAME = (
    "payer_id",
    "invoice_date",
    "due_on",
    "company_name",
    "address",
    "po_number",
    "amount",
    "vat_amount",
    "total",
)
SAME_OF_LINE = (
    "sort",
    "instalment_id",
    "client_id",
    "issue_id",
    "description",
    "rate",
    "amount",
    "vat_amount",
)
pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return factories.user("Accounts")


def raise_one(by: User) -> Invoice:
    return raised(by, bookings(1)).invoices.get()


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_is_refused(by: User, role: str) -> None:
    invoice = raise_one(by)
    with pytest.raises(NotAllowed):
        raise_again(by=factories.user(role), invoice=invoice)
    assert list(Invoice.objects.values_list("pk", "state")) == [(invoice.pk, "raised")]


def test_the_same_lines_under_the_next_number(by: User) -> None:
    invoice = raise_one(by)
    new = raise_again(by=by, invoice=invoice, reason="The number is used in KashFlow.")
    invoice.refresh_from_db()
    assert new.number == invoice.number + 1
    assert NumberCounter.objects.get().next_number == new.number + 1
    assert (invoice.state, invoice.cancelled_reason) == (
        "cancelled",
        f"Raised again as {new.number}. The number is used in KashFlow.",
    )
    stored = Invoice.objects.get(pk=new.pk)
    assert [getattr(stored, name) for name in SAME] == [getattr(invoice, name) for name in SAME]
    assert (stored.state, stored.by, stored.batch) == ("raised", by, None)
    assert stored.marker != invoice.marker
    rows = InvoiceLine.objects.order_by("invoice__number")
    assert list(rows.values_list("invoice__number", "is_live")) == [
        (invoice.number, False),
        (new.number, True),
    ]
    assert list(invoice.lines.values_list(*SAME_OF_LINE)) == list(new.lines.values_list(*SAME_OF_LINE))
    assert not Instalment.objects.get().is_open
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == invoice.total
    assert list(
        AuditEntry.objects.filter(event="invoice.raised", object_id=new.pk).values_list("by", "after")
    ) == [(by.pk, {"number": new.number, "instead_of": invoice.number, "total": str(new.total)})]
    # It was not asked to go to KashFlow, and so the new one is not either.
    assert not Transfer.objects.exists()


def test_second_press_raises_nothing_more(by: User) -> None:
    invoice = raise_one(by)
    raise_again(by=by, invoice=invoice)
    with pytest.raises(Gone):
        raise_again(by=by, invoice=invoice)
    assert Invoice.objects.count() == 2
    assert NumberCounter.objects.get().next_number == invoice.number + 2


def test_paid_one_is_refused(by: User) -> None:
    invoice = raise_one(by)
    Invoice.objects.update(paid_amount=Decimal("1.00"), paid_state="part")
    with pytest.raises(AlreadyPaid):
        raise_again(by=by, invoice=invoice)
    assert Invoice.objects.count() == 1


def test_number_taken_in_kashflow_goes_there_under_the_next_one(desk: Desk) -> None:
    NumberCounter.objects.update(next_number=desk.next_number + 1)
    invoice = desk.raise_invoices(1)[0]
    type_in(desk, invoice.number, CustomerReference="By the bookkeeper")
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["conflict"]
    new = raise_again(by=desk.by, invoice=invoice)
    assert desk.states() == ["cancelled", "ready"]
    desk.work()
    assert desk.states() == ["cancelled", "verified"]
    assert desk.numbers() == [new.number]
    theirs = [one for one in desk.sandbox.invoices() if one["InvoiceNumber"] == invoice.number]
    assert [one["CustomerReference"] for one in theirs] == ["By the bookkeeper"]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_uncertain_one_is_never_raised_twice(desk: Desk, fault: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", fault)
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["ambiguous"]
    with pytest.raises(InKashFlow, match="charged twice"):
        raise_again(by=desk.by, invoice=invoice)
    invoice.refresh_from_db()
    assert (invoice.state, Invoice.objects.count()) == ("raised", 1)


def test_one_that_was_changed_in_kashflow_is_never_raised_twice(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    document = desk.documents()[0]
    desk.sandbox.server.ledger.add_line(
        document["InvoiceDBID"], {"Quantity": "1", "Rate": "1.00", "VatRate": "20", "VatAmount": "0.20"}
    )
    desk.skip(601)
    desk.sweep_and_work()
    assert desk.states() == ["review"]
    with pytest.raises(InKashFlow):
        raise_again(by=desk.by, invoice=invoice)
    assert Invoice.objects.count() == 1


def test_cancelled_one_is_not_raised_again(by: User) -> None:
    invoice = raise_one(by)
    cancel_invoice(by=by, invoice=invoice, reason="Wrong client")
    with pytest.raises(Gone):
        raise_again(by=by, invoice=invoice)
    assert Invoice.objects.count() == 1

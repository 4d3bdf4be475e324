"""An invoice raised for one client: bookings, typed lines, or both; it is wanted in KashFlow at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bookings.models import Instalment
from bookings.services import AlreadyInvoiced
from clients.models import Client
from invoicing import adhoc
from invoicing.adhoc import AnotherPayer, TypedLine, Wanted
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer
from invoicing.services import CannotBeInvoiced, NothingChosen, TotalChanged
from invoicing.transfer import lanes
from kashflow.models import AccountCode, Connection
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.batches import DAY, ids_of
from tests.sandboxes import LiveSandbox

LINE = TypedLine("Design of the advert", quantity=3, rate=Decimal("33.35"))


@pytest.fixture
def by(db: None) -> User:
    factories.company()
    return factories.user("Accounts")


def wanted(client: Client, *bookings: Any, **fields: Any) -> Wanted:
    return Wanted(**{"client": client, "invoice_date": DAY, "instalment_ids": ids_of(bookings), **fields})


def raised(by: User, what: Wanted, **changed: Any) -> Invoice:
    """As the page would: looked at, then raised."""
    total = changed["expected_total"] if "expected_total" in changed else adhoc.preview(what).total
    return adhoc.raise_invoice(
        by=by, wanted=what, key=changed.get("key") or uuid.uuid4(), expected_total=total
    )


def written() -> tuple[int, int, int]:
    """Invoices, lines, and the next number."""
    counter = NumberCounter.objects.get(pk=1)
    return Invoice.objects.count(), InvoiceLine.objects.count(), counter.next_number


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_others_raise_nothing(by: User, role: str) -> None:
    what, before = wanted(factories.client_row(), lines=[LINE]), written()
    with pytest.raises(NotAllowed):
        raised(factories.user(role), what)
    assert written() == before


def test_bookings_and_a_typed_line_on_one_invoice(by: User) -> None:
    client = factories.client_row()
    booking = factories.booking(client, price=Decimal("180.00"), list_price=Decimal("180.00"))
    _, _, number = written()
    invoice = raised(by, wanted(client, booking, lines=[LINE], po_number="PO 7"))
    assert (invoice.number, invoice.payer, invoice.batch, invoice.po_number) == (number, client, None, "PO 7")
    assert (invoice.amount, invoice.vat_amount, invoice.total) == (
        Decimal("280.05"), Decimal("56.01"), Decimal("336.06"),
    )  # fmt: skip
    first, second = invoice.lines.all()
    assert first.instalment.booking == booking
    assert (second.sort, second.description, second.quantity, second.rate, second.amount, second.vat_amount) == (
        2, "Design of the advert", 3, Decimal("33.35"), Decimal("100.05"), Decimal("20.01"),
    )  # fmt: skip
    assert (second.instalment, second.issue, second.client) == (None, None, client)
    assert not Instalment.objects.filter(booking=booking, is_open=True).exists()
    assert Client.objects.get(pk=client.pk).balance_amount == invoice.total
    [entry] = AuditEntry.objects.filter(event="invoice.raised")
    assert (entry.by, entry.object_id) == (by, str(invoice.pk))


def test_a_second_press_with_the_same_key_returns_the_invoice_there_is(by: User) -> None:
    client, key = factories.client_row(), uuid.uuid4()
    what = wanted(client, factories.booking(client))
    total = adhoc.preview(what).total
    first = raised(by, what, key=key)
    after = written()
    assert raised(by, what, key=key, expected_total=total) == first
    assert written() == after


def test_an_agency_pays_for_its_client(by: User) -> None:
    agency = factories.client_row(is_agency=True)
    client = factories.client_row(agency=agency)
    invoice = raised(by, wanted(client, factories.booking(client), lines=[LINE]))
    assert invoice.payer == agency


def test_a_booking_of_another_payer_is_refused(by: User) -> None:
    before = written()
    with pytest.raises(AnotherPayer, match="paid by somebody else"):
        raised(by, wanted(factories.client_row(), factories.booking(factories.client_row())))
    assert written() == before


def test_nothing_chosen(by: User) -> None:
    with pytest.raises(NothingChosen):
        raised(by, wanted(factories.client_row()))


def test_a_booking_that_was_invoiced_meanwhile(by: User) -> None:
    client = factories.client_row()
    booking = factories.booking(client)
    what = wanted(client, booking, lines=[LINE])
    total = adhoc.preview(what).total
    raised(by, wanted(client, booking))
    before = written()
    with pytest.raises(AlreadyInvoiced):
        raised(by, what, expected_total=total)
    assert written() == before


def test_a_total_that_changed_since_it_was_looked_at(by: User) -> None:
    before = written()
    with pytest.raises(TotalChanged, match=r"now £120\.06, and the preview showed £1\.00"):
        raised(by, wanted(factories.client_row(), lines=[LINE]), expected_total=Decimal("1.00"))
    assert written() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (replace(LINE, rate=Decimal("-1.00")), "Raise a credit note"),
        (replace(LINE, quantity=0), "Raise a credit note"),
    ],
)
def test_money_back_is_a_credit_note(by: User, line: TypedLine, said: str) -> None:
    before = written()
    with pytest.raises(CannotBeInvoiced, match=said):
        raised(by, wanted(factories.client_row(), lines=[line]))
    assert written() == before


def test_a_client_that_requires_a_po_number(by: User) -> None:
    client = factories.client_row(is_po_required=True)
    with pytest.raises(CannotBeInvoiced, match="requires a PO number"):
        raised(by, wanted(client, lines=[LINE]))
    assert raised(by, wanted(client, lines=[LINE], po_number="77")).po_number == "77"


def test_a_vat_exempt_client_pays_none_on_a_typed_line(by: User) -> None:
    invoice = raised(by, wanted(factories.client_row(is_vat_exempt=True), lines=[LINE]))
    assert (invoice.vat_amount, invoice.lines.get().is_vat_exempt) == (0, True)


# --- KashFlow -----------------------------------------------------------------------------------------------


def test_without_kashflow_nothing_is_wanted_there(by: User) -> None:
    raised(by, wanted(factories.client_row(), lines=[LINE]))
    assert not Transfer.objects.exists()


def test_a_typed_line_needs_an_account_code_where_they_are_used(by: User, connected: Connection) -> None:
    factories.kashflow_on(use_account_codes=True)
    client, code = factories.client_row(), AccountCode.objects.get()
    with pytest.raises(CannotBeInvoiced, match="“Design of the advert” has no account code"):
        raised(by, wanted(client, lines=[LINE]))
    invoice = raised(by, wanted(client, lines=[replace(LINE, account_code=code)]))
    assert invoice.lines.get().account_code == code


def test_it_is_in_kashflow_as_soon_as_a_worker_was_woken(
    by: User, connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row()
    invoice = raised(by, wanted(client, factories.booking(client), lines=[LINE]))
    transfer = Transfer.objects.get()
    assert (transfer.invoice, transfer.state, transfer.connection) == (invoice, "ready", None)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.kashflow_number) == ("verified", invoice.number)
    document = next(one for one in sandbox.invoices() if one["InvoiceNumber"] == invoice.number)
    assert [(line["Quantity"], line["Rate"], line["VatAmount"]) for line in document["Lines"]][-1] == (
        "3.0000", "33.3500", "20.0100",
    )  # fmt: skip


def test_without_a_login_the_invoice_stands_and_says_what_it_waits_for(
    by: User, connected: Connection, sandbox: LiveSandbox
) -> None:
    Connection.objects.all().delete()
    raised(by, wanted(factories.client_row(), lines=[LINE]))
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    transfer = Transfer.objects.get()
    assert transfer.state == "ready"
    assert "Save a login in My Details" in transfer.last_cause
    assert not sandbox.log("InsertInvoice")

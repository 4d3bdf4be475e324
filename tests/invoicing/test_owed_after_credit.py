"""What is owed once something was credited: the same everywhere, before and after it is set off, and once it is read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from clients.models import Client
from invoicing import financial
from invoicing.cancelling import cancel_invoice
from invoicing.models import Invoice, PaymentObservation, Transfer
from invoicing.owed import restate_balance
from invoicing.paid_status import shown
from invoicing.statement import statement
from invoicing.transfer import engine
from invoicing.transfer.desk import do_not_send
from magmanager.overview.money_due import due
from tests import factories
from tests.invoicing.paid import updated
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.test_apply import APPLY, credit, errand, pay, settle

pytestmark = pytest.mark.django_db
LATE = dt.timedelta(days=40)
LATER = "2100-01-01T00:00:00Z"


@pytest.fixture
def invoice(desk: Desk) -> Invoice:
    """£266.82 in KashFlow, 10 days overdue."""
    (made,) = desk.raise_invoices(1, **dates())
    desk.press([made])
    desk.work()
    return made


def dates() -> dict[str, dt.date]:
    today = timezone.localdate()
    return {"invoice_date": today - LATE, "due_on": today - dt.timedelta(days=10)}


def told(invoice: Invoice) -> dict[str, object]:
    """What each place says is owed by the payer of `invoice`, its only one."""
    payer, today = Client.objects.get(pk=invoice.payer_id), timezone.localdate()
    of_client, home = statement(payer, today), due(today)
    figures = {one.label: one.amount for one in financial.figures(payer, today)}
    return {
        "balance": {payer.balance_amount, of_client.balance, figures["Balance"]},
        "overdue": {of_client.overdue, figures["Overdue"], home.overdue_amount, home.owed_amount},
        "since": payer.oldest_due_on,
        "received": figures["Paid in the last 12 months"],
    }


def owes(invoice: Invoice, balance: str, *, received: str = "0.00", overdue: str | None = None) -> None:
    """Every place says so, to the penny; what is owed is overdue, too."""
    late = Decimal(balance if overdue is None else overdue)
    assert told(invoice) == {
        "balance": {Decimal(balance)},
        "overdue": {late},
        "since": invoice.due_on if late else None,
        "received": Decimal(received),
    }


def settled(*documents: Invoice) -> list[tuple[str, Decimal, Decimal]]:
    for one in documents:
        one.refresh_from_db()
    return [(one.paid_state, one.paid_amount, one.kashflow_paid_amount) for one in documents]


def hold_set_offs(*, until: str | None = LATER) -> None:
    Transfer.objects.filter(kind="apply", state="ready").update(not_before=until)


def set_off_by_hand(desk: Desk, invoice: Invoice, note: Invoice) -> None:
    desk.sandbox.server.ledger.apply_credit(desk.dbid(invoice), desk.dbid(note))


def test_part_is_taken_off_once(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    owes(invoice, "146.82")
    desk.work()
    owes(invoice, "146.82")
    assert settled(invoice, note) == [
        ("part", Decimal("120.00"), Decimal("120.00")),
        ("paid", Decimal("-120.00"), Decimal("-120.00")),
    ]
    assert updated(desk).summary == "No change, 1 invoice looked at"
    owes(invoice, "146.82")
    assert not PaymentObservation.objects.exists()


def test_paid_too_much_is_taken_off_everywhere(desk: Desk, invoice: Invoice) -> None:
    restate_balance(invoice.payer_id)
    pay(desk, invoice, "300.00")
    updated(desk)
    owes(invoice, "-33.18", received="300.00", overdue="0.00")


def test_whole_leaves_nothing(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "180.00", "42.35")
    owes(invoice, "0.00")
    desk.work()
    owes(invoice, "0.00")
    updated(desk)
    owes(invoice, "0.00")
    assert settled(invoice, note)[0] == ("paid", invoice.total, invoice.total)
    payer = Client.objects.get(pk=invoice.payer_id)
    assert statement(payer, timezone.localdate()).entries == ()


def test_two_notes_of_one_invoice(desk: Desk, invoice: Invoice) -> None:
    notes = [credit(desk, invoice, "100.00"), credit(desk, invoice, "50.00")]
    owes(invoice, "86.82")
    desk.work()
    updated(desk)
    owes(invoice, "86.82")
    assert settled(invoice, *notes) == [
        ("part", Decimal("180.00"), Decimal("180.00")),
        ("paid", Decimal("-120.00"), Decimal("-120.00")),
        ("paid", Decimal("-60.00"), Decimal("-60.00")),
    ]


def test_part_payment_and_a_note(desk: Desk, invoice: Invoice) -> None:
    pay(desk, invoice, "46.82")
    credit(desk, invoice, "100.00")
    desk.work()
    # The payment has not been read yet.
    owes(invoice, "146.82")
    updated(desk)
    owes(invoice, "100.00", received="46.82")
    pay(desk, invoice, "100.00")
    updated(desk)
    owes(invoice, "0.00", received="146.82")


def test_payment_read_before_the_set_off(desk: Desk, invoice: Invoice) -> None:
    pay(desk, invoice, "46.82")
    credit(desk, invoice, "100.00")
    updated(desk)
    owes(invoice, "100.00", received="46.82")
    desk.work()
    owes(invoice, "100.00", received="46.82")
    updated(desk)
    owes(invoice, "100.00", received="46.82")


def test_note_without_room_stays_money_that_is_due_to_the_client(desk: Desk, invoice: Invoice) -> None:
    pay(desk, invoice, "266.82")
    note = credit(desk, invoice, "100.00")
    desk.work()
    assert errand(note).state == "review"
    updated(desk)
    owes(invoice, "-120.00", received="266.82", overdue="0.00")


def test_what_was_overpaid_stays_when_another_invoice_is_credited(desk: Desk, invoice: Invoice) -> None:
    pay(desk, invoice, "300.00")
    updated(desk)
    (other,) = desk.raise_invoices(1, invoice.payer, **dates())
    credit(desk, other, "180.00", "42.35")
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("-33.18")


def test_read_while_it_is_being_set_off_waits_for_the_next_reading(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    assert errand(note).state == "ambiguous"
    updated(desk)
    owes(invoice, "146.82")
    settle(desk)
    assert errand(note).state == "verified"
    owes(invoice, "146.82")
    updated(desk)
    owes(invoice, "146.82")


def test_set_off_by_hand_and_read_before_the_errand_finds_it(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    hold_set_offs()
    desk.work()
    set_off_by_hand(desk, invoice, note)
    updated(desk)
    hold_set_offs(until=None)
    desk.work()
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 0)
    owes(invoice, "146.82")


def test_errand_taken_over_by_another_worker_settles_nothing_twice(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    hold_set_offs()
    desk.work()
    set_off_by_hand(desk, invoice, note)
    Transfer.objects.filter(kind="apply").update(state="sent", not_before=None)
    lost = errand(note)
    Transfer.objects.filter(kind="apply").update(epoch=lost.epoch + 1)
    engine.carry(lost)
    assert settled(invoice, note) == [("unpaid", Decimal(0), Decimal(0))] * 2
    desk.sweep_and_work()
    assert errand(note).state == "verified"
    owes(invoice, "146.82")


def test_left_to_the_bookkeeper_who_sets_it_off(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    hold_set_offs()
    desk.work()
    do_not_send(by=desk.by, transfer=errand(note), reason="The bookkeeper sees to it")
    set_off_by_hand(desk, invoice, note)
    for _ in range(2):
        updated(desk)
        owes(invoice, "146.82")
    assert settled(invoice, note)[1] == ("paid", Decimal("-120.00"), Decimal("-120.00"))


def test_note_of_a_paid_invoice_that_the_bookkeeper_sets_off_against_another(desk: Desk) -> None:
    paid, other = desk.in_kashflow(2, factories.client_row())
    pay(desk, paid, "266.82")
    updated(desk)
    note = credit(desk, paid, "100.00")
    desk.work()
    assert errand(note).state == "review"
    for leave in (False, True):
        if leave:
            do_not_send(by=desk.by, transfer=errand(note), reason="Used for the next invoice")
            set_off_by_hand(desk, other, note)
        updated(desk)
        assert Client.objects.get(pk=paid.payer_id).balance_amount == Decimal("146.82")
    assert [state for state, *_ in settled(paid, other, note)] == ["paid", "part", "paid"]


def test_set_off_that_the_bookkeeper_undoes_is_open_again(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    desk.work()
    for document in (invoice, note):
        (payment,) = desk.sandbox.payments(desk.dbid(document))
        desk.sandbox.unpay(payment["PayID"])
    updated(desk)
    owes(invoice, "146.82")
    assert settled(invoice, note) == [("unpaid", Decimal(0), Decimal(0))] * 2


def test_set_off_is_named_among_what_is_paid(desk: Desk, invoice: Invoice) -> None:
    note = credit(desk, invoice, "100.00")
    desk.work()
    invoice.refresh_from_db()
    lines = shown.payments(invoice, uses_kashflow=True)
    assert [(line.method, line.amount, line.where) for line in lines] == [
        (f"Credit note {note.number}", Decimal("120.00"), "Set off in KashFlow")
    ]
    pay(desk, invoice, "46.82")
    updated(desk)
    invoice.refresh_from_db()
    lines = shown.payments(invoice, uses_kashflow=True)
    assert sorted(line.amount for line in lines) == [Decimal("46.82"), Decimal("120.00")]


def test_cancelled_afterwards_owes_nothing(desk: Desk, invoice: Invoice) -> None:
    credit(desk, invoice, "100.00")
    desk.work()
    cancel_invoice(by=desk.by, invoice=invoice, reason="Wrong client")
    desk.work()
    assert Invoice.objects.get(is_voiding=True).paid_amount == 0
    owes(invoice, "0.00")


@pytest.mark.parametrize(("amounts", "left"), [(("100.00",), "146.82"), (("180.00", "42.35"), "0.00")])
def test_without_kashflow(desk: Desk, amounts: tuple[str, ...], left: str) -> None:
    (invoice,) = desk.raise_invoices(1, **dates())
    credit(desk, invoice, *amounts)
    owes(invoice, left)


def test_without_kashflow_a_payment_and_a_note(desk: Desk) -> None:
    (invoice,) = desk.raise_invoices(1, **dates())
    credit(desk, invoice, "100.00")
    factories.payment(invoice, "146.82")
    owes(invoice, "0.00", received="146.82")


@pytest.mark.parametrize("is_read", [True, False])
def test_what_was_set_off_before_this_was_counted_is_mended(
    desk: Desk, invoice: Invoice, is_read: bool
) -> None:
    """The migration, from what was written until then: the note open, its invoice as KashFlow was read or not."""
    note = credit(desk, invoice, "100.00")
    desk.work()
    as_it_was = {"paid_amount": 0, "kashflow_paid_amount": 0, "paid_state": "unpaid"}
    Invoice.objects.filter(pk=note.pk).update(**as_it_was)
    if is_read:
        Invoice.objects.filter(pk=invoice.pk).update(paid_as_of=LATER)
        Client.objects.filter(pk=invoice.payer_id).update(balance_amount=Decimal("26.82"))
    else:
        Invoice.objects.filter(pk=invoice.pk).update(**as_it_was)
    import_module("invoicing.migrations.0017_settle_set_off_credit_notes").settle(apps, None)
    owes(invoice, "146.82")
    assert settled(invoice, note) == [
        ("part", Decimal("120.00"), Decimal("120.00")),
        ("paid", Decimal("-120.00"), Decimal("-120.00")),
    ]
    updated(desk)
    owes(invoice, "146.82")

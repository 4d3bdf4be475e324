"""Our books against KashFlow's, with a bookkeeper who does what bookkeepers do. Nothing is changed in either."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from invoicing import tasks
from invoicing.comparison import services
from invoicing.models import Invoice, LedgerDifference, NumberCounter, Transfer
from invoicing.transfer.desk import do_not_send
from kashflow import reads
from kashflow.gateway.client import Gateway
from kashflow.gateway.records import Payment
from kashflow.models import LedgerAccount
from kashflow.services import get_gateway
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.paid import updated
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk
from tests.invoicing.transfer.test_apply import credit, errand, pay
from tests.invoicing.transfer.test_carry import type_in
from tests.invoicing.transfer.test_void import cancel, voiding

PAGE = reverse("invoicing:comparison")


@pytest.fixture
def sent(desk: Desk) -> list[Invoice]:
    """Three invoices of one client that are in KashFlow."""
    NumberCounter.objects.update_or_create(pk=1, defaults={"next_number": FIRST_NUMBER + 3})
    invoices = desk.raise_invoices(3, factories.client_row())
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified"] * 3
    return invoices


def bookkeeper(desk: Desk) -> Gateway:
    return get_gateway(desk.connection, by=desk.by, purpose="The bookkeeper")


def compare() -> tuple[int, str]:
    """The command's exit code and what it printed."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("compare_ledgers", stdout=out)
    return int(ended.value.code or 0), out.getvalue()


def found() -> list[tuple[str, int | None]]:
    return list(LedgerDifference.objects.values_list("kind", "number"))


def change(desk: Desk, invoice: Invoice, **changes: Any) -> None:
    """Edits a document in KashFlow as its own pages would."""
    gateway = bookkeeper(desk)
    document = gateway.get_invoice(invoice.number)
    gateway.update_invoice(type(document)(**{**vars(document), **changes}))


def test_equal_books_have_no_difference_and_nothing_is_written_there(desk: Desk, sent: list[Invoice]) -> None:
    before, calls = desk.sandbox.invoices(), len(desk.sandbox.log())
    assert compare() == (
        0,
        "No difference: both books agree to the penny. 3 of KashFlow's documents were looked at.\n",
    )
    assert desk.sandbox.invoices() == before
    assert {call["operation"] for call in desk.sandbox.log()[calls:]} == {"GetInvoicesByDateRange"}


def test_a_deleted_document(desk: Desk, sent: list[Invoice]) -> None:
    bookkeeper(desk).delete_invoice(sent[1].number)
    code, said = compare()
    assert (code, found()) == (1, [("deleted", sent[1].number)])
    assert f"{sent[1].number}\tDeleted in KashFlow\t{sent[1].company_name}\tKashFlow had it" in said


def test_an_edited_reference_date_and_customer(desk: Desk, sent: list[Invoice]) -> None:
    change(desk, sent[0], reference="wiped")
    # Out of the month, so that only its id still finds it.
    change(desk, sent[2], invoice_date=dt.date(2026, 8, 3))
    assert compare()[0] == 1
    assert found() == [("edited", sent[0].number), ("edited", sent[2].number)]
    assert "Marker:" in LedgerDifference.objects.get(number=sent[0].number).what
    assert (
        "20 Nov 2026 here, 03 Aug 2026 in KashFlow"
        in LedgerDifference.objects.get(number=sent[2].number).what
    )


def test_a_penny(desk: Desk, sent: list[Invoice]) -> None:
    document = bookkeeper(desk).get_invoice(sent[0].number)
    line = document.lines[0]
    dearer = type(line)(**{**vars(line), "vat_amount": line.vat_amount + Decimal("0.01")})
    change(desk, sent[0], lines=(dearer, *document.lines[1:]))
    assert compare()[0] == 1
    assert found() == [("penny", sent[0].number)]


def test_a_payment_recorded_there(desk: Desk, sent: list[Invoice]) -> None:
    payment = Payment(invoice_number=sent[0].number, pay_date=dt.date(2026, 11, 25), amount=Decimal("100.00"))
    bookkeeper(desk).insert_invoice_payment(payment)
    assert compare()[0] == 1
    assert found() == [("paid", sent[0].number)]
    assert LedgerDifference.objects.get().what == "Paid: £0.00 here, £100.00 in KashFlow."


def test_what_was_raised_here_and_is_not_there(desk: Desk, sent: list[Invoice]) -> None:
    [waiting, never, done_without] = desk.raise_invoices(3)
    desk.press([waiting, done_without])
    Transfer.objects.filter(invoice=done_without).update(state="do_not_send")
    Invoice.objects.filter(pk=never.pk).update(
        state="cancelled", cancelled_at=dt.datetime(2026, 11, 26, tzinfo=dt.UTC), cancelled_reason="Mistake"
    )
    [late] = desk.raise_invoices(1)
    assert compare()[0] == 1
    assert found() == [("missing", waiting.number), ("missing", late.number)]
    told = dict(LedgerDifference.objects.values_list("number", "what"))
    assert told[waiting.number] == "Not in KashFlow. Its transfer: Waiting."
    assert told[late.number] == "Not transferred yet."


def test_documents_made_in_kashflow(desk: Desk, sent: list[Invoice]) -> None:
    gateway = bookkeeper(desk)
    document = gateway.get_invoice(sent[0].number)
    typed = {**vars(document), "dbid": 0, "lines": document.lines}
    # A copy with our marker, one under a number that ours will come to, and one far below: only that is no matter.
    gateway.insert_invoice(type(document)(**{**typed, "number": FIRST_NUMBER + 900}))
    gateway.insert_invoice(type(document)(**{**typed, "number": FIRST_NUMBER + 901, "reference": "by hand"}))
    gateway.insert_invoice(type(document)(**{**typed, "number": 12, "reference": "by hand"}))
    assert compare()[0] == 1
    assert found() == [("extra", sent[0].number), ("extra", FIRST_NUMBER + 901)]
    told = {one.number: one.what for one in LedgerDifference.objects.all()}
    assert told[sent[0].number].startswith(f"A second copy, under number {FIRST_NUMBER + 900}.")
    assert told[FIRST_NUMBER + 901].startswith("Made in KashFlow under a number that ours will come to.")


def test_a_document_dated_two_months_ahead_under_a_number_that_is_next(
    desk: Desk, sent: list[Invoice]
) -> None:
    ahead = (timezone.localdate().replace(day=1) + dt.timedelta(days=62)).replace(day=28)
    document = bookkeeper(desk).get_invoice(sent[0].number)
    typed = {**vars(document), "dbid": 0, "reference": "by hand", "invoice_date": ahead, "due_date": ahead}
    bookkeeper(desk).insert_invoice(type(document)(**{**typed, "number": FIRST_NUMBER + 3}))
    assert (compare()[0], found()) == (1, [("extra", FIRST_NUMBER + 3)])


def test_our_number_on_a_document_of_somebody_else(desk: Desk, sent: list[Invoice]) -> None:
    desk.sandbox.settings(duplicate_number="duplicate")
    document = bookkeeper(desk).get_invoice(sent[0].number)
    bookkeeper(desk).insert_invoice(type(document)(**{**vars(document), "dbid": 0, "reference": "by hand"}))
    assert compare()[0] == 1
    assert found() == [("extra", sent[0].number)]
    assert "which is an invoice of ours as well" in LedgerDifference.objects.get().what


def test_other_numbers_are_nobodys_matter_where_kashflow_numbers_its_own(
    desk: Desk, sent: list[Invoice]
) -> None:
    document = bookkeeper(desk).get_invoice(sent[0].number)
    typed = {**vars(document), "dbid": 0, "number": 0, "reference": "by hand"}
    bookkeeper(desk).insert_invoice(type(document)(**typed))
    LedgerAccount.objects.update(numbering="kashflow")
    assert compare()[0] == 0


def test_kashflow_away_changes_nothing_and_is_no_difference(desk: Desk, sent: list[Invoice]) -> None:
    bookkeeper(desk).delete_invoice(sent[1].number)
    compare()
    desk.sandbox.fault("GetInvoicesByDateRange", "http_503")
    with pytest.raises(CommandError) as refused:
        call_command("compare_ledgers", stdout=StringIO())
    assert refused.value.returncode == 2
    assert found() == [("deleted", sent[1].number)]
    assert services.latest() != Run.objects.filter(kind=services.KIND).first()


@pytest.mark.parametrize("call", ["get_invoices_by_date_range", "get_invoice_by_id"])
def test_a_slow_comparison_is_not_begun_again_beside_itself(
    desk: Desk, sent: list[Invoice], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Each call takes longer than half a lease: together they take longer than a lease, and none does alone."""
    for invoice in sent:
        change(desk, invoice, invoice_date=dt.date(2026, 8, 3))
    begun_again, asked = [], getattr(Gateway, call)

    def slowly(*args: Any, **kwargs: Any) -> Any:
        for run in Run.objects.filter(kind=services.KIND):
            Run.objects.filter(pk=run.pk).update(touched_at=run.touched_at - dt.timedelta(seconds=100))
        begun_again.append([run.pk for run in reads.forgotten([services.KIND])])
        return asked(*args, **kwargs)

    monkeypatch.setattr(Gateway, call, slowly)
    assert (compare()[0], len(begun_again) > 2) == (1, True)
    assert not any(begun_again)


def test_a_second_night_within_the_first_begins_nothing(desk: Desk, sent: list[Invoice]) -> None:
    tasks.compare_nightly()
    tasks.compare_nightly()
    [run] = Run.objects.filter(kind=services.KIND)
    assert run.by is None
    assert services.carry(run.pk) is not None
    tasks.compare_nightly()
    assert Run.objects.filter(kind=services.KIND).count() == 1


# --- After a backup was restored ----------------------------------------------------------------------------


def type_into_kashflow(desk: Desk, invoice: Invoice, number: int, reference: str) -> None:
    """A document as `invoice` has it there, under another number and reference."""
    document = bookkeeper(desk).get_invoice(invoice.number)
    changes = {"dbid": 0, "number": number, "reference": reference}
    bookkeeper(desk).insert_invoice(type(document)(**{**vars(document), **changes}))


def test_what_a_restored_backup_lacks_is_listed_once_the_next_number_is_above_it(
    desk: Desk, sent: list[Invoice]
) -> None:
    type_into_kashflow(desk, sent[0], 29_990, "PO 7 7K3QW9XZ2B")
    type_into_kashflow(desk, sent[0], 29_991, "4500123456")
    type_into_kashflow(desk, sent[0], FIRST_NUMBER - 1, "7K3QW9XZ2C")
    call_command("after_restore", stdout=StringIO())
    assert NumberCounter.objects.get().next_number == 29_992
    assert (compare()[0], found()) == (1, [("extra", 29_990)])
    assert LedgerDifference.objects.get().what == (
        "By its number and reference it was raised here after the backup that was restored, and is not here now. "
        "Delete it in KashFlow before you invoice its bookings again, or they are charged twice. £266.82."
    )


def test_what_a_restored_backup_lacks_names_the_command_that_was_forgotten(
    desk: Desk, sent: list[Invoice]
) -> None:
    type_into_kashflow(desk, sent[0], FIRST_NUMBER + 3, "7K3QW9XZ2B")
    type_into_kashflow(desk, sent[0], FIRST_NUMBER + 9, "7K3QW9XZ2C")
    # Set by hand, and not far enough.
    NumberCounter.objects.update(next_number=FIRST_NUMBER + 5)
    assert (compare()[0], found()) == (1, [("extra", FIRST_NUMBER + 3), ("extra", FIRST_NUMBER + 9)])
    told = set(LedgerDifference.objects.values_list("what", flat=True))
    assert told == {
        "It looks like one of ours and is not here. Was a backup restored? Run manage.py after_restore. £266.82."
    }


def test_what_a_restored_backup_lacks_is_listed_where_kashflow_numbers_its_own(
    desk: Desk, sent: list[Invoice]
) -> None:
    LedgerAccount.objects.update(numbering="kashflow")
    type_into_kashflow(desk, sent[0], 12, "7K3QW9XZ2B")
    type_into_kashflow(desk, sent[0], 90_000, "7K3QW9XZ2C")
    assert (compare()[0], found()) == (0, [])
    call_command("after_restore", stdout=StringIO())
    assert (compare()[0], found()) == (1, [("extra", 90_000)])
    assert "Delete it in KashFlow before" in LedgerDifference.objects.get().what


def test_a_backup_from_before_the_first_transfer_is_compared_as_well(desk: Desk) -> None:
    NumberCounter.objects.update_or_create(pk=1, defaults={"next_number": FIRST_NUMBER + 2})
    there, waiting = desk.raise_invoices(2)
    type_in(desk, there.number, CustomerReference=there.marker)
    type_in(desk, FIRST_NUMBER + 2, CustomerReference="7K3QW9XZ2B")
    assert compare()[0] == 0
    call_command("after_restore", stdout=StringIO())
    assert compare()[0] == 1
    assert found() == [
        ("extra", there.number), ("extra", FIRST_NUMBER + 2), ("missing", there.number), ("missing", waiting.number),
    ]  # fmt: skip


# --- Credit notes and what was cancelled ----------------------------------------------------------------------


def test_credit_note_that_is_set_off_is_no_difference_before_and_after_the_paid_status(desk: Desk) -> None:
    invoice = desk.in_kashflow()[0]
    note = credit(desk, invoice, "100.00")
    desk.work()
    Invoice.objects.filter(pk=invoice.pk).update(paid_amount="120.00", paid_state="part")
    for said in ("0.00", "-120.00"):
        Invoice.objects.filter(pk=note.pk).update(paid_amount=said)
        assert compare()[0] == 0
    assert found() == []


def test_credit_note_whose_setting_off_needs_somebody_and_one_that_is_left_as_it_is(
    desk: Desk, as_role: Callable[..., Browser]
) -> None:
    invoice = desk.in_kashflow()[0]
    note = credit(desk, invoice, "100.00")
    desk.work()
    Transfer.objects.filter(kind="apply").update(state="review")
    open_here = {"paid_amount": 0, "kashflow_paid_amount": 0, "paid_state": "unpaid"}
    Invoice.objects.filter(pk=note.pk).update(**open_here)
    assert (compare()[0], found()) == (1, [("paid", note.number)])
    assert LedgerDifference.objects.get().what == "Set off: £0.00 here, £120.00 in KashFlow."
    page = as_role("Accounts").get(PAGE).content.decode()
    assert "Open it to see how far setting it off is." in page
    assert "If nothing is under way, press Update Invoice Paid Status." in page
    # Left in KashFlow as it is, by a person's decision: set off or not, both is right, once it was read.
    Transfer.objects.filter(kind="apply").update(state="do_not_send")
    assert (compare()[0], found()) == (1, [("paid", note.number)])
    updated(desk)
    assert (compare()[0], found()) == (0, [])


def test_voided_invoice_and_its_credit_note_are_no_difference(desk: Desk) -> None:
    invoice = desk.in_kashflow()[0]
    cancel(desk, invoice)
    desk.work()
    assert (compare()[0], found()) == (0, [])


def test_money_on_a_voided_invoice_is_told(desk: Desk) -> None:
    invoice = desk.in_kashflow()[0]
    cancel(desk, invoice)
    desk.work()
    pay(desk, invoice, "10.00")
    assert (compare()[0], found()) == (1, [("extra", invoice.number)])
    words = "Cancelled here and voided there, and £10.00 more is paid of it in KashFlow."
    assert LedgerDifference.objects.get().what == words


@pytest.mark.parametrize("kind", ["create", "apply"])
def test_cancelled_one_whose_voiding_was_decided_against_is_still_open_there(desk: Desk, kind: str) -> None:
    invoice = desk.in_kashflow()[0]
    cancel(desk, invoice)
    note = voiding(invoice)
    do_not_send(by=desk.by, transfer=errand(note, kind), reason="The bookkeeper sees to it")
    desk.work()
    assert (compare()[0], found()) == (1, [("extra", invoice.number)])
    assert LedgerDifference.objects.get().what == "Cancelled here, still open in KashFlow: £266.82 of it."
    if kind == "apply":
        bookkeeper(desk).apply_credit_note_to_invoice(
            desk.dbid(invoice), desk.dbid(note), send_by=time.monotonic() + 2
        )
    else:
        bookkeeper(desk).delete_invoice(invoice.number)
    assert (compare()[0], found()) == (0, [])


def test_cancelled_one_whose_deletion_was_left_is_still_open_there_or_paid(
    desk: Desk, as_role: Callable[..., Browser]
) -> None:
    LedgerAccount.objects.update(voiding=LedgerAccount.Voiding.DELETE)
    invoice = desk.in_kashflow()[0]
    cancel(desk, invoice)
    do_not_send(by=desk.by, transfer=errand(invoice, "delete"), reason="VAT is in already")
    assert (compare()[0], found()) == (1, [("extra", invoice.number)])
    assert "still open in KashFlow: £266.82" in LedgerDifference.objects.get().what
    page = as_role("Accounts").get(PAGE).content.decode()
    assert "If nothing is under way, set it off or delete it in KashFlow." in page
    pay(desk, invoice, "266.82")
    assert (compare()[0], found()) == (1, [("extra", invoice.number)])
    assert LedgerDifference.objects.get().what == (
        "Cancelled here, and £266.82 of it counts as paid in KashFlow."
    )

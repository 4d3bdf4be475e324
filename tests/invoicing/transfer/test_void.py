"""Cancelling what KashFlow has: voided there by a credit note over the whole rest, each step for itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from clients.models import Client
from invoicing import credits
from invoicing.cancel_words import story
from invoicing.cancelling import AlreadyPaid, InKashFlow, cancel_invoice, raise_again
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer
from invoicing.payments import remove_payment
from invoicing.voiding import CannotAsk
from kashflow.models import Connection, LedgerAccount
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import APPLY, credit, document, errand, paid, pay, sent, settle
from tests.invoicing.transfer.test_carry import type_in


def cancel(desk: Desk, invoice: Invoice) -> None:
    NumberCounter.objects.update(next_number=desk.next_number)
    cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")


def voiding(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(credits=invoice, is_voiding=True)


def is_untouched(invoice: Invoice) -> bool:
    invoice.refresh_from_db()
    return (
        invoice.state == "raised"
        and not Invoice.objects.filter(kind="credit_note", is_voiding=True).exists()
        and not InvoiceLine.objects.filter(is_live=False).exists()
        and not Transfer.objects.filter(cancel_requested=True).exists()
        and not AuditEntry.objects.filter(event="invoice.cancelled").exists()
    )


def test_unpaid_one_is_cancelled_here_at_once_and_voided_there(desk: Desk) -> None:
    invoice = sent(desk)
    cancel(desk, invoice)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.cancelled_by) == ("cancelled", desk.by)
    note = voiding(invoice)
    assert (note.number, note.total, note.by, note.is_voiding) == (
        invoice.number + 1,
        -invoice.total,
        desk.by,
        True,
    )
    assert note.credit_reason == f"Voids invoice {invoice.number}. Booked twice"
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("0.00")
    assert (errand(note, "create").state, errand(note).state) == ("ready", "ready")
    desk.work()
    assert (errand(note, "create").state, errand(note).state) == ("verified", "verified")
    assert (paid(desk, invoice), paid(desk, note)) == (invoice.total, note.total)
    assert (desk.numbers(), desk.calls("InsertInvoice"), desk.calls(APPLY)) == (
        [invoice.number, note.number],
        2,
        1,
    )
    desk.sweep_and_work()
    assert Invoice.objects.count() == 2


@pytest.mark.parametrize("amount", ["50.00", "266.82", "300.00"])
def test_paid_one_is_refused_by_what_kashflow_says_now(desk: Desk, amount: str) -> None:
    invoice = sent(desk)
    pay(desk, invoice, amount)
    with pytest.raises(AlreadyPaid, match=f"£{amount} of invoice {invoice.number} is paid.*credit note"):
        cancel(desk, invoice)
    assert is_untouched(invoice)


def test_payment_that_was_taken_back_there_is_no_reason_to_refuse(desk: Desk) -> None:
    invoice = sent(desk)
    Invoice.objects.update(paid_amount=Decimal("50.00"), paid_state="part")
    cancel(desk, invoice)
    invoice.refresh_from_db()
    assert invoice.state == "cancelled"


@pytest.mark.parametrize("is_gone", [False, True])
def test_payment_recorded_here_and_not_sent_yet_keeps_it(desk: Desk, is_gone: bool) -> None:
    invoice = sent(desk)
    payment = factories.payment(invoice, "50.00")
    if is_gone:
        desk.sandbox.delete(desk.dbid(invoice))
    with pytest.raises(AlreadyPaid, match=f"£50.00 of invoice {invoice.number} is paid.*credit note.*remove"):
        cancel(desk, invoice)
    assert is_untouched(invoice)
    assert (invoice.paid_amount, invoice.lines.count()) == (Decimal("50.00"), 2)
    remove_payment(by=desk.by, payment=payment, reason="Wrong invoice")
    cancel(desk, invoice)
    invoice.refresh_from_db()
    assert invoice.state == "cancelled"


@pytest.mark.parametrize("kind", ["http_500", "drop_before", "empty_reply", "login_refused"])
def test_without_an_answer_nothing_is_cancelled(desk: Desk, kind: str) -> None:
    invoice = sent(desk)
    desk.sandbox.fault("GetInvoiceByID", kind)
    with pytest.raises(CannotAsk, match="Nothing was cancelled"):
        cancel(desk, invoice)
    assert is_untouched(invoice)


def test_while_a_credit_note_is_being_set_off_nothing_is_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    with pytest.raises(CannotAsk, match=f"Credit note {note.number} is being set off"):
        cancel(desk, invoice)
    assert is_untouched(invoice)
    settle(desk)
    cancel(desk, invoice)
    assert voiding(invoice).total == -(invoice.total + note.total)


def test_without_a_login_nothing_is_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    LedgerAccount.objects.update(office_login=None)
    Connection.objects.all().delete()
    with pytest.raises(CannotAsk, match="No KashFlow login is saved"):
        cancel(desk, invoice)
    assert is_untouched(invoice)


def test_in_another_account_nothing_is_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    LedgerAccount.objects.update(is_current=False)
    factories.ledger_account()
    with pytest.raises(CannotAsk, match="not the current one"):
        cancel(desk, invoice)
    assert is_untouched(invoice)


def test_one_that_was_deleted_there_is_cancelled_and_nothing_is_left_to_void(desk: Desk) -> None:
    invoice = sent(desk)
    desk.sandbox.server.ledger.delete_invoice(document(desk, invoice)["InvoiceDBID"])
    cancel(desk, invoice)
    desk.sweep_and_work()
    assert Invoice.objects.count() == 1
    assert desk.transfer(invoice).attempts.first().what == (  # type: ignore[union-attr]
        "Cancelled here. KashFlow has it no more: nothing to void."
    )


def test_uncertain_one_that_turned_out_to_be_there_is_voided(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    cancel(desk, invoice)
    assert (desk.transfer(invoice).state, Invoice.objects.count()) == ("ambiguous", 1)
    settle(desk)
    note = voiding(invoice)
    assert (note.by, note.total) == (desk.by, -invoice.total)
    desk.sweep_and_work()
    assert (errand(note, "create").state, errand(note).state) == ("verified", "verified")
    assert paid(desk, invoice) == invoice.total
    assert not desk.transfer(invoice).cancel_requested
    desk.sweep_and_work()
    assert Invoice.objects.count() == 2


def test_what_was_credited_before_is_not_credited_again(desk: Desk) -> None:
    invoice = sent(desk)
    first = credit(desk, invoice, "100.00")
    desk.work()
    cancel(desk, invoice)
    note = voiding(invoice)
    assert note.total == -(invoice.total + first.total)
    assert credits.parts_left(invoice.lines.all()) == []
    desk.work()
    assert paid(desk, invoice) == invoice.total
    # The first one belongs to an invoice that nobody owes any more.
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("0.00")


def test_whole_credit_before_leaves_nothing_to_void(desk: Desk) -> None:
    invoice = sent(desk)
    credit(desk, invoice, "180.00", "42.35")
    desk.work()
    cancel(desk, invoice)
    invoice.refresh_from_db()
    assert invoice.state == "cancelled"
    assert not Invoice.objects.filter(is_voiding=True).exists()


def test_credit_note_in_kashflow_is_not_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.work()
    with pytest.raises(InKashFlow, match="Raise an invoice for what was credited too much"):
        cancel_invoice(by=desk.by, invoice=note, reason="Wrong line")
    assert is_untouched(note)


def test_credit_note_that_kashflow_cannot_be_asked_about_is_not_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.work()
    desk.sandbox.fault("GetInvoiceByID", "http_500")
    with pytest.raises(
        CannotAsk, match=f"not known whether KashFlow still has credit note {note.number}. Noth"
    ):
        cancel_invoice(by=desk.by, invoice=note, reason="Wrong line")
    LedgerAccount.objects.update(is_current=False)
    with pytest.raises(CannotAsk, match=r"can't be asked for there. Nothing was cancelled. Raise an invoice"):
        cancel_invoice(by=desk.by, invoice=note, reason="Wrong line")
    assert is_untouched(note)


def test_credit_note_that_was_deleted_there_while_it_is_being_set_off_is_not_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    desk.sandbox.server.ledger.delete_invoice(document(desk, note)["InvoiceDBID"])
    with pytest.raises(InKashFlow, match=r"has credit note .* or may have it"):
        cancel_invoice(by=desk.by, invoice=note, reason="Wrong line")
    assert is_untouched(note)


def test_voiding_credit_note_is_not_cancelled(desk: Desk) -> None:
    invoice = sent(desk)
    cancel(desk, invoice)
    with pytest.raises(InKashFlow, match="voids a cancelled invoice"):
        cancel_invoice(by=desk.by, invoice=voiding(invoice), reason="Wrong line")
    assert voiding(invoice).state == "raised"


@pytest.mark.parametrize("fault", ["InsertInvoice", APPLY])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_each_step_survives_a_lost_reply(desk: Desk, fault: str, kind: str) -> None:
    invoice = sent(desk)
    cancel(desk, invoice)
    desk.sandbox.fault(fault, kind)
    desk.work()
    note = voiding(invoice)
    for _ in range(3):
        settle(desk)
    assert (errand(note, "create").state, errand(note).state) == ("verified", "verified")
    assert (paid(desk, invoice), paid(desk, note)) == (invoice.total, note.total)
    assert desk.numbers() == [invoice.number, note.number]


def test_number_of_the_voiding_credit_note_that_is_taken_is_raised_again(desk: Desk) -> None:
    invoice = sent(desk)
    type_in(desk, desk.next_number, CustomerReference="By the bookkeeper")
    cancel(desk, invoice)
    desk.work()
    first = voiding(invoice)
    assert (errand(first, "create").state, errand(first).state) == ("conflict", "ready")
    second = raise_again(by=desk.by, invoice=first)
    assert (errand(first, "create").state, errand(first).state) == ("cancelled", "cancelled")
    desk.work()
    assert (second.is_voiding, second.credits, second.total) == (True, invoice, -invoice.total)
    assert (errand(second, "create").state, errand(second).state) == ("verified", "verified")
    assert paid(desk, invoice) == invoice.total


# --- What people read ---------------------------------------------------------------------------------------


def test_invoice_tells_how_far_its_voiding_is(desk: Desk) -> None:
    invoice = sent(desk)
    assert story(invoice).text == ""
    cancel(desk, invoice)
    invoice.refresh_from_db()
    note = voiding(invoice).number
    assert story(invoice).text == f"Voiding in KashFlow: credit note {note} waits to be sent."
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    assert story(invoice).text == f"Voiding in KashFlow: credit note {note} sent, being set off."
    Transfer.objects.filter(kind="apply").update(not_before=None)
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    assert story(invoice).text.startswith(
        f"Voiding in KashFlow: credit note {note} sent, whether it is set off is being checked."
    )
    settle(desk)
    assert story(invoice).text == f"Voided in KashFlow: credit note {note} is set off against it."


def test_uncertain_one_tells_that_it_is_looked_up(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    desk.work()
    cancel(desk, invoice)
    invoice.refresh_from_db()
    assert story(invoice).text == "Whether KashFlow has it is being looked up; if it has, it is voided there."


@pytest.mark.parametrize(
    ("voids_by", "told"),
    [
        ("credit", "If not, a credit note for £266.82 is raised and set off against it there."),
        ("delete", "If not, its document there is deleted."),
    ],
)
def test_page_says_before_what_happens_in_kashflow(
    desk: Desk, as_role: Callable[..., Any], voids_by: str, told: str
) -> None:
    LedgerAccount.objects.update(voiding=voids_by)
    invoice = sent(desk)
    asked = as_role("Accounts").get(f"/invoicing/invoices/{invoice.number}/cancel/").content.decode()
    assert f"KashFlow is asked first whether anything of it is paid. {told}" in asked
    assert is_untouched(invoice)


def test_page_of_what_cannot_be_asked_keeps_the_reason_that_was_typed(
    desk: Desk, as_role: Callable[..., Any]
) -> None:
    invoice = sent(desk)
    desk.sandbox.fault("GetInvoiceByID", "http_500")
    page = f"/invoicing/invoices/{invoice.number}/cancel/"
    shown = as_role("Accounts").post(page, {"reason": "Booked twice"}).content.decode()
    assert f"so it is not known whether anything of invoice {invoice.number} is paid." in shown
    assert 'value="Booked twice"' in shown
    assert is_untouched(invoice)


def test_page_shows_the_voiding_and_offers_no_second_cancelling(
    desk: Desk, as_role: Callable[..., Any]
) -> None:
    invoice = sent(desk)
    cancel(desk, invoice)
    desk.work()
    note = voiding(invoice)
    browser = as_role("Accounts")
    shown = browser.get(f"/invoicing/invoices/{invoice.number}/").content.decode()
    assert f"Voided in KashFlow: credit note {note.number} is set off against it." in shown
    assert "/cancel/" not in shown
    of_note = browser.get(f"/invoicing/invoices/{note.number}/").content.decode()
    assert f"Voids invoice {invoice.number}. Booked twice" in of_note
    assert "<dt>Left to set off</dt><dd>£0.00</dd>" in of_note
    assert "/cancel/" not in of_note

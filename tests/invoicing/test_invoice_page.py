"""What the page of a document says of KashFlow and of its money: one thing in every card, with a link where it sticks."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.utils import timezone

from invoicing.cancel_words import story
from invoicing.models import Invoice, NumberCounter, Transfer
from invoicing.paid_status import shown
from kashflow.models import LedgerAccount
from tests.invoicing.paid import updated
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.test_apply import credit, errand, pay, sent
from tests.invoicing.transfer.test_void import cancel, voiding

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]
LATER = "2100-01-01T00:00:00Z"


@pytest.fixture
def browser(as_role: As) -> Browser:
    return as_role("Accounts")


def page(invoice: Invoice) -> str:
    return f"/invoicing/invoices/{invoice.number}/"


def needs_you(transfer: Transfer) -> str:
    """Setting off or deleting needs somebody now; the link to it on the desk."""
    Transfer.objects.filter(pk=transfer.pk).update(
        state="review", cause_code="not_set_off", last_cause="KashFlow has not set it off."
    )
    return f'<a href="/invoicing/transfers/{transfer.pk}/">Open on the Transfer desk</a>'


def gone(invoice: Invoice) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(payment_flag="gone", payment_flag_text="It is not there.")


# --- Paid ---------------------------------------------------------------------------------------------------


def test_paid_is_what_came_in_without_what_was_set_off(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    credit(desk, invoice, "100.00")
    desk.work()
    pay(desk, invoice, "46.82")
    updated(desk)
    told = browser.get(page(invoice)).text
    figures = ("Total</dt><dd>£266.82", "Credited</dt><dd>£120.00", "Paid</dt><dd>£46.82")
    assert f"<dt>{'</dd><dt>'.join(figures)}</dd><dt>Balance</dt><dd><strong>£100.00</strong>" in told
    rows = browser.get(f"/clients/{invoice.payer_id}/financial/").context["rows"]
    assert [row.came_in for row in rows if row.number == invoice.number] == [Decimal("46.82")]


def test_credit_note_set_off_against_another_invoice_leaves_the_sum_right(
    desk: Desk, browser: Browser
) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    # As a reading of both leaves them.
    Invoice.objects.filter(pk=note.pk).update(paid_amount=note.total, paid_state="paid")
    context = browser.get(page(invoice)).context
    assert (context["came_in"], context["credited"], context["balance"]) == (0, 0, invoice.total)


def test_payment_that_was_removed_in_kashflow_stays_struck_through(desk: Desk) -> None:
    invoice = sent(desk)
    desk.sandbox.pay(desk.dbid(invoice), "50.00")
    desk.sandbox.pay(desk.dbid(invoice), "20.00")
    updated(desk)
    desk.sandbox.unpay(desk.sandbox.payments(desk.dbid(invoice))[0]["PayID"])
    updated(desk)
    invoice.refresh_from_db()
    lines = {line.amount: line for line in shown.payments(invoice, uses_kashflow=True)}
    assert {amount: line.counts for amount, line in lines.items()} == {Decimal(50): False, Decimal(20): True}
    assert lines[Decimal(50)].where.startswith("Removed in KashFlow, noticed today ")


def test_payment_and_its_return_stay_in_the_client_s_list(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    desk.sandbox.pay(desk.dbid(invoice), "50.00")
    updated(desk)
    desk.sandbox.pay(desk.dbid(invoice), "-50.00")
    updated(desk)
    answer = browser.get(f"/clients/{invoice.payer_id}/financial/payments/")
    # As a phone shows it: the day before where it stands.
    assert "24 Nov 2026 · " in answer.text
    assert "−£50.00" in answer.text
    rows = answer.context["rows"]
    assert sorted(one.line.amount for one in rows) == [Decimal(-50), Decimal(50)]


# --- KashFlow -----------------------------------------------------------------------------------------------


def test_document_that_was_deleted_in_kashflow_is_gone_there(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    desk.sandbox.delete(desk.dbid(invoice))
    updated(desk)
    assert browser.get(page(invoice)).context["there"] == {"key": "needs_you", "word": "Gone"}
    (row,) = browser.get(f"/clients/{invoice.payer_id}/financial/").context["rows"]
    assert (row.shown.key, row.shown.word) == ("needs_you", "Gone in KashFlow")


def test_one_that_was_cancelled_after_that_is_gone_and_needs_nobody(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    desk.sandbox.delete(desk.dbid(invoice))
    cancel(desk, invoice)
    assert browser.get(page(invoice)).context["there"] == {"key": "cancelled", "word": "Gone"}


@pytest.mark.parametrize("voids_by", ["credit", "delete"])
def test_voided_document_is_voided(desk: Desk, browser: Browser, voids_by: str) -> None:
    LedgerAccount.objects.update(voiding=voids_by)
    invoice = sent(desk)
    cancel(desk, invoice)
    assert browser.get(page(invoice)).context["there"] == {"key": "in_kashflow", "word": ""}
    desk.work()
    assert browser.get(page(invoice)).context["there"] == {"key": "cancelled", "word": "Voided"}


def test_credit_note_that_was_deleted_in_kashflow_is_not_set_off_and_can_be_cancelled(
    desk: Desk, browser: Browser
) -> None:
    note = credit(desk, sent(desk), "100.00")
    desk.work()
    assert not browser.get(page(note)).context["may_cancel"]
    gone(note)
    context = browser.get(page(note)).context
    assert (context["invoice"].paid_key, context["there"]["word"]) == ("credit_note", "Gone")
    assert context["may_cancel"]


# --- Where it sticks ----------------------------------------------------------------------------------------


def test_set_off_that_needs_somebody_leads_to_the_desk(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before=LATER)
    desk.work()
    link = needs_you(errand(note))
    assert link in browser.get(page(note)).text
    (card,) = browser.get(page(invoice)).context["credit_notes"]
    assert card.standing_key == "needs_you"


def test_voiding_that_needs_somebody_is_red_and_leads_to_the_desk(desk: Desk, browser: Browser) -> None:
    invoice = sent(desk)
    cancel(desk, invoice)
    Transfer.objects.filter(kind="apply").update(not_before=LATER)
    desk.work()
    assert "alert-box on-bad" not in browser.get(page(invoice)).text
    link = needs_you(errand(voiding(invoice)))
    told = browser.get(page(invoice)).text
    assert "alert-box on-bad" in told
    assert f"setting it off needs you. KashFlow has not set it off. {link}" in told


def test_voiding_credit_note_that_may_be_there_is_not_said_to_be_sent(desk: Desk) -> None:
    invoice = sent(desk)
    NumberCounter.objects.update(next_number=desk.next_number)
    cancel(desk, invoice)
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.work()
    invoice.refresh_from_db()
    number = voiding(invoice).number
    assert story(invoice).text.startswith(
        f"Voiding in KashFlow: credit note {number} may be there already: that is being checked."
    )


def test_page_that_cancels_a_credit_note_says_first_that_kashflow_has_it(
    desk: Desk, browser: Browser
) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.work()
    told = browser.get(f"{page(note)}cancel/").text
    assert f"KashFlow has credit note {note.number}" in told
    assert "It can be cancelled here only after it was deleted there." in told
    assert f"£120.00 taken back from invoice {invoice.number}" in told
    gone(note)
    assert "KashFlow has credit note" not in browser.get(f"{page(note)}cancel/").text


def test_amount_that_was_not_read_one_by_one_says_of_when_it_is(desk: Desk) -> None:
    invoice = sent(desk)
    Invoice.objects.filter(pk=invoice.pk).update(
        paid_amount=Decimal(50), paid_state="part", paid_as_of=timezone.now()
    )
    invoice.refresh_from_db()
    (line,) = shown.payments(invoice, uses_kashflow=True)
    assert line.where.startswith("In KashFlow as of today ")

"""Refused twice in the same words, and proved each time that nothing was done: a person is asked, nobody tries for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from invoicing.cancelling import cancel_invoice
from invoicing.decisions import choices
from invoicing.models import Invoice, Transfer
from invoicing.transfer import desk as desk_acts
from invoicing.transfer.payments import transfer_payments
from kashflow.models import LedgerAccount
from tests import factories
from tests.invoicing.paying import desk as desk
from tests.invoicing.paying import plain_desk as plain_desk
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit, errand, sent

pytestmark = pytest.mark.django_db
CREATE = "InsertInvoice"
WORDS = "Department 12 is closed"
SETTLE = 700


def refuse(desk: Desk, operation: str, *, times: int, text: str = WORDS) -> None:
    desk.sandbox.fault(operation, "status_no", text=text, times=times)


def until_settled(desk: Desk) -> None:
    """The settle wait, and the second look."""
    for _ in range(2):
        desk.skip(SETTLE)
        desk.sweep_and_work()


def tries(desk: Desk, count: int) -> None:
    """The first, and what becomes of it `count` times."""
    desk.work()
    for _ in range(count):
        until_settled(desk)


def pressed(desk: Desk) -> Invoice:
    (invoice,) = desk.raise_invoices(1)
    desk.press([invoice])
    return invoice


def test_an_invoice_that_is_refused_twice_waits_for_a_person_with_kashflows_words(desk: Desk) -> None:
    invoice = pressed(desk)
    refuse(desk, CREATE, times=5)
    tries(desk, 4)
    found = desk.transfer(invoice)
    assert (found.state, found.cause_code, desk.calls(CREATE)) == ("rejected", "said_no", 2)
    assert found.last_cause == (
        f"KashFlow refused it twice: “{WORDS}”. Nothing was done there. Mend what it says, then recheck."
    )
    assert desk.documents() == []


def test_mended_and_rechecked_it_is_sent_once(desk: Desk) -> None:
    invoice = pressed(desk)
    refuse(desk, CREATE, times=2)
    tries(desk, 2)
    assert desk.states() == ["rejected"]
    desk_acts.recheck(by=desk.by, transfer=desk.transfer(invoice))
    until_settled(desk)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 3)


def test_rechecked_and_not_mended_it_is_tried_twice_more(desk: Desk) -> None:
    invoice = pressed(desk)
    refuse(desk, CREATE, times=9)
    tries(desk, 2)
    desk_acts.recheck(by=desk.by, transfer=desk.transfer(invoice))
    for _ in range(4):
        until_settled(desk)
    assert (desk.states(), desk.calls(CREATE)) == (["rejected"], 4)


@pytest.mark.parametrize("second", ["Department 13 is closed", "Execution Timeout Expired"])
def test_other_words_or_a_trouble_of_kashflows_own_are_tried_again(desk: Desk, second: str) -> None:
    invoice = pressed(desk)
    first = WORDS if second.startswith("Department") else second
    refuse(desk, CREATE, times=1, text=first)
    refuse(desk, CREATE, times=1, text=second)
    tries(desk, 2)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 3)


def test_carried_out_all_the_same_it_is_found(desk: Desk) -> None:
    invoice = pressed(desk)
    refuse(desk, CREATE, times=1)
    desk.sandbox.fault(CREATE, "status_no", text=WORDS, committed=True)
    tries(desk, 2)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 2)


def a_set_off(desk: Desk) -> tuple[Transfer, str]:
    return errand(credit(desk, sent(desk), "100.00", "42.35")), "applyCreditNoteToInvoice"


def a_deletion(desk: Desk) -> tuple[Transfer, str]:
    LedgerAccount.objects.update(voiding=LedgerAccount.Voiding.DELETE)
    invoice = sent(desk)
    cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")
    return errand(invoice, "delete"), "DeleteInvoiceByID"


def a_payment(desk: Desk) -> tuple[Transfer, str]:
    factories.payment(sent(desk))
    transfer_payments(by=desk.by)
    return Transfer.objects.get(kind="payment"), "InsertInvoicePayment"


@pytest.mark.parametrize("made", [a_set_off, a_deletion, a_payment])
def test_what_follows_a_document_waits_for_a_person_too_and_is_done_once_it_was_mended(
    desk: Desk, made: Callable[[Desk], tuple[Transfer, str]]
) -> None:
    transfer, operation = made(desk)
    refuse(desk, operation, times=2)
    tries(desk, 4)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.cause_code, desk.calls(operation)) == ("rejected", "said_no", 2)
    assert WORDS in transfer.last_cause
    acts = [one.act for one in choices(transfer, desk.by, None)]
    assert acts == ["recheck", "do_not_send"] + ["remove_payment"] * (transfer.kind == "payment")
    desk_acts.recheck(by=desk.by, transfer=transfer)
    tries(desk, 1)
    transfer.refresh_from_db()
    assert (transfer.state, desk.calls(operation)) == ("verified", 3)

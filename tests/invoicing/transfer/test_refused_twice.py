"""Refused twice in the same words, and proved each time that nothing was done: a person is asked, nobody tries for ever."""

from __future__ import annotations

import pytest

from invoicing.models import Transfer
from invoicing.transfer import desk as desk_acts
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import APPLY, credit, document, errand, sent

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


def test_an_invoice_that_is_refused_twice_waits_for_a_person_with_kashflows_words(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    refuse(desk, CREATE, times=5)
    desk.press([invoice])
    desk.work()
    for _ in range(4):
        until_settled(desk)
    found = desk.transfer(invoice)
    assert (found.state, found.cause_code, desk.calls(CREATE)) == ("rejected", "said_no", 2)
    assert found.last_cause == (
        f"KashFlow refused it twice: “{WORDS}”. Nothing was done there. Mend what it says, then recheck."
    )
    assert desk.documents() == []


def test_mended_and_rechecked_it_is_sent_once(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    refuse(desk, CREATE, times=2)
    desk.press([invoice])
    desk.work()
    until_settled(desk)
    until_settled(desk)
    assert desk.states() == ["rejected"]
    desk_acts.recheck(by=desk.by, transfer=desk.transfer(invoice))
    until_settled(desk)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 3)


def test_rechecked_and_not_mended_it_is_tried_twice_more(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    refuse(desk, CREATE, times=9)
    desk.press([invoice])
    desk.work()
    until_settled(desk)
    until_settled(desk)
    desk_acts.recheck(by=desk.by, transfer=desk.transfer(invoice))
    for _ in range(4):
        until_settled(desk)
    assert (desk.states(), desk.calls(CREATE)) == (["rejected"], 4)


@pytest.mark.parametrize("second", ["Department 13 is closed", "Execution Timeout Expired"])
def test_other_words_or_a_trouble_of_kashflows_own_are_tried_again(desk: Desk, second: str) -> None:
    invoice = desk.raise_invoices(1)[0]
    first = WORDS if second.startswith("Department") else second
    refuse(desk, CREATE, times=1, text=first)
    refuse(desk, CREATE, times=1, text=second)
    desk.press([invoice])
    desk.work()
    until_settled(desk)
    until_settled(desk)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 3)


def test_carried_out_all_the_same_it_is_found(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    refuse(desk, CREATE, times=1)
    desk.sandbox.fault(CREATE, "status_no", text=WORDS, committed=True)
    desk.press([invoice])
    desk.work()
    until_settled(desk)
    until_settled(desk)
    assert (desk.states(), desk.numbers(), desk.calls(CREATE)) == (["verified"], [invoice.number], 2)


def test_a_credit_note_that_kashflow_will_not_set_off_waits_for_a_person(desk: Desk) -> None:
    note = credit(desk, sent(desk), "100.00", "42.35")
    refuse(desk, APPLY, times=5)
    desk.work()
    for _ in range(4):
        until_settled(desk)
    found: Transfer = errand(note)
    assert (found.state, found.cause_code, desk.calls(APPLY)) == ("rejected", "said_no", 2)
    assert WORDS in found.last_cause
    assert document(desk, note)["AmountPaid"] == "0.0000"

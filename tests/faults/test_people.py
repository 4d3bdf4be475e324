"""F-50 and F-51: what people type, delete and change in KashFlow meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser

from invoicing.cancelling import raise_again
from invoicing.models import Invoice, LedgerDifference, NumberCounter, Transfer
from invoicing.transfer.desk import TotalsDiffer, adopt
from kashflow.limits import Times
from kashflow.models import LedgerAccount
from tests import oracle
from tests.faults.checks import assert_exactly_once, settle
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk
from tests.invoicing.transfer.needing import SAME_MONEY, shown
from tests.invoicing.transfer.test_carry import type_in
from tests.invoicing.transfer.test_compare_ledgers import compare


def test_f50_number_typed_before_the_batch_is_freed_and_looked_for_again(desk: Desk) -> None:
    """F-50. That the others go on and the cause is named:
    `test_taken_number_stops_that_invoice_alone_and_nothing_of_theirs_is_touched`."""
    invoices = desk.raise_invoices(3)
    theirs = type_in(desk, invoices[1].number)
    desk.press(invoices)
    desk.work()
    desk.press([invoices[1]])
    settle(desk)
    assert desk.states() == ["verified", "conflict", "verified"]
    desk.sandbox.server.ledger.delete_invoice(theirs)
    desk.press([invoices[1]])
    settle(desk)
    assert_exactly_once(desk)


def test_f50_number_typed_before_the_batch_is_linked_where_it_is_this_invoice(desk: Desk) -> None:
    """F-50, adopt: the same money under our number, so it is ours as it stands; nothing is sent or changed there."""
    invoices = desk.raise_invoices(3)
    theirs = type_in(desk, invoices[1].number, lines=SAME_MONEY, CustomerReference="By hand")
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified", "conflict", "verified"]
    before, calls = desk.sandbox.invoices(), desk.calls("InsertInvoice")
    taken = desk.transfer(invoices[1])
    adopt(by=desk.by, transfer=taken, reason="The bookkeeper typed it on Friday.", **shown(taken))
    desk.work()
    assert desk.states() == ["verified"] * 3
    linked = desk.transfer(invoices[1])
    assert (linked.kashflow_dbid, linked.kashflow_number) == (theirs, invoices[1].number)
    assert (desk.sandbox.invoices(), desk.calls("InsertInvoice")) == (before, calls) == (before, 2)


def test_f50_number_typed_before_the_batch_for_other_money_is_raised_again(desk: Desk) -> None:
    """F-50, raise again: other money is never linked; ours goes under the next number, theirs stays as typed."""
    NumberCounter.objects.update(next_number=FIRST_NUMBER + 1)
    invoice = desk.raise_invoices(1)[0]
    theirs = type_in(desk, invoice.number, CustomerReference="By hand")
    typed = whole(desk, theirs)
    desk.press([invoice])
    desk.work()
    taken = desk.transfer(invoice)
    with pytest.raises(TotalsDiffer):
        adopt(by=desk.by, transfer=taken, reason="It is this one.", **shown(taken))
    again = raise_again(by=desk.by, invoice=invoice, reason="Number taken by hand.")
    settle(desk)
    assert desk.numbers() == [FIRST_NUMBER + 1] == [again.number]
    assert whole(desk, theirs) == typed
    assert desk.calls("InsertInvoice") == 1


def whole(desk: Desk, dbid: int) -> dict[str, Any] | None:
    """All that KashFlow has of one document; None where it has none of this id."""
    return next((one for one in desk.sandbox.invoices() if one["InvoiceDBID"] == dbid), None)


# State of the invoice, documents of ours, whether the account is paused, what the comparison of the night says.
WHILE_WE_SENT: list[tuple[dict[str, str], str, int, bool, list[str]]] = [
    ({"duplicate_number": "refuse"}, "conflict", 0, False, ["theirs", "missing"]),
    ({"duplicate_number": "next"}, "review", 1, True, ["theirs"]),
    ({"numbering": "assign"}, "review", 1, True, ["theirs"]),
    ({"duplicate_number": "duplicate"}, "review", 1, False, ["theirs", "ours", "missing"]),
    # The one case that the protocol cannot prevent; the settings page names it.
    ({"duplicate_number": "overwrite"}, "verified", 1, False, []),
]


@pytest.mark.parametrize(("account", "state", "ours", "is_paused", "compared"), WHILE_WE_SENT)
def test_f51_number_typed_between_our_look_and_our_create(
    open_desk: Desk,
    lane: Callable[..., Lane],
    account: dict[str, str],
    state: str,
    ours: int,
    is_paused: bool,
    compared: list[str],
) -> None:
    """F-51: what was typed stays to the letter, save on an account that overwrites."""
    open_desk.sandbox.settings(**account)
    invoice, typed = _typed_meanwhile(open_desk, lane)
    settle(open_desk)
    assert (open_desk.states(), len(open_desk.documents())) == ([state], ours)
    now = whole(open_desk, typed["InvoiceDBID"])
    if account == {"duplicate_number": "overwrite"}:
        assert [now] == open_desk.documents()
    else:
        assert now == typed
    assert bool(open_desk.account.paused_reason) == is_paused
    assert open_desk.calls("InsertInvoice") == 1
    assert Transfer.objects.get(invoice=invoice).last_cause or state == "verified"
    assert _compared(open_desk, typed["InvoiceDBID"]) == sorted(compared)


def _compared(desk: Desk, theirs: int) -> list[str]:
    """Which documents the comparison found: `theirs`, `ours`, or what is missing in KashFlow."""
    NumberCounter.objects.update(next_number=FIRST_NUMBER + 1)
    exit_code, _ = compare()
    names = {theirs: "theirs", **{one["InvoiceDBID"]: "ours" for one in desk.documents()}}
    found = [names.get(one.kashflow_dbid, one.kind) for one in LedgerDifference.objects.all()]
    assert exit_code == bool(found)
    return sorted(found)


def test_f51_the_settings_page_names_the_two_seconds(desk: Desk, as_role: Callable[..., Browser]) -> None:
    """F-51: beside the choice of numbers, for those who may choose, and as long as a send may wait."""
    page = as_role("Admin").get("/settings/kashflow/")
    numbering = page.context["form"]["numbering"]
    assert "within the two seconds of a transfer could be replaced there" in numbering.help_text
    assert numbering.help_text in unescape(page.text)
    assert Times().send_deadline == 2


def test_f51_nothing_of_theirs_changes_where_kashflow_numbers_its_own(
    open_desk: Desk, lane: Callable[..., Lane]
) -> None:
    """F-51."""
    before = open_desk.sandbox.invoices()
    LedgerAccount.objects.update(numbering="kashflow")
    _, typed = _typed_meanwhile(open_desk, lane)
    settle(open_desk)
    assert_exactly_once(open_desk)
    found = oracle.find(oracle.product_rows(), open_desk.sandbox.invoices(), before=[*before, typed])
    assert found.problems == []


def _typed_meanwhile(desk: Desk, lane: Callable[..., Lane]) -> tuple[Invoice, dict[str, Any]]:
    """An invoice sent while somebody types its number, and the whole document as that one typed it."""
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.sandbox.hold("InsertInvoice", "received")
    working = lane()
    wait_for(lambda: desk.calls("InsertInvoice") == 1, 20)
    typed = whole(desk, type_in(desk, invoice.number, CustomerReference="By hand"))
    assert typed is not None
    desk.sandbox.release()
    working.join()
    return invoice, typed

"""F-50 to F-55: what people type, delete and change in KashFlow meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from invoicing.models import Transfer
from kashflow.models import LedgerAccount
from tests.faults.checks import assert_exactly_once, settle
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import type_in


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


# State of the invoice, documents of ours, documents of theirs left as typed, whether the account is paused.
WHILE_WE_SENT: list[tuple[dict[str, str], str, int, int, bool]] = [
    ({"duplicate_number": "refuse"}, "conflict", 0, 1, False),
    ({"duplicate_number": "next"}, "review", 1, 1, True),
    ({"numbering": "assign"}, "review", 1, 1, True),
    ({"duplicate_number": "duplicate"}, "review", 1, 1, False),
    # The one case that the protocol cannot prevent; the settings page names it.
    ({"duplicate_number": "overwrite"}, "verified", 1, 0, False),
]


@pytest.mark.parametrize(("account", "state", "ours", "theirs", "is_paused"), WHILE_WE_SENT)
def test_f51_number_typed_between_our_look_and_our_create(
    open_desk: Desk,
    lane: Callable[..., Lane],
    account: dict[str, str],
    state: str,
    ours: int,
    theirs: int,
    is_paused: bool,
) -> None:
    """F-51."""
    open_desk.sandbox.settings(**account)
    invoice = _typed_meanwhile(open_desk, lane)
    settle(open_desk)
    typed = [one for one in open_desk.sandbox.invoices() if one["CustomerReference"] == "By hand"]
    assert (open_desk.states(), len(open_desk.documents()), len(typed)) == ([state], ours, theirs)
    assert bool(open_desk.account.paused_reason) == is_paused
    assert open_desk.calls("InsertInvoice") == 1
    assert Transfer.objects.get(invoice=invoice).last_cause or state == "verified"


def test_f51_nothing_of_theirs_changes_where_kashflow_numbers_its_own(
    open_desk: Desk, lane: Callable[..., Lane]
) -> None:
    """F-51."""
    LedgerAccount.objects.update(numbering="kashflow")
    _typed_meanwhile(open_desk, lane)
    assert [one["CustomerReference"] for one in open_desk.sandbox.invoices()].count("By hand") == 1
    settle(open_desk)
    assert_exactly_once(open_desk)


def _typed_meanwhile(desk: Desk, lane: Callable[..., Lane]) -> Any:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.sandbox.hold("InsertInvoice", "received")
    working = lane()
    wait_for(lambda: desk.calls("InsertInvoice") == 1, 20)
    type_in(desk, invoice.number, CustomerReference="By hand")
    desk.sandbox.release()
    working.join()
    return invoice

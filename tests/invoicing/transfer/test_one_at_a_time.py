"""Where creates go one at a time, nothing new begins while another may be under way (transfer.md, Numbers)."""

from __future__ import annotations

import pytest

from invoicing.models import Transfer
from invoicing.transfer import claims
from invoicing.transfer.record import record
from invoicing.transfer.states import Event
from kashflow.models import LedgerAccount
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import APPLY, credit, errand
from tests.invoicing.transfer.test_carry import BETWEEN, LEASE, SETTLE


@pytest.mark.parametrize("numbering", ["kashflow", "ours"])
@pytest.mark.parametrize("has_begun", [False, True])
def test_lease_that_ran_out_holds_the_next_one_back_until_it_is_found(
    desk: Desk, numbering: str, has_begun: bool
) -> None:
    LedgerAccount.objects.update(numbering=numbering)
    first, second = desk.raise_invoices(2)
    desk.press([first, second])
    slow = claims.claim(desk.account.pk, desk.transfer(first).pk)
    assert slow is not None
    if has_begun:
        record(slow, Event.INTENT, what="Sending it.")
    desk.skip(LEASE)
    assert claims.claim(desk.account.pk, desk.transfer(second).pk) is None
    desk.sweep_and_work()
    for seconds in (SETTLE, BETWEEN):
        desk.skip(seconds)
        desk.sweep_and_work()
    assert desk.states() == ["verified", "verified"]
    assert len(desk.documents()) == 2


def test_set_off_that_has_to_wait_holds_no_new_number_back(desk: Desk) -> None:
    LedgerAccount.objects.update(numbering="kashflow")
    (invoice,) = desk.in_kashflow()
    first, second = credit(desk, invoice, "50.00"), credit(desk, invoice, "60.00")
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    assert [errand(note).state for note in (first, second)] == ["ambiguous", "ready"]
    desk.next_number += 2
    new = desk.raise_invoices(2)
    desk.press(new)
    desk.work()
    assert [desk.transfer(one).state for one in new] == ["verified", "verified"]
    assert (errand(second).state, desk.calls(APPLY)) == ("ready", 1)


def test_two_set_offs_that_are_both_uncertain_are_both_finished(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    notes = [credit(desk, invoice, "50.00"), credit(desk, invoice, "60.00")]
    desk.work()
    # As after a recheck of one while the other was under way.
    Transfer.objects.filter(kind="apply").update(state="ambiguous", ambiguous_since="2026-11-25T00:00:00Z")
    desk.sweep_and_work()
    assert [errand(note).state for note in notes] == ["verified", "verified"]
    assert desk.calls(APPLY) == 2

"""Where creates go one at a time, nothing new begins while another may be under way (transfer.md, Numbers)."""

from __future__ import annotations

import pytest

from invoicing.transfer import claims
from invoicing.transfer.record import record
from invoicing.transfer.states import Event
from kashflow.models import LedgerAccount
from tests.invoicing.transfer.conftest import Desk
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

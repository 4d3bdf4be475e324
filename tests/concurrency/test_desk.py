"""Two people at one transfer at the same moment: one decides, the others are told."""

from __future__ import annotations

import pytest

from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer import desk as verbs
from kashflow.models import Connection
from tests import factories
from tests.concurrency.threads import at_once
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import probable, shown
from tests.sandboxes import LiveSandbox

TOLD = {"Gone", "NotInThisState"}


@pytest.fixture
def desk(committed: None, connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def test_one_of_four_decides(desk: Desk) -> None:
    transfer, other = probable(desk), factories.user("Admin")
    seen = shown(transfer)
    results = at_once(
        [
            lambda: verbs.adopt(by=desk.by, transfer=transfer, reason="Typed by hand", **seen),
            lambda: verbs.do_not_send(by=other, transfer=transfer, reason="Paid in cash"),
            lambda: verbs.recheck(by=other, transfer=transfer),
            lambda: verbs.adopt(by=other, transfer=transfer, reason="Typed by hand", **seen),
        ]
    )
    told = [type(one).__name__ for one in results if isinstance(one, Exception)]
    assert (len(told), set(told) <= TOLD) == (3, True), results
    decided = TransferAttempt.objects.filter(
        transfer=transfer, outcome__in=["adopted", "do_not_send", "recheck"]
    ).get()
    moved = {"adopted": "sent", "do_not_send": "do_not_send", "recheck": "ambiguous"}
    assert Transfer.objects.get(pk=transfer.pk).state == moved[decided.outcome]

"""Two lanes that claim at the same moment, where one has to wait for the other."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import connections

from invoicing.models import Transfer
from invoicing.transfer import claims
from kashflow.models import Connection, LedgerAccount
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_apply import credit, errand, sent
from tests.sandboxes import LiveSandbox

# Seconds that the second lane has to get in between; with the lock it waits all that time.
A_WHILE = 0.5


@pytest.fixture
def desk(committed: None, connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


def two_set_offs(desk: Desk) -> list[uuid.UUID]:
    LedgerAccount.objects.update(numbers_proved=True)
    invoice = sent(desk)
    notes = [credit(desk, invoice, "100.00"), credit(desk, invoice, "80.00", "42.35")]
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    Transfer.objects.filter(kind="apply").update(not_before=None)
    return [errand(note).pk for note in notes]


def two_numbers_of_an_account_not_proved_yet(desk: Desk) -> list[uuid.UUID]:
    LedgerAccount.objects.update(numbers_proved=False)
    invoices = desk.raise_invoices(2, factories.client_row())
    desk.press(invoices)
    return [desk.transfer(invoice).pk for invoice in invoices]


@pytest.mark.parametrize("two", [two_set_offs, two_numbers_of_an_account_not_proved_yet])
def test_second_lane_does_not_come_in_between(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, two: Callable[[Desk], list[uuid.UUID]]
) -> None:
    """The first has found that nobody is at it, and has not taken it yet."""
    first, second = two(desk)
    has_its_turn = claims._has_its_turn
    others: list[threading.Thread] = []
    taken: list[Transfer | None] = []

    def claim_second() -> None:
        taken.append(claims.claim(desk.account.pk, second))
        connections.close_all()

    def while_somebody_comes(transfer: Transfer) -> bool:
        found = has_its_turn(transfer)
        if not others:
            others.append(threading.Thread(target=claim_second))
            others[0].start()
            others[0].join(A_WHILE)
        return found

    monkeypatch.setattr(claims, "_has_its_turn", while_somebody_comes)
    assert claims.claim(desk.account.pk, first) is not None
    others[0].join()
    assert taken == [None]
    assert [Transfer.objects.get(pk=pk).lease_until is not None for pk in (first, second)] == [True, False]

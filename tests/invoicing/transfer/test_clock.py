"""A wall clock that jumps, or a machine that restarts, never ends a settle wait early."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.utils import timezone

from invoicing.models import Transfer
from invoicing.transfer import claims, engine
from invoicing.transfer.lanes import sweep
from magmanager.common.models import ClockReading
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import BETWEEN, SETTLE, until_settled


@pytest.fixture
def uncertain(desk: Desk) -> Desk:
    """One uncertain invoice whose settle wait is over by the wall clock."""
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press(desk.raise_invoices(1))
    desk.work()
    desk.skip(SETTLE)
    return desk


@pytest.mark.parametrize("hours", [1, -1, 24, -24])
def test_clock_that_jumped_lets_the_wait_begin_again(uncertain: Desk, hours: int) -> None:
    ClockReading.objects.update(ahead_seconds=F("ahead_seconds") - hours * 3600)
    uncertain.sweep_and_work()
    transfer = Transfer.objects.get()
    assert transfer.state == "ambiguous"
    assert transfer.not_before is not None
    assert (transfer.not_before - timezone.now()).total_seconds() > SETTLE - 60
    until_settled(uncertain)
    assert uncertain.states() == ["verified"]
    assert uncertain.calls("InsertInvoice") == 1


def test_restarted_machine_lets_the_wait_begin_again(uncertain: Desk) -> None:
    ClockReading.objects.update(boot="the boot before")
    uncertain.sweep_and_work()
    assert uncertain.states() == ["ambiguous"]
    until_settled(uncertain)
    assert uncertain.states() == ["verified"]


def test_clock_that_only_drifts_changes_nothing(uncertain: Desk) -> None:
    ClockReading.objects.update(ahead_seconds=F("ahead_seconds") - 5)
    uncertain.sweep_and_work()
    assert uncertain.states() == ["verified"]


def test_look_under_way_when_the_clock_jumps_records_nothing(uncertain: Desk) -> None:
    looking = claims.claim(uncertain.account.pk, Transfer.objects.get().pk)
    assert looking is not None
    ClockReading.objects.update(ahead_seconds=F("ahead_seconds") - 3600)
    sweep()
    engine.carry(looking)
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.kashflow_dbid) == ("ambiguous", None)


def test_looks_before_the_sweep_noticed_prove_nothing(desk: Desk) -> None:
    """A lane is at work between the jump and the next sweep, and the create may still be carried out."""
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press(desk.raise_invoices(1))
    desk.work()
    ClockReading.objects.update(ahead_seconds=F("ahead_seconds") - 3600)
    desk.skip(3600)
    desk.work()
    desk.skip(BETWEEN)
    desk.work()
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.absent_seen) == ("ambiguous", 0)
    assert transfer.not_before is not None
    assert (transfer.not_before - timezone.now()).total_seconds() > SETTLE - 60
    assert desk.calls("InsertInvoice") == 1
    until_settled(desk)
    assert desk.states() == ["verified"]
    assert len(desk.documents()) == 1

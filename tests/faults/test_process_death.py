"""F-27 to F-32, F-37, F-38 and F-42: `kill -9` and `SIGSTOP` at every point of a transfer, and one document each time.

Lanes are forked from the test and frozen at gates, so that nothing depends on luck. Raising is in `test_raising.py`,
messages are in `test_acknowledging.py`, workers with all that is around them in `test_workers.py`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection, connections

from invoicing.models import Invoice, Transfer, TransferAttempt
from invoicing.transfer import creating
from invoicing.transfer.lanes import sweep
from kashflow.limits import times
from tests import factories, oracle
from tests.faults import checks, points
from tests.faults.checks import settle
from tests.faults.hole import swallowing
from tests.faults.house import wait_for
from tests.faults.lane import Lane, frozen_rows
from tests.faults.points import struck
from tests.invoicing.transfer.conftest import Desk

Start = Callable[..., Lane]
LEASE = 181
WAIT = 20
on_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL's locks")


def pressed(desk: Desk) -> Invoice:
    """One invoice whose transfer was asked for, of a client that KashFlow knows already."""
    payer = factories.client_row()
    desk.press(desk.raise_invoices(1, payer))
    desk.work()
    invoice = desk.raise_invoices(1, payer)[0]
    desk.press([invoice])
    return invoice


def assert_once_after(desk: Desk, state: str, *, creates: int) -> None:
    """The one that was killed left `state`; the others make one document of it, with so many creates in all."""
    assert desk.states() == ["verified", state]
    desk.skip(LEASE)
    desk.sweep_and_work()
    settle(desk)
    checks.assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == creates


# --- Before anything is sent ---------------------------------------------------------------------------------


def is_waiting_for_a_lock() -> bool:
    """Whether some session on PostgreSQL waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def test_f27_raised_and_asked_for_but_nobody_woken(open_desk: Desk, lane: Start) -> None:
    """F-27, C4: the rows are there, the message went with the broker."""
    pressed(open_desk)
    assert sweep() == open_desk.account.pk
    lane().join()
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def test_f27_killed_when_claimed_before_the_look(open_desk: Desk, lane: Start) -> None:
    """F-27, C5."""
    pressed(open_desk)
    open_desk.sandbox.hold("GetInvoice", "received")
    looks = open_desk.calls("GetInvoice")
    working = lane()
    wait_for(lambda: open_desk.calls("GetInvoice") > looks, WAIT)
    working.kill()
    open_desk.sandbox.release()
    assert_once_after(open_desk, "claimed", creates=2)


@on_postgres
def test_f27_killed_after_the_look_before_the_intent(open_desk: Desk, lane: Start) -> None:
    """F-27, C6."""
    pressed(open_desk)
    open_desk.sandbox.hold("GetInvoice", "committed")
    looks = open_desk.calls("GetInvoice")
    working = lane()
    wait_for(lambda: open_desk.calls("GetInvoice") > looks, WAIT)
    with frozen_rows("invoicing_transfer"):
        open_desk.sandbox.release()
        wait_for(is_waiting_for_a_lock, WAIT)
        working.kill()
    assert_once_after(open_desk, "claimed", creates=2)


# --- While it is sent ----------------------------------------------------------------------------------------


def test_f28_killed_after_the_intent_and_kashflow_heard_nothing(
    open_desk: Desk, lane: Start, settings: object
) -> None:
    """F-28, C7: what was written ends in a hole in the line."""
    pressed(open_desk)
    there = settings.KASHFLOW_URL  # type: ignore[attr-defined]
    with swallowing(there, b"<InsertInvoice ") as line:
        settings.KASHFLOW_URL = line.url  # type: ignore[attr-defined]
        working = lane()
        assert line.swallowed.wait(WAIT)
        working.kill()
    settings.KASHFLOW_URL = there  # type: ignore[attr-defined]
    assert_once_after(open_desk, "sending", creates=2)


@pytest.mark.parametrize("place", ["received", "committed"])
def test_f29_f30_killed_while_the_create_is_under_way(open_desk: Desk, lane: Start, place: str) -> None:
    """F-29 (C8), F-30 (C9). KashFlow carries the first one out though nobody waits for it."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", place)
    working = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    working.kill()
    open_desk.sandbox.release()
    wait_for(lambda: len(open_desk.documents()) == 2, WAIT)
    assert_once_after(open_desk, "sending", creates=2)


@on_postgres
def test_f31_killed_between_the_reply_and_its_record(open_desk: Desk, lane: Start) -> None:
    """F-31, C10: the reply is read and its row cannot be written. On SQLite too: `test_acknowledging.py`."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", "committed")
    working = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    connections.close_all()
    with frozen_rows("invoicing_transfer"):
        open_desk.sandbox.release()
        wait_for(is_waiting_for_a_lock, WAIT)
        working.kill()
    assert len(open_desk.documents()) == 2
    assert_once_after(open_desk, "sending", creates=2)


def test_f32_killed_before_the_read_back(open_desk: Desk, lane: Start) -> None:
    """F-32, C12 (and C11: what was recorded needs no message any more)."""
    pressed(open_desk)
    open_desk.sandbox.fault("GetInvoice", "hang_before", after=1)
    looks = open_desk.calls("GetInvoice")
    working = lane()
    wait_for(lambda: open_desk.calls("GetInvoice") == looks + 2, WAIT)
    working.kill()
    assert_once_after(open_desk, "sent", creates=2)


# --- Two at once ---------------------------------------------------------------------------------------------


def test_f37_f38_ten_more_messages_while_it_is_being_sent(open_desk: Desk, lane: Start) -> None:
    """F-37 (redelivered while running), F-38 (ten times at once)."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", "received")
    first = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    for other in [lane() for _ in range(10)]:
        other.join()
    open_desk.sandbox.release()
    first.join()
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def test_f42_zombie_that_wakes_up_with_its_lease_lost_sends_nothing(open_desk: Desk, lane: Start) -> None:
    """F-42, frozen between look and create, while another one sends it."""
    pressed(open_desk)
    open_desk.sandbox.hold("GetInvoice", "received")
    looks = open_desk.calls("GetInvoice")
    zombie = lane()
    wait_for(lambda: open_desk.calls("GetInvoice") > looks, WAIT)
    zombie.send(signal.SIGSTOP)
    open_desk.sandbox.release()
    open_desk.skip(LEASE)
    lane(open_desk.sweep_and_work).join()
    assert open_desk.states() == ["verified"] * 2
    zombie.send(signal.SIGCONT)
    zombie.join()
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def frozen_after_the_intent(desk: Desk, lane: Start, first: Callable[[], object] = lambda: None) -> None:
    """A zombie stops itself once its intent is recorded; another one finds nothing and sends it; the zombie wakes."""

    def work() -> None:
        first()
        desk.work()

    pressed(desk)
    zombie = lane(struck(points.INTENDED, work, signal.SIGSTOP))
    zombie.wait_until_stopped()
    too_late = time.monotonic() + times().send_deadline
    assert (desk.states(), desk.calls("InsertInvoice")) == (["verified", "sending"], 1)
    desk.skip(LEASE)
    lane(desk.sweep_and_work).join()
    settle(desk)
    checks.assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 2
    wait_for(lambda: time.monotonic() > too_late, WAIT)
    zombie.send(signal.SIGCONT)
    zombie.join()


def test_f42_zombie_frozen_after_its_intent_sends_nothing(open_desk: Desk, lane: Start) -> None:
    """F-42, frozen with everything ready to be written to the line."""
    frozen_after_the_intent(open_desk, lane)
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def test_f42_without_the_send_deadline_it_would_be_two(open_desk: Desk, lane: Start) -> None:
    """Negative control of F-42: nothing but the deadline keeps the zombie from sending."""

    def forget_the_deadline() -> None:
        vars(creating)["times"] = lambda: replace(times(), send_deadline=3600)

    frozen_after_the_intent(open_desk, lane, forget_the_deadline)
    assert open_desk.calls("InsertInvoice") == 3
    assert len(oracle.find(oracle.product_rows(), open_desk.sandbox.invoices()).duplicates) == 1


def test_f42_zombie_frozen_with_its_create_on_the_way(open_desk: Desk, lane: Start) -> None:
    """F-42, frozen while KashFlow carries its create out; another one finds it there."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", "committed")
    zombie = lane()
    wait_for(lambda: len(open_desk.documents()) == 2, WAIT)
    zombie.send(signal.SIGSTOP)
    open_desk.sandbox.release()
    open_desk.skip(LEASE)
    lane(open_desk.sweep_and_work).join()
    settle(open_desk)
    zombie.send(signal.SIGCONT)
    zombie.join()
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2
    told = TransferAttempt.objects.filter(
        transfer=Transfer.objects.get(invoice__number=open_desk.next_number - 1)
    )
    assert "created" not in told.values_list("outcome", flat=True)

"""F-43, F-44, F-46, F-48 and F-49: the database under many hands, cut off, read-only and full."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.utils import timezone

from bookings.models import Booking
from invoicing.models import Batch, Invoice, NumberCounter, Transfer, TransferAttempt
from invoicing.transfer.lanes import sweep
from settings_app.models import User
from tests import factories
from tests.concurrency.threads import at_once
from tests.faults import points
from tests.faults.checks import assert_exactly_once, settle
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.faults.points import at
from tests.faults.test_process_death import LEASE, WAIT, assert_once_after, on_postgres, pressed
from tests.invoicing.batches import bookings, raised
from tests.invoicing.transfer.conftest import Desk

Start = Callable[..., Lane]


class RolledBack(Exception):
    """Somebody changes their mind."""


def _raise_each(by: User, lines: list[Booking], *, one_in: int = 10) -> int:
    """A batch for each booking; one in so many is rolled back and raised again."""
    for n, line in enumerate(lines, 1):
        if n % one_in == 0:
            try:
                with transaction.atomic():
                    raised(by, [line])
                    raise RolledBack
            except RolledBack:
                pass
        raised(by, [line])
    return len(lines)


def _assert_gapless(count: int) -> None:
    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, count + 1))
    assert (Batch.objects.count(), NumberCounter.objects.get().next_number) == (count, count + 1)


@on_postgres
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_f43_fifty_threads_raise_a_thousand_without_a_gap(committed: None) -> None:
    """F-43. A few at once in every run: `test_batches_side_by_side_leave_no_gap`."""
    by, parts = factories.user("Accounts"), [bookings(20) for _ in range(50)]
    done = at_once([lambda part=part: _raise_each(by, part) for part in parts])
    assert done == [20] * 50
    _assert_gapless(1000)


PROCESSES = 8


def _raised_in_processes(desk: Desk, lane: Start, each: int, *, one_in: int, seconds: float) -> None:
    """Eight raise so many each; whoever met "database is locked" did not end well."""
    parts = [bookings(each) for _ in range(PROCESSES)]
    started = [lane(lambda part=part: _raise_each(desk.by, part, one_in=one_in)) for part in parts]
    for process in started:
        process.join(seconds)
    _assert_gapless(PROCESSES * each)


def test_f44_eight_processes_raise_without_a_gap_or_a_lock_error(open_desk: Desk, lane: Start) -> None:
    """F-44, on SQLite; PostgreSQL may show that it can do the same."""
    _raised_in_processes(open_desk, lane, 4, one_in=4, seconds=20)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_f44_eight_processes_raise_a_thousand_without_a_gap(open_desk: Desk, lane: Start) -> None:
    """F-44 in full: one in ten is rolled back and raised again."""
    _raised_in_processes(open_desk, lane, 125, one_in=10, seconds=500)


@on_postgres
def test_f46_connection_lost_between_intent_and_outcome(open_desk: Desk, lane: Start) -> None:
    """F-46. The worker's work ends, the row is found uncertain, and it is never sent again."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", "committed")
    working = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (1,)
    open_desk.sandbox.release()
    assert working.wait() == 1
    assert open_desk.states() == ["verified", "sending"]
    open_desk.skip(LEASE)
    sweep()
    assert open_desk.states() == ["verified", "ambiguous"]
    settle(open_desk)
    assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


# --- F-48 ----------------------------------------------------------------------------------------------------


def make_read_only() -> None:
    """From here on nothing can be written by this process."""
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET default_transaction_read_only = on",
    }
    with connection.cursor() as cursor:
        cursor.execute(statement[connection.vendor])


def fill() -> None:
    """The disk is full: not even an attempt of a few bytes has room."""
    # Of the one in hand: an index has room elsewhere.
    transfer = Transfer.objects.get(state="claimed")
    with connection.cursor() as cursor:
        # No fewer than there are.
        cursor.execute("PRAGMA max_page_count = 1")
    # Pages that tests before this one left free are used up first.
    for size in (500, 1):
        with suppress(OperationalError):
            while True:
                few = [TransferAttempt(transfer=transfer, epoch=0, at=timezone.now()) for _ in range(size)]
                TransferAttempt.objects.bulk_create(few)


def logged_in(file: Path, work: Callable[[], object]) -> Callable[[], None]:
    """`work` for a lane whose log is `file`."""

    def run() -> None:
        logging.getLogger().addHandler(logging.FileHandler(file))
        work()

    return run


def test_f48_database_that_cannot_be_written_sends_nothing(open_desk: Desk, lane: Start) -> None:
    """F-48, from the start: nobody is even asked."""
    pressed(open_desk)
    calls = len(open_desk.sandbox.log())

    def work() -> None:
        make_read_only()
        open_desk.work()

    assert lane(work).wait() == 1
    assert len(open_desk.sandbox.log()) == calls
    assert open_desk.states() == ["verified", "ready"]
    connections.close_all()
    open_desk.sweep_and_work()
    assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="needs SQLite's page limit")


@pytest.mark.parametrize(
    "spoil, cause",
    [
        pytest.param(make_read_only, r"read-?only", id="read-only"),
        pytest.param(fill, "full", id="full", marks=on_sqlite),
    ],
)
def test_f48_database_that_cannot_be_written_since_the_look_sends_nothing(
    open_desk: Desk, lane: Start, tmp_path: Path, spoil: Callable[[], None], cause: str
) -> None:
    """F-48, between the look and the intent: what cannot be written down is not sent, and the log says why."""
    pressed(open_desk)
    looks = open_desk.calls("GetInvoice")

    def work() -> None:
        at(points.LOOKED, spoil)
        open_desk.work()

    lane(logged_in(tmp_path / "log", work)).wait()
    log = (tmp_path / "log").read_text()
    assert f"Carrying the transfer {Transfer.objects.get(state='claimed').pk} stopped unexpectedly" in log
    assert re.search(cause, log)
    assert (open_desk.calls("GetInvoice"), open_desk.calls("InsertInvoice")) == (looks + 1, 1)
    assert_once_after(open_desk, "claimed", creates=2)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE invoicing_transferattempt SET what = 'forged'", "DELETE FROM invoicing_transferattempt"],
)
def test_f49_attempt_is_never_changed_nor_deleted(desk: Desk, statement: str) -> None:
    """F-49, by raw SQL."""
    desk.press(desk.raise_invoices(1))
    desk.work()
    before = list(TransferAttempt.objects.values())
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(TransferAttempt.objects.values()) == before

"""F-43 to F-49: the database under many hands, in deadlock, cut off, and read-only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, connections, transaction

from bookings.models import Booking
from invoicing.models import Batch, Invoice, NumberCounter, TransferAttempt
from tests import factories
from tests.concurrency.threads import at_once
from tests.faults.checks import assert_exactly_once, settle
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.faults.test_process_death import (
    LEASE,
    WAIT,
    is_waiting_for_a_lock,
    on_postgres,
    pressed,
)
from tests.invoicing.batches import bookings, raised
from tests.invoicing.transfer.conftest import Desk

Start = Callable[..., Lane]


class RolledBack(Exception):
    """Somebody changes their mind."""


def _raise_each(by: object, lines: list[Booking], *, one_in: int = 10) -> int:
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


def test_f44_eight_processes_raise_without_a_gap_or_a_lock_error(open_desk: Desk, lane: Start) -> None:
    """F-44, on SQLite; PostgreSQL may show that it can do the same."""
    parts = [bookings(4) for _ in range(8)]
    for process in [lane(lambda part=part: _raise_each(open_desk.by, part, one_in=4)) for part in parts]:
        process.join()
    _assert_gapless(32)


@on_postgres
def test_f45_deadlock_while_raising_is_tried_again_and_loses_no_number(open_desk: Desk, lane: Start) -> None:
    """F-45: another session holds the counter and then wants the booking that is being raised."""
    lines = bookings(1)
    instalment = lines[0].instalments.get().pk
    with connection.Database.connect(**connection.get_connection_params()) as other:
        cursor = other.cursor()
        # The other one is not the one that is given up.
        cursor.execute("SET deadlock_timeout = '30s'")
        cursor.execute("SELECT 1 FROM invoicing_numbercounter FOR UPDATE")
        raising = lane(lambda: raised(open_desk.by, lines))
        wait_for(is_waiting_for_a_lock, WAIT)
        cursor.execute("SELECT 1 FROM bookings_instalment WHERE id = %s FOR UPDATE", [instalment])
        other.rollback()
    raising.join()
    _assert_gapless(1)


@on_postgres
def test_f46_connection_lost_between_intent_and_outcome(open_desk: Desk, lane: Start) -> None:
    """F-46. The reply is recorded over a new connection, or the row is found uncertain; never sent again."""
    pressed(open_desk)
    open_desk.sandbox.hold("InsertInvoice", "committed")
    working = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    open_desk.sandbox.release()
    working.wait()
    open_desk.skip(LEASE)
    open_desk.sweep_and_work()
    settle(open_desk)
    assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def test_f48_database_that_cannot_be_written_sends_nothing(open_desk: Desk, lane: Start) -> None:
    """F-48."""
    pressed(open_desk)
    calls = len(open_desk.sandbox.log())
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET default_transaction_read_only = on",
    }

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement[connection.vendor])
        open_desk.work()

    assert lane(work).wait() != 0
    assert len(open_desk.sandbox.log()) == calls
    connections.close_all()
    open_desk.sweep_and_work()
    settle(open_desk)
    assert_exactly_once(open_desk)


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

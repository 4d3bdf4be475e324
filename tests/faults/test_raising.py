"""F-27 (C1 to C3) and F-45: killed, in deadlock and refused while invoices are raised. No number is burned."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from bookings.models import Booking, Instalment
from invoicing import services
from invoicing.models import Batch, Invoice, InvoiceLine, NumberCounter
from invoicing.numbering import take_block
from invoicing.transfer.lanes import sweep
from tests import factories
from tests.faults import points
from tests.faults.checks import assert_exactly_once
from tests.faults.house import wait_for
from tests.faults.lane import KILLED, Lane
from tests.faults.points import Point, struck
from tests.faults.test_process_death import WAIT, on_postgres
from tests.invoicing.batches import bookings, ids_of, raised
from tests.invoicing.test_raise_invoice_page import address, fields_of, opened
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk

Start = Callable[..., Lane]


def assert_nothing_was_raised(lines: list[Booking]) -> None:
    """No row of it is there, its bookings are open, and the counter stands where it stood."""
    assert (Batch.objects.count(), Invoice.objects.count(), InvoiceLine.objects.count()) == (0, 0, 0)
    assert Instalment.objects.filter(pk__in=ids_of(lines), is_open=True).count() == len(lines)
    assert NumberCounter.objects.get().next_number == FIRST_NUMBER


def numbers() -> list[int]:
    return list(Invoice.objects.order_by("number").values_list("number", flat=True))


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(points.PLANNED, id="C1: the batch is written, no number is taken"),
        pytest.param(points.NUMBERED, id="C2: the numbers are taken, no line is written"),
    ],
)
def test_f27_killed_inside_the_raising_transaction_burns_no_number(
    open_desk: Desk, lane: Start, point: Point
) -> None:
    """F-27, C1 and C2. The same press again raises it, and it goes to KashFlow once."""
    lines = bookings(2)
    NumberCounter.objects.update(next_number=FIRST_NUMBER)
    assert lane(struck(point, lambda: raised(open_desk.by, lines))).wait() == KILLED
    assert_nothing_was_raised(lines)
    open_desk.press(list(raised(open_desk.by, lines).invoices.all()))
    open_desk.work()
    assert numbers() == open_desk.numbers() == [FIRST_NUMBER, FIRST_NUMBER + 1]
    assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2


def test_f27_killed_after_the_commit_of_raising_before_anybody_is_woken(
    open_desk: Desk, as_role: Callable[..., Browser], lane: Start
) -> None:
    """F-27, C3: the process that answers the press of *Raise invoice*."""
    NumberCounter.objects.update(next_number=FIRST_NUMBER)
    client, browser = factories.client_row(), as_role("Accounts")
    fields = fields_of(opened(browser, client, factories.booking(client)))
    pressing = lane(struck(points.COMMITTED, lambda: browser.post(address(client), fields)))
    assert pressing.wait() == KILLED
    assert (numbers(), open_desk.states()) == ([FIRST_NUMBER], ["ready"])
    assert open_desk.sandbox.log() == []
    assert sweep() == open_desk.account.pk
    lane().join()
    assert_exactly_once(open_desk)
    assert (open_desk.numbers(), open_desk.calls("InsertInvoice")) == ([FIRST_NUMBER], 1)


# --- F-45 ----------------------------------------------------------------------------------------------------

SOON = "SET lock_timeout = '50ms'; SET deadlock_timeout = '50ms'"
ONE_SNAPSHOT = "SET default_transaction_isolation = 'repeatable read'"
Hinder = Callable[[Any, int], None]


def hold_the_counter(other: Any, instalment: int) -> None:
    """It is not to be had in time (55P03)."""
    other.cursor().execute("SELECT 1 FROM invoicing_numbercounter FOR UPDATE")


def move_the_counter(other: Any, instalment: int) -> None:
    """Whoever has looked already cannot be put in a row with this one (40001)."""
    other.cursor().execute("UPDATE invoicing_numbercounter SET next_number = next_number")
    other.commit()


def want_the_booking(other: Any, instalment: int) -> None:
    """This one holds the counter and waits for the booking, whose holder wants the counter (40P01)."""
    # It is the other one that is given up.
    other.cursor().execute("SET deadlock_timeout = '30s'; SET lock_timeout = 0")
    hold_the_counter(other, instalment)
    statement = "SELECT 1 FROM bookings_instalment WHERE id = %s FOR UPDATE"
    threading.Thread(target=lambda: _let_go_after(other, statement, [instalment])).start()
    with _session() as third:
        third.autocommit = True
        wait_for(lambda: _waits(third, other.info.backend_pid), WAIT)


def _let_go_after(other: Any, statement: str, values: list[int]) -> None:
    other.cursor().execute(statement, values)
    other.rollback()


def _waits(session: Any, pid: int) -> bool:
    cursor = session.cursor()
    cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
    return bool(cursor.fetchone()[0])


def _session() -> Any:
    return closing(connection.Database.connect(**connection.get_connection_params()))


hindered = pytest.mark.parametrize(
    "hinder, setting, code",
    [
        pytest.param(hold_the_counter, SOON, "55P03", id="lock timeout"),
        pytest.param(move_the_counter, ONE_SNAPSHOT, "40001", id="not serializable"),
        pytest.param(want_the_booking, "SET deadlock_timeout = '50ms'", "40P01", id="deadlock"),
    ],
)


class Tries:
    """Another session hinders the first `in_vain` tries to take a number; `count` are all tries."""

    def __init__(self, patch: pytest.MonkeyPatch, other: Any, hinder: Hinder, lines: list[Booking]) -> None:
        self.count, self.in_vain = 0, 0
        (instalment,) = ids_of(lines)

        def take(count: int) -> int:
            self.count += 1
            other.rollback()
            if self.count <= self.in_vain:
                hinder(other, instalment)
            return take_block(count)

        patch.setattr(services, "take_block", take)


@pytest.fixture
def other() -> Iterator[Any]:
    with _session() as session:
        yield session


@pytest.fixture
def lines(committed: None) -> Iterator[list[Booking]]:
    """One booking to raise; the connection is as it was afterwards."""
    found = bookings(1)
    NumberCounter.objects.update(next_number=FIRST_NUMBER)
    yield found
    connection.close()


def _set(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@on_postgres
@hindered
def test_f45_hindered_while_raising_tries_again_as_a_whole_and_loses_no_number(
    lines: list[Booking], other: Any, monkeypatch: pytest.MonkeyPatch, hinder: Hinder, setting: str, code: str
) -> None:
    """F-45: twice in vain, then raised."""
    tries, by = Tries(monkeypatch, other, hinder, lines), factories.user("Accounts")
    tries.in_vain = 2
    _set(setting)
    raised(by, lines)
    assert (tries.count, numbers(), Batch.objects.count()) == (3, [FIRST_NUMBER], 1)
    assert NumberCounter.objects.get().next_number == FIRST_NUMBER + 1


@on_postgres
@hindered
def test_f45_hindered_for_ever_gives_up_with_the_cause_and_loses_no_number(
    lines: list[Booking], other: Any, monkeypatch: pytest.MonkeyPatch, hinder: Hinder, setting: str, code: str
) -> None:
    """F-45: bounded. Once nobody is in the way, the same press raises it under the same number."""
    tries, by = Tries(monkeypatch, other, hinder, lines), factories.user("Accounts")
    tries.in_vain = services.TRIES
    _set(setting)
    with pytest.raises(services.DatabaseBusy, match="Press the button again") as caught:
        raised(by, lines)
    cause = caught.value.__cause__
    assert cause is not None
    assert (tries.count, getattr(cause.__cause__, "pgcode", "")) == (services.TRIES, code)
    other.rollback()
    assert_nothing_was_raised(lines)
    raised(by, lines)
    assert numbers() == [FIRST_NUMBER]

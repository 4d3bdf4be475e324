"""F-59: killed while KashFlow is asked what is paid, between its pages and between what is written; two updates at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from django.utils import timezone

from invoicing import tasks
from invoicing.models import Invoice, PaidReading, PaymentObservation
from invoicing.paid_status import runs
from magmanager.common.models import Run
from tests import factories
from tests.concurrency.threads import at_once
from tests.faults.house import wait_for
from tests.faults.lane import KILLED, Lane
from tests.faults.points import Point, strike
from tests.invoicing.paid import TOTAL, updated
from tests.invoicing.transfer.conftest import Desk

Start = Callable[..., Lane]
PAGES = "GetInvoicePaymentsByDateRange"
WAIT = 20
# What four invoices come to: paid again, part paid, paid, unpaid.
THE_END = [("over", TOTAL + 10), ("part", Decimal("66.82")), ("paid", TOTAL), ("unpaid", Decimal(0))]


def _paid_in_kashflow(desk: Desk) -> None:
    """The first is paid and was read so; since then it was paid again, and the next two for the first time."""
    desk.sandbox.settings(page_size=1)
    yesterday = (timezone.localdate() - dt.timedelta(days=1)).isoformat()
    ids = [desk.dbid(one) for one in desk.in_kashflow(4, factories.client_row())]
    desk.sandbox.pay(ids[0], "266.82", day=yesterday)
    assert updated(desk).summary == "1 paid"
    for dbid, amount in zip(ids, ("10.00", "66.82", "266.82"), strict=False):
        desk.sandbox.pay(dbid, amount, day=yesterday)


def _assert_the_end(run: Run, read_before: dt.datetime) -> None:
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED
    rows = Invoice.objects.order_by("number")
    assert list(rows.values_list("paid_state", "paid_amount")) == THE_END
    # The first one's payments were read twice in all, those of the next two once.
    assert sorted(PaymentObservation.objects.values_list("invoice__number", "amount_paid")) == [
        (rows[0].number, TOTAL), (rows[0].number, TOTAL + 10), (rows[1].number, Decimal("66.82")),
        (rows[2].number, TOTAL),
    ]  # fmt: skip
    assert _read_at() > read_before
    # The desk's invoices were never added to it.
    assert rows[0].payer.balance_amount == -sum(one.paid_amount for one in rows)


def _read_at() -> dt.datetime:
    found = PaidReading.objects.get(client=None).read_at
    assert found
    return found


def _is_forgotten(run: Run) -> None:
    """Nobody was heard of for longer than a lease."""
    Run.objects.filter(pk=run.pk).update(touched_at=timezone.now() - dt.timedelta(seconds=181))
    assert [one.pk for one in runs.forgotten()] == [run.pk]


def test_f59_killed_between_two_pages_of_payments_ends_the_same(open_desk: Desk, lane: Start) -> None:
    """F-59: the first page is read, the second never comes."""
    _paid_in_kashflow(open_desk)
    before, asked = _read_at(), open_desk.calls(PAGES)
    open_desk.sandbox.fault(PAGES, "hang_before", after=1)
    run = runs.update_paid_status(by=open_desk.by)
    reading = lane(lambda: tasks.update_paid_status(str(run.pk)))
    wait_for(lambda: open_desk.calls(PAGES) == asked + 2, WAIT)
    reading.kill()
    assert PaymentObservation.objects.count() == 1
    open_desk.sandbox.no_faults()
    _is_forgotten(run)
    tasks.update_paid_status(str(run.pk))
    _assert_the_end(run, before)


def test_f59_killed_between_two_that_are_written_ends_the_same(open_desk: Desk, lane: Start) -> None:
    """F-59: one invoice is written with its observation, the others are not."""
    _paid_in_kashflow(open_desk)
    before, run = _read_at(), runs.update_paid_status(by=open_desk.by)

    def work() -> None:
        runs.CHUNK = 1
        strike(Point(runs, "write", is_after=True))
        tasks.update_paid_status(str(run.pk))

    assert lane(work).wait() == KILLED
    changed = PaymentObservation.objects.count()
    assert changed == 2, "the one that was written before, and one more"
    _is_forgotten(run)
    tasks.update_paid_status(str(run.pk))
    _assert_the_end(run, before)


def test_f59_two_updates_at_once_end_the_same(open_desk: Desk, lane: Start) -> None:
    """F-59: the first is taken for dead while it waits at a page; both then read and write at the same time."""
    _paid_in_kashflow(open_desk)
    before, asked = _read_at(), open_desk.calls(PAGES)
    run = runs.update_paid_status(by=open_desk.by)
    open_desk.sandbox.hold(PAGES, "received")
    first = lane(lambda: tasks.update_paid_status(str(run.pk)))
    wait_for(lambda: open_desk.calls(PAGES) == asked + 1, WAIT)
    _is_forgotten(run)
    second = lane(lambda: tasks.update_paid_status(str(run.pk)))
    wait_for(lambda: open_desk.calls(PAGES) == asked + 2, WAIT)
    open_desk.sandbox.release()
    first.join()
    second.join()
    _assert_the_end(run, before)


def test_f59_presses_and_workers_at_once_read_once(open_desk: Desk) -> None:
    """F-59: two people press at the same time, and four workers are woken for it."""
    _paid_in_kashflow(open_desk)
    before, lists = _read_at(), open_desk.calls("GetInvoices_Unpaid")
    people = [open_desk.by, factories.user("Admin")]
    found = at_once([partial(runs.update_paid_status, by=by) for by in people])
    assert len({run.pk for run in found}) == 1
    at_once([lambda: tasks.update_paid_status(str(found[0].pk))] * 4)
    assert open_desk.calls("GetInvoices_Unpaid") == lists + 1
    _assert_the_end(found[0], before)

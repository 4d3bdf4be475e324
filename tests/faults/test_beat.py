"""F-40: two beats, beats whose clocks differ, and the nights in which the clocks are changed: each period once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab

from invoicing import tasks
from magmanager.celery import app
from magmanager.common import runs
from magmanager.common.models import Run
from tests.concurrency.threads import at_once
from tests.faults.house import House
from tests.faults.test_workers import both
from tests.invoicing.transfer.conftest import Desk

LONDON = ZoneInfo("Europe/London")
NIGHTLY = {
    "invoicing.update_paid_status_at_night": ("update_paid_status", dt.time(2, 15)),
    "invoicing.compare_nightly": ("compare_ledgers", dt.time(3, 20)),
}
# Back to GMT; to summer time; neither.
NIGHTS = [dt.date(2026, 10, 25), dt.date(2027, 3, 28), dt.date(2026, 11, 20)]
Message = tuple[dt.datetime, str]


class Beat(Scheduler):
    """Celery's own beat with our nightly entries; what it would send it writes down."""

    producer = None

    def __init__(self, **more: Any) -> None:
        super().__init__(app, lazy=True, **more)
        self.sent: list[Message] = []
        self.update_from_dict(
            {
                name: entry
                for name, entry in app.conf.beat_schedule.items()
                if isinstance(entry["schedule"], crontab)
            }
        )

    def apply_async(self, entry: ScheduleEntry, *_: Any, **__: Any) -> None:
        self.sent.append((dt.datetime.now(dt.UTC), entry.task))


def sent_by_a_beat(days: int, *, before: dt.date, skew: dt.timedelta = dt.timedelta(0)) -> list[Message]:
    """What a beat sends from noon before `before`, in so many days; the moments are those of the right clock."""
    noon = dt.datetime.combine(before - dt.timedelta(days=1), dt.time(12), dt.UTC)
    ends = noon + dt.timedelta(days=days) + skew
    with time_machine.travel(noon + skew, tick=False) as clock:
        beat = Beat()
        while dt.datetime.now(dt.UTC) < ends:
            clock.shift(max(beat.tick(), 1))
    return [(at - skew, task) for at, task in beat.sent]


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_f40_night_in_which_the_clocks_change_has_each_nightly_task_once(night: dt.date) -> None:
    """F-40: at the hour of the office's clock, on every other day too."""
    sent = sent_by_a_beat(2, before=night)
    days = (night, night + dt.timedelta(days=1))
    hours = {task: hour for task, (_, hour) in NIGHTLY.items()}
    wanted = [(dt.datetime.combine(day, hour), task) for day in days for task, hour in hours.items()]
    local = [(at.astimezone(LONDON).replace(tzinfo=None, second=0, microsecond=0), task) for at, task in sent]
    assert local == wanted


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The runs that workers were woken for."""
    woken: list[str] = []
    monkeypatch.setattr(tasks, "wake", lambda task, run_id: woken.append(str(run_id)))
    yield woken


def _work_off() -> None:
    for run in Run.objects.filter(finished_at=None):
        runs.finish(run, summary="Done")


@pytest.mark.parametrize("minutes", [0, 20, -90])
@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_f40_two_beats_run_each_night_once(
    desk: Desk, started: list[str], night: dt.date, minutes: int
) -> None:
    """F-40: the second beat's clock is right, fast or slow; what the first one began is over by then."""
    first = sent_by_a_beat(2, before=night)
    second = sent_by_a_beat(2, before=night, skew=dt.timedelta(minutes=minutes))
    assert len(first) == len(second) == 4
    for at, task in sorted(first + second):
        with time_machine.travel(at, tick=False):
            app.tasks[task]()
            _work_off()
    assert Counter(Run.objects.values_list("kind", flat=True)) == {kind: 2 for kind, _ in NIGHTLY.values()}
    # The second message wakes a worker for the run of the first, which is over: nothing happens there.
    assert len(set(started)) == 4


@pytest.mark.parametrize("task", NIGHTLY)
def test_f40_messages_of_two_beats_at_the_same_moment_begin_one_run(
    open_desk: Desk, started: list[str], task: str
) -> None:
    """F-40: on as many workers at once."""
    assert at_once([app.tasks[task]] * 4) == [None] * 4
    assert Run.objects.filter(kind=NIGHTLY[task][0]).count() == 1
    assert len(set(started)) == 1


@both
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f40_two_beats_and_two_workers_do_everything_once(house: House) -> None:
    """F-40: what goes by seconds knows neither a time zone nor a summer time."""
    house.prepare(30)
    for _ in range(2):
        house.worker()
        house.beat()
    house.come_to_rest(30, 120)
    house.assert_exactly_once(30)
    assert len(house.sandbox.log("InsertInvoice")) == 30

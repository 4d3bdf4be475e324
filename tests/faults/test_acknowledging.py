"""F-27 to F-32, F-37 to F-39: messages lost, doubled, handed out again and never sent, with real Celery workers.

A worker kills itself at the point. It had said "done" before it began (early ack), or had not yet (late ack): what it
had taken is gone with it, or Redis hands it out again. The points inside a call (C8, C9) are in `test_workers.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client as Browser

from invoicing import tasks
from invoicing.models import TransferAttempt
from invoicing.transfer import claims
from magmanager.celery import app
from magmanager.common.models import Run
from tests.faults import checks, points
from tests.faults.crew import Crew
from tests.faults.house import wait_for
from tests.faults.lane import KILLED
from tests.faults.points import Point, at, strike
from tests.faults.test_process_death import WAIT, assert_once_after, pressed
from tests.invoicing.transfer.conftest import Desk

NOBODY_THERE = "redis://127.0.0.1:1/0"
ABOUT_TO_CLAIM = Point(claims, "_take")
Hire = Callable[..., Crew]
early_and_late = pytest.mark.parametrize("acks_late", [True, False], ids=["late ack", "early ack"])


def kill_at(desk: Desk, crew: Crew, point: Point, *, acks_late: bool) -> None:
    """A message is taken by a worker that dies at `point`; the next worker takes it where it is handed out again."""
    if not (acks_late or crew.has_redis):
        pytest.skip("a broker in a folder hands nothing out again, however late it is told")
    crew.wake(desk.account.pk)
    worker = crew.worker(acks_late=acks_late, first=lambda: strike(point))
    assert worker.wait() == KILLED
    assert (crew.wrote("began"), crew.wrote("ended")) == (1, 0)
    if acks_late and crew.has_redis:
        assert crew.left() == 1
        crew.until_handed_out_again()
        crew.worker()
        crew.until("ended", 1)
        assert crew.wrote("redelivered") == 1
        return
    assert crew.left() == 0


@early_and_late
@pytest.mark.parametrize(
    "point, state",
    [
        pytest.param(points.TAKEN, "ready", id="F-27, C4: taken"),
        pytest.param(points.CLAIMED, "claimed", id="F-27, C5: claimed"),
        pytest.param(points.LOOKED, "claimed", id="F-27, C6: looked"),
        pytest.param(points.INTENDED, "sending", id="F-28, C7: intent"),
        pytest.param(points.ANSWERED, "sending", id="F-31, C10: answered"),
        pytest.param(points.SENT, "sent", id="F-32, C12: sent"),
        pytest.param(points.DONE, "verified", id="F-32, C11: done"),
    ],
)
def test_f27_f28_f31_f32_killed_with_its_message(
    open_desk: Desk, crew: Hire, point: Point, state: str, acks_late: bool
) -> None:
    pressed(open_desk)
    hired = crew()
    kill_at(open_desk, hired, point, acks_late=acks_late)
    if hired.has_redis and acks_late and state == "ready":
        # Nobody had claimed it yet, so the message that came back carried it.
        state = "verified"
    assert_once_after(open_desk, state, creates=2)


def test_f39_broker_that_is_away_when_somebody_presses_is_not_their_error(
    open_desk: Desk,
    crew: Hire,
    as_role: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F-39: the page answers as soon as ever, the row is there, and once the broker is back the sweep sends it."""

    def no_wait(seconds: float) -> None:
        raise AssertionError(f"the page waited {seconds} s for the broker")

    hired, invoice = crew(), open_desk.raise_invoices(1)[0]
    with monkeypatch.context() as away:
        away.setenv("CELERY_BROKER_URL", NOBODY_THERE)
        away.setitem(app.conf, "broker_transport_options", settings.REDIS_OPTIONS)
        away.setattr("kombu.utils.functional.sleep", no_wait)
        app._after_fork()
        answer = as_role("Accounts").post("/invoicing/transfer/", {"invoice": invoice.pk})
    app._after_fork()
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/invoicing/runs/{Run.objects.get().pk}/",
    )
    assert open_desk.states() == ["ready"]
    said = next(one.getMessage() for one in caplog.records if "could not be reached" in one.getMessage())
    assert said.startswith("The broker could not be reached for invoicing.work ")
    assert said.endswith(": OperationalError")
    assert (hired.left(), open_desk.sandbox.log()) == (0, [])
    tasks.sweep()
    assert hired.left() == 1
    hired.worker()
    hired.until("ended", 1)
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 1


@early_and_late
def test_f38_ten_messages_and_two_workers_that_start_at_once(
    open_desk: Desk, crew: Hire, acks_late: bool
) -> None:
    """F-38: all ten wait before anybody is there to take them, and four are about to claim at the same moment."""
    pressed(open_desk)
    hired = crew()

    def wait_for_the_others() -> None:
        hired.write("arrived")
        hired.until("arrived", 4)

    hired.wake(open_desk.account.pk, times=10)
    assert hired.left() == 10
    for _ in range(2):
        hired.worker(acks_late=acks_late, first=lambda: at(ABOUT_TO_CLAIM, wait_for_the_others))
    hired.until("ended", 10)
    checks.assert_exactly_once(open_desk)
    assert (TransferAttempt.objects.filter(outcome="claim").count(), open_desk.calls("InsertInvoice")) == (
        2,
        2,
    )
    wait_for(lambda: hired.left() == 0, WAIT)
    assert (hired.wrote("began"), hired.wrote("redelivered")) == (10, 0)


@pytest.mark.soak
def test_f37_message_handed_out_again_while_its_first_taker_is_sending(open_desk: Desk, crew: Hire) -> None:
    """F-37: Redis gives up on whoever has not acknowledged for five seconds; the second one finds the lease and ends."""
    pressed(open_desk)
    hired = crew(visible=5)
    if not hired.has_redis:
        pytest.skip("the broker in a folder hands nothing out again")
    open_desk.sandbox.hold("InsertInvoice", "received")
    hired.wake(open_desk.account.pk)
    hired.worker()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, WAIT)
    hired.until_handed_out_again()
    hired.worker()
    hired.until("ended", 1)
    assert (hired.wrote("began"), hired.wrote("redelivered"), hired.wrote("ended")) == (1, 1, 1)
    assert open_desk.states() == ["verified", "sending"]
    open_desk.sandbox.release()
    hired.until("ended", 2)
    checks.assert_exactly_once(open_desk)
    assert open_desk.calls("InsertInvoice") == 2

"""F-29, F-30, F-35, F-36, F-39 to F-41 with workers, beat and brokers as they are in production, killed by pid."""

from __future__ import annotations

import shutil
import signal
import time

import pytest

from kashflow.limits import Times
from tests.faults.house import House, kill, wait_for
from tests.faults.redis import Redis

# Seconds, as everybody has it who changes nothing.
SWEEP = Times().sweep
both = pytest.mark.parametrize("house", ["embedded", "served"], indirect=True)
early_and_late = pytest.mark.parametrize("acks_late", [True, False], ids=["late ack", "early ack"])


@pytest.mark.parametrize("house", ["embedded"], indirect=True)
def test_f30_worker_killed_after_kashflow_carried_the_create_out(house: House) -> None:
    """F-30 with a real worker, beat and broker."""
    _killed_at(house, "committed", acks_late=True)


@both
@early_and_late
@pytest.mark.parametrize("place", ["received", "committed"])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f29_f30_worker_killed_in_the_middle_of_a_create(house: House, place: str, acks_late: bool) -> None:
    """F-29, F-30, each with its message acknowledged before and after the work, on both pairs."""
    _killed_at(house, place, acks_late=acks_late)


def _killed_at(house: House, place: str, *, acks_late: bool) -> None:
    house.prepare(4)
    house.sandbox.hold("InsertInvoice", place)
    worker = house.worker(acks_late=acks_late)
    house.beat()
    wait_for(lambda: bool(house.sandbox.log("InsertInvoice")), 40)
    kill(worker)
    house.sandbox.release()
    house.worker(acks_late=acks_late)
    house.come_to_rest(4, 90)
    house.assert_exactly_once(4)


@pytest.mark.parametrize("house", ["embedded"], indirect=True)
@pytest.mark.parametrize("place", ["received", "committed"])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_c13_worker_killed_while_a_credit_note_is_set_off(house: House, place: str) -> None:
    """C13: the credit note is there, and whether it is set off nobody knows."""
    sandbox = house.sandbox
    house.prepare(2)
    worker = house.worker()
    house.beat()
    wait_for(lambda: house.is_at_rest(2), 60)
    sandbox.hold("applyCreditNoteToInvoice", place)
    house.stage("cancel")
    wait_for(lambda: bool(sandbox.log("applyCreditNoteToInvoice")), 60)
    kill(worker)
    sandbox.release()
    house.worker()
    # Two documents, the two credit notes that void them, and setting both off.
    wait_for(lambda: house.is_at_rest(6), 90)
    assert sorted((one["AmountPaid"], one["Paid"]) for one in house.ours()) == [
        ("-266.8200", 1), ("-266.8200", 1), ("266.8200", 1), ("266.8200", 1),
    ]  # fmt: skip


@both
@early_and_late
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f36_worker_killed_three_times_in_fifty(house: House, acks_late: bool) -> None:
    """F-36."""
    house.sandbox.settings(latency_ms=50)
    house.prepare(50)
    worker = house.worker(acks_late=acks_late)
    house.beat()
    for done in (10, 25, 40):
        wait_for(lambda done=done: len(house.sandbox.log("InsertInvoice")) >= done, 60)  # type: ignore[misc]
        kill(worker)
        worker = house.worker(acks_late=acks_late)
    house.come_to_rest(50, 150)
    house.assert_exactly_once(50)


@both
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f41_worker_told_to_stop_while_it_sends_finishes_that(house: House) -> None:
    """F-41."""
    house.prepare(4)
    house.sandbox.hold("InsertInvoice", "committed")
    worker = house.worker()
    house.beat()
    wait_for(lambda: bool(house.sandbox.log("InsertInvoice")), 40)
    worker.send_signal(signal.SIGTERM)
    house.sandbox.release()
    assert worker.wait(60) == 0
    house.worker()
    house.come_to_rest(4, 90)
    house.assert_exactly_once(4)
    assert len(house.sandbox.log("InsertInvoice")) <= 5


@both
@pytest.mark.soak
@pytest.mark.timeout(400)
def test_f35_broker_lost_with_two_hundred_queued_all_are_sent_within_two_sweeps(
    house: House, request: pytest.FixtureRequest
) -> None:
    """F-35, by the real clock: the messages are gone, while workers wait and again in the middle."""
    house.env["TIME_SCALE"] = "1"
    house.prepare(200)
    house.worker()
    house.beat()
    lose_broker(house, request)
    lost = time.monotonic()
    wait_for(lambda: len(house.sandbox.log("InsertInvoice")) >= 50, 2 * SWEEP)
    lose_broker(house, request)
    house.come_to_rest(200, lost + 2 * SWEEP - time.monotonic())
    house.assert_exactly_once(200)
    assert len(house.sandbox.log("InsertInvoice")) == 200


def lose_broker(house: House, request: pytest.FixtureRequest) -> None:
    """Its queue with everything in it: the Redis is killed and started empty, the folder is deleted."""
    if house.env["CELERY_BROKER_URL"].startswith("redis"):
        redis: Redis = request.getfixturevalue("redis")
        redis.kill()
        redis.start()
    else:
        shutil.rmtree(house.folder / "broker", ignore_errors=True)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f39_broker_that_is_down_when_somebody_presses_is_not_their_error(served: House) -> None:
    """F-39: the press commits, the sweep finds it."""
    served.issue(5)
    served.stage("press", CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    assert served.states() == ["ready"] * 5
    served.worker()
    served.beat()
    served.come_to_rest(5, 90)
    served.assert_exactly_once(5)


@both
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f40_two_beats_and_two_workers_do_everything_once(house: House) -> None:
    """F-40. Beats go by seconds, so neither a time zone nor a summer time concerns them."""
    house.prepare(30)
    for _ in range(2):
        house.worker()
        house.beat()
    house.come_to_rest(30, 120)
    house.assert_exactly_once(30)
    assert len(house.sandbox.log("InsertInvoice")) == 30

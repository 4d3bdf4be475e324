"""F-29, F-30, F-35, F-36, F-39 and F-41 with workers, beat and brokers as they are in production, killed by pid."""

from __future__ import annotations

import shutil
import signal
import time

import pytest

from kashflow.limits import Times
from tests.faults.house import House, Process, kill, wait_for
from tests.faults.redis import Redis
from tests.faults.web import Web

# Seconds, as everybody has it who changes nothing.
SWEEP = Times().sweep
# What a busy machine of two processors adds to a wait of a few seconds.
MARGIN = 4
CLAIMS = "SELECT count(*) FROM invoicing_transferattempt WHERE outcome = 'claim'"
both = pytest.mark.parametrize("house", ["embedded", "served"], indirect=True)
early_and_late = pytest.mark.parametrize("acks_late", [True, False], ids=["late ack", "early ack"])


@both
@early_and_late
@pytest.mark.parametrize("place", ["received", "committed"])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f29_f30_worker_killed_in_the_middle_of_a_create(house: House, place: str, acks_late: bool) -> None:
    """F-29, F-30, each with its message acknowledged before and after the work, on both pairs."""
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
    # KashFlow carries the first one out though nobody waits for it.
    assert len(house.sandbox.log("InsertInvoice")) == 4


@both
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
    assert len(sandbox.log("InsertInvoice")) == 4


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
@early_and_late
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f36_what_a_killed_worker_held_is_taken_up_within_lease_and_sweep(
    house: House, acks_late: bool
) -> None:
    """F-36, the delay: from the kill until the next one claims. The other worker is there and frozen until then."""
    house.env["TIME_SCALE"] = "0.05"
    house.issue(1)
    house.sandbox.hold("GetInvoice", "received")
    first, second = (house.standby(acks_late=acks_late) for _ in range(2))
    second.send_signal(signal.SIGSTOP)
    house.beat()
    house.stage("press")
    wait_for(lambda: house.states() == ["claimed"], 60)
    kill(first)
    killed = time.monotonic()
    assert (house.states(), house.column(CLAIMS)) == (["claimed"], [1])
    second.send_signal(signal.SIGCONT)
    wait_for(lambda: house.column(CLAIMS) == [2], 60)
    assert time.monotonic() - killed <= (Times().lease + SWEEP) * 0.05 + MARGIN
    house.sandbox.release()
    house.come_to_rest(1, 60)
    house.assert_exactly_once(1)
    assert len(house.sandbox.log("InsertInvoice")) == 1


@both
@pytest.mark.parametrize("place, creates", [("received", 1), ("committed", 1)])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f41_worker_told_to_stop_while_it_sends_finishes_that(house: House, place: str, creates: int) -> None:
    """F-41, KashFlow answers in time."""
    worker = _told_to_stop_at(house, place)
    house.sandbox.release()
    assert worker.wait(60) == 0
    _sent_by_another(house, creates)


@both
@pytest.mark.parametrize("place, creates", [("received", 2), ("committed", 1)])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f41_worker_told_to_stop_while_kashflow_never_answers_leaves_it_uncertain(
    house: House, place: str, creates: int
) -> None:
    """F-41: it ends by its own call limit, and says that it does not know."""
    worker = _told_to_stop_at(house, place)
    told, limit = time.monotonic(), Times().create * float(house.env["TIME_SCALE"])
    assert worker.wait(60) == 0
    assert time.monotonic() - told <= limit + MARGIN
    assert house.states() == ["ambiguous"]
    # What never left the gate is not carried out any more.
    house.sandbox.server.gates.abandon()
    _sent_by_another(house, creates)


def _told_to_stop_at(house: House, place: str) -> Process:
    # Time enough to be told and to finish: a create may take almost four seconds.
    house.env["TIME_SCALE"] = "0.05"
    house.prepare(1)
    house.sandbox.hold("InsertInvoice", place)
    worker = house.worker()
    house.beat()
    wait_for(lambda: bool(house.sandbox.log("InsertInvoice")), 60)
    worker.send_signal(signal.SIGTERM)
    return worker


def _sent_by_another(house: House, creates: int) -> None:
    house.worker()
    house.come_to_rest(1, 150)
    house.assert_exactly_once(1)
    assert len(house.sandbox.log("InsertInvoice")) == creates


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
def test_f39_broker_that_is_down_when_somebody_presses_is_not_their_error(
    served: House, redis: Redis
) -> None:
    """F-39: the web server answers, the rows are there, and once Redis is back the sweep finds them."""
    served.issue(5)
    web = Web(served)
    try:
        web.wait()
        web.log_in()
        redis.kill()
        answer = web.press(served.column("SELECT id FROM invoicing_invoice"))
    finally:
        web.stop()
    assert (answer.status_code, answer.headers["Location"][:16]) == (302, "/invoicing/runs/")
    assert served.states() == ["ready"] * 5
    assert "The broker could not be reached for invoicing.work" in (served.folder / "web.log").read_text()
    redis.start()
    served.worker()
    served.beat()
    served.come_to_rest(5, 90)
    served.assert_exactly_once(5)
    assert len(served.sandbox.log("InsertInvoice")) == 5

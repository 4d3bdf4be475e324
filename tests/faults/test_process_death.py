"""`kill -9` in the middle of a transfer, with real workers, beat and broker: exactly one document each."""

from __future__ import annotations

import pytest

from tests import oracle
from tests.faults.house import House, kill, wait_for


def assert_exactly_once(house: House, count: int) -> None:
    told = house.told()
    assert [row["state"] for row in told["rows"]] == ["verified"] * count
    assert oracle.find(told["rows"], house.sandbox.invoices()).problems == []
    assert set(told["runs"]) == {"finished"}


both = pytest.mark.parametrize("house", ["embedded", "served"], indirect=True)


@pytest.mark.parametrize("house", ["embedded"], indirect=True)
@pytest.mark.parametrize("place", [pytest.param("received", marks=pytest.mark.soak), "committed"])
def test_f29_f30_worker_killed_in_the_middle_of_a_create(house: House, place: str) -> None:
    """F-29 (C8, the call is received), F-30 (C9, carried out, the reply not sent)."""
    house.prepare(4)
    house.sandbox.hold("InsertInvoice", place)
    worker = house.worker()
    house.beat()
    wait_for(lambda: bool(house.sandbox.log("InsertInvoice")), 30)
    kill(worker)
    house.sandbox.release()
    house.worker()
    wait_for(lambda: house.is_at_rest(4), 60)
    assert_exactly_once(house, 4)


@both
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f36_worker_killed_three_times_in_fifty(house: House) -> None:
    """F-36."""
    house.sandbox.settings(latency_ms=50)
    house.prepare(50)
    worker = house.worker()
    house.beat()
    for done in (10, 25, 40):
        wait_for(lambda done=done: len(house.sandbox.log("InsertInvoice")) >= done, 60)  # type: ignore[misc]
        kill(worker)
        worker = house.worker()
    wait_for(lambda: house.is_at_rest(50), 150)
    assert_exactly_once(house, 50)

"""F-39 and F-40: a broker that is down when somebody presses, and two beats. The others are in `test_process_death.py`."""

from __future__ import annotations

import pytest

from tests.faults.house import House, wait_for
from tests.faults.test_process_death import assert_exactly_once, both


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f39_broker_that_is_down_when_somebody_presses_is_not_their_error(served: House) -> None:
    """F-39: the press commits, the sweep finds it."""
    code = next(one["id"] for one in served.sandbox.state()["nominals"] if one["Code"] == 4000)
    served.stage("issue", "5", str(code))
    served.stage("press", CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    assert served.states() == ["ready"] * 5
    served.worker()
    served.beat()
    wait_for(lambda: served.is_at_rest(5), 90)
    assert_exactly_once(served, 5)


@both
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_f40_two_beats_and_two_workers_do_everything_once(house: House) -> None:
    """F-40. Beats go by seconds, so neither a time zone nor a summer time concerns them."""
    house.prepare(30)
    for _ in range(2):
        house.worker()
        house.beat()
    wait_for(lambda: house.is_at_rest(30), 120)
    assert_exactly_once(house, 30)
    assert len(house.sandbox.log("InsertInvoice")) == 30

"""C16: killed half way through a migration, with transfers waiting and a worker of the new code on the half schema."""

from __future__ import annotations

import signal

import pytest

from tests.faults.house import House, kill, wait_for
from tests.faults.lane import KILLED
from tests.faults.test_workers import both

# The last two: data are settled, then a column is added that every transfer is read with.
BEFORE, LAST = "0016_accepted_documents", "0018_proposed_links"
APPLIED = "SELECT name FROM django_migrations WHERE app = 'invoicing' ORDER BY name DESC LIMIT 1"


@both
@pytest.mark.parametrize("place", ["before", "inside"])
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_c16_killed_half_way_through_a_migration(house: House, place: str) -> None:
    """C16, between two migrations, and inside the transaction of the second."""
    house.prepare(3)
    house.stage("migrate", BEFORE)
    died = house.try_stage("migrate_and_die", LAST, place)
    assert died.returncode == KILLED
    assert house.column(APPLIED) == ["0017_settle_set_off_credit_notes"]
    _assert_nothing_is_sent(house)
    house.stage("migrate")
    assert house.column(APPLIED) == [LAST]
    house.worker()
    house.beat()
    house.come_to_rest(3, 90)
    house.assert_exactly_once(3)
    assert len(house.sandbox.log("InsertInvoice")) == 3


def _assert_nothing_is_sent(house: House) -> None:
    """The sweep of a worker on the half schema is not begun, once and again, and nobody is called."""
    log = house.folder / f"worker-{len(house.running)}.log"
    worker, beat = house.worker(), house.beat()
    refused = f"invoicing.sweep was not begun. The database is older than this program: invoicing {LAST} is missing."
    wait_for(lambda: log.read_text().count(refused) >= 2, 60, lambda: log.read_text()[-2000:])
    for process in (worker, beat):
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    kill_all(house)
    assert (house.states(), house.sandbox.log()) == (["ready"] * 3, [])


def kill_all(house: House) -> None:
    for process in house.running:
        if process.poll() is None:
            kill(process)

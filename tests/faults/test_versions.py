"""Old code and a newer schema (F-74, C15): this version is the previous one of the next."""

from __future__ import annotations

import logging
from contextlib import closing

import pytest
from django.db.migrations.recorder import MigrationRecorder

from invoicing import tasks
from tests.faults.checks import assert_exactly_once
from tests.faults.house import House, wait_for
from tests.invoicing.transfer.conftest import Desk

NEWER = "9001_states_of_next_year"
RECORD = f"('invoicing', '{NEWER}', '2027-01-01')"


def test_f74_worker_of_an_older_version_makes_no_call_and_no_move(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """F-74."""
    desk.press(desk.raise_invoices(2))
    newer = MigrationRecorder.Migration.objects.create(app="invoicing", name=NEWER)
    with caplog.at_level(logging.ERROR):
        tasks.sweep()
        tasks.work(str(desk.account.pk))
    assert [record.message.split(".")[0] for record in caplog.records] == ["invoicing", "invoicing"]
    assert all(f"does not know invoicing {NEWER}" in record.message for record in caplog.records)
    assert (desk.states(), desk.sandbox.log()) == (["ready"] * 2, [])
    newer.delete()
    tasks.work(str(desk.account.pk))
    assert_exactly_once(desk)


@pytest.mark.soak
@pytest.mark.parametrize("house", ["embedded", "served"], indirect=True)
def test_f74_real_worker_and_beat_of_an_older_version_wait_for_the_update(house: House) -> None:
    """F-74, and C15: it begins nothing while the schema is newer, and goes on once the two fit."""
    house.prepare(3)
    _sql(house, f"INSERT INTO django_migrations (app, name, applied) VALUES {RECORD}")  # noqa: S608
    house.worker()
    house.beat()
    wait_for(lambda: _logged(house).count("newer than this program") > 2, 60)
    assert (house.states(), house.sandbox.log()) == (["ready"] * 3, [])
    _sql(house, f"DELETE FROM django_migrations WHERE name = '{NEWER}'")  # noqa: S608
    house.come_to_rest(3, 60)
    house.assert_exactly_once(3)
    assert len(house.sandbox.log("InsertInvoice")) == 3


def _sql(house: House, statement: str) -> None:
    with closing(house._connect()) as connection:
        connection.cursor().execute(statement)
        connection.commit()


def _logged(house: House) -> str:
    return "".join(path.read_text(errors="replace") for path in house.folder.glob("worker-*.log"))

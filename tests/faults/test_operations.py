"""F-33 and F-72 to F-75: restored backups, keys, other versions, and what an outage writes into the log."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from invoicing.models import Transfer
from invoicing.transfer import services
from kashflow.models import ApiCall, Connection
from magmanager.common.models import Run
from tests import factories
from tests.faults.checks import assert_exactly_once, settle
from tests.faults.house import ROOT, House, kill, wait_for
from tests.faults.test_workers import both
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import SETTLE
from tests.servers import on_server


@both
@pytest.mark.soak
@pytest.mark.timeout(400)
def test_f33_restored_to_before_a_hundred_transfers_adopts_all_of_them(house: House) -> None:
    """F-33, and `after_restore` is forgotten: the first one that is found there stops all others until it is made up for."""
    house.prepare(100)
    keep = _Backup(house)
    _carry(house, 100)
    assert len(house.sandbox.log("InsertInvoice")) == 100
    keep.restore()
    started = [house.worker(), house.beat()]
    wait_for(
        lambda: "after_restore" in house.column("SELECT paused_reason FROM kashflow_ledgeraccount")[0], 90
    )
    for process in started:
        kill(process)
    house.stage("after_restore")
    _carry(house, 100)
    # What is adopted asks for no customer: who it is there is found again with the client's next invoice.
    assert sorted(one["InvoiceNumber"] for one in house.ours()) == house.column(
        "SELECT number FROM invoicing_invoice ORDER BY number"
    )
    assert len(house.sandbox.log("InsertInvoice")) == 100


def _carry(house: House, count: int) -> None:
    started = [house.worker(), house.beat()]
    house.come_to_rest(count, 150)
    for process in started:
        kill(process)


class _Backup:
    """The database as it is now, to be put back."""

    def __init__(self, house: House) -> None:
        self._database, self._copy = house.database, f"mm_house_{uuid.uuid4().hex[:8]}"
        if self._file:
            shutil.copy(self._file, self._file.with_suffix(".kept"))
        else:
            on_server(self._database, f"CREATE DATABASE {self._copy} TEMPLATE {self._name}")

    @property
    def _file(self) -> Path | None:
        is_sqlite = self._database.startswith("sqlite")
        return Path(self._database.removeprefix("sqlite:///")) if is_sqlite else None

    @property
    def _name(self) -> str:
        return urlsplit(self._database).path.strip("/")

    def restore(self) -> None:
        if self._file:
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copy(self._file.with_suffix(".kept"), self._file)
            return
        on_server(self._database, f"DROP DATABASE {self._name} WITH (FORCE)")
        on_server(self._database, f"ALTER DATABASE {self._copy} RENAME TO {self._name}")


JUMPS = [dt.timedelta(hours=1), dt.timedelta(hours=-1), dt.timedelta(days=1), dt.timedelta(days=-1)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize(("kind", "creates"), [("drop_after", 1), ("drop_before", 2)])
def test_f72_clock_that_is_really_set_begins_the_settle_wait_anew(
    desk: Desk, jump: dt.timedelta, kind: str, creates: int
) -> None:
    """F-72: the wall clock is set while the machine runs on, so that its monotonic clock goes on as before."""
    desk.sandbox.fault("InsertInvoice", kind)
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert desk.states() == ["ambiguous"]
    with time_machine.travel(timezone.now() + jump):
        before = len(desk.sandbox.log())
        desk.sweep_and_work()
        transfer = Transfer.objects.get()
        assert (transfer.state, transfer.absent_seen) == ("ambiguous", 0)
        assert transfer.not_before is not None
        left = (transfer.not_before - timezone.now()).total_seconds()
        assert SETTLE - 30 < left <= SETTLE
        assert len(desk.sandbox.log()) == before, "nothing was asked before the wait is over"
        settle(desk)
        assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == creates


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_f72_clock_that_is_set_between_two_looks_begins_the_settle_wait_anew(
    desk: Desk, jump: dt.timedelta
) -> None:
    """F-72: absent once by the old clock is not absent by the new one."""
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press(desk.raise_invoices(1))
    desk.work()
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert Transfer.objects.get().absent_seen == 1
    with time_machine.travel(timezone.now() + jump):
        desk.sweep_and_work()
        assert Transfer.objects.get().absent_seen == 0
        assert desk.calls("InsertInvoice") == 1
        settle(desk)
        assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 2


def test_f73_key_that_is_wrong_stops_the_batch_and_tells_no_secret(desk: Desk, settings: Any) -> None:
    """F-73. Rotating and missing keys: `tests/kashflow/test_rotate_keys.py`."""
    right = settings.FIELD_ENCRYPTION_KEYS
    run = desk.press(desk.raise_invoices(3))
    settings.FIELD_ENCRYPTION_KEYS = ["demo:" + "QUJD" * 10 + "QUI="]
    desk.work()
    run.refresh_from_db()
    assert (run.state, desk.states()) == (Run.State.PAUSED, ["ready"] * 3)
    assert desk.sandbox.log() == []
    sealed = Connection.objects.get().sealed_password
    assert "cannot be read" in run.summary
    assert not any(secret in run.summary for secret in (sealed, right[0], settings.FIELD_ENCRYPTION_KEYS[0]))
    settings.FIELD_ENCRYPTION_KEYS = right
    services.resume_run(by=desk.by, run=run)
    desk.work()
    assert_exactly_once(desk)


def test_f75_ten_thousand_failing_calls_fit_into_fifty_megabytes_of_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """F-75, from thirty of them; no password and no envelope among them."""
    caplog.set_level(logging.INFO)
    login = Connection.objects.get()
    login.seal("a-password-to-look-for")
    login.save()
    desk.sandbox.settings(password="a-password-to-look-for")
    desk.press(desk.raise_invoices(20, factories.client_row()))
    desk.sandbox.fault("*", "http_500", times=1000)
    while ApiCall.objects.count() < 30:
        desk.skip(3700)
        desk.sweep_and_work()
    assert len(caplog.text) / 30 * 10_000 < 50_000_000
    for secret in ("a-password-to-look-for", "<Password>", "Envelope"):
        assert secret not in caplog.text
    assert not ApiCall.objects.filter(request_xml__contains="a-password-to-look-for").exists()


FAILING_CALLS = 10_000
SECRET = "a-password-to-look-for"


@pytest.mark.parametrize("house", ["embedded"], indirect=True)
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_f75_log_files_of_ten_thousand_failing_calls_stay_below_fifty_megabytes(house: House) -> None:
    """F-75, as production logs: lines of JSON, the worker and the beat telling all they tell anybody."""
    house.env |= {"LOG_FORMAT": "json", "TIME_SCALE": "0.01"}
    house.prepare(2_000)
    _new_password(house)
    house.sandbox.fault("*", "http_500", times=1_000_000)
    schedule = str(house.folder / "schedule")
    house.start("worker", "--pool", "threads", "--concurrency", "10", "--loglevel", "INFO")
    house.start("beat", "-s", schedule, "--pidfile=", "--loglevel", "INFO")
    wait_for(lambda: _failed(house) >= FAILING_CALLS, 800, lambda: f"{_failed(house)} calls failed")
    logs = list(house.folder.glob("*.log"))
    assert len(logs) == 2
    assert all(log.stat().st_size > 0 for log in logs)
    assert sum(log.stat().st_size for log in logs) < 50_000_000
    for secret in (SECRET, "<Password", "Envelope"):
        assert not any(secret in log.read_text() for log in logs), secret


def _new_password(house: House) -> None:
    """The saved login gets a password that nothing else is called; eight calls at once from now on."""
    house.sandbox.settings(password=SECRET)
    script = (
        "import sys, django; django.setup(); from kashflow.models import Connection, LedgerAccount; "
        "LedgerAccount.objects.update(numbers_proved=True, max_calls=8); "
        "login = Connection.objects.get(); login.seal(sys.argv[1]); login.save()"
    )
    subprocess.run([sys.executable, "-c", script, SECRET], cwd=ROOT, env=house.env, check=True)


def _failed(house: House) -> int:
    return int(house.column("SELECT COUNT(*) FROM kashflow_apicall WHERE outcome <> 'ok'")[0])

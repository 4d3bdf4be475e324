"""`kill -9` in the middle of a transfer, with real workers, beat and broker: exactly one document each."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sandboxes import LiveSandbox
from tests.servers import on_server

ROOT = Path(__file__).resolve().parents[3]
STAGE = "tests.invoicing.transfer.stage"
# Settle 12 s, lease 3.6 s, sweep 1.2 s.
TIME_SCALE = "0.02"


class House:
    """A database, a broker and the processes of one installation."""

    def __init__(self, folder: Path, sandbox: LiveSandbox, database: str, broker: str) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.running: list[subprocess.Popen[bytes]] = []
        self.env = {
            **os.environ,
            "MODE": "test",
            "DJANGO_SETTINGS_MODULE": "magmanager.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "BROKER_DIR": str(folder / "broker"),
            "KASHFLOW_URL": sandbox.endpoint,
            "TIME_SCALE": TIME_SCALE,
        }

    def stage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", STAGE, *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self, count: int) -> None:
        nominals = self.sandbox.state()["nominals"]
        self.stage("prepare", str(count), str(next(one["id"] for one in nominals if one["Code"] == 4000)))

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stage("states"))
        return found

    def is_at_rest(self, count: int) -> bool:
        """Asked of the database directly: a Django process for each look would keep the workers from
        working."""
        told = _rows(self.env["DATABASE_URL"], "SELECT state FROM invoicing_transfer")
        runs = _rows(self.env["DATABASE_URL"], "SELECT state FROM common_run")
        return told == ["verified"] * count and runs == ["finished"]

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "magmanager.celery", *words, "--loglevel", "WARNING"]
        log = (self.folder / f"{words[0]}-{len(self.running)}.log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT)
        self.running.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.start("worker", "-P", "threads", "-c", "4", "-n", f"{uuid.uuid4().hex}@here", *quiet)

    def beat(self) -> subprocess.Popen[bytes]:
        return self.start("beat", "-s", str(self.folder / "beat"))

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait(10)

    def documents(self) -> list[str]:
        """The markers in the sandbox's ledger."""
        return [one["CustomerReference"].split(" ")[-1] for one in self.sandbox.invoices()]


def _rows(database: str, query: str) -> list[str]:
    if database.startswith("sqlite"):
        connection: Any = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20)
    else:
        connection = pytest.importorskip("psycopg2").connect(database)
    try:
        cursor = connection.cursor()
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not come to rest"
        time.sleep(0.1)


def kill(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def assert_exactly_once(house: House, count: int) -> None:
    told = house.told()
    assert told["states"] == {"verified": count}
    assert sorted(marker for marker in house.documents() if marker in told["markers"]) == sorted(
        told["markers"]
    )
    assert len(told["markers"]) == count
    assert told["runs"] == ["finished"]


@pytest.fixture
def embedded(tmp_path: Path, sandbox: LiveSandbox) -> Iterator[House]:
    """SQLite and the broker in a folder."""
    house = House(tmp_path, sandbox, f"sqlite:///{tmp_path / 'house.sqlite3'}", "filesystem://")
    yield house
    house.stop()


@pytest.fixture
def served(tmp_path: Path, sandbox: LiveSandbox) -> Iterator[House]:
    """PostgreSQL and Redis, where they are named."""
    database, broker = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if not database or not broker:
        pytest.skip("TEST_DATABASE_URL and TEST_REDIS_URL name no servers")
    name = f"mm_kill_{uuid.uuid4().hex[:8]}"
    on_server(database, f"CREATE DATABASE {name}")
    house = House(tmp_path, sandbox, urlsplit(database)._replace(path=f"/{name}").geturl(), broker)
    yield house
    house.stop()
    on_server(database, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("place", [pytest.param("received", marks=pytest.mark.soak), "committed"])
def test_worker_killed_in_the_middle_of_a_create(embedded: House, place: str) -> None:
    sandbox = embedded.sandbox
    embedded.prepare(4)
    sandbox.hold("InsertInvoice", place)
    worker = embedded.worker()
    embedded.beat()
    wait_for(lambda: bool(sandbox.log("InsertInvoice")), 30)
    kill(worker)
    sandbox.release()
    embedded.worker()
    wait_for(lambda: embedded.is_at_rest(4), 60)
    assert_exactly_once(embedded, 4)


@pytest.mark.parametrize("place", [pytest.param("received", marks=pytest.mark.soak), "committed"])
def test_worker_killed_while_a_credit_note_is_set_off(embedded: House, place: str) -> None:
    """C13: the credit note is there, and whether it is set off nobody knows."""
    sandbox = embedded.sandbox
    embedded.prepare(2)
    worker = embedded.worker()
    embedded.beat()
    wait_for(lambda: embedded.is_at_rest(2), 60)
    sandbox.hold("applyCreditNoteToInvoice", place)
    embedded.stage("cancel")
    wait_for(lambda: bool(sandbox.log("applyCreditNoteToInvoice")), 60)
    kill(worker)
    sandbox.release()
    embedded.worker()
    # Two documents, the two credit notes that void them, and setting both off.
    wait_for(lambda: embedded.is_at_rest(6), 90)
    told = embedded.told()
    ours = [one for one in sandbox.invoices() if one["CustomerReference"].split(" ")[-1] in told["markers"]]
    assert len(ours) == len(told["markers"]) == 4
    assert sorted((one["AmountPaid"], one["Paid"]) for one in ours) == [
        ("-266.8200", 1), ("-266.8200", 1), ("266.8200", 1), ("266.8200", 1),
    ]  # fmt: skip


def fifty_with_a_kill(house: House) -> None:
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


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_worker_killed_three_times_in_fifty(embedded: House) -> None:
    fifty_with_a_kill(embedded)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_worker_killed_three_times_in_fifty_on_servers(served: House) -> None:
    fifty_with_a_kill(served)

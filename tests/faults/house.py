"""One installation with real processes: workers, beat, a broker and a database of its own, killed by pid."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from tests import oracle, tables
from tests.sandboxes import LiveSandbox

ROOT = Path(__file__).resolve().parents[2]
STAGE = "tests.faults.stage"
# Settle 12 s, lease 3.6 s, sweep 1.2 s.
TIME_SCALE = "0.02"
# A slip of ours is a fault, and a second create is a second document: an account that overwrites would hide it.
UNFORGIVING: dict[str, Any] = {"strict": True, "duplicate_number": "duplicate"}
Process = subprocess.Popen[bytes]


class House:
    """A database, a broker and the processes of one installation."""

    def __init__(
        self,
        folder: Path,
        sandbox: LiveSandbox,
        database: str,
        broker: str,
        *,
        time_scale: str = TIME_SCALE,
    ) -> None:
        self.folder = folder
        self.sandbox = sandbox
        sandbox.settings(**UNFORGIVING)
        self.database = database
        self.running: list[Process] = []
        self.env = {
            **os.environ,
            "MODE": "test",
            "DJANGO_SETTINGS_MODULE": "magmanager.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "BROKER_DIR": str(folder / "broker"),
            "KASHFLOW_URL": sandbox.endpoint,
            "TIME_SCALE": time_scale,
        }

    def stage(self, *words: str) -> str:
        """What `tests.faults.stage` prints for `words`, in a process of its own."""
        done = self.try_stage(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_stage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", STAGE, *words],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )

    def prepare(self, count: int) -> None:
        """Tables, a saved login and `count` invoices whose transfer was asked for."""
        self._begin_with_tables()
        self.stage("prepare", str(count), str(self._sales_code()))

    def issue(self, count: int) -> None:
        """The same before anybody asks for their transfer."""
        self._begin_with_tables()
        self.stage("issue", str(count), str(self._sales_code()))

    def _begin_with_tables(self) -> None:
        if self.database.startswith("sqlite"):
            tables.copy_to(Path(self.database.removeprefix("sqlite:///")))

    def _sales_code(self) -> int:
        return int(next(one["id"] for one in self.sandbox.state()["nominals"] if one["Code"] == 4000))

    def told(self) -> dict[str, Any]:
        """States, runs, attempts and the rows the oracle wants."""
        found: dict[str, Any] = json.loads(self.stage("told"))
        return found

    def column(self, query: str) -> list[Any]:
        """The first column of `query`, asked of the database directly: a Django process for each look would keep
        the workers from working."""
        with closing(self._connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

    def _connect(self) -> Any:
        if self.database.startswith("sqlite"):
            return sqlite3.connect(self.database.removeprefix("sqlite:///"), timeout=20)
        return psycopg2.connect(self.database)

    def states(self) -> list[str]:
        """The states of the transfers, in number order."""
        return self.column(
            "SELECT t.state FROM invoicing_transfer t JOIN invoicing_invoice i ON i.id = t.invoice_id"
            " ORDER BY i.number"
        )

    def is_at_rest(self, count: int) -> bool:
        """Whether all `count` transfers are verified and their run is over."""
        runs = self.column("SELECT state FROM common_run")
        return self.states() == ["verified"] * count and set(runs) == {"finished"}

    def ours(self) -> list[dict[str, Any]]:
        """The sandbox's documents that carry one of our markers."""
        markers = {row["marker"] for row in self.told()["rows"]}
        return [one for one in self.sandbox.invoices() if oracle.marker_of(one) in markers]

    def come_to_rest(self, count: int, seconds: float) -> None:
        """Waits until all `count` are verified and their run is over."""
        wait_for(lambda: self.is_at_rest(count), seconds, self._causes)

    def _causes(self) -> str:
        found = self.column("SELECT state || ' ' || cause_code FROM invoicing_transfer")
        return f"it did not come to rest: {dict(Counter(found))}"

    def assert_exactly_once(self, count: int) -> None:
        """Everything is verified here and there once, and the runs are over."""
        told = self.told()
        assert [row["state"] for row in told["rows"]] == ["verified"] * count
        logs = sorted(self.folder.glob("*.log"))
        problems = oracle.find(told["rows"], self.sandbox.invoices(), logs=logs).problems
        assert problems == [], problems[:5]
        assert set(told["runs"]) == {"finished"}

    def start(self, *words: str) -> Process:
        """A Celery process of this installation."""
        command = [sys.executable, "-m", "celery", "-A", "magmanager.celery", *words]
        log = (self.folder / f"{words[0]}-{len(self.running)}.log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT)
        self.running.append(process)
        return process

    def worker(self, *, acks_late: bool = True, log: str = "WARNING") -> Process:
        """A worker as production has it; with `acks_late` off it says "done" before it begins."""
        quiet = ("--loglevel", log, "--without-gossip", "--without-mingle", "--without-heartbeat")
        name = f"{uuid.uuid4().hex}@here"
        more = () if acks_late else ("--", "task.acks_late=0")
        return self.start("worker", "-P", "threads", "-c", "4", "-n", name, *quiet, *more)

    def standby(self, *, acks_late: bool = True) -> Process:
        """The same, once it is ready to take what comes."""
        log = self.folder / f"worker-{len(self.running)}.log"
        process = self.worker(acks_late=acks_late, log="INFO")
        wait_for(lambda: " ready." in log.read_text(), 60, lambda: log.read_text()[-2000:])
        return process

    def beat(self) -> Process:
        schedule = str(self.folder / f"beat-{len(self.running)}")
        return self.start("beat", "-s", schedule, "--pidfile=", "--loglevel", "WARNING")

    def stop(self) -> None:
        """Kills what is left of the processes it started."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def wait_for(
    what: Callable[[], bool], seconds: float, why: Callable[[], str] = lambda: "waited in vain"
) -> None:
    """Returns once `what` is true. Fails after `seconds`, saying `why`."""
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, why()
        time.sleep(0.05)


def is_there(pid: int) -> bool:
    """Whether there is a process of this pid."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(process: Process) -> None:
    """`kill -9`."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

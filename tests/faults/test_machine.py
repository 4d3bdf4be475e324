"""F-34: the machine dies, or any part of it, again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.house import ROOT, STAGE, House, Process, is_there, kill
from tests.faults.postgres import Postgres, programs
from tests.faults.redis import Redis
from tests.sandboxes import LiveSandbox
from tests.soak.nursery import Nursery

ROUNDS, INVOICES, AT_A_TIME = 50, 100, 3
PARTS = ("postgres", "redis", "worker", "beat", "press")
# Leases and waits long enough for a round, short enough for fifty.
TIME_SCALE = "0.05"
# Every so many rounds all of it goes at once, as with the power.
POWER_CUT = 5


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, to be killed."""
    if not programs():
        pytest.skip("there is no PostgreSQL server here")
    server = Postgres()
    yield server
    server.stop()


class Machine:
    """Everything that runs in production, each part killed and started by its name."""

    def __init__(self, house: House, postgres: Postgres, redis: Redis) -> None:
        self._house = house
        self._servers: dict[str, Postgres | Redis] = {"postgres": postgres, "redis": redis}
        self._nursery = Nursery(house)
        self._workers = [self._nursery.worker() for _ in range(2)]
        self._beat, self._press = house.beat(), self._pressed()

    def _pressed(self) -> Process:
        """Somebody presses *Transfer to KashFlow* for a few more: what the web server does for them."""
        command = [sys.executable, "-m", STAGE, "press_some", str(AT_A_TIME)]
        return subprocess.Popen(command, cwd=ROOT, env=self._house.env, stderr=subprocess.DEVNULL)

    def kill(self, parts: list[str]) -> None:
        for part in parts:
            if part in self._servers:
                self._servers[part].kill()
            elif part == "worker":
                self._end_workers()
            else:
                _end(self._beat if part == "beat" else self._press)

    def start(self, parts: list[str]) -> None:
        """Servers first; what ended by itself without them is started again, as a service manager would."""
        for part in parts:
            if part in self._servers:
                self._servers[part].start()
        self._workers = [pid if is_there(pid) else self._nursery.worker() for pid in self._workers]
        if self._beat.poll() is not None:
            self._beat = self._house.beat()
        if self._press.poll() is not None:
            self._press = self._pressed()

    def press_the_rest(self) -> None:
        """Whoever was cut off presses again, until nothing is left to be pressed."""
        self._press.wait(60)
        self._house.stage("press_some", str(INVOICES))

    def _end_workers(self) -> None:
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self._end_workers()
        _end(self._press)
        self._nursery.close()


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_f34_machine_that_dies_fifty_times(
    tmp_path: Path, sandbox: LiveSandbox, postgres: Postgres, redis: Redis
) -> None:
    """F-34: PostgreSQL, Redis, the workers, beat, and whoever presses."""
    chance = _chance()
    house = House(tmp_path, sandbox, postgres.url, redis.url, time_scale=TIME_SCALE)
    sandbox.settings(latency_ms=50)
    house.issue(INVOICES)
    machine = Machine(house, postgres, redis)
    try:
        for round_ in range(ROUNDS):
            time.sleep(chance.uniform(0.3, 2.5))
            some = chance.sample(PARTS, chance.randint(1, 3))
            parts = list(PARTS) if round_ % POWER_CUT == POWER_CUT - 1 else some
            machine.kill(parts)
            machine.start(parts)
        print(f"Verified before the last round: {house.states().count('verified')}")
        machine.press_the_rest()
        house.come_to_rest(INVOICES, 400)
        house.assert_exactly_once(INVOICES)
        print(f"Calls came out so: {house.told()['outcomes']}")
    finally:
        machine.stop()
        house.stop()


def _chance() -> random.Random:
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"Seed {seed}; SEED={seed} repeats it.")
    return random.Random(seed)


def _end(process: Process) -> None:
    if process.poll() is None:
        kill(process)

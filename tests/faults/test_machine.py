"""F-34: the machine dies, or any part of it, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.faults.house import House, Process, is_there, kill, wait_for
from tests.faults.postgres import Postgres, programs
from tests.faults.redis import Redis
from tests.faults.web import Web
from tests.sandboxes import LiveSandbox
from tests.soak.nursery import Nursery

# ROUNDS=8 in the environment is a short one.
ROUNDS, INVOICES, AT_A_TIME = int(os.environ.get("ROUNDS", 50)), 100, 3
PARTS = ("postgres", "redis", "worker", "beat", "web")
# Leases and waits long enough for a round, short enough for fifty.
TIME_SCALE = "0.05"
# Every so many rounds all of it goes at once, as with the power.
POWER_CUT = 5
# Seconds until it works again after all of it died, on a busy machine.
LIFE = 15


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, to be killed."""
    if not programs():
        pytest.skip("there is no PostgreSQL server here")
    server = Postgres()
    yield server
    server.stop()


class Presser:
    """Somebody who presses *Transfer to KashFlow* for a few more whenever the web server lets them."""

    def __init__(self, house: House, web: Web) -> None:
        self._web = web
        self._left = house.column("SELECT id FROM invoicing_invoice ORDER BY number")
        self._hand = ThreadPoolExecutor(1)
        self._pressing = self._hand.submit(self._press)
        self.refused: Counter[str] = Counter()

    def go_on(self) -> None:
        """Presses again, once the last press came to something."""
        if self._pressing.done():
            self._pressing = self._hand.submit(self._press)

    def press_the_rest(self) -> None:
        """Whoever was cut off presses again, until nothing is left to be pressed."""
        self._pressing.result(60)
        wait_for(self._press, 120, lambda: f"{len(self._left)} could not be pressed: {self.refused}")

    def _press(self) -> bool:
        """Whether nothing is left to be pressed. Without an answer nobody knows whether it was heard."""
        if self._left:
            try:
                answer = self._web.press(self._left[:AT_A_TIME])
            except requests.RequestException as error:
                self.refused[type(error).__name__] += 1
                return False
            self.refused[str(answer.status_code)] += 1
            if answer.headers.get("Location", "").startswith("/invoicing/runs/"):
                del self._left[:AT_A_TIME]
        return not self._left

    def close(self) -> None:
        self._hand.shutdown()


class Machine:
    """Everything that runs in production, each part killed and started by its name."""

    def __init__(self, house: House, postgres: Postgres, redis: Redis, web: Web) -> None:
        self._house, self._web = house, web
        self._servers: dict[str, Postgres | Redis] = {"postgres": postgres, "redis": redis}
        self._nursery = Nursery(house)
        self._workers = [self._nursery.worker() for _ in range(2)]
        self._beat = house.beat()

    def kill(self, parts: list[str]) -> None:
        for part in parts:
            if part in self._servers:
                self._servers[part].kill()
            elif part == "worker":
                self._end_workers()
            elif part == "web":
                self._web.stop()
            else:
                _end(self._beat)

    def start(self, parts: list[str]) -> None:
        """Servers first; what ended by itself without them is started again, as a service manager would."""
        for part in parts:
            if part in self._servers:
                self._servers[part].start()
        self._workers = [pid if is_there(pid) else self._nursery.worker() for pid in self._workers]
        if self._beat.poll() is not None:
            self._beat = self._house.beat()
        if not self._web.is_up:
            self._web.start()

    def _end_workers(self) -> None:
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self._end_workers()
        self._nursery.close()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_f34_machine_that_dies_fifty_times(
    tmp_path: Path, sandbox: LiveSandbox, postgres: Postgres, redis: Redis
) -> None:
    """F-34: PostgreSQL, Redis, the web server, the workers and beat, while somebody presses over HTTP."""
    chance = _chance()
    house = House(tmp_path, sandbox, postgres.url, redis.url, time_scale=TIME_SCALE)
    sandbox.settings(latency_ms=50)
    house.issue(INVOICES)
    web = Web(house)
    web.wait()
    web.log_in()
    presser, machine = Presser(house, web), Machine(house, postgres, redis, web)
    try:
        for round_ in range(ROUNDS):
            _let_it_live(house, chance.uniform(0.3, 2.5))
            some = chance.sample(PARTS, chance.randint(1, 3))
            parts = list(PARTS) if round_ % POWER_CUT == POWER_CUT - 1 else some
            machine.kill(parts)
            machine.start(parts)
            presser.go_on()
        verified = house.states().count("verified")
        assert verified, "it was never at work"
        print(f"Verified before the last round: {verified}")
        presser.press_the_rest()
        house.come_to_rest(INVOICES, 400)
        house.assert_exactly_once(INVOICES)
        print(f"Presses came out so: {presser.refused}. Calls came out so: {house.told()['outcomes']}")
    finally:
        web.stop()
        presser.close()
        machine.stop()
        house.stop()


def _let_it_live(house: House, seconds: float) -> None:
    """Until KashFlow hears from it again, and then for `seconds`: what never got to work is not killed at work."""
    calls = len(house.sandbox.log())
    with suppress(AssertionError):
        wait_for(lambda: len(house.sandbox.log()) > calls, LIFE)
    time.sleep(seconds)


def _chance() -> random.Random:
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"Seed {seed}; SEED={seed} repeats it.")
    return random.Random(seed)


def _end(process: Process) -> None:
    if process.poll() is None:
        kill(process)

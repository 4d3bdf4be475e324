"""Kills the workers of a house at random moments and at gates, its Redis too, and starts others."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress

from tests.faults.house import House, is_there
from tests.faults.redis import Redis
from tests.soak.nursery import Nursery

# Frozen for so many leases, a worker has lost what it held when it thaws.
FROZEN_LEASES = 1.2
AT_A_GATE = 5


class Killer:
    """`tend` and `act` often; `act` does something to the workers whenever its pause is over."""

    def __init__(self, house: House, redis: Redis | None, chance: random.Random, *, workers: int) -> None:
        self._house, self._redis, self._chance = house, redis, chance
        self._nursery = Nursery(house)
        self._workers = [self._nursery.worker() for _ in range(workers)]
        house.beat()
        self._next = time.monotonic() + 5
        self._frozen: tuple[float, int] | None = None
        self._freeze_seconds = 180 * float(house.env["TIME_SCALE"]) * FROZEN_LEASES
        self.kills = 0

    def stop(self) -> None:
        """Kills them all, which does not count."""
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._nursery.close()

    def tend(self) -> None:
        """Lets the frozen one go on when it is time, and replaces who ended by itself."""
        self._thaw()
        self._replace([pid for pid in self._workers if not is_there(pid)])

    def act(self, pause: tuple[float, float]) -> None:
        """Kills or freezes, where it is time to."""
        if time.monotonic() < self._next:
            return
        acts = [self._any, self._at_a_gate, self._at_a_gate, self._in_a_write, self._freeze, self._broker]
        self._chance.choice(acts)()
        self._next = time.monotonic() + self._chance.uniform(*pause)

    def _any(self) -> None:
        self._replace([self._chance.choice(self._workers)])

    def _at_a_gate(self) -> None:
        sandbox = self._house.sandbox
        operation = self._chance.choice(["InsertInvoice", "InsertInvoice", "GetInvoice", "InsertCustomer"])
        sandbox.hold(operation, self._chance.choice(["received", "committed"]))
        _until(lambda: any(one["waiting"] for one in sandbox._call("GET", "gates")), AT_A_GATE)
        self._replace(list(self._workers))
        sandbox.release()

    def _in_a_write(self) -> None:
        """No row of a transfer can be written meanwhile: whoever is about to is killed before its UPDATE."""
        with closing(self._house._connect()) as other:
            is_sqlite = self._house.database.startswith("sqlite")
            other.cursor().execute(
                "BEGIN IMMEDIATE" if is_sqlite else "SELECT 1 FROM invoicing_transfer ORDER BY id FOR UPDATE"
            )
            time.sleep(0.5)
            self._replace(list(self._workers))
            other.rollback()

    def _freeze(self) -> None:
        if self._frozen is None and len(self._workers) > 1:
            pid = self._chance.choice(self._workers)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._frozen = (time.monotonic() + self._freeze_seconds, pid)

    def _thaw(self) -> None:
        if self._frozen and time.monotonic() > self._frozen[0]:
            with suppress(ProcessLookupError):
                os.kill(self._frozen[1], signal.SIGCONT)
            self._frozen = None

    def _replace(self, pids: list[int]) -> None:
        for pid in pids:
            # One that ended by itself, without its broker say, is replaced as a service manager would.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1
            self._workers[self._workers.index(pid)] = self._nursery.worker()

    def _broker(self) -> None:
        if self._redis:
            self._redis.kill()
            time.sleep(1)
            self._redis.start()


def _until(what: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not what() and time.monotonic() < ends:
        time.sleep(0.02)

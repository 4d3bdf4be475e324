"""Kills the workers of a house at random moments and at gates, its Redis too, and starts others."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from tests.faults.house import House, kill
from tests.faults.redis import Redis

# Frozen for so many leases, a process has lost what it held when it thaws.
FROZEN_LEASES = 1.2
AT_A_GATE = 5
# One kill in so many takes the whole worker; the others one of its processes, which it replaces itself.
WHOLE = 6


class Killer:
    """`act` often; it does something to the worker whenever its pause is over."""

    def __init__(self, house: House, redis: Redis | None, chance: random.Random) -> None:
        self._house, self._redis, self._chance = house, redis, chance
        self._worker = house.worker(pool="prefork")
        house.beat()
        self._next = time.monotonic() + 5
        self._frozen: tuple[float, int] | None = None
        self._freeze_seconds = 180 * float(house.env["TIME_SCALE"]) * FROZEN_LEASES
        self.kills = 0

    def act(self, pause: tuple[float, float]) -> None:
        """Kills or freezes, where it is time to."""
        self._thaw()
        if time.monotonic() < self._next:
            return
        acts = [self._any, self._at_a_gate, self._at_a_gate, self._in_a_write, self._freeze, self._broker]
        self._chance.choice(acts)()
        self._next = time.monotonic() + self._chance.uniform(*pause)

    def _any(self) -> None:
        if self._chance.randrange(WHOLE) == 0:
            kill(self._worker)
            self.kills += 1
            self._worker = self._house.worker(pool="prefork")
        else:
            self._some(1)

    def _some(self, most: int) -> None:
        """Kills up to so many processes of the worker's pool."""
        pids = self._pool()
        for pid in self._chance.sample(pids, min(most, len(pids))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1

    def _pool(self) -> list[int]:
        pid = self._worker.pid
        with suppress(OSError):
            return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def _at_a_gate(self) -> None:
        sandbox = self._house.sandbox
        operation = self._chance.choice(["InsertInvoice", "InsertInvoice", "GetInvoice", "InsertCustomer"])
        sandbox.hold(operation, self._chance.choice(["received", "committed"]))
        _until(lambda: any(one["waiting"] for one in sandbox._call("GET", "gates")), AT_A_GATE)
        self._some(4)
        sandbox.release()

    def _in_a_write(self) -> None:
        """No row of a transfer can be written meanwhile: whoever is about to is killed before its UPDATE."""
        with closing(self._house._connect()) as other:
            is_sqlite = self._house.database.startswith("sqlite")
            other.cursor().execute(
                "BEGIN IMMEDIATE" if is_sqlite else "SELECT 1 FROM invoicing_transfer ORDER BY id FOR UPDATE"
            )
            time.sleep(0.5)
            self._some(4)
            other.rollback()

    def _freeze(self) -> None:
        if self._frozen is None and (pids := self._pool()):
            pid = self._chance.choice(pids)
            os.kill(pid, signal.SIGSTOP)
            self._frozen = (time.monotonic() + self._freeze_seconds, pid)

    def _thaw(self) -> None:
        if self._frozen and time.monotonic() > self._frozen[0]:
            with suppress(ProcessLookupError):
                os.kill(self._frozen[1], signal.SIGCONT)
            self._frozen = None

    def _broker(self) -> None:
        if self._redis:
            self._redis.kill()
            time.sleep(1)
            self._redis.start()


def _until(what: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not what() and time.monotonic() < ends:
        time.sleep(0.02)

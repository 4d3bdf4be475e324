"""Kills the workers of a house at random moments and at gates, its Redis too, and starts others."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import closing

from tests.faults.house import House, Process, kill
from tests.faults.redis import Redis

# A worker that is frozen for this long has lost what it held (the lease is 4.5 s) when it thaws.
FROZEN_SECONDS = 6
AT_A_GATE = 4


class Killer:
    """`act` often; it does something to the workers whenever its pause is over."""

    def __init__(self, house: House, redis: Redis | None, chance: random.Random, *, workers: int) -> None:
        self._house, self._redis, self._chance = house, redis, chance
        self._workers: list[Process] = [house.worker() for _ in range(workers)]
        house.beat()
        self._next = time.monotonic() + 5
        self._thaws: list[tuple[float, Process]] = []
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
        self._replace([self._chance.choice(self._workers)])

    def _at_a_gate(self) -> None:
        sandbox = self._house.sandbox
        operation = self._chance.choice(["InsertInvoice", "InsertInvoice", "GetInvoice", "InsertCustomer"])
        sandbox.hold(operation, self._chance.choice(["received", "committed"]))
        _until(lambda: any(one["waiting"] for one in sandbox._call("GET", "gates")), AT_A_GATE)
        for process in self._workers:
            self._kill(process)
        sandbox.release()
        self._workers = [self._house.worker() for _ in self._workers]

    def _in_a_write(self) -> None:
        """No row of a transfer can be written meanwhile: whoever is about to is killed before its UPDATE."""
        with closing(self._house._connect()) as other:
            cursor = other.cursor()
            is_sqlite = self._house.database.startswith("sqlite")
            cursor.execute(
                "BEGIN IMMEDIATE" if is_sqlite else "SELECT 1 FROM invoicing_transfer ORDER BY id FOR UPDATE"
            )
            time.sleep(0.3)
            self._replace(list(self._workers))
            other.rollback()

    def _freeze(self) -> None:
        if len(self._workers) > 1 and not self._thaws:
            process = self._chance.choice(self._workers)
            os.kill(process.pid, signal.SIGSTOP)
            self._thaws.append((time.monotonic() + FROZEN_SECONDS, process))

    def _broker(self) -> None:
        if self._redis:
            self._redis.kill()
            time.sleep(1)
            self._redis.start()

    def _thaw(self) -> None:
        for ends, process in list(self._thaws):
            if process.poll() is not None:
                self._thaws.remove((ends, process))
            elif time.monotonic() > ends:
                os.kill(process.pid, signal.SIGCONT)
                self._thaws.remove((ends, process))

    def _replace(self, processes: list[Process]) -> None:
        for process in processes:
            self._kill(process)
            self._workers[self._workers.index(process)] = self._house.worker()

    def _kill(self, process: Process) -> None:
        kill(process)
        self.kills += 1


def _until(what: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not what() and time.monotonic() < ends:
        time.sleep(0.02)

"""A worker's lane in a process of its own, forked from the test's: to be frozen and killed by pid."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from django.db import connection, connections

from kashflow import services
from tests.faults.house import wait_for

WAIT = 20
# The exit code of whoever was killed.
KILLED = -signal.SIGKILL


class Lane:
    """Runs `work` with connections of its own. What it would do as a Celery task it does here without the broker."""

    def __init__(self, work: Callable[[], object]) -> None:
        connections.close_all()
        self._is_over = False
        self.pid = os.fork()
        if self.pid == 0:
            _live(work)

    def kill(self) -> None:
        """`kill -9`."""
        self.send(signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._is_over = True

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def join(self, seconds: float = WAIT) -> None:
        """Waits until it has ended by itself. Fails where it did not end well."""
        assert self.wait(seconds) == 0

    def wait(self, seconds: float = WAIT) -> int:
        """Its exit code, once it has ended by itself."""
        ended: list[int] = []

        def is_over() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            ended.append(status)
            return pid != 0

        wait_for(is_over, seconds)
        self._is_over = True
        return os.waitstatus_to_exitcode(ended[-1])

    def wait_until_stopped(self) -> None:
        """Waits until it has stopped itself, as `SIGSTOP` does."""

        def is_stopped() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            assert pid == 0 or os.WIFSTOPPED(status), "it ended instead"
            return pid != 0

        wait_for(is_stopped, WAIT)

    def end(self) -> None:
        """Leaves nothing behind, however the test ended."""
        if not self._is_over:
            # Only then is the pid still its own.
            with suppress(ProcessLookupError, ChildProcessError):
                self.kill()


def _live(work: Callable[[], object]) -> None:
    code = 1
    try:
        # The sockets of the sandbox and of the test's own calls belong to the other process.
        services._of_thread.__dict__.clear()
        os.closerange(3, 4096)
        work()
        code = 0
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(code)


def frozen_rows(table: str) -> Any:
    """Another session that lets nobody write to rows of `table` until it is closed. On SQLite: to any table."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        import sqlite3

        session: Any = sqlite3.connect(settings["NAME"], isolation_level=None)
        session.execute("BEGIN IMMEDIATE")
        return closing(session)
    session = connection.Database.connect(**connection.get_connection_params())
    session.cursor().execute(f"SELECT 1 FROM {table} FOR UPDATE")  # noqa: S608
    return closing(session)

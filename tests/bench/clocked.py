"""The part of a job that is the database's: its statements, what is fetched of them, and the commits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tests.bench.rounds import timed


def in_database(act: Callable[[], object]) -> float:
    """Seconds that `act` spent in the database, in this thread."""
    spent = [0.0]

    def clocked(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*args, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return run

    class Clocked(CursorWrapper):
        def __init__(self, cursor: Any, db: Any) -> None:
            super().__init__(cursor, db)
            for name in ("execute", "executemany", "fetchone", "fetchmany", "fetchall"):
                setattr(self, name, clocked(getattr(self, name)))

    with (
        patch.object(connection, "make_cursor", lambda cursor: Clocked(cursor, connection)),
        patch.object(connection, "_commit", clocked(connection._commit)),
    ):
        timed(act)
    return spent[0]

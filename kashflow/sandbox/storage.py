"""One SQLite file, used from many threads: a pool of connections, and one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kashflow.sandbox.tables import add_new_columns, create_script

Row = dict[str, Any]


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, object]) -> int:
    """Adds one row and returns its key."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    return int(db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values).lastrowid or 0)  # noqa: S608


def update(db: sqlite3.Connection, table: str, key: str, values: Mapping[str, object]) -> int:
    """Writes the row that `values` names by its key; returns how many there were."""
    changes = ", ".join(f'"{name}" = :{name}' for name in values if name != key)
    return db.execute(f'UPDATE {table} SET {changes} WHERE "{key}" = :{key}', values).rowcount  # noqa: S608


class Storage:
    """Opens the file at `path`, making it and its tables where they are missing."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: list[sqlite3.Connection] = []
        # SQLite's own wait is a sleep that grows; a lock hands over at once.
        self._writing = threading.Lock()
        self._here = threading.local()
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(create_script())
            add_new_columns(db)

    def close(self) -> None:
        """Closes the connections that nobody is using."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; a transaction inside another joins it."""
        if (outer := self._open_here()) is not None:
            yield outer
            return
        with self._writing, self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            self._here.db = db
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            else:
                db.execute("COMMIT")
            finally:
                self._here.db = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the file for many statements; inside a transaction, that one's own."""
        if (outer := self._open_here()) is not None:
            yield outer
            return
        with self._connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("COMMIT")

    def _open_here(self) -> sqlite3.Connection | None:
        return getattr(self._here, "db", None)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._connect()
        try:
            yield db
        finally:
            self._idle.append(db)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        return db

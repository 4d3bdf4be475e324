"""Databases of the benchmark's own, made empty and dropped afterwards; the product is pointed at one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections

ORIGINAL = str(connection.settings_dict["NAME"])


@contextmanager
def databases(folder: Path, *names: str) -> Iterator[None]:
    """Empty databases called `names` while it lasts; `use` chooses one."""
    connection.settings_dict["CONN_MAX_AGE"] = None
    try:
        for name in names:
            _create(folder, name)
        yield
    finally:
        for name in names:
            _drop(name)


def use(name: str) -> None:
    """Points every thread that connects from now on at the database called `name`."""
    connections.close_all()
    connection.settings_dict["NAME"] = _places[name]


def settle() -> None:
    """What PostgreSQL does by itself after a while; SQLite, as the product runs it, never."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


_places: dict[str, str] = {}


def _create(folder: Path, name: str) -> None:
    if connection.vendor == "sqlite":
        _places[name] = str(folder / f"{name}.sqlite3")
    else:
        _places[name] = f"bench_{name}_{ORIGINAL}"[:63]
        _on_server(f'DROP DATABASE IF EXISTS "{_places[name]}"', f'CREATE DATABASE "{_places[name]}"')
    use(name)
    call_command("migrate", verbosity=0)


def _drop(name: str) -> None:
    connections.close_all()
    if connection.vendor != "sqlite" and name in _places:
        connection.settings_dict["NAME"] = ORIGINAL
        _on_server(f'DROP DATABASE IF EXISTS "{_places[name]}"')


def _on_server(*statements: str) -> None:
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

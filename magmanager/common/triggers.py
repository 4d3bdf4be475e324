"""Frozen and append-only rows, kept by the database itself on SQLite and PostgreSQL.

Each app lists its rules in `frozen.py` as `RULES`. They are dropped and made again after every migrate, because SQLite
loses a table's triggers whenever Django rebuilds the table; `missing` compares what should be with what is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Rule:
    """`columns` of `table` may not change (all of them where empty), nor a row be deleted unless `deletable`."""

    table: str
    message: str
    columns: tuple[str, ...] = ()
    deletable: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (
            (f"{self.table}_no_update",)
            if self.deletable
            else (f"{self.table}_no_update", f"{self.table}_no_delete")
        )


def rules() -> Iterator[Rule]:
    """The rules of every installed app."""
    for app in apps.get_app_configs():
        if find_spec(f"{app.name}.frozen"):
            yield from import_module(f"{app.name}.frozen").RULES


def recreate(*, using: str = "default", **_: Any) -> None:
    """Makes every trigger anew on the database `using`. Tables that do not exist yet are left for later."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for rule in rules():
            if rule.table in tables:
                for statement in _statements(rule, connection):
                    cursor.execute(statement)


def missing(*, using: str = "default") -> list[str]:
    """Names of triggers that should exist and do not."""
    connection = connections[using]
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return [name for rule in rules() for name in rule.names if name not in present]


def _statements(rule: Rule, connection: BaseDatabaseWrapper) -> Iterator[str]:
    for name in rule.names:
        verb = "UPDATE" if name.endswith("update") else "DELETE"
        # A no-op update of a frozen column (a full save) stays allowed, hence IS DISTINCT FROM.
        changed = [
            f"OLD.{c} IS {'NOT' if connection.vendor == 'sqlite' else 'DISTINCT FROM'} NEW.{c}"
            for c in rule.columns
        ]
        when = f"WHEN ({' OR '.join(changed)})" if changed and verb == "UPDATE" else ""
        yield from (
            _sqlite(rule, name, verb, when)
            if connection.vendor == "sqlite"
            else _postgres(rule, name, verb, when)
        )


def _sqlite(rule: Rule, name: str, verb: str, when: str) -> Iterator[str]:
    yield f"DROP TRIGGER IF EXISTS {name}"
    yield f"CREATE TRIGGER {name} BEFORE {verb} ON {rule.table} {when} BEGIN SELECT RAISE(ABORT, '{rule.message}'); END"


def _postgres(rule: Rule, name: str, verb: str, when: str) -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS {name} ON {rule.table}"
    yield f"CREATE TRIGGER {name} BEFORE {verb} ON {rule.table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()"

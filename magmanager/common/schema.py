"""Whether this program and the database belong together: old code must not work on rows it does not know (F-74, C16)."""

from __future__ import annotations

from functools import lru_cache

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Names = frozenset[tuple[str, str]]


def problem() -> str:
    """Why no work may be done on this database, with what to do; "" where the two belong together."""
    applied: Names = frozenset(MigrationRecorder.Migration.objects.values_list("app", "name"))
    known, needed = _of_this_program()
    ours = {(app, name) for app, name in applied if app in apps.app_configs}
    if newer := sorted(ours - known):
        return (
            f"The database is newer than this program, which does not know {_named(newer)}. Nothing is done on it. "
            "Update the program here, or stop this worker."
        )
    if missing := sorted(needed - applied):
        return (
            f"The database is older than this program: {_named(missing)} is missing. Run manage.py migrate."
        )
    return ""


@lru_cache
def _of_this_program() -> tuple[Names, Names]:
    """App and name of all migrations it knows, and of those that must be there."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {old for one in found.values() for old in one.replaces}
    needed = {key for key, one in found.items() if not one.replaces} - replaced
    return frozenset({*found, *replaced}), frozenset(needed)


def _named(migrations: list[tuple[str, str]]) -> str:
    first = " ".join(migrations[0])
    return first if len(migrations) == 1 else f"{first} and {len(migrations) - 1} more"

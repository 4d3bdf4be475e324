"""A database that threads share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from magmanager.common import triggers


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database whose rows really are committed; afterwards it is as migrations left it.

    Not for tests marked `django_db`: those run inside a transaction that other threads do not see.
    """
    with django_db_blocker.unblock():
        before = connection.creation.serialize_db_to_string()
        yield
        _drop_triggers()
        call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)
        connection.creation.deserialize_db_from_string(before)
        triggers.recreate()
        connection.close()


def _drop_triggers() -> None:
    """Emptying a table is a DELETE on SQLite, which append-only tables refuse; PostgreSQL truncates."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")

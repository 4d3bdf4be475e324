"""What the tests of the link share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client as Browser

from kashflow import connections
from kashflow.models import Connection
from magmanager.common import triggers
from settings_app.models import User
from tests import factories
from tests.sandboxes import LiveSandbox


@pytest.fixture
def kashflow(db: None, sandbox: LiveSandbox) -> LiveSandbox:
    """KashFlow is the accounts package, and the sandbox answers; nobody has saved a login."""
    factories.kashflow_on()
    return sandbox


@pytest.fixture
def saved(kashflow: LiveSandbox) -> Callable[..., Connection]:
    """`saved(person)` saves the sandbox's login as that person, the way the page does."""

    def save(by: User | None = None, **login: Any) -> Connection:
        typed = {"username": "demo", "password": "demo", **login}
        return connections.save_login(by=by or factories.user("Admin"), **typed)

    return save


@pytest.fixture
def stranger() -> Browser:
    """A browser nobody has logged in with."""
    return Browser()


@pytest.fixture
def committed(django_db_serialized_rollback: None, transactional_db: None) -> Iterator[None]:
    """Rows that other threads see; the database's own rules are put aside while they are taken away again."""
    yield
    with database.cursor() as cursor:
        for rule in triggers.rules():
            for name in rule.names:
                place = "" if database.vendor == "sqlite" else f" ON {rule.table}"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    triggers.recreate()

"""What the tests of the link share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kashflow import connections
from kashflow.models import Connection
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

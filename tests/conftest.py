"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from kashflow.connections import fingerprint
from kashflow.models import Connection
from tests import factories
from tests.sandboxes import LiveSandbox


def pytest_report_header() -> list[str]:
    """Says which pair of database and broker this is a run on."""
    return [
        f"database: {django_settings.DATABASES['default']['ENGINE']}",
        f"broker: {django_settings.CELERY_BROKER_URL.split(':')[0]}",
    ]


@pytest.fixture
def as_role(db: None) -> Callable[..., Browser]:
    """`as_role("Accounts")` is a browser in which somebody of that role has logged in; `browser.person` is who."""

    def login(role: str = "Admin") -> Browser:
        browser = Browser()
        browser.person = factories.user(role)
        browser.force_login(browser.person)
        return browser

    return login


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[LiveSandbox]:
    """A KashFlow sandbox with its small demo ledger, and the product pointed at it. Its login is demo / demo."""
    live = LiveSandbox(tmp_path)
    settings.KASHFLOW_URL = live.endpoint
    yield live
    live.stop()


@pytest.fixture
def connected(db: None, sandbox: LiveSandbox) -> Connection:
    """KashFlow switched on, its account known with a default sales code, and an admin's login saved as office login."""
    factories.company()
    factories.kashflow_on()
    advertising = next(nominal for nominal in sandbox.state()["nominals"] if nominal["Code"] == 4000)
    account = factories.ledger_account(
        sales_code_id=advertising["id"], fingerprint=fingerprint(sandbox.company())
    )
    return factories.saved_login(account, factories.user("Admin"))

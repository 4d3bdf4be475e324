"""What every test may ask for."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection as database
from django.test import Client as Browser

from kashflow.connections import fingerprint
from kashflow.gateway.records import CompanyDetails
from kashflow.models import Connection
from magmanager.common import triggers
from tests import factories, tables
from tests.people import log_in
from tests.sandboxes import LiveSandbox


def pytest_report_header() -> list[str]:
    """Says which pair of database and broker this is a run on."""
    return [
        f"database: {django_settings.DATABASES['default']['ENGINE']}",
        f"broker: {django_settings.CELERY_BROKER_URL.split(':')[0]}",
    ]


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> str:
    """The test database, as ever; its value is the rows that migrations made, as JSON, before any test ran."""
    with django_db_blocker.unblock():
        if database.vendor == "postgresql":
            database.ops.sql_flush = _deletes
        # Nothing for Django to put back: `committed` does. It then asks no app for its first rows after each test.
        database._test_serialized_contents = "[]"
        return database.creation.serialize_db_to_string()


def _deletes(style: Any, tables: list[str], **_: Any) -> list[str]:
    """Empties tables without a file for each: TRUNCATE of all takes seconds. Foreign keys are checked at the end."""
    return [f"DELETE FROM {database.ops.quote_name(table)}" for table in tables]  # noqa: S608


@pytest.fixture
def committed(
    django_db_setup: str, django_db_serialized_rollback: None, transactional_db: None
) -> Iterator[None]:
    """Rows that other threads see, in a database that begins as migrations left it.

    Append-only tables refuse to be emptied on SQLite, so their triggers are put aside for it.
    """
    _empty()
    database.creation.deserialize_db_from_string(django_db_setup)
    with database.cursor() as cursor:
        for statement in database.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
    triggers.recreate()
    yield
    _drop_triggers()


def _empty() -> None:
    _drop_triggers()
    cache.clear()
    call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)


def _drop_triggers() -> None:
    with database.cursor() as cursor:
        for rule in triggers.rules():
            for name in rule.names:
                place = "" if database.vendor == "sqlite" else f" ON {rule.table}"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")


@pytest.fixture
def stranger() -> Browser:
    """A browser nobody has logged in with."""
    return Browser()


@pytest.fixture
def as_role(db: None) -> Callable[..., Browser]:
    """`as_role("Accounts")` is a browser in which somebody of that role just logged in; `browser.person` is who."""

    def login(role: str = "Admin") -> Browser:
        browser = Browser()
        browser.person = factories.user(role)
        log_in(browser, browser.person)
        return browser

    return login


@dataclass(frozen=True)
class DemoBooks:
    """The small demo ledger: its file, and what a sandbox that begins with a copy of it says of its state."""

    path: Path
    state: dict[str, Any]


@pytest.fixture(scope="session")
def demo_books(tmp_path_factory: pytest.TempPathFactory) -> DemoBooks:
    """Made once: a sandbox that makes its own books takes four times as long to begin."""
    folder = tmp_path_factory.mktemp("books")
    live = LiveSandbox(folder)
    books = DemoBooks(folder / "books.sqlite3", live.state())
    live.stop()
    tables.copy(folder / "sandbox.sqlite3", books.path)
    return books


@pytest.fixture
def sandbox(tmp_path: Path, demo_books: DemoBooks, settings: Any) -> Iterator[LiveSandbox]:
    """A KashFlow sandbox with its small demo ledger, and the product pointed at it. Its login is demo / demo."""
    live = LiveSandbox(tmp_path, demo_books.path)
    settings.KASHFLOW_URL = live.endpoint
    yield live
    live.stop()


@pytest.fixture
def connected(db: None, sandbox: LiveSandbox, demo_books: DemoBooks) -> Connection:
    """KashFlow switched on, its account known with a default sales code, and an admin's login saved as office login."""
    factories.company()
    factories.kashflow_on()
    books = demo_books.state
    advertising = next(nominal for nominal in books["nominals"] if nominal["Code"] == 4000)
    company = CompanyDetails.from_values(books["company"])
    account = factories.ledger_account(sales_code_id=advertising["id"], fingerprint=fingerprint(company))
    return factories.saved_login(account, factories.user("Admin"))

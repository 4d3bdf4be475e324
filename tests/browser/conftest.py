"""The running product, and pages of it in a real Chromium that fail on any error in their console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, sync_playwright

from tests import tables
from tests.browser.product import OwnServers, Product
from tests.browser.steps import log_in
from tests.browsers import find_chromium

# Nothing that calls home, and nothing that needs a display.
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
OpenPage = Callable[..., Page]


# For this folder, not the session: while Playwright runs, Django takes this thread for asynchronous code.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demo with its data, on the same kind of database and broker as the suite."""
    product = Product(tmp_path_factory.mktemp("product"))
    servers = None
    if "postgresql" in settings.DATABASES["default"]["ENGINE"]:
        servers = OwnServers(os.environ["DATABASE_URL"], os.environ["CELERY_BROKER_URL"])
        product.env |= servers.make()
    else:
        tables.copy_to(product.folder / "magmanager.sqlite3")
    try:
        product.start()
        yield product
    finally:
        product.stop()
        if servers:
            servers.drop()


@pytest.fixture(scope="package")
def logged_in(chromium: Browser, running: Product) -> Callable[[str], StorageState]:
    """`logged_in("Accounts")` is what a browser keeps after that person logged in; once per role."""
    kept: dict[str, StorageState] = {}

    def state(role: str) -> StorageState:
        if role not in kept:
            context = chromium.new_context(base_url=running.url)
            log_in(context.new_page(), role)
            kept[role] = context.storage_state()
            context.close()
        return kept[role]

    return state


@pytest.fixture
def open_page(
    chromium: Browser, running: Product, logged_in: Callable[[str], StorageState]
) -> Iterator[OpenPage]:
    """`open_page("Sales")` is a new browser window of that person; of a stranger without a role."""
    contexts, complaints = [], []

    def complain(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(f"{said.location.get('url')}: {said.text}")

    def make(role: str = "", **options: Any) -> Page:
        if role:
            options["storage_state"] = logged_in(role)
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options}
        context = chromium.new_context(base_url=running.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The window of a stranger."""
    return open_page()

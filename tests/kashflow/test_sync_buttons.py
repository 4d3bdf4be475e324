"""The Sync card: an upper floor adds a button of its own, which shows its run like the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client as Browser

from kashflow import buttons
from kashflow.buttons import Button
from kashflow.models import Connection
from magmanager.common import runs
from tests.sandboxes import LiveSandbox

PAGE = "/settings/kashflow/"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[Button]:
    """A button as an app above would add it in its `ready()`."""
    monkeypatch.setattr(buttons, "BUTTONS", dict(buttons.BUTTONS))
    button = Button(
        "read_paid",
        "Invoice paid status",
        "Marks what is paid in KashFlow as paid here",
        "Update Paid Things",
        "kashflow:sync_bank_accounts",
        "kashflow.sync_bank_accounts",
    )
    buttons.add(button)
    buttons.add(button)
    yield button


def test_it_stands_under_those_of_this_floor_once(
    added: Button, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Accounts").get(PAGE).content.decode()
    assert page.count(f">{added.label}</button>") == 1
    assert page.index("Sync Sales Codes") < page.index(added.label)
    assert "Marks what is paid in KashFlow as paid here" in page


def test_it_shows_how_far_its_run_is_and_how_it_ended(
    added: Button, saved: Callable[..., Connection], as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    run = runs.start(kind=added.kind, title=added.label, by=browser.person, total=412)
    runs.take(run)
    runs.progress(run, done=214)
    page = browser.get(PAGE).content.decode()
    assert "214 of 412" in page and '<progress class="progress-bar-plain" value="214" max="412"' in page
    assert "every 1s" in page
    runs.pause(run, cause="wrong_login", summary="KashFlow refused the login. Mend it in My Details.")
    page = browser.get(PAGE).content.decode()
    assert "KashFlow refused the login. Mend it" in page and "help/#password" in page
    assert "every 1s" not in page and "disabled" not in page.partition(f">{added.label}</button>")[0][-60:]
    runs.finish(run, summary="12 newly paid")
    assert "12 newly paid" in browser.get(PAGE).content.decode()

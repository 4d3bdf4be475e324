"""Each refusal of KashFlow by its own sentence: as the cause of a transfer run and of a sync, with its line of help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from kashflow import syncs, tasks
from kashflow.models import Connection
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk

HELP = "/settings/kashflow/help/"
REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("wrong_login", {"password": "changed"}, {}, "username or password is wrong", "password"),
    ("wrong_login", {"separate_password": True}, {}, "separate API password, use that one", "password"),
    ("api_disabled", {"api_enabled": False}, {}, "tick Enable SOAP API", "api-off"),
    ("ip_not_listed", {"restrict_ip": True}, {}, "this server's address, 127.0.0.1", "ip"),
    ("account_locked", {"locked": True}, {}, "the account is locked", "locked"),
    ("access_forbidden", {}, {"kind": "http", "status": 401}, "server refused access", "forbidden"),
    ("access_forbidden", {}, {"kind": "http", "status": 403}, "server refused access", "forbidden"),
]
each_refusal = pytest.mark.parametrize(("code", "switches", "fault", "told", "anchor"), REFUSALS)


def refuse(desk: Desk, switches: dict[str, Any], fault: dict[str, Any]) -> None:
    """KashFlow refuses from now on."""
    if switches:
        desk.sandbox.settings(**switches)
    if fault:
        desk.sandbox.fault("*", times=99, **fault)


@each_refusal
def test_a_transfer_run_says_why_and_nothing_more_is_tried(
    desk: Desk,
    as_role: Callable[..., Browser],
    code: str,
    switches: dict[str, Any],
    fault: dict[str, Any],
    told: str,
    anchor: str,
) -> None:
    run = desk.press(desk.raise_invoices(3))
    refuse(desk, switches, fault)
    desk.work()
    desk.skip(3600)
    desk.sweep_and_work()
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED and told in run.summary
    assert (desk.states(), len(desk.sandbox.log())) == (["ready"] * 3, 1)
    assert Connection.objects.get().refusal == code
    browser = as_role("Accounts")
    page = browser.get(f"/invoicing/runs/{run.pk}/").content.decode()
    assert f'href="{HELP}#{anchor}"' in page
    assert f'id="{anchor}"' in browser.get(HELP).content.decode()


@each_refusal
def test_a_sync_says_why_and_leads_to_its_line_of_the_help(
    desk: Desk,
    as_role: Callable[..., Browser],
    code: str,
    switches: dict[str, Any],
    fault: dict[str, Any],
    told: str,
    anchor: str,
) -> None:
    refuse(desk, switches, fault)
    run = syncs.sync_bank_accounts(by=desk.by)
    tasks.sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.FAILED, code) and told in run.summary
    browser = as_role("Accounts")
    page = browser.get("/settings/kashflow/").content.decode()
    assert f'{HELP}#{anchor}">How to mend it</a>' in page
    light = browser.get("/").content.decode()
    assert f"{HELP}#{anchor}" in light or "/my-details/" in light


def test_help_opens_for_every_role_and_names_the_address_kashflow_saw(
    desk: Desk, as_role: Callable[..., Browser], stranger: Browser
) -> None:
    assert stranger.get(HELP)["Location"] == f"/login/?next={HELP}"
    assert "The address KashFlow saw" not in as_role("Accounts").get(HELP).content.decode()
    factories.api_call(
        outcome="ip_not_listed", detail="The IP address of 203.0.113.9 is not in the access list"
    )
    assert "203.0.113.9" in as_role("Accounts").get(HELP).content.decode()
    assert "203.0.113.9" not in as_role("Sales").get(HELP).content.decode()


def test_every_line_of_the_contents_leads_somewhere(as_role: Callable[..., Browser]) -> None:
    page = as_role("Production").get(HELP).content.decode()
    contents = page[page.index('aria-label="On this page"') :]
    targets = set(re.findall(r'href="#([\w-]+)"', contents))
    assert len(targets) == 12
    assert targets <= set(re.findall(r' id="([\w-]+)"', page))

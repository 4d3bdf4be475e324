"""The command says what the page says, and ends with 0 only when connected."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from kashflow.models import Connection
from tests import factories
from tests.sandboxes import LiveSandbox


def test_connected(saved: Callable[..., Connection], capsys: pytest.CaptureFixture[str]) -> None:
    saved()
    call_command("kashflow_ping")
    assert (
        "Connected to KashFlow. This login opens the books of Westvale Magazines Ltd."
        in capsys.readouterr().out
    )


def test_refused_ends_with_one(
    saved: Callable[..., Connection], kashflow: LiveSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = saved()
    kashflow.settings(api_enabled=False)
    with pytest.raises(SystemExit) as ended:
        call_command("kashflow_ping", user=connection.user.email.upper())
    assert ended.value.code == 1
    assert "API not enabled" in capsys.readouterr().out


def test_nobody_of_that_name_or_no_login(kashflow: LiveSandbox) -> None:
    person = factories.user("Sales")
    for email, sentence in (
        (None, "No KashFlow login is saved"),
        (person.email, "saved no"),
        ("x@y.z", "Nobody"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("kashflow_ping", user=email)
    assert kashflow.log() == []


def test_package_off(saved: Callable[..., Connection], kashflow: LiveSandbox) -> None:
    saved()
    factories.kashflow_on(accounts_package="none")
    with pytest.raises(CommandError, match="accounts package"):
        call_command("kashflow_ping")

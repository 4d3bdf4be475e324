"""Turning the keys that stored passwords are sealed with; and that nothing works with a wrong one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kashflow.connections import check_saved
from kashflow.encryption import CannotDecrypt
from kashflow.models import Connection
from kashflow.services import SwitchedOff, get_gateway
from magmanager.common.errors import DomainError
from settings_app.models import AuditEntry
from tests import factories
from tests.sandboxes import LiveSandbox

OLD, NEW, OTHER = (
    f"{name}:{base64.b64encode(letter * 32).decode()}"
    for name, letter in (("old", b"o"), ("new", b"n"), ("oth", b"x"))
)


@pytest.fixture
def logins(db: None, settings: Any) -> list[Connection]:
    """Three saved passwords, sealed with the old key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    factories.kashflow_on()
    account = factories.ledger_account()
    return [factories.saved_login(account, factories.user("Admin"), password=f"secret-{n}") for n in range(3)]


def read(logins: list[Connection]) -> list[str]:
    return [Connection.objects.get(pk=one.pk).unseal() for one in logins]


def test_all_are_sealed_anew_and_readable_without_the_old_key(
    logins: list[Connection], settings: Any, capsys: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert read(logins) == ["secret-0", "secret-1", "secret-2"]
    call_command("rotate_field_keys")
    assert "3 sealed with the newest key, 0 were already." in capsys.readouterr().out
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert read(logins) == ["secret-0", "secret-1", "secret-2"]
    call_command("rotate_field_keys")
    assert "0 sealed with the newest key, 3 were already." in capsys.readouterr().out
    entries = AuditEntry.objects.filter(event="kashflow_login.sealed_anew")
    assert entries.count() == 3 and "secret" not in str(list(entries.values()))


def test_what_cannot_be_read_stays_and_is_said(logins: list[Connection], settings: Any) -> None:
    before = list(Connection.objects.order_by("pk").values_list("sealed_password", flat=True))
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="3 cannot be read"):
        call_command("rotate_field_keys")
    assert list(Connection.objects.order_by("pk").values_list("sealed_password", flat=True)) == before


@pytest.mark.parametrize("keys", [[NEW], [OTHER, NEW]])
def test_a_wrong_key_fails_closed(
    logins: list[Connection], sandbox: LiveSandbox, settings: Any, keys: list[str]
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    with pytest.raises(SwitchedOff, match="cannot be read with the keys"):
        get_gateway(logins[0], by=None, purpose="Invoice 1")
    with pytest.raises(DomainError, match="Type it again in My Details"):
        check_saved(logins[0], by=logins[0].user)
    assert sandbox.log() == []


def test_a_password_copied_or_altered_is_not_read(logins: list[Connection]) -> None:
    first, second, _ = logins
    first.sealed_password, second.sealed_password = second.sealed_password, first.sealed_password
    for one in (first, second):
        with pytest.raises(CannotDecrypt):
            one.unseal()
    flipped = bytearray(base64.b64decode(logins[2].sealed_password.partition(":")[2]))
    flipped[-1] ^= 1
    logins[2].sealed_password = f"old:{base64.b64encode(flipped).decode()}"
    with pytest.raises(CannotDecrypt):
        logins[2].unseal()


def test_a_page_with_a_password_nobody_can_read_says_what_to_do(
    logins: list[Connection], sandbox: LiveSandbox, settings: Any, as_role: Callable[..., Any]
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    page = as_role("Admin").post("/settings/kashflow/check-connection/", follow=True).content.decode()
    assert "Type it again in My Details" in page
    assert sandbox.log() == []

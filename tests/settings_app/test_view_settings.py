"""The Settings index: each link with its current value, and only what a person may open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from invoicing.models import NumberCounter
from kashflow.connections import save_login
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/settings/"


def test_stranger_is_sent_to_login(db: None) -> None:
    assert Browser().get(PAGE)["Location"].startswith("/login/")


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(role: str, as_role: Callable[..., Browser]) -> None:
    assert as_role(role).get(PAGE).status_code == 403


def test_links_show_what_they_are_now(as_role: Callable[..., Browser], sandbox: LiveSandbox) -> None:
    factories.kashflow_on(use_account_codes=True)
    NumberCounter.objects.update(next_number=10439)
    browser = as_role("Admin")
    page = browser.get(PAGE).content.decode()
    assert "KashFlow · account codes on" in page
    assert "Next number 10439" in page
    assert "No KashFlow login is saved" in page
    save_login(by=browser.person, username="demo", password="demo")
    assert "Connected" in browser.get(PAGE).content.decode()


def test_accountant_sees_kashflow_and_not_what_is_the_admins(
    as_role: Callable[..., Browser], db: None
) -> None:
    factories.kashflow_on()
    page = as_role("Accounts").get(PAGE).content.decode()
    assert "/settings/kashflow/" in page
    assert "/settings/system-defaults/" not in page
    assert "/settings/company/" not in page

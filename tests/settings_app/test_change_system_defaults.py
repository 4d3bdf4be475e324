"""System Defaults: Accounts Package, Use Account Codes, Update."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import NotAllowed
from settings_app import services
from settings_app.models import AuditEntry, SystemDefaults
from tests import factories

PAGE = "/settings/system-defaults/"


def test_stranger_is_sent_to_login(db: None) -> None:
    assert Browser().post(PAGE, {"accounts_package": "kashflow"})["Location"].startswith("/login/")
    assert not SystemDefaults.current().uses_kashflow


@pytest.mark.parametrize("role", ["Sales", "Production", "Accounts"])
def test_wrong_role_is_refused(role: str, as_role: Callable[..., Browser]) -> None:
    browser = as_role(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"accounts_package": "kashflow"}).status_code == 403
    with pytest.raises(NotAllowed):
        services.change_system_defaults(
            by=browser.person,
            accounts_package="kashflow",
            use_account_codes=True,
            second_person_above=None,
        )
    assert not SystemDefaults.current().uses_kashflow


def test_update_switches_kashflow_on_everywhere(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    assert "KashFlow" not in browser.get("/settings/").content.decode()
    assert "KashFlow login" not in browser.get("/my-details/").content.decode()
    page = browser.get(PAGE).content.decode()
    assert "Accounts Package" in page
    assert "Use Account Codes" in page
    assert ">Update</button>" in page
    page = browser.post(PAGE, {"accounts_package": "kashflow", "use_account_codes": "on"}, follow=True)
    assert "System Defaults updated." in page.content.decode()
    defaults = SystemDefaults.current()
    assert (defaults.uses_kashflow, defaults.use_account_codes) == (True, True)
    assert "/settings/kashflow/" in browser.get("/settings/").content.decode()
    assert "KashFlow login" in browser.get("/my-details/").content.decode()


def test_audit_says_before_and_after_once(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    for _ in range(2):
        browser.post(PAGE, {"accounts_package": "kashflow"})
    line = AuditEntry.objects.get()
    assert (line.event, line.by) == ("system_defaults.changed", browser.person)
    assert (line.before, line.after) == ({"accounts_package": "none"}, {"accounts_package": "kashflow"})


def test_switching_away_keeps_everything(as_role: Callable[..., Browser]) -> None:
    factories.kashflow_on(use_account_codes=True)
    factories.saved_login(factories.ledger_account(), factories.user("Accounts"))
    as_role("Admin").post(PAGE, {"accounts_package": "none", "use_account_codes": "on"})
    assert not SystemDefaults.current().uses_kashflow
    assert SystemDefaults.current().use_account_codes
    assert LedgerAccount.objects.get().office_login == Connection.objects.get()


def test_unknown_package_is_refused_beside_its_field(as_role: Callable[..., Browser]) -> None:
    page = as_role("Admin").post(PAGE, {"accounts_package": "sage", "id": "2"}).content.decode()
    assert "Select a valid choice" in page
    assert SystemDefaults.objects.get().accounts_package == "none"


def test_the_amount_above_which_linking_takes_two_people(as_role: Callable[..., Browser]) -> None:
    browser, typed = as_role("Admin"), {"accounts_package": "kashflow"}
    assert "Linking needs a second person above" in browser.get(PAGE).content.decode()
    browser.post(PAGE, typed)
    assert SystemDefaults.current().second_person_above is None
    browser.post(PAGE, {**typed, "second_person_above": "£1,500.00"})
    assert SystemDefaults.current().second_person_above == Decimal("1500.00")
    assert 'value="1,500.00"' in browser.get(PAGE).content.decode()
    line = AuditEntry.objects.first()
    assert line is not None
    assert (line.by, line.after) == (browser.person, {"second_person_above": "1500.00"})
    browser.post(PAGE, {**typed, "second_person_above": ""})
    assert SystemDefaults.current().second_person_above is None


@pytest.mark.parametrize("typed", ["-0.01", "1.005", "a lot", "NaN", "99999999999"])
def test_an_amount_that_is_none_changes_nothing(typed: str, as_role: Callable[..., Browser]) -> None:
    page = as_role("Admin").post(PAGE, {"accounts_package": "kashflow", "second_person_above": typed})
    assert (page.status_code, "One field needs a look." in page.content.decode()) == (200, True)
    defaults = SystemDefaults.current()
    assert (defaults.uses_kashflow, defaults.second_person_above) == (False, None)
    assert not AuditEntry.objects.exists()

"""A login that opens other books: an admin says whether they are the same, renamed, or others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kashflow import connections
from kashflow.models import BankAccount, Connection, LedgerAccount
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/my-details/"
LOGIN = {"kashflow-username": "demo", "kashflow-password": "demo", "kashflow-keep": "on"}
Login = Callable[..., Any]


@pytest.fixture
def admin(kashflow: LiveSandbox, as_role: Login) -> Any:
    """An admin whose saved login opens Westvale; then KashFlow says another name."""
    browser = as_role("Admin")
    connections.save_login(by=browser.person, username="demo", password="demo")
    BankAccount.objects.create(ledger_account=LedgerAccount.objects.get(), kashflow_id=1, name="Lloyds")
    kashflow.server.ledger.set_company(CompanyName="Marches Group Ltd", VatRegistrationNumber="GB1")
    return browser


def press(browser: Any, action: str) -> str:
    return str(browser.post(PAGE, {**LOGIN, "action": action}, follow=True).content.decode())


def test_other_books_are_not_stored_and_the_choice_is_shown(admin: Any) -> None:
    before = Connection.objects.get()
    page = press(admin, "save_login")
    assert "opens the books of “Marches Group Ltd”" in page and "linked to “Westvale Magazines Ltd”" in page
    assert "Same account, renamed" in page and "Another account" in page
    assert Connection.objects.get().sealed_password == before.sealed_password
    assert LedgerAccount.objects.get().name == "Westvale Magazines Ltd"


@pytest.mark.parametrize("role", ["Accounts", "Sales"])
def test_only_an_admin_may_say_which(admin: Any, as_role: Login, role: str) -> None:
    browser = as_role(role)
    page = press(browser, "save_login")
    assert "an admin can also save this one" in page and "Same account, renamed" not in page
    assert browser.post(PAGE, {**LOGIN, "action": "other_books"}).status_code == 403
    with pytest.raises(NotAllowed):
        connections.save_login(by=browser.person, username="demo", password="demo", books="renamed")
    assert (LedgerAccount.objects.count(), Connection.objects.count()) == (1, 1)


def test_the_same_books_renamed_keep_everything(admin: Any) -> None:
    account = LedgerAccount.objects.get()
    assert "Connected as Marches Group Ltd." in press(admin, "same_books")
    renamed = LedgerAccount.objects.get()
    assert (renamed.pk, renamed.name, renamed.is_current) == (account.pk, "Marches Group Ltd", True)
    assert renamed.fingerprint != account.fingerprint
    assert BankAccount.objects.get().ledger_account == renamed
    entry = AuditEntry.objects.get(event="kashflow_account.renamed")
    assert (entry.by, entry.before, entry.after) == (
        admin.person,
        {"name": "Westvale Magazines Ltd"},
        {"name": "Marches Group Ltd"},
    )


def test_another_account_begins_empty_and_one_can_go_back(admin: Any, kashflow: LiveSandbox) -> None:
    first = LedgerAccount.objects.get()
    press(admin, "other_books")
    second = LedgerAccount.objects.get(is_current=True)
    assert (second.name, second.bankaccounts.count(), second.slots.count()) == ("Marches Group Ltd", 0, 8)
    assert Connection.objects.get().ledger_account == second
    assert BankAccount.objects.get().ledger_account == first
    assert AuditEntry.objects.filter(event="kashflow_account.switched").count() == 1
    kashflow.server.ledger.reset("demo")
    press(admin, "same_books")
    assert LedgerAccount.objects.get(is_current=True) == second, "a known account is not another one renamed"
    press(admin, "other_books")
    assert LedgerAccount.objects.get(is_current=True) == first
    assert LedgerAccount.objects.count() == 2


def test_two_people_s_logins_to_one_account_are_one(kashflow: LiveSandbox) -> None:
    first, second = (
        connections.save_login(by=factories.user(role), username="demo", password="demo")
        for role in ("Admin", "Accounts")
    )
    assert first.ledger_account == second.ledger_account
    assert LedgerAccount.objects.count() == 1

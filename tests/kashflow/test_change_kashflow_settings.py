"""Settings › KashFlow: who sees it, what it shows, and its Defaults card."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from kashflow import connections
from kashflow.models import AccountCode, BankAccount, Connection, LedgerAccount
from settings_app.models import AuditEntry
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/settings/kashflow/"


@pytest.fixture
def account(saved: Callable[..., Connection]) -> LedgerAccount:
    """The linked account with a bank account, a sales code and a code that is gone."""
    mine = saved().ledger_account
    BankAccount.objects.create(ledger_account=mine, kashflow_id=1, name="Lloyds current account")
    AccountCode.objects.create(
        ledger_account=mine, kashflow_id=2, code=4000, name="Advertising", is_sales_type=True
    )
    return mine


def values(account: LedgerAccount, **changes: object) -> dict[str, object]:
    return {
        "bank_account": BankAccount.objects.get().pk,
        "sales_code": AccountCode.objects.get().pk,
        "office_login": str(Connection.objects.get().pk),
        "numbering": "ours",
        "voiding": "credit",
        "max_calls": "3",
        **changes,
    }


def test_stranger_is_sent_to_login(stranger: Browser, db: None) -> None:
    assert stranger.get(PAGE)["Location"].startswith("/login/")


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(role: str, account: LedgerAccount, as_role: Callable[..., Browser]) -> None:
    assert as_role(role).get(PAGE).status_code == 403
    assert as_role(role).post(PAGE, values(account)).status_code == 403


def test_accountant_sees_the_defaults_and_may_not_change_them(
    account: LedgerAccount, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    page = browser.get(PAGE).content.decode()
    assert "Invoice numbers" in page
    assert ">Save</button>" not in page
    assert browser.post(PAGE, values(account)).status_code == 403
    account.refresh_from_db()
    assert account.bank_account is None


@pytest.mark.parametrize("role", ["Admin", "Accounts"])
def test_without_kashflow_as_package_the_page_says_where_to_switch_it_on(
    role: str, db: None, as_role: Callable[..., Browser]
) -> None:
    page = as_role(role).get(PAGE).content.decode()
    assert "KashFlow is not the accounts package" in page
    assert "Check Connection" not in page
    assert ("/settings/system-defaults/" in page) == (role == "Admin")


def test_before_a_login_is_saved_the_page_leads_to_my_details(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Admin").get(PAGE).content.decode()
    assert "No KashFlow login is saved" in page
    assert "Defaults" not in page


def test_save(account: LedgerAccount, as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    page = browser.post(PAGE, values(account, voiding="delete"), follow=True).content.decode()
    assert "KashFlow defaults saved." in page
    account.refresh_from_db()
    assert account.bank_account.name == "Lloyds current account"
    assert account.sales_code.code == 4000
    assert account.voiding == "delete"
    line = AuditEntry.objects.first()
    assert (line.event, line.by) == ("kashflow_settings.changed", browser.person)
    assert line.before == {"bank_account": "None", "sales_code": "None", "voiding": "credit"}
    assert line.after == {
        "bank_account": "Lloyds current account",
        "sales_code": "4000 Advertising",
        "voiding": "delete",
    }


def test_calls_at_once_are_chosen_here(account: LedgerAccount, as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    assert "<dt>Calls at once</dt><dd>3</dd>" in as_role("Accounts").get(PAGE).text
    assert browser.post(PAGE, values(account, max_calls="8")).status_code == 302
    account.refresh_from_db()
    assert account.max_calls == 8
    line = AuditEntry.objects.first()
    assert (line.before["max_calls"], line.after["max_calls"]) == ("3", "8")


@pytest.mark.parametrize("typed", ["0", "9", "", "many", "2.5"])
def test_other_numbers_of_calls_at_once_are_refused_beside_their_field(
    account: LedgerAccount, as_role: Callable[..., Browser], typed: str
) -> None:
    page = as_role("Admin").post(PAGE, values(account, max_calls=typed)).text
    assert page.count("Enter a whole number from 1 to 8.") == 1
    assert f'value="{typed}"' in page or not typed
    account.refresh_from_db()
    assert (account.max_calls, account.bank_account) == (3, None)
    assert not AuditEntry.objects.filter(event="kashflow_settings.changed").exists()


def test_code_that_is_gone_is_not_offered_but_what_is_chosen_stays(
    account: LedgerAccount, as_role: Callable[..., Browser]
) -> None:
    gone = AccountCode.objects.get()
    AccountCode.objects.update(gone_at=gone.ledger_account.office_login.saved_at)
    browser = as_role("Admin")
    page = browser.post(PAGE, values(account)).content.decode()
    assert "Select a valid choice" in page
    LedgerAccount.objects.update(sales_code=gone)
    assert "4000 Advertising (no longer in KashFlow)" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, values(account)).status_code == 302
    account.refresh_from_db()
    assert account.sales_code == gone


def test_only_sales_types_are_offered_as_the_default_sales_code(
    account: LedgerAccount, as_role: Callable[..., Browser]
) -> None:
    turnover = AccountCode.objects.create(
        ledger_account=account, kashflow_id=3, code=4100, name="Inserts", is_turnover=True
    )
    page = as_role("Admin").get(PAGE).content.decode()
    assert "4000 Advertising" in page
    assert "4100 Inserts" not in page
    page = as_role("Admin").post(PAGE, {"sales_code": turnover.pk}).content.decode()
    assert "Select a valid choice" in page


@pytest.mark.parametrize("role", ["Admin", "Accounts"])
def test_missing_sales_code_is_flagged_until_one_is_chosen(
    role: str, account: LedgerAccount, as_role: Callable[..., Browser]
) -> None:
    browser = as_role(role)
    assert "No default sales code" in browser.get(PAGE).content.decode()
    LedgerAccount.objects.update(sales_code=AccountCode.objects.get())
    assert "No default sales code" not in browser.get(PAGE).content.decode()


@pytest.mark.parametrize("field", ["bank_account", "sales_code", "office_login"])
def test_what_belongs_to_another_account_is_refused(
    field: str, account: LedgerAccount, as_role: Callable[..., Browser]
) -> None:
    other = LedgerAccount.objects.create(fingerprint="other", name="Other", is_current=False)
    theirs = {
        "bank_account": BankAccount.objects.create(ledger_account=other, kashflow_id=1, name="Theirs").pk,
        "sales_code": AccountCode.objects.create(
            ledger_account=other, kashflow_id=2, code=1, name="Theirs", is_sales_type=True
        ).pk,
        "office_login": str(factories.saved_login(other, factories.user("Sales")).pk),
    }
    wanted = {
        "bank_account": BankAccount.objects.get(ledger_account=account).pk,
        "sales_code": AccountCode.objects.get(ledger_account=account).pk,
        "office_login": str(Connection.objects.get(ledger_account=account).pk),
        "numbering": "ours",
        "voiding": "credit",
        "max_calls": "3",
    }
    page = as_role("Admin").post(PAGE, {**wanted, field: theirs[field]}).content.decode()
    assert "Select a valid choice" in page
    account.refresh_from_db()
    assert account.bank_account is None


def test_refused_login_shows_on_the_card_with_its_help(
    account: LedgerAccount, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    kashflow.settings(password="changed")
    connection = Connection.objects.get()
    connections.check_saved(connection, by=connection.user)
    page = as_role("Accounts").get(PAGE).content.decode()
    assert "Username or password wrong" in page
    assert "/settings/kashflow/help/#password" in page
    assert "Connected to KashFlow" not in page


def test_help_is_open_to_every_role_and_to_no_stranger(
    db: None, stranger: Browser, as_role: Callable[..., Browser]
) -> None:
    assert stranger.get(f"{PAGE}help/")["Location"].startswith("/login/")
    for role in ("Admin", "Sales", "Production", "Accounts"):
        assert "Enabling the API in KashFlow" in as_role(role).get(f"{PAGE}help/").content.decode()

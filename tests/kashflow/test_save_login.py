"""Save Login: asked first, stored encrypted, one account, an office login, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client as Browser

from kashflow import connections
from kashflow.encryption import CannotDecrypt
from kashflow.gateway.records import CompanyDetails
from kashflow.models import CallSlot, Connection, LedgerAccount
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry, User
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/my-details/"
TYPED = {
    "action": "save_login",
    "kashflow-username": "demo",
    "kashflow-password": "demo",
    "kashflow-keep": "on",
}


def test_stranger_is_sent_to_login(kashflow: LiveSandbox, stranger: Browser) -> None:
    assert stranger.post(PAGE, TYPED)["Location"].startswith("/login/")
    assert not Connection.objects.exists()


def test_person_without_a_role_is_refused(kashflow: LiveSandbox) -> None:
    with pytest.raises(NotAllowed):
        connections.save_login(by=factories.user(""), username="demo", password="demo")
    assert kashflow.log() == []


def test_login_is_kept_encrypted_and_becomes_the_office_login(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Sales")
    page = browser.post(PAGE, TYPED, follow=True).content.decode()
    assert "KashFlow login saved" in page
    assert "Saved, not shown" in page
    account = LedgerAccount.objects.get()
    connection = Connection.objects.get()
    assert (account.name, account.is_current, account.office_login) == (
        "Westvale Magazines Ltd",
        True,
        connection,
    )
    assert CallSlot.objects.filter(ledger_account=account, holder=None).count() == 8
    assert (connection.user, connection.username, connection.refusal) == (browser.person, "demo", "")
    assert "demo" not in connection.sealed_password.partition(":")[2]
    assert connection.unseal() == "demo"


def test_audit_says_who_and_which_username_and_no_secret(saved: Callable[..., Connection]) -> None:
    connection = saved()
    line = AuditEntry.objects.get()
    assert (line.event, line.by, line.object_id) == (
        "kashflow_login.saved",
        connection.user,
        str(connection.pk),
    )
    assert line.after == {"username": "demo", "account": "Westvale Magazines Ltd"}
    assert connection.sealed_password not in f"{vars(line)}"


def test_without_the_tick_nothing_is_stored_or_asked(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    typed = {name: value for name, value in TYPED.items() if name != "kashflow-keep"}
    page = as_role("Accounts").post(PAGE, typed).content.decode()
    assert "Nothing was stored" in page
    assert "Save Login is not ticked" in page
    assert 'value="demo"' in page
    assert not Connection.objects.exists()
    assert kashflow.log() == []


def test_without_the_tick_a_login_that_is_saved_stays_and_the_page_says_so(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    before = saved(browser.person).sealed_password
    typed = {name: value for name, value in TYPED.items() if name != "kashflow-keep"}
    page = browser.post(PAGE, {**typed, "kashflow-password": "another"}).content.decode()
    assert "Nothing was changed" in page and "press Forget login to remove it" in page
    assert "this login serves Check Connection only. Tick" not in page
    assert Connection.objects.get().sealed_password == before
    assert len(kashflow.log()) == 1


@pytest.mark.parametrize("action", ["save_login", "check_connection", "same_books", "other_books"])
def test_a_password_no_key_reads_is_told_whatever_is_pressed(
    action: str,
    saved: Callable[..., Connection],
    kashflow: LiveSandbox,
    as_role: Callable[..., Browser],
    settings: Any,
) -> None:
    browser = as_role("Admin")
    saved(browser.person)
    settings.FIELD_ENCRYPTION_KEYS = ["demo:" + "A" * 43 + "="]
    page = browser.post(PAGE, {**TYPED, "kashflow-password": "", "action": action})
    assert (page.status_code, len(kashflow.log())) == (200, 1)
    assert "cannot be read with the keys of this installation" in page.content.decode()


def test_refused_login_is_not_stored_and_the_box_is_off(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Accounts").post(PAGE, {**TYPED, "kashflow-password": "wr0ng-probe"}).content.decode()
    assert "Username or password wrong" in page
    assert "checked" not in page.partition('name="kashflow-keep"')[2].partition(">")[0]
    assert "wr0ng-probe" not in page
    assert not Connection.objects.exists()
    assert not LedgerAccount.objects.exists()


def test_second_person_joins_the_account_and_the_office_login_stays(saved: Callable[..., Connection]) -> None:
    first, second = saved(), saved()
    account = LedgerAccount.objects.get()
    assert (first.ledger_account_id, second.ledger_account_id) == (account.pk, account.pk)
    assert account.office_login == first


def test_saving_again_keeps_the_row_and_mends_it(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    connection = saved()
    kashflow.settings(password="changed")
    assert not connections.check_saved(connection, by=connection.user).ok
    again = saved(connection.user, password="changed")
    assert again.pk == connection.pk
    again.refresh_from_db()
    assert (again.refusal, again.unseal()) == ("", "changed")


def test_late_refusal_of_the_old_password_leaves_the_new_one_on(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    old = saved()
    saved(old.user)
    connections.refuse(old, connections.ConnectionOff("GetInvoice", "Incorrect username or password"))
    old.refresh_from_db()
    assert old.refusal == ""


def test_login_of_other_books_is_refused(saved: Callable[..., Connection], kashflow: LiveSandbox) -> None:
    first = saved()
    kashflow.server.ledger.set_company(CompanyName="Quite Another Ltd", PrimaryEmail="q@another.example")
    with pytest.raises(connections.OtherAccount, match=r"“Quite Another Ltd”.*“Westvale Magazines Ltd”"):
        saved(factories.user("Accounts"))
    assert list(Connection.objects.all()) == [first]
    assert LedgerAccount.objects.count() == 1


def test_fingerprint_ignores_how_a_name_is_written() -> None:
    def of(name: str, vat_number: str, email: str) -> str:
        return connections.fingerprint(CompanyDetails(name=name, vat_number=vat_number, email=email))

    ours = of("Westvale  Magazines LTD ", "GB 123 4567.82", "Accounts@Westvale.example")
    assert ours == of("westvale magazines ltd", "GB123456782", "accounts@westvale.example")
    assert ours != of("Westvale Magazines Ltd", "GB123456783", "accounts@westvale.example")


def test_ciphertext_copied_to_another_row_is_worthless(saved: Callable[..., Connection]) -> None:
    first, second = saved(), saved()
    second.sealed_password = first.sealed_password
    with pytest.raises(CannotDecrypt):
        second.unseal()


def test_forget_login(saved: Callable[..., Connection], as_role: Callable[..., Browser]) -> None:
    browser = as_role("Accounts")
    saved(browser.person)
    assert "Forget login" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"action": "forget_login"})
    assert not Connection.objects.exists()
    assert LedgerAccount.objects.get().office_login is None
    assert AuditEntry.objects.first().event == "kashflow_login.forgotten"


def test_presses_at_the_same_time_make_one_account_and_one_login_each(
    committed: None, kashflow: LiveSandbox
) -> None:
    people = [factories.user("Admin"), factories.user("Accounts")]
    failures: list[Exception] = []

    def press(person: User) -> None:
        try:
            connections.save_login(by=person, username="demo", password="demo")
        except Exception as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=press, args=(person,)) for person in people * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert LedgerAccount.objects.get().office_login in Connection.objects.all()
    assert CallSlot.objects.count() == 8
    assert {connection.user for connection in Connection.objects.all()} == set(people)
    assert Connection.objects.count() == 2


# --- Whose login --------------------------------------------------------------------------------------------


def test_presser_before_office_before_nobody(saved: Callable[..., Connection]) -> None:
    person, other = factories.user("Accounts"), factories.user("Sales")
    with pytest.raises(connections.NoLogin, match="My Details"):
        connections.login_for(person)
    office, own = saved(), saved(person)
    assert connections.login_for(person) == own
    assert connections.login_for(other) == office
    assert connections.login_for(None) == office


def test_login_of_somebody_deactivated_is_not_used(saved: Callable[..., Connection]) -> None:
    office = saved()
    office.user.is_active = False
    office.user.save()
    with pytest.raises(connections.NoLogin):
        connections.login_for(None)


def test_the_first_saved_login_that_may_be_used_is_the_office_login_until_one_is_chosen(
    saved: Callable[..., Connection],
) -> None:
    first, second = saved(), saved()
    first.user.groups.clear()
    assert connections.office_login() is None
    LedgerAccount.objects.update(office_login=None)
    assert connections.office_login() == second


def test_refused_login_of_the_presser_is_not_replaced_by_another(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    saved()
    own = saved(factories.user("Accounts"))
    Connection.objects.filter(pk=own.pk).update(refusal="wrong_login")
    assert connections.login_for(own.user) == own

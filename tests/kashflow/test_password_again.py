"""One's own password is asked again before a KashFlow login, one's e-mail address or a link is changed (ASVS 7.5.3)."""

from __future__ import annotations

import time
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client as Browser

from kashflow import connections
from kashflow.models import Connection, LedgerAccount
from settings_app import recent
from settings_app.models import AuditEntry, User
from tests import factories
from tests.people import log_in
from tests.probe import Probe, everything_stored
from tests.sandboxes import LiveSandbox

PAGE = "/my-details/"
LOGIN = {"kashflow-username": "demo", "kashflow-password": "demo", "kashflow-keep": "on"}
OWN, ASKED = "own_password", "Type your MagManager password to do this."
HTMX = {"HX-Request": "true"}
SAVES = ("save_login", "same_books", "other_books")


@pytest.fixture
def late(db: None) -> Any:
    """An admin who typed their password 601 seconds ago."""
    browser: Any = Browser()
    browser.person = factories.user("Admin")
    log_in(browser, browser.person, seconds_ago=601)
    return browser


def press(browser: Any, action: str, headers: dict[str, str] | None = None, **typed: str) -> Any:
    return browser.post(PAGE, {**LOGIN, "action": action, **typed}, headers=headers or {})


def test_the_ten_minutes_count_from_the_login_and_end(kashflow: LiveSandbox) -> None:
    person, browser = factories.user("Accounts"), Browser()
    with time_machine.travel(time.time(), tick=False) as clock:
        browser.post("/login/", {"login": person.email, "password": factories.PASSWORD})
        assert "Your MagManager password" not in browser.get(PAGE).text
        clock.shift(599)
        assert press(browser, "save_login")["Location"] == PAGE
        clock.shift(1)
        page = press(browser, "forget_login").text
        assert ASKED in page and 'autocomplete="current-password"' in page
        clock.shift(-3_600)
        assert ASKED in press(browser, "forget_login").text, "a clock set back makes nobody recent"
    assert Connection.objects.get().user == person


@pytest.mark.parametrize("action", SAVES)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_later_it_is_asked_and_nothing_is_stored(
    late: Any, kashflow: LiveSandbox, action: str, headers: dict[str, str]
) -> None:
    page = press(late, action, headers)
    assert page.status_code == 200
    assert ASKED in page.text and 'name="own_password"' in page.text
    assert (Connection.objects.count(), LedgerAccount.objects.count(), AuditEntry.objects.count()) == (
        0,
        0,
        0,
    )
    assert kashflow.log() == []


def test_what_was_typed_is_kept_but_for_the_passwords(late: Any, kashflow: LiveSandbox) -> None:
    page = press(
        late,
        "save_login",
        **{"kashflow-username": "office", "kashflow-password": "kf-probe", OWN: "own-probe"},
    ).text
    assert 'value="office"' in page
    assert "checked" in page.partition('name="kashflow-keep"')[2].partition(">")[0]
    assert "kf-probe" not in page and "own-probe" not in page


def test_the_right_one_goes_on_and_is_not_asked_again(late: Any, kashflow: LiveSandbox) -> None:
    assert press(late, "save_login", **{OWN: factories.PASSWORD})["Location"] == PAGE
    assert Connection.objects.get().user == late.person
    assert "Your MagManager password" not in late.get(PAGE).text
    assert press(late, "forget_login")["Location"] == PAGE
    assert not Connection.objects.exists()


@pytest.mark.parametrize("wrong", ["wrong", "demo", " " + factories.PASSWORD, "x" * 200])
def test_a_wrong_one_stores_nothing_and_stays_late(late: Any, kashflow: LiveSandbox, wrong: str) -> None:
    page = press(late, "save_login", **{OWN: wrong}).text
    assert "This is not your MagManager password" in page or "at most 128 characters" in page
    assert ASKED in press(late, "save_login").text
    assert (Connection.objects.count(), kashflow.log()) == (0, [])


def test_somebody_else_s_password_is_not_theirs(late: Any, kashflow: LiveSandbox) -> None:
    other = factories.user("Admin")
    other.set_password("an entirely new pass phrase")
    other.save()
    assert (
        "This is not your MagManager password"
        in press(late, "save_login", **{OWN: "an entirely new pass phrase"}).text
    )
    assert not Connection.objects.exists()


def test_after_five_wrong_ones_the_right_one_waits_too(late: Any, kashflow: LiveSandbox) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        for _ in range(5):
            assert "This is not your" in press(late, "save_login", **{OWN: "wrong"}).text
        page = press(late, "save_login", **{OWN: factories.PASSWORD}).text
        assert "Too many wrong passwords" in page and "Wait five minutes" in page
        assert not Connection.objects.exists()
        clock.shift(301)
        assert press(late, "save_login", **{OWN: factories.PASSWORD})["Location"] == PAGE
    assert Connection.objects.get().user == late.person


def test_forgetting_is_asked_too(late: Any, kashflow: LiveSandbox) -> None:
    saved = connections.save_login(by=late.person, username="demo", password="demo")
    for headers in ({}, HTMX):
        assert ASKED in press(late, "forget_login", headers, **{"kashflow-username": ""}).text
    assert Connection.objects.get() == saved
    assert not AuditEntry.objects.filter(event="kashflow_login.forgotten").exists()


def test_checking_a_login_needs_no_password_and_leaves_the_field_alone(
    late: Any, kashflow: LiveSandbox
) -> None:
    assert 'id="own-password"' in late.get(PAGE).text
    page = press(late, "check_connection", HTMX).text
    assert "Connected to KashFlow" in page and 'id="own-password"' not in page


def test_once_asked_the_field_goes_whatever_kashflow_says(late: Any, kashflow: LiveSandbox) -> None:
    page = press(late, "save_login", HTMX, **{OWN: factories.PASSWORD, "kashflow-password": "wr0ng"}).text
    assert "Username or password wrong" in page
    assert '<div class="span-3" id="own-password" hidden hx-swap-oob="true">' in page
    assert 'name="own_password"' not in page


def details(person: User, **changed: str) -> dict[str, str]:
    values = {"name": person.name, "email": person.email, "theme": person.theme}
    return {"action": "save_details", **values, **changed}


def test_another_e_mail_address_is_asked_about_a_name_is_not(late: Any) -> None:
    assert late.post(PAGE, details(late.person, name="Helen Pryce"))["Location"] == PAGE
    new = details(late.person, name="Helen P", email="helen@marcheswye.example")
    page = late.post(PAGE, new).text
    assert ASKED in page and 'value="helen@marcheswye.example"' in page
    person = User.objects.get(pk=late.person.pk)
    assert (person.name, person.email) == ("Helen Pryce", late.person.email)
    assert late.post(PAGE, {**new, OWN: factories.PASSWORD})["Location"] == PAGE
    person.refresh_from_db()
    assert (person.name, person.email) == ("Helen P", "helen@marcheswye.example")


def test_logging_out_and_in_again_counts_anew(late: Any, kashflow: LiveSandbox) -> None:
    late.post("/logout/")
    late.post("/login/", {"login": late.person.email, "password": factories.PASSWORD})
    assert press(late, "save_login")["Location"] == PAGE
    assert Connection.objects.get().user == late.person


def test_nobody_else_at_the_same_screen_is_recent(late: Any, kashflow: LiveSandbox) -> None:
    press(late, "save_login", **{OWN: factories.PASSWORD})
    late.post("/logout/")
    assert recent.KEY not in late.session
    late.force_login(factories.user("Sales"))
    assert ASKED in press(late, "forget_login").text


def test_neither_password_is_kept_anywhere_meanwhile(
    committed: None, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    theirs, own = Probe("kf8-Probe"), Probe("mm3-Probe")
    factories.kashflow_on()
    browser, person = Browser(), factories.user("Admin")
    log_in(browser, person, seconds_ago=601)
    typed = {"kashflow-password": theirs.secret, OWN: own.secret}
    for action in (*SAVES, "forget_login"):
        for headers in ({}, HTMX):
            caplog.clear()
            cache.clear()
            answer = press(browser, action, headers, **typed)
            places = [("answer", answer.text), ("logs", caplog.text), ("session", str(dict(browser.session)))]
            places += everything_stored()
            assert theirs.places(iter(places)) == own.places(iter(places)) == {}
    browser.post(PAGE, {**details(person, email="new@wye.example"), OWN: own.secret})
    assert own.places(everything_stored()) == {}

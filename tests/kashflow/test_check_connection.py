"""Check Connection: who may, what each refusal says and where it leads, and that nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from kashflow import connections
from kashflow.models import ApiCall, Connection, LedgerAccount
from settings_app.models import AuditEntry
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/my-details/"
TYPED = {"action": "check_connection", "kashflow-username": "demo", "kashflow-password": "demo"}
SECRET = "s3cret-probe-&<>\"'"


def test_stranger_is_sent_to_login(kashflow: LiveSandbox, stranger: Browser) -> None:
    answer = stranger.post(PAGE, TYPED)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
    assert kashflow.log() == []


def test_person_without_a_role_is_refused(kashflow: LiveSandbox, stranger: Browser) -> None:
    stranger.force_login(factories.user(""))
    assert stranger.post(PAGE, TYPED).status_code == 403
    assert kashflow.log() == []


@pytest.mark.parametrize("role", ["Admin", "Sales", "Production", "Accounts"])
def test_every_role_may_check(role: str, kashflow: LiveSandbox, as_role: Callable[..., Browser]) -> None:
    page = as_role(role).post(PAGE, TYPED).content.decode()
    assert "Connected to KashFlow" in page
    assert "This login opens the books of Westvale Magazines Ltd." in page
    assert [call["operation"] for call in kashflow.log()] == ["GetCompanyDetails"]


REFUSALS = [
    ({"password": "changed"}, {}, "Username or password wrong", "password"),
    ({"separate_password": True}, {}, "Username or password wrong", "password"),
    ({"api_enabled": False}, {}, "API not enabled", "api-off"),
    ({"restrict_ip": True, "allowed_ips": ["192.0.2.7"]}, {}, "IP not allowed", "ip"),
    ({"locked": True}, {}, "Account locked", "locked"),
    ({}, {"kind": "http", "status": 403}, "Access refused", "forbidden"),
    ({}, {"kind": "rate_limited"}, "KashFlow is busy", "busy"),
    ({}, {"kind": "drop_before"}, "No clear answer from KashFlow", "unclear"),
    ({}, {"kind": "html_page"}, "No clear answer from KashFlow", "unclear"),
    ({}, {"kind": "redirect"}, "No clear answer from KashFlow", "unclear"),
]


@pytest.mark.parametrize(("switches", "fault", "title", "anchor"), REFUSALS)
def test_each_refusal_has_its_sentence_and_its_line_of_the_help(
    switches: dict[str, Any],
    fault: dict[str, Any],
    title: str,
    anchor: str,
    kashflow: LiveSandbox,
    as_role: Callable[..., Browser],
) -> None:
    if switches:
        kashflow.settings(**switches)
    if fault:
        kashflow.fault("GetCompanyDetails", **fault)
    browser = as_role("Accounts")
    page = browser.post(PAGE, TYPED).content.decode()
    assert title in page
    assert f'/settings/kashflow/help/#{anchor}"' in page
    assert f'id="{anchor}"' in browser.get("/settings/kashflow/help/").content.decode()
    assert "Connected to KashFlow" not in page


def test_server_that_is_not_there(kashflow: LiveSandbox, as_role: Callable[..., Browser]) -> None:
    kashflow.stop()
    page = as_role("Accounts").post(PAGE, TYPED).content.decode()
    assert "Cannot reach KashFlow" in page
    assert "#reach" in page


def test_address_in_the_refusal_is_ours_as_kashflow_saw_it(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    kashflow.settings(restrict_ip=True)
    assert "127.0.0.1" in as_role("Accounts").post(PAGE, TYPED).content.decode()


def test_nothing_is_stored_and_the_password_is_nowhere(
    kashflow: LiveSandbox, as_role: Callable[..., Browser], caplog: pytest.LogCaptureFixture
) -> None:
    browser = as_role("Accounts")
    page = browser.post(PAGE, {**TYPED, "kashflow-password": SECRET}).content.decode()
    assert 'value="demo"' in page
    assert "s3cret-probe" not in page
    assert not Connection.objects.exists()
    assert not LedgerAccount.objects.exists()
    assert not AuditEntry.objects.exists()
    call = ApiCall.objects.get()
    assert (call.operation, call.outcome, call.purpose) == (
        "GetCompanyDetails",
        "wrong_login",
        "Check Connection",
    )
    assert call.by == browser.person
    assert "s3cret-probe" not in f"{vars(call)}{caplog.text}"


def test_htmx_gets_the_answer_alone_so_that_the_form_stays(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    answer = as_role("Accounts").post(PAGE, TYPED, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "Connected to KashFlow" in page
    assert "kashflow-password" not in page
    assert "<html" not in page


@pytest.mark.parametrize("left_out", ["kashflow-username", "kashflow-password"])
def test_what_is_missing_is_said_beside_the_field_and_nothing_is_asked(
    left_out: str, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Accounts").post(PAGE, {**TYPED, left_out: ""}).content.decode()
    assert "This field is required." in page
    assert 'aria-invalid="true"' in page
    assert kashflow.log() == []


def test_nothing_is_asked_while_kashflow_is_not_the_package(
    sandbox: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Admin")
    assert "KashFlow" not in browser.get(PAGE).content.decode()
    browser.post(PAGE, TYPED)
    with pytest.raises(connections.PackageOff):
        connections.check_connection(by=browser.person, username="demo", password="demo")
    assert sandbox.log() == []


def test_a_wrong_password_leads_to_the_separate_one_as_well(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    kashflow.settings(separate_password=True)
    page = as_role("Sales").post(PAGE, TYPED).content.decode()
    assert '/settings/kashflow/help/#separate-password">Separate API password</a>' in page


def test_who_was_refused_for_the_address_finds_it_on_the_help_page_too(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    kashflow.settings(restrict_ip=True)
    refused, other = as_role("Sales"), as_role("Sales")
    refused.post(PAGE, TYPED)
    told = '<strong class="number">127.0.0.1</strong>'
    assert told in refused.get("/settings/kashflow/help/").content.decode()
    assert told not in other.get("/settings/kashflow/help/").content.decode()


def test_where_the_session_ended_the_whole_page_goes_to_login_and_back(
    kashflow: LiveSandbox, stranger: Browser
) -> None:
    sent = {"HX-Request": "true", "HX-Current-URL": "http://testserver/my-details/"}
    answer = stranger.post(PAGE, TYPED, headers=sent)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/login/?next=/my-details/")
    elsewhere = {**sent, "HX-Current-URL": "http://evil.example/my-details/"}
    assert stranger.post(PAGE, TYPED, headers=elsewhere)["HX-Redirect"] == "/login/?next=/"
    assert kashflow.log() == []


# --- A saved login ------------------------------------------------------------------------------------------


def test_empty_password_means_the_saved_one(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    saved(browser.person)
    page = browser.post(PAGE, {**TYPED, "kashflow-password": ""}).content.decode()
    assert "Connected to KashFlow" in page
    assert len(kashflow.log("GetCompanyDetails")) == 2


def test_empty_password_for_another_username_is_refused(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    saved(browser.person)
    page = browser.post(
        PAGE, {**TYPED, "kashflow-username": "other", "kashflow-password": ""}
    ).content.decode()
    assert "Type the password that goes with this username." in page
    assert len(kashflow.log("GetCompanyDetails")) == 1


def test_refusal_of_the_saved_login_switches_it_off_and_a_good_check_on_again(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    connection = saved()
    kashflow.settings(password="changed")
    assert connections.check_saved(connection, by=connection.user).code == "wrong_login"
    connection.refresh_from_db()
    assert (connection.refusal, connection.refusal_detail) == (
        "wrong_login",
        "Incorrect username or password",
    )
    kashflow.settings(password="demo")
    assert connections.check_saved(connection, by=connection.user).ok
    connection.refresh_from_db()
    assert (connection.refusal, connection.refused_at) == ("", None)


def test_what_is_shown_of_a_refused_login_is_what_was_said_last(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    mine, other, wrong = saved(browser.person), saved(), saved()
    Connection.objects.filter(pk=wrong.pk).update(refusal="wrong_login")
    for is_on, code in ((False, "api_disabled"), (True, "ip_not_listed")):
        kashflow.settings(api_enabled=is_on, restrict_ip=is_on)
        browser.post(PAGE, {**TYPED, "kashflow-password": ""})
        now = dict(Connection.objects.values_list("pk", "refusal"))
        assert now == {mine.pk: code, other.pk: code, wrong.pk: "wrong_login"}
    page = browser.get("/settings/kashflow/").content.decode()
    assert "IP not allowed" in page and "API not enabled" not in page


def test_an_answer_brings_along_whether_the_saved_login_is_off_or_on(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    saved(browser.person)
    for password, is_off in (("changed", True), ("demo", False)):
        kashflow.settings(password=password)
        for sent in ({"HX-Request": "true"}, {}):
            page = browser.post(PAGE, {**TYPED, "kashflow-password": ""}, headers=sent).content.decode()
            assert ("nothing is sent with it until a check succeeds" in page) == is_off
            assert ('hx-swap-oob="true"' in page) == bool(sent)


def test_a_good_check_of_another_password_says_that_it_is_not_the_saved_one(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    saved(browser.person)
    told = "Press Save to keep it in place of the login that is saved."
    assert told not in browser.post(PAGE, {**TYPED, "kashflow-password": ""}).content.decode()
    kashflow.settings(password="new-one")
    connections.check_saved(Connection.objects.get(), by=browser.person)
    page = browser.post(PAGE, {**TYPED, "kashflow-password": "new-one"}).content.decode()
    assert "Connected to KashFlow" in page and told in page
    assert Connection.objects.get().refusal == "wrong_login"


def test_a_check_that_reached_nobody_switches_nothing_off(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    connection = saved()
    kashflow.fault("GetCompanyDetails", "http_503")
    assert connections.check_saved(connection, by=connection.user).code == "unknown"
    connection.refresh_from_db()
    assert connection.refusal == ""


def test_saved_login_that_opens_other_books_by_now_is_not_mended(
    saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    connection = saved()
    Connection.objects.update(refusal="wrong_login", refused_at=timezone.now())
    LedgerAccount.objects.update(fingerprint="another company's")
    with pytest.raises(connections.OtherAccount, match="Westvale Magazines Ltd"):
        connections.check_saved(connection, by=connection.user)
    connection.refresh_from_db()
    assert connection.refusal == "wrong_login"


def test_settings_page_checks_the_office_login_for_who_has_none(
    saved: Callable[..., Connection], kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    connection = saved()
    kashflow.settings(api_enabled=False)
    browser = as_role("Accounts")
    page = browser.post(
        "/settings/kashflow/check-connection/", headers={"HX-Request": "true"}
    ).content.decode()
    assert "API not enabled" in page
    assert (
        f"{connection.user.name}&#x27;s saved login" in page
        or f"{connection.user.name}'s saved login" in page
    )
    connection.refresh_from_db()
    assert connection.refusal == "api_disabled"


def test_server_that_cannot_prove_itself(
    db: None, sandbox: LiveSandbox, settings: Any, as_role: Callable[..., Browser]
) -> None:
    factories.kashflow_on()
    settings.KASHFLOW_URL = sandbox.fault("*", "tls")["address"]
    page = as_role("Accounts").post(PAGE, TYPED).content.decode()
    assert "certificate was not accepted" in page
    assert "the login was not sent" in page
    assert "#certificate" in page


def test_saved_login_of_the_shared_fixture_is_mended_by_a_good_check(connected: Connection) -> None:
    Connection.objects.update(refusal="wrong_login", refused_at=timezone.now())
    assert connections.check_saved(connected, by=connected.user).ok
    connected.refresh_from_db()
    assert connected.refusal == ""

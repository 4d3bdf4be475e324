"""A distinctive password goes through everything that handles one; then it is looked for everywhere, and is nowhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.db import connection as database
from django.test import Client as Browser
from django.urls import reverse

from clients import matches
from kashflow import syncs, tasks
from kashflow.models import ApiCall, Connection
from magmanager.celery import app
from magmanager.common.wake import wake
from tests import factories
from tests.architecture.addresses import ADDRESSES
from tests.people import log_in
from tests.probe import Probe, everything_stored
from tests.sandboxes import LiveSandbox

PASSWORD = Probe("zq7-Probe")
# Another one for what is put there on purpose: a file keeps what was deleted, and must not answer for it.
PLANT = Probe("vk4-Plant")
LOGIN = {"kashflow-username": "demo", "kashflow-password": PASSWORD.secret, "kashflow-keep": "on"}


@pytest.fixture
def browser(committed: None, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture) -> Browser:
    """An admin in a house whose KashFlow password is the probe."""
    caplog.set_level(logging.DEBUG)
    factories.company()
    factories.kashflow_on(use_account_codes=True)
    sandbox.settings(password=PASSWORD.secret)
    admin = factories.user("Admin")
    browser = Browser(raise_request_exception=False)
    log_in(browser, admin)
    browser.person = admin  # type: ignore[attr-defined]
    return browser


def told(browser: Any, answer: Any) -> str:
    """All of an answer: its page, its headers, and the cookies the browser has by now."""
    page = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{page.decode(errors='replace')}\n{answer.headers}\n{browser.cookies}"


def go_through_everything(browser: Any, sandbox: LiveSandbox) -> list[str]:
    """Check, save, a refusal, syncs, a reading, a failure of ours; what the pages said on the way."""
    said = []
    wrong = {"kashflow-password": f"{PASSWORD.secret}-wrong"}
    for more in ({}, wrong, {"kashflow-username": ""}):
        for part in ({}, {"HX-Request": "true"}):
            typed = {**LOGIN, **more, "action": "check_connection"}
            said.append(told(browser, browser.post("/my-details/", typed, headers=part)))
    saved = browser.post("/my-details/", {**LOGIN, "action": "save_login"})
    said += [told(browser, saved), told(browser, browser.get("/my-details/"))]
    for kind in syncs.SYNCS:
        run = getattr(syncs, kind)(by=browser.person)
        wake(tasks.sync, run.pk)
        tasks.sync(str(run.pk))
    matches.carry(matches.match_from_kashflow(by=browser.person).pk)
    echo = {"kind": "status_no", "text": f"No user demo with the password {PASSWORD.secret}"}
    sandbox.fault("GetCompanyDetails", **echo)
    said.append(told(browser, browser.post("/my-details/", {**LOGIN, "action": "check_connection"})))
    sandbox.settings(password="changed-there")
    said.append(told(browser, browser.post("/settings/kashflow/check-connection/", follow=True)))
    said.append(told(browser, browser.post("/my-details/", {**LOGIN, "action": "save_login"})))
    return said


def every_page(browser: Any) -> Iterator[tuple[str, str]]:
    """Every address that needs no row (HTML, and JSON of the health pages), every call of the log, its CSV."""
    for name, row in ADDRESSES.items():
        if row.method == "get" and not row.takes:
            yield name, told(browser, browser.get(reverse(name)))
    for call in ApiCall.objects.all():
        yield f"call {call.pk}", told(browser, browser.get(reverse("kashflow:api_call", args=[call.pk])))
    yield "export", told(browser, browser.post(reverse("kashflow:api_log_export")))


def error_page(browser: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a fault of ours in the middle of a check shows."""

    def broken(**given: Any) -> None:
        kept = dict(given)
        raise RuntimeError(f"broken with {len(kept)} things")

    monkeypatch.setattr("kashflow.connections.check_connection", broken)
    typed = {**LOGIN, "kashflow-username": "other", "action": "check_connection"}
    failed = browser.post("/my-details/", typed)
    assert failed.status_code == 500
    return told(browser, failed)


def test_the_password_is_nowhere(
    browser: Browser, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [("answers", text) for text in go_through_everything(browser, sandbox)]
    assert Connection.objects.get().unseal() == PASSWORD.secret
    assert ApiCall.objects.count() >= 8
    pages = list(every_page(browser))
    assert len(pages) > 30
    places += [*pages, ("error page", error_page(browser, monkeypatch))]
    assert "broken with 3 things" in caplog.text
    places += [("logs", caplog.text), *everything_stored()]
    assert PASSWORD.places(iter(places)) == {}


def test_an_error_page_for_developers_says_where_and_not_with_what(
    browser: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    page = error_page(browser, monkeypatch)
    assert "broken with 3 things" in page and "kashflow-username" in page
    assert PASSWORD.found_in(page) == []


# --- The search itself: each place finds what is put there --------------------------------------------------


def in_a_column(browser: Browser) -> str:
    factories.client_row(name="Kern", notes=f"their password is {PLANT.secret}")
    return "clients_client.notes"


def in_a_session(browser: Browser) -> str:
    session = browser.session
    session["typed"] = {"password": PLANT.secret}
    session.save()
    return "django_session.session_data"


def in_a_message(browser: Browser) -> str:
    tasks.sync.apply_async((PLANT.secret,), queue="probe")
    return ".probe.msg" if django_settings.CELERY_BROKER_URL.startswith("filesystem") else "probe"


@pytest.mark.parametrize("plant", [in_a_column, in_a_session, in_a_message])
def test_the_search_finds_what_is_stored(plant: Callable[[Browser], str], browser: Browser) -> None:
    try:
        place = plant(browser)
        assert [name for name in PLANT.places(everything_stored()) if name.endswith(place)]
    finally:
        with app.connection_for_write() as broker:
            broker.default_channel.queue_purge("probe")


@pytest.mark.skipif(database.vendor != "sqlite", reason="the file is SQLite's")
def test_the_search_finds_what_was_deleted_and_is_in_the_file_still(browser: Browser) -> None:
    gone = Probe("xw9-Gone")
    factories.client_row(name="Kern", notes=gone.secret).delete()
    found = gone.places(everything_stored())
    assert found and all("sqlite" in place for place in found)


def test_the_search_finds_it_in_logs_pages_json_and_exports(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    assert PLANT.found_in(caplog.text) == []
    structlog.get_logger("kashflow").info("checked", password=PLANT.secret)
    assert PLANT.found_in(caplog.text)
    factories.api_call(purpose=PLANT.secret)
    assert {"kashflow:api_log", "export"} <= PLANT.places(every_page(browser)).keys()
    assert {"health_live", "health_ready"} <= dict(every_page(browser)).keys()
    assert PLANT.found_in(f'{{"password": "{PLANT.forms["in JSON"]}"}}')


@pytest.mark.parametrize("form", PLANT.forms)
def test_every_form_is_found(form: str) -> None:
    assert form in PLANT.found_in(f"before {PLANT.forms[form]} after")

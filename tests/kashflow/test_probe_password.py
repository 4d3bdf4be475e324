"""A distinctive password goes through everything that handles one; then it is looked for everywhere, and is nowhere."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection as database
from django.test import Client as Browser
from django.urls import reverse

from clients import matches
from kashflow import syncs, tasks
from kashflow.models import ApiCall, Connection
from magmanager.common.wake import wake
from tests import factories
from tests.architecture.addresses import ADDRESSES
from tests.sandboxes import LiveSandbox

PROBE = "zq7-Probe&<W\u00f6rd>'42"
FORMS = {
    "as it is": PROBE,
    "in HTML": PROBE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;"),
    "in XML": escape(PROBE),
    "in an address": quote(PROBE),
    "in base 64": base64.b64encode(PROBE.encode()).decode(),
    "in JSON": PROBE.encode("unicode_escape").decode(),
    "its heart": "zq7-Probe",
}


def found_in(text: str) -> list[str]:
    """In which forms the password stands in a text."""
    return [name for name, form in FORMS.items() if form in text]


def everything_stored() -> Iterator[tuple[str, str]]:
    """Every value of every column of the database, and every message of the broker, with its place."""
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((f"{table}.{name}", str(value)) for name, value in zip(columns, row, strict=True))
    for path in Path(django_settings.BROKER_DIR).rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes().decode(errors="replace")
    if django_settings.CELERY_BROKER_URL.startswith("redis"):
        broker = redis.Redis.from_url(django_settings.CELERY_BROKER_URL)
        for key in broker.keys("*"):
            yield str(key), str(broker.dump(key))


@pytest.fixture
def browser(committed: None, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture) -> Browser:
    """An admin in a house whose KashFlow password is the probe."""
    caplog.set_level(logging.DEBUG)
    factories.company()
    factories.kashflow_on(use_account_codes=True)
    sandbox.settings(password=PROBE)
    admin = factories.user("Admin")
    browser = Browser(raise_request_exception=False)
    browser.force_login(admin)
    browser.person = admin  # type: ignore[attr-defined]
    return browser


def go_through_everything(browser: Any, sandbox: LiveSandbox) -> list[str]:
    """Check, save, a refusal, syncs, a reading, a failure of ours; what the pages said on the way."""
    login = {"kashflow-username": "demo", "kashflow-password": PROBE, "kashflow-keep": "on"}
    said = []
    for more in ({}, {"kashflow-password": f"{PROBE}-wrong"}, {"kashflow-username": ""}):
        for part in ({}, {"HX-Request": "true"}):
            page = browser.post("/my-details/", {**login, **more, "action": "check_connection"}, headers=part)
            said.append(page.content.decode())
    said.append(browser.post("/my-details/", {**login, "action": "save_login"}, follow=True).content.decode())
    for kind in syncs.SYNCS:
        run = getattr(syncs, kind)(by=browser.person)
        wake(tasks.sync, run.pk)
        tasks.sync(str(run.pk))
    matches.carry(matches.match_from_kashflow(by=browser.person).pk)
    sandbox.settings(password="changed-there")
    said.append(browser.post("/settings/kashflow/check-connection/", follow=True).content.decode())
    said.append(browser.post("/my-details/", {**login, "action": "save_login"}).content.decode())
    return said


def every_page(browser: Any) -> Iterator[tuple[str, str]]:
    for name, row in ADDRESSES.items():
        if row.method == "get" and not row.takes:
            yield name, browser.get(reverse(name)).content.decode(errors="replace")
    for call in ApiCall.objects.all():
        yield f"call {call.pk}", browser.get(reverse("kashflow:api_call", args=[call.pk])).content.decode()
    export = browser.post(reverse("kashflow:api_log_export"))
    yield "export", b"".join(export.streaming_content).decode()


def test_the_password_is_nowhere(
    browser: Browser, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [("answers", text) for text in go_through_everything(browser, sandbox)]
    assert Connection.objects.get().unseal() == PROBE
    assert ApiCall.objects.count() >= 8
    places += every_page(browser)

    def broken(**given: Any) -> None:
        raise RuntimeError(f"broken with {given['password']}"[:11])

    monkeypatch.setattr("kashflow.connections.check_connection", broken)
    login = {"kashflow-username": "demo", "kashflow-password": PROBE, "action": "check_connection"}
    failed = browser.post("/my-details/", {**login, "kashflow-username": "other"})
    assert failed.status_code == 500
    places += [("error page", failed.content.decode()), ("logs", caplog.text)]
    places += everything_stored()
    assert {place: forms for place, text in places if (forms := found_in(text))} == {}


def test_the_search_finds_what_is_planted(browser: Browser, tmp_path: Path, settings: Any) -> None:
    settings.BROKER_DIR = tmp_path / "broker"
    settings.BROKER_DIR.mkdir()
    (tmp_path / "broker" / "message").write_text(f'{{"args": ["{PROBE}"]}}')
    factories.client_row(name="Kern", notes=f"their password is {PROBE}")
    hits = {place for place, text in everything_stored() if found_in(text)}
    assert hits == {"clients_client.notes", str(tmp_path / "broker" / "message")}
    assert found_in(base64.b64encode(PROBE.encode()).decode()) == ["in base 64"]

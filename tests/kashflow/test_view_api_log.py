"""Settings › API log: what KashFlow was asked, what for, by whom, how it ended, without any login."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser

from kashflow import api_log, connections, outcomes
from kashflow.api_log_views import pretty
from kashflow.gateway import errors
from kashflow.gateway.exchange import MASK
from kashflow.models import ApiCall, Connection
from settings_app.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
Login = Callable[..., Any]
PROBE = "s3cret-<probe>&Co"
LOG = "/settings/api-log/"


def shown(answer: Any) -> list[str]:
    """What the listed calls were for, in order."""
    return [row["purpose"] for row in answer.context["rows"]]


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_the_wrong_role_is_refused(as_role: Login, role: str) -> None:
    call = factories.api_call()
    browser = as_role(role)
    assert browser.get(LOG).status_code == 403
    assert browser.get(f"{LOG}{call.pk}/").status_code == 403
    assert browser.post(f"{LOG}export/").status_code == 403
    assert not AuditEntry.objects.filter(event="api_log.exported").exists()


def test_a_stranger_is_sent_to_login(stranger: Browser) -> None:
    assert stranger.get(LOG)["Location"] == f"/login/?next={LOG}"


def test_a_call_is_listed_with_all_there_is_to_know(connected: Connection, as_role: Login) -> None:
    browser = as_role("Accounts")
    connections.check_saved(connected, by=browser.person)
    (row,) = browser.get(LOG).context["rows"]
    kept = ApiCall.objects.get()
    assert (row["purpose"], row["operation"], row["word"]) == (
        "Check Connection",
        "GetCompanyDetails",
        "Answered",
    )
    assert (row["by__name"], row["milliseconds"]) == (browser.person.name, kept.milliseconds)
    page = browser.get(f"{LOG}{row['id']}/").content.decode()
    assert "&lt;GetCompanyDetails xmlns=" in page
    assert "&lt;GetCompanyDetailsResult&gt;\n" in page


def test_no_login_is_in_the_log(sandbox: Any, db: None, as_role: Login) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    connections.check_connection(by=browser.person, username="probe-user", password=PROBE)
    kept = ApiCall.objects.get()
    assert kept.outcome == "wrong_login"
    exported = b"".join(browser.post(f"{LOG}export/").streaming_content).decode()
    pages = browser.get(LOG).content.decode() + browser.get(f"{LOG}{kept.pk}/").content.decode()
    for text in (pages, exported, kept.request_xml, kept.response_xml, kept.detail):
        assert "s3cret" not in text and "probe-user" not in text
    assert kept.request_xml.count(MASK) == 2


FILTERS = [
    ({"q": "10431"}, ["Invoice 10431"]),
    ({"q": "getcustomers"}, ["Customers of 30 clients"]),
    ({"q": "invoice access list"}, ["Invoice 10432"]),
    ({"outcome": outcomes.LOGIN}, ["Invoice 10432"]),
    ({"outcome": outcomes.ANSWERED}, ["Customers of 30 clients", "Invoice 10431"]),
    ({"outcome": "nonsense"}, ["Customers of 30 clients", "Invoice 10432", "Invoice 10431"]),
    ({"since": "2026-11-22"}, ["Customers of 30 clients", "Invoice 10432"]),
    ({"until": "2026-11-21"}, ["Invoice 10431"]),
    ({"since": "2026-11-22", "until": "2026-11-22"}, ["Invoice 10432"]),
    ({"since": "yesterday"}, ["Customers of 30 clients", "Invoice 10432", "Invoice 10431"]),
]


@pytest.mark.parametrize(("asked", "expected"), FILTERS, ids=[str(asked) for asked, _ in FILTERS])
def test_filters_narrow_the_list_and_the_export(
    as_role: Login, asked: dict[str, str], expected: list[str]
) -> None:
    for day, values in (
        (21, {}),
        (
            22,
            {"purpose": "Invoice 10432", "outcome": "ip_not_listed", "detail": "… is not in the access list"},
        ),
        (23, {"purpose": "Customers of 30 clients", "operation": "GetCustomers"}),
    ):
        factories.api_call(at=dt.datetime(2026, 11, day, 23, 30, tzinfo=dt.UTC), **values)
    browser = as_role("Accounts")
    assert shown(browser.get(LOG, asked)) == expected
    answer = browser.post(f"{LOG}export/?{urlencode(asked)}")
    assert [row["For"] for row in table(answer)] == expected


def table(answer: Any) -> list[dict[str, str]]:
    """A downloaded CSV as rows by their heads."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_by_whom_is_a_filter(as_role: Login) -> None:
    browser = as_role("Admin")
    factories.api_call(purpose="Mine", by=browser.person)
    factories.api_call(purpose="Nobody's")
    assert shown(browser.get(LOG, {"by": browser.person.pk})) == ["Mine"]


def test_the_export_is_a_file_without_formulas_and_is_audited(as_role: Login) -> None:
    factories.api_call(purpose="=HYPERLINK(1)", detail="@SUM(A1)", milliseconds=12)
    browser = as_role("Accounts")
    answer = browser.post(f"{LOG}export/?q=HYPERLINK")
    (row,) = table(answer)
    assert answer["Content-Disposition"] == 'attachment; filename="kashflow-api-log.csv"'
    assert (row["For"], row["KashFlow said"], row["Milliseconds"]) == ("'=HYPERLINK(1)", "'@SUM(A1)", "12")
    entry = AuditEntry.objects.get(event="api_log.exported")
    assert (entry.by, entry.after) == (browser.person, {"q": "HYPERLINK"})


def test_texts_of_a_call_are_escaped_and_broken_ones_shown_as_they_came(as_role: Login) -> None:
    call = factories.api_call(request_xml="<a><b>1</b></a>", response_xml="<html><script>alert(1)")
    page = as_role("Admin").get(f"{LOG}{call.pk}/").content.decode()
    assert "&lt;a&gt;\n  &lt;b&gt;1&lt;/b&gt;\n&lt;/a&gt;" in page
    assert "&lt;html&gt;&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page


def test_entities_in_a_kept_text_are_not_followed() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    assert "&x;" in pretty(bomb)


def test_every_code_of_the_gateway_has_its_words() -> None:
    family = [errors.GatewayError]
    for one in family:
        family.extend(one.__subclasses__())
    named = {one.code for one in family if one.__module__ == errors.__name__}
    assert named - outcomes.OUTCOMES.keys() == set()
    assert outcomes.outcome("from_a_later_version") == outcomes.UNKNOWN


def test_the_list_costs_the_same_however_long(as_role: Login, django_assert_num_queries: Any) -> None:
    browser = as_role("Admin")
    factories.api_call()
    browser.get(LOG)
    with django_assert_num_queries(8):
        browser.get(LOG)
    for n in range(121):
        factories.api_call(purpose=f"Invoice {n}")
    with django_assert_num_queries(8):
        answer = browser.get(LOG)
    assert len(answer.context["rows"]) == 50 and answer.context["result"] == "122 calls"


def test_calls_are_forgotten_after_ninety_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_log, "FORGET_AT_ONCE", 2)
    now = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
    for days in (200, 120, 91, 89, 0):
        factories.api_call(at=now - dt.timedelta(days=days), purpose=str(days))
    with time_machine.travel(now, tick=False):
        assert api_log.forget_old_calls() == 3
        assert api_log.forget_old_calls() == 0
    assert list(ApiCall.objects.values_list("purpose", flat=True)) == ["0", "89"]

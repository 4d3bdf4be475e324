"""Production's own settings: what every answer says to a browser about cookies, framing, scripts and other origins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests import tables
from tests.architecture.addresses import ADDRESSES
from tests.settings_app.in_production import HOST

# Pages open and people log in while it is away.
NO_REDIS = "redis://127.0.0.1:1/0"
A_YEAR = 365 * 24 * 60 * 60
# Answered before anything else of the product is asked: they lead to https and to a file.
BARE = {"plain http", "static file"}
Answers = dict[str, Any]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Every answer of production by its name, from a process of its own."""
    folder = tmp_path_factory.mktemp("production")
    env = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")
    }
    env |= {
        "MODE": "production",
        "SECRET_KEY": "s" * 60,
        "FIELD_ENCRYPTION_KEYS": "k1:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=",
        "ALLOWED_HOSTS": HOST,
        "VAR_DIR": str(folder),
        "BROKER_DIR": str(folder / "broker"),
        "CELERY_BROKER_URL": NO_REDIS,
        "DJANGO_SETTINGS_MODULE": "magmanager.settings",
    }
    tables.copy_to(folder / "magmanager.sqlite3")
    done = subprocess.run(
        [sys.executable, "-m", "tests.settings_app.in_production", str(folder)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in json.loads((folder / "answers.json").read_text())}


def other_than(answers: Answers, header: str, wanted: str | None, *, but: set[str] | None = None) -> Answers:
    """The answers whose `header` is not as `wanted`; `but` are not asked."""
    found = {name: one["headers"].get(header) for name, one in answers.items() if name not in (but or set())}
    return {name: said for name, said in found.items() if said != wanted}


def test_every_address_of_the_table_was_asked_as_a_stranger_and_as_an_admin(answers: Answers) -> None:
    wanted = set(ADDRESSES) - {"styleguide", "account_logout"}
    for who in ("stranger", "admin"):
        assert {name.partition(" ")[2] for name in answers if name.startswith(f"{who} ")} == wanted
    assert [name for name, one in answers.items() if one["status"] >= 500] == ["failure"]
    assert answers["admin home"]["status"] == answers["static file"]["status"] == 200
    assert answers["nothing there"]["status"] == 404


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ],
)
def test_every_answer_has_the_header(answers: Answers, header: str, wanted: str) -> None:
    assert other_than(answers, header, wanted) == {}


def test_every_answer_over_https_asks_for_a_year_of_it(answers: Answers) -> None:
    """Over plain http it must not be said; there everything but the health check leads to https."""
    plain = {"plain http", "plain http health"}
    wanted = f"max-age={A_YEAR}; includeSubDomains; preload"
    assert other_than(answers, "strict-transport-security", wanted, but=plain) == {}
    assert (answers["plain http"]["status"], answers["plain http health"]["status"]) == (301, 200)
    assert answers["plain http"]["headers"]["location"] == f"https://{HOST}/clients/"


def test_every_page_allows_its_own_scripts_and_no_frame(answers: Answers) -> None:
    wanted = {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    for name in set(answers) - BARE:
        policy = answers[name]["headers"].get("content-security-policy", "")
        assert dict(part.strip().split(" ", 1) for part in policy.split(";") if part) == wanted, name
    assert other_than(answers, "x-frame-options", "DENY", but=BARE) == {}


def test_no_other_origin_may_read_anything(answers: Answers) -> None:
    """They were all asked with a foreign Origin."""
    assert other_than(answers, "access-control-allow-origin", None) == {}
    assert other_than(answers, "access-control-allow-credentials", None) == {}
    assert answers["foreign form"]["status"] == 403


def test_every_cookie_is_this_host_s_over_https_and_no_script_s(answers: Answers) -> None:
    seen = set()
    for name, one in answers.items():
        for text in one["cookies"]:
            ((key, cookie),) = SimpleCookie(text).items()
            # One that is taken away needs no HttpOnly.
            is_closed = cookie["httponly"] or cookie["max-age"] == "0"
            assert key.startswith("__Host-"), name
            assert (cookie["secure"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
                True,
                "Lax",
                "/",
                "",
            ), (name, key)
            assert is_closed, (name, key)
            seen.add(key)
    assert seen == {"__Host-session", "__Host-csrf", "__Host-messages"}

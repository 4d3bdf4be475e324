"""Run by `test_production.py` as a process of its own: production's settings, every address asked once.

Writes as JSON what was answered: name, status, headers, and the cookies as they were set. The static files and the
database are made in the folder it is given.
"""

from __future__ import annotations

import io
import json
import sys
import uuid
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import django

HOST, EVIL = "books.example", "https://evil.example"
# As the Dockerfile has it.
NOT_COLLECTED = ["tabler-*", "*.rtl.*"]
# The rows need not be there: an answer that says so has the same headers.
NOBODY = str(uuid.UUID(int=0))
TAKEN: dict[str, list[Any]] = {
    "": [], "contact": [1, 1], "run": [NOBODY], "transfer": [NOBODY], "reset key": ["uid", "key"],
}  # fmt: skip


def told(name: str, answer: Any) -> dict[str, Any]:
    return {
        "name": name,
        "status": answer.status_code,
        "headers": {key.lower(): value for key, value in answer.headers.items()},
        "cookies": [cookie.OutputString() for cookie in answer.cookies.values()],
    }


def browser(**options: Any) -> Any:
    from django.test import Client

    return Client(
        SERVER_NAME=HOST,
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_ORIGIN=EVIL,
        raise_request_exception=False,
        **options,
    )


def every_address(who: Any, prefix: str) -> Iterator[dict[str, Any]]:
    """Every address of production that changes nothing by being asked, as `who`."""
    from django.urls import reverse

    from tests.architecture.addresses import ADDRESSES

    for name, row in ADDRESSES.items():
        if name not in ("styleguide", "account_logout"):
            address = reverse(name, args=TAKEN.get(row.takes, [1]))
            yield told(f"{prefix} {name}", who.get(address, secure=True))


def in_and_out(person: Any, password: str) -> Iterator[dict[str, Any]]:
    """Logging in, what is told there, and logging out."""
    who, page = browser(), "/login/"
    yield told("login page", who.get(page, secure=True))
    yield told("login", who.post(page, {"login": person.email, "password": password}, secure=True))
    yield from every_address(who, "admin")
    own = {"action": "save_details", "name": "Helen Pryce", "email": person.email, "theme": "dark"}
    yield told("saved", who.post("/my-details/", own, secure=True))
    yield told("logout", who.post("/logout/", secure=True))


def others() -> Iterator[dict[str, Any]]:
    """What no address of the table answers: nothing there, a failure of ours, a foreign form, a file, plain http."""
    from django.templatetags.static import static

    who = browser()
    yield told("nothing there", who.get("/nothing/here/", secure=True))
    with patch("magmanager.common.health.connection.cursor", side_effect=RuntimeError("ours")):
        yield told("failure", who.get("/health/ready", secure=True))
    yield told("foreign form", browser(enforce_csrf_checks=True).post("/login/", secure=True))
    yield told("static file", who.get(static("css/entrance.css"), secure=True))
    from django.test import Client

    plain = Client(SERVER_NAME=HOST, HTTP_X_FORWARDED_PROTO="http")
    yield told("plain http", plain.get("/clients/"))
    yield told("plain http health", plain.get("/health/live"))


def main(folder: str) -> None:
    from django.conf import settings
    from django.core.management import call_command

    settings.STATIC_ROOT = f"{folder}/static"
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=NOT_COLLECTED)
    call_command("migrate", verbosity=0, stdout=io.StringIO())
    from tests import factories

    person = factories.user("Admin")
    factories.kashflow_on()
    answers = [*every_address(browser(), "stranger"), *in_and_out(person, factories.PASSWORD), *others()]
    with open(f"{folder}/answers.json", "w") as file:  # noqa: PTH123
        json.dump(answers, file)


if __name__ == "__main__":
    main(sys.argv[1])

"""The first person of an installation, on the product's own page, once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser

from magmanager.common.errors import DomainError
from settings_app import first_start, recent
from settings_app.models import AuditEntry, CompanyDetails, User
from tests import factories

ADDRESS = "/first-start/"
PASSWORD = "quiet-river-stone-42"
TYPED = {
    "company": "Marches & Wye Media",
    "name": "Ruth Meredith",
    "email": "ruth@marches.example",
    "password": PASSWORD,
    "again": PASSWORD,
}


@pytest.mark.parametrize("role", ["stranger", "Sales", "Admin"])
def test_it_is_gone_once_there_is_somebody(stranger: Browser, as_role: Any, role: str) -> None:
    browser = stranger if role == "stranger" else as_role(role)
    if role == "stranger":
        factories.user("Admin")
    before = User.objects.count()
    assert browser.get(ADDRESS).status_code == 404
    assert browser.post(ADDRESS, TYPED).status_code == 404
    assert User.objects.count() == before


@pytest.mark.django_db
def test_every_way_in_leads_to_it_while_there_is_nobody(stranger: Browser) -> None:
    assert stranger.get("/clients/")["Location"] == "/login/?next=/clients/"
    assert stranger.get("/login/?next=/clients/")["Location"] == ADDRESS


@pytest.mark.django_db
def test_the_first_person_is_an_admin_and_is_in(stranger: Browser) -> None:
    answer = stranger.post(ADDRESS, TYPED)
    assert answer["Location"] == "/"
    person = User.objects.get()
    assert [group.name for group in person.groups.all()] == ["Admin"]
    assert person.check_password(PASSWORD) and not person.is_superuser
    assert CompanyDetails.current().name == "Marches & Wye Media"
    assert stranger.get("/settings/system-defaults/").status_code == 200
    assert recent.KEY in stranger.session, "the next page would ask for the password typed here"
    entry = AuditEntry.objects.get(event="user.added")
    assert entry.after == {"email": "ruth@marches.example", "role": "Admin"}


WRONG = [
    ({"again": "something-else-42"}, "again", "The two passwords differ"),
    ({"password": "short", "again": "short"}, "password", "at least 12 characters"),
    ({"email": "ruth"}, "email", "valid email"),
    ({"company": " "}, "company", "required"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "field", "told"), WRONG, ids=[field for _, field, _ in WRONG])
def test_bad_input_is_told_beside_its_field(
    stranger: Browser, typed: dict[str, str], field: str, told: str
) -> None:
    page = stranger.post(ADDRESS, {**TYPED, **typed})
    assert told in str(page.context["form"].errors[field])
    assert PASSWORD not in page.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_production_asks_for_the_code_of_the_server(stranger: Browser, settings: Any, capsys: Any) -> None:
    settings.IN_PRODUCTION = True
    call_command("first_start_code")
    code = capsys.readouterr().out.strip()
    refused = stranger.post(ADDRESS, {**TYPED, "code": "0" * len(code)})
    assert "This is not the set-up code" in str(refused.context["form"].errors["code"])
    assert not User.objects.exists()
    assert stranger.post(ADDRESS, {**TYPED, "code": code.upper()}).status_code == 302
    with pytest.raises(CommandError):
        call_command("first_start_code")


def test_of_two_presses_at_once_one_makes_a_person(committed: None) -> None:
    refused: list[str] = []

    def press(n: int) -> None:
        try:
            first_start.start(company="M", name="N", email=f"n{n}@m.example", password=PASSWORD)
        except DomainError as error:
            refused.append(error.code)
        finally:
            connection.close()

    presses = [threading.Thread(target=press, args=(n,)) for n in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert User.objects.count() == 1
    assert refused == ["gone"] * 3

"""My Details: name, e-mail address, appearance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from settings_app.models import AuditEntry, User
from tests import factories

PAGE = "/my-details/"
TYPED = {
    "action": "save_details",
    "name": "Helen Pryce",
    "email": "helen@marcheswye.example",
    "theme": "dark",
}


def test_stranger_is_sent_to_login(db: None) -> None:
    assert Browser().post(PAGE, TYPED)["Location"].startswith("/login/")


def test_person_without_a_role_is_refused(db: None) -> None:
    browser, person = Browser(), factories.user("")
    browser.force_login(person)
    assert browser.post(PAGE, TYPED).status_code == 403
    assert User.objects.get().name == person.name


@pytest.mark.parametrize("role", ["Admin", "Sales", "Production", "Accounts"])
def test_save_details(role: str, as_role: Callable[..., Browser]) -> None:
    browser = as_role(role)
    page = browser.post(PAGE, TYPED, follow=True).content.decode()
    assert "Your details are saved." in page
    assert 'data-bs-theme="dark"' in page
    person = User.objects.get(pk=browser.person.pk)
    assert (person.name, person.email, person.theme) == ("Helen Pryce", "helen@marcheswye.example", "dark")
    line = AuditEntry.objects.get()
    assert (line.event, line.by) == ("user.changed", person)
    assert line.after == {"name": "Helen Pryce", "email": "helen@marcheswye.example", "theme": "dark"}


def test_address_somebody_else_logs_in_with_is_refused_whatever_its_case(
    as_role: Callable[..., Browser],
) -> None:
    factories.user("Sales", email="taken@marcheswye.example")
    browser = as_role("Accounts")
    page = browser.post(PAGE, {**TYPED, "email": "Taken@MarchesWye.example"}).content.decode()
    assert "Somebody else logs in with this e-mail address." in page
    assert 'value="Helen Pryce"' in page
    assert User.objects.get(pk=browser.person.pk).name == browser.person.name


@pytest.mark.parametrize(("field", "typed"), [("name", ""), ("email", "nobody"), ("theme", "pink")])
def test_bad_input_is_refused_and_the_name_in_the_bar_stays(
    field: str, typed: str, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    page = browser.post(PAGE, {**TYPED, field: typed}).content.decode()
    assert "One field needs a look." in page
    assert f'aria-label="{browser.person.name}: my details and log out"' in page
    assert not AuditEntry.objects.exists()


def test_fields_that_are_not_on_the_form_change_nothing(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Sales")
    browser.post(PAGE, {**TYPED, "is_superuser": "on", "is_active": "", "groups": "1", "password": "x"})
    person = User.objects.get(pk=browser.person.pk)
    assert (person.is_superuser, person.is_active, person.password) == (False, True, browser.person.password)
    assert [group.name for group in person.groups.all()] == ["Sales"]


def test_old_address_no_longer_logs_in(db: None) -> None:
    browser, person = Browser(), factories.user("Sales", email="old@marcheswye.example")
    login = {"login": "old@marcheswye.example", "password": factories.PASSWORD}
    assert browser.post("/login/", login).status_code == 302
    browser.post(PAGE, {**TYPED, "email": "new@marcheswye.example"})
    assert Browser().post("/login/", login).status_code == 200
    assert Browser().post("/login/", {**login, "login": "new@marcheswye.example"}).status_code == 302
    assert User.objects.get().pk == person.pk

"""Login, logout and passwords, at their addresses."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client as Browser

from settings_app.models import User
from tests import factories


def test_login_with_the_e_mail_address_whatever_its_case(db: None) -> None:
    person = factories.user("Sales")
    browser = Browser()
    answer = browser.post("/login/", {"login": person.email.upper(), "password": factories.PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("login", "password"), [("nobody@nowhere.example", factories.PASSWORD), (None, "wrong")]
)
def test_wrong_login_says_the_same_whoever_it_was(login: str | None, password: str, db: None) -> None:
    person = factories.user("Sales")
    page = Browser().post("/login/", {"login": login or person.email, "password": password})
    assert page.status_code == 200
    assert "not correct" in page.content.decode()


def test_deactivated_person_is_not_let_in(db: None) -> None:
    person = factories.user("Sales", is_active=False)
    browser = Browser()
    browser.post("/login/", {"login": person.email, "password": factories.PASSWORD})
    assert browser.get("/my-details/")["Location"].startswith("/login/")


def test_nobody_signs_up(db: None) -> None:
    typed = {"email": "new@nowhere.example", "password1": factories.PASSWORD, "password2": factories.PASSWORD}
    Browser().post("/signup/", typed)
    assert not User.objects.exists()


def test_logout_takes_a_press(db: None) -> None:
    browser = Browser()
    browser.force_login(factories.user("Sales"))
    browser.get("/logout/")
    assert browser.get("/my-details/").status_code == 200
    browser.post("/logout/")
    assert browser.get("/my-details/").status_code == 302


def test_reset_by_mail_sets_a_new_password(db: None) -> None:
    person = factories.user("Sales")
    browser = Browser()
    assert browser.post("/password/reset/", {"email": person.email})["Location"] == "/password/reset/done/"
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    page = browser.get(link[link.index("/password/") :], follow=True)
    new = "an entirely new pass phrase"
    browser.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert Browser().post("/login/", {"login": person.email, "password": new}).status_code == 302


def test_reset_for_nobody_says_the_same(db: None) -> None:
    assert (
        Browser().post("/password/reset/", {"email": "no@one.example"})["Location"] == "/password/reset/done/"
    )


@pytest.mark.parametrize("address", ["/login/", "/password/reset/", "/password/reset/done/", "/signup/"])
def test_stranger_s_pages_open(address: str, db: None) -> None:
    factories.user("Admin")
    assert Browser().get(address).status_code == 200


def test_change_password_needs_the_old_one(db: None) -> None:
    browser, person = Browser(), factories.user("Sales")
    browser.force_login(person)
    new = "an entirely new pass phrase"
    typed = {"oldpassword": "wrong", "password1": new, "password2": new}
    assert browser.post("/password/change/", typed).status_code == 200
    assert (
        browser.post("/password/change/", {**typed, "oldpassword": factories.PASSWORD})["Location"]
        == "/my-details/"
    )
    assert User.objects.get().check_password(new)


def test_a_new_password_ends_every_other_session(db: None) -> None:
    browser, other, person = Browser(), Browser(), factories.user("Sales")
    for one in (browser, other):
        one.post("/login/", {"login": person.email, "password": factories.PASSWORD})
        assert one.get("/my-details/").status_code == 200
    new = "an entirely new pass phrase"
    typed = {"oldpassword": "wrong", "password1": new, "password2": new}
    browser.post("/password/change/", typed)
    assert other.get("/my-details/").status_code == 200
    browser.post("/password/change/", {**typed, "oldpassword": factories.PASSWORD})
    assert browser.get("/my-details/").status_code == 200
    assert other.get("/my-details/")["Location"].startswith("/login/")

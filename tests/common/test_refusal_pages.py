"""The pages for refusals say what happened, why and what to do now, also when little else works."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser
from django.urls import reverse

from tests import factories

PAGES = {
    "400.html": "That request could not be read",
    "403.html": "Somebody else has to do this",
    "403_csrf.html": "This page was open for too long",
    "404.html": "There is nothing at this address",
    "500.html": "Something went wrong here",
}


@pytest.mark.parametrize(("template", "heading"), PAGES.items())
def test_each_stands_alone_without_database_or_person(template: str, heading: str) -> None:
    html = render_to_string(template)
    assert f"<h1>{heading}</h1>" in html
    assert '<a class="btn" href="/">Go to Home</a>' in html


def test_a_refused_verb_is_named_and_escaped() -> None:
    html = render_to_string("403.html", {"exception": "Your role does not include “raise <batch>”."})
    assert "Your role does not include “raise &lt;batch&gt;”." in html


def test_a_wrong_password_is_told_on_the_login_page_and_keeps_the_address(db: None) -> None:
    factories.user("Admin")
    response = Browser().post(reverse("account_login"), {"login": "helen@wye.example", "password": "wrong"})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'class="alert-box on-bad" role="alert"' in html
    assert 'value="helen@wye.example"' in html
    assert 'value="wrong"' not in html


def test_a_form_from_an_old_page_is_refused_with_its_sentence(db: None) -> None:
    response = Browser(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a@b.example"})
    assert response.status_code == 403
    assert "This page was open for too long" in response.content.decode()

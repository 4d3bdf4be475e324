"""The top bar shows a person the pages that exist and that they may open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client as Browser
from django.test import RequestFactory

from magmanager.common import nav

ENTRIES = (
    nav.Entry("Home", "home", None),
    nav.Entry("Patterns", "styleguide", None),
    nav.Entry("Rules", "styleguide", "settings_app.view_settings"),
    nav.Entry("Moon", "moon:landing", None),
)


def request_of(person: object, path: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = person
    return request


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nav, "NAV", ENTRIES)


def test_a_stranger_sees_no_links() -> None:
    assert nav.navigation(request_of(AnonymousUser(), "/")) == {"nav": [], "tools": {}}


def test_a_link_nobody_may_use_or_that_leads_nowhere_is_left_out(as_role: Callable[[str], Browser]) -> None:
    of_sales = nav.navigation(request_of(as_role("Sales").person, "/"))["nav"]
    of_admin = nav.navigation(request_of(as_role("Admin").person, "/"))["nav"]
    assert [link.label for link in of_sales] == ["Home", "Patterns"]
    assert [link.label for link in of_admin] == ["Home", "Patterns", "Rules"]


@pytest.mark.parametrize(
    ("path", "active"),
    [("/", ["Home"]), ("/styleguide/", ["Patterns"]), ("/styleguide/deeper/", ["Patterns"]), ("/style/", [])],
)
def test_the_section_shown_is_marked(as_role: Callable[[str], Browser], path: str, active: list[str]) -> None:
    links = nav.navigation(request_of(as_role("Sales").person, path))["nav"]
    assert [link.label for link in links if link.active] == active

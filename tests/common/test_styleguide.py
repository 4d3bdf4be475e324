"""The page of patterns keeps the security policy, and its parts work with keys and pointer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client as Browser
from django.urls import reverse
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from tests.browsers import find_chromium

CHROMIUM = find_chromium()


@pytest.fixture
def html(db: None) -> str:
    response = Browser().get(reverse("styleguide"))
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_may_see_it_as_it_shows_no_data(html: str) -> None:
    assert "<h1>Patterns</h1>" in html


def test_nothing_needs_an_exception_from_the_content_policy(html: str) -> None:
    assert re.findall(r"\sstyle=", html) == []
    assert re.findall(r"\son[a-z]+=", html) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', html) == []


@pytest.mark.parametrize(
    ("asked", "attribute"), [("light", "light"), ("dark", "dark"), ("odd", None), ("", None)]
)
def test_the_theme_is_set_by_the_server(db: None, asked: str, attribute: str | None) -> None:
    head = Browser().get(reverse("styleguide"), {"theme": asked}).content.decode().partition("<head>")[0]
    assert re.findall(r'data-bs-theme="(\w+)"', head) == ([attribute] if attribute else [])


def test_production_has_no_such_page() -> None:
    secrets = {
        "SECRET_KEY": "s" * 60,
        "FIELD_ENCRYPTION_KEYS": "k1:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=",
    }
    look_it_up = (
        "import django; django.setup(); from django.urls import NoReverseMatch, reverse\n"
        "try: print(reverse('styleguide'))\n"
        "except NoReverseMatch: print('not there')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", look_it_up],
        env={**os.environ, **secrets, "MODE": "production", "DJANGO_SETTINGS_MODULE": "magmanager.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.split("\n")[-2:] == ["not there", ""], answer.stderr


# --- In a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, which Django would otherwise take for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Chromium, live_server: object) -> Iterator[Page]:
    """The styleguide in a real browser; a script error or a blocked resource fails the test."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(live_server.url + reverse("styleguide"))
    yield page
    context.close()
    assert complaints == []


in_browser = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


def browser_test(test: object) -> object:
    for mark in in_browser:
        test = mark(test)
    return test


@browser_test
@pytest.mark.look
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 400])
def test_no_barrier_is_found_in_either_theme(page: Page, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(page.url.partition("?")[0] + f"?theme={theme}")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@browser_test
def test_the_grey_box_counts_and_sums_and_keeps_the_choice(page: Page) -> None:
    box = page.get_by_role("form", name="What is selected")
    send = box.get_by_role("button", name="Transfer to KashFlow")
    expect(box).to_contain_text("Nothing selected")
    expect(send).to_be_disabled()

    page.get_by_label("Select 10437").check()
    page.get_by_label("Select 10435").click(modifiers=["Shift"])
    expect(box).to_contain_text("3 selected")
    expect(box).to_contain_text("£4,179.60 with VAT")
    expect(send).to_be_enabled()

    page.reload()
    expect(box).to_contain_text("3 selected")
    expect(page.get_by_label("Select 10436")).to_be_checked()

    box.get_by_role("button", name="Clear").click()
    expect(box).to_contain_text("Nothing selected")
    expect(page.get_by_label("Select 10436")).not_to_be_checked()


@browser_test
def test_one_box_ticks_all_and_shows_when_only_some_are(page: Page) -> None:
    every = page.get_by_label("Select all on this page")
    every.check()
    expect(page.get_by_role("form", name="What is selected")).to_contain_text("6 selected")
    page.get_by_label("Select 10421").uncheck()
    assert every.evaluate("box => box.indeterminate") is True


@browser_test
def test_what_is_ticked_on_another_page_is_sent_along(page: Page) -> None:
    page.get_by_label("Select 10437").check()
    page.evaluate("document.querySelector('tbody tr:has([value=\"10437\"])').remove()")
    sent = page.evaluate(
        """() => {
            const form = document.getElementById("bulk-sample");
            form.addEventListener("submit", (event) => event.preventDefault());
            form.requestSubmit();
            return new FormData(form).getAll("invoice");
        }"""
    )
    assert sent == ["10437"]


@browser_test
def test_a_dialog_opens_with_its_consequences_and_escape_closes_it(page: Page) -> None:
    page.get_by_role("button", name="Cancel invoice").first.click()
    dialog = page.get_by_role("dialog", name="Cancel invoice 10424?")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("This can't be undone.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@browser_test
def test_slash_finds_the_search_and_escape_closes_the_menu(page: Page) -> None:
    page.keyboard.press("Escape")
    page.locator("body").press("/")
    expect(page.get_by_placeholder("Name, contact, postcode")).to_be_focused()
    page.get_by_label("Helen Pryce: my details and log out").click()
    expect(page.get_by_role("link", name="My Details").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".topbar-tools details")).not_to_have_attribute("open", "")


@browser_test
def test_appearance_changes_at_once_and_is_remembered(page: Page) -> None:
    page.get_by_role("radiogroup", name="Appearance").get_by_text("Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "theme"] == ["dark"]

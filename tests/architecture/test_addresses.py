"""Every named address as every role and as a stranger, after the table in `addresses`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from magmanager.common import runs
from magmanager.common.permissions import EVERYONE
from publications.models import MiscellaneousItem
from tests import factories
from tests.architecture.addresses import ADDRESSES, Row
from tests.invoicing.batches import raised

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The names of all addresses below `resolver`."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.name}"
        else:
            yield from names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)


def test_every_address_has_a_row() -> None:
    assert sorted(set(names(get_resolver()))) == sorted(ADDRESSES)


@pytest.fixture
def rows() -> dict[str, list[Any]]:
    """What the addresses take, by the word in the table."""
    factories.company()
    factories.kashflow_on(use_account_codes=True)
    client = factories.client_row()
    booking, billed = factories.booking(client), factories.booking(client)
    factories.kashflow_on(use_account_codes=False)
    invoice = raised(factories.user("Accounts"), [billed]).invoices.get()
    factories.kashflow_on(use_account_codes=True)
    return {
        "": [],
        "client": [client.pk],
        "contact": [client.pk, client.contacts.get().pk],
        "booking": [booking.pk],
        "invoice": [invoice.number],
        "payment": [factories.payment(invoice).pk],
        "transfer": [factories.transfer(invoice).pk],
        "run": [runs.start(kind="transfer", title="Transfer to KashFlow", by=None).pk],
        "reset key": ["uid", "key"],
        "publication": [factories.publication().pk],
        "item": [MiscellaneousItem.objects.create(name="Loose insert").pk],
        "match row": [factories.match_row().pk],
        "api call": [factories.api_call().pk],
    }


@pytest.mark.parametrize("role", ["stranger", *EVERYONE])
def test_each_address_opens_for_its_roles_only(rows: dict[str, list[Any]], role: str) -> None:
    wrong = {}
    for name, row in ADDRESSES.items():
        browser = Browser()
        if role != "stranger":
            browser.force_login(factories.user(role))
        answer = getattr(browser, row.method)(reverse(name, args=rows[row.takes]))
        verdict = opened(answer)
        if verdict != expected(row, role):
            wrong[name] = f"{answer.status_code}, {verdict} instead of {expected(row, role)}"
    assert wrong == {}


def expected(row: Row, role: str) -> str:
    if role in row.roles:
        return "opened"
    return "sent to login" if role == "stranger" else "refused"


def opened(answer: Any) -> str:
    """In one word what the answer means for who asked. A 5xx raises in the test client."""
    if answer.status_code == 403:
        return "refused"
    if answer.status_code == 302 and answer["Location"].startswith(f"{LOGIN}?next="):
        return "sent to login"
    return "opened"


def test_an_unknown_row_is_not_found(as_role: Any) -> None:
    browser = as_role("Admin")
    for name, taken in (
        ("clients:detail", 999_999),
        ("invoicing:invoice", 999_999),
        ("invoicing:run", uuid.uuid4()),
        ("invoicing:transfer_detail", uuid.uuid4()),
    ):
        assert browser.get(reverse(name, args=[taken])).status_code == 404


def test_a_deactivated_person_is_a_stranger_at_the_next_request(as_role: Any) -> None:
    browser = as_role("Admin")
    assert browser.get(reverse("home")).status_code == 200
    browser.person.is_active = False
    browser.person.save()
    assert browser.get(reverse("home"))["Location"].startswith(LOGIN)


def test_a_form_without_its_token_is_refused() -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(factories.user("Admin"))
    posts = [name for name, row in ADDRESSES.items() if row.method == "post" and not row.takes]
    assert {name: browser.post(reverse(name)).status_code for name in posts} == dict.fromkeys(posts, 403)

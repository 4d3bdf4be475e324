"""The Contacts tab: adding, changing and deleting people."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from clients.models import Client, Contact
from settings_app.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
JANE = {"first_name": "Jane", "last_name": "Orchard", "email": "jane@kerne.example", "is_accounts": "on"}


@pytest.fixture
def client(db: None) -> Client:
    return factories.client_row()


def url(client: Client) -> str:
    return f"/clients/{client.pk}/contacts/"


def test_a_stranger_is_sent_to_login(client: Client) -> None:
    assert Browser().post(f"{url(client)}new/", JANE)["Location"].startswith("/login/")


def test_production_may_look_only(as_role: Any, client: Client) -> None:
    browser, known = as_role("Production"), client.contacts.get()
    assert "Add contact" not in browser.get(url(client)).content.decode()
    posts = [f"{url(client)}new/", f"{url(client)}{known.pk}/", f"{url(client)}{known.pk}/delete/"]
    assert [browser.post(post, JANE).status_code for post in posts] == [403, 403, 403]
    assert client.contacts.get() == known


def test_a_contact_is_added(as_role: Any, client: Client) -> None:
    browser = as_role("Sales")
    assert browser.post(f"{url(client)}new/", JANE)["Location"] == url(client)
    jane = client.contacts.get(first_name="Jane")
    assert (jane.asked_about, jane.email) == (["invoices"], "jane@kerne.example")
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.by, entry.object_label) == ("contact.added", browser.person, "Jane Orchard")


def test_a_new_primary_contact_takes_the_mark_over(as_role: Any, client: Client) -> None:
    before = client.contacts.get()
    as_role("Sales").post(f"{url(client)}new/", {**JANE, "is_primary": "on"})
    before.refresh_from_db()
    assert not before.is_primary
    assert client.contacts.get(is_primary=True).first_name == "Jane"


def test_a_contact_is_changed(as_role: Any, client: Client) -> None:
    known = client.contacts.get()
    as_role("Accounts").post(f"{url(client)}{known.pk}/", {**JANE, "is_primary": "on"})
    assert str(client.contacts.get()) == "Jane Orchard"
    assert AuditEntry.objects.get().after["last_name"] == "Orchard"


def test_a_nameless_contact_is_refused_and_kept_in_the_form(as_role: Any, client: Client) -> None:
    answer = as_role("Sales").post(f"{url(client)}new/", {**JANE, "first_name": "", "last_name": ""})
    assert list(answer.context["form"].errors) == ["first_name"]
    assert 'value="jane@kerne.example"' in answer.content.decode()
    assert client.contacts.count() == 1


def test_a_contact_is_deleted_once(as_role: Any, client: Client) -> None:
    browser, known = as_role("Sales"), client.contacts.get()
    assert browser.post(f"{url(client)}{known.pk}/delete/").status_code == 302
    assert browser.post(f"{url(client)}{known.pk}/delete/").status_code == 404
    assert not Contact.objects.exists()
    assert AuditEntry.objects.get().event == "contact.deleted"


def test_another_clients_contact_is_not_found(as_role: Any, client: Client) -> None:
    other = factories.client_row().contacts.get()
    browser = as_role("Admin")
    answers = [
        browser.post(f"{url(client)}{other.pk}/", JANE),
        browser.post(f"{url(client)}{other.pk}/delete/"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert Contact.objects.count() == 2

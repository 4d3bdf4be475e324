"""A person says which KashFlow customer a client is, and the invoice that waited goes to that one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients import customer_links, customers, linking
from clients.models import Client, CustomerLink
from kashflow.models import Connection
from settings_app.models import AuditEntry, User
from tests import factories
from tests.concurrency.threads import at_once

NAMES = ("customer_link", "customer_create", "customer_code")


@pytest.fixture
def login(db: None) -> Connection:
    factories.kashflow_on()
    return factories.saved_login(factories.ledger_account(), factories.user("Admin"))


def candidate(n: int, code: str = "KAYAK1") -> dict[str, Any]:
    return {
        "code": code,
        "customer_id": n,
        "name": "Kernow Kayaks",
        "postcode": "TR1 1AA",
        "email": "boats@kernow.example",
        "why": "same e-mail",
    }


def link_row(login: Connection, state: str = "match", client: Client | None = None, **fields: Any) -> Any:
    """A link of a new client; waiting for a person between two customers unless told otherwise."""
    if state == "match":
        fields = {"candidates": [candidate(71), candidate(72, "KAYAK2")], **fields}
    if state == "linked":
        fields = {"linked_at": timezone.now(), **fields}
    client = client or factories.client_row(name="Kernow Kayaks Ltd")
    return CustomerLink.objects.create(
        client=client, ledger_account=login.ledger_account, state=state, **fields
    )


def post(browser: Browser, client: Client, name: str, **values: Any) -> Any:
    return browser.post(reverse(f"clients:{name}", args=[client.pk]), values)


def page(browser: Browser, client: Client) -> str:
    return browser.get(reverse("clients:details", args=[client.pk])).content.decode()


def ours(link: CustomerLink) -> dict[str, Any]:
    """What our client is today, as a new link remembers it."""
    return customer_links.values_of(link.client)


def row(link: CustomerLink) -> dict[str, Any]:
    return CustomerLink.objects.values().get(pk=link.pk)


# --- Who may ------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_login(login: Connection) -> None:
    link = link_row(login)
    before = row(link)
    for name in NAMES:
        answer = post(Browser(), link.client, name, customer_id=71, code="KAYAK1")
        assert answer["Location"].startswith("/login/")
    assert row(link) == before


def test_production_may_look_only(as_role: Any, login: Connection) -> None:
    link = link_row(login)
    before, browser = row(link), as_role("Production")
    shown = page(browser, link.client)
    assert "KAYAK1" in shown and "Link KAYAK1" not in shown and "Create a new customer" not in shown
    answers = [post(browser, link.client, name, customer_id=71, code="KAYAK1") for name in NAMES]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert row(link) == before
    assert not AuditEntry.objects.exists()


def test_the_addresses_take_posts_only(as_role: Any, login: Connection) -> None:
    client, browser = link_row(login).client, as_role("Sales")
    answers = [browser.get(reverse(f"clients:{name}", args=[client.pk])) for name in NAMES]
    assert [answer.status_code for answer in answers] == [405, 405, 405]


def test_without_kashflow_nothing_is_linked(as_role: Any) -> None:
    client = factories.client_row()
    answer = post(as_role("Admin"), client, "customer_code", code="KERN01")
    assert answer["Location"] == reverse("clients:details", args=[client.pk])
    assert not CustomerLink.objects.exists()


# --- One of the proposed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Admin", "Accounts", "Sales"])
def test_a_proposed_customer_is_linked(as_role: Any, login: Connection, role: str) -> None:
    link = link_row(login, cause="KashFlow has a likely customer.")
    browser = as_role(role)
    assert "Link KAYAK2" in page(browser, link.client)
    assert post(browser, link.client, "customer_link", customer_id=72).status_code == 302
    now = CustomerLink.objects.get()
    assert (now.state, now.code, now.customer_id, now.how) == ("linked", "KAYAK2", 72, "by_hand")
    assert (now.by, now.known, now.candidates, now.cause) == (browser.person, ours(link), [], "")
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.by) == ("customer.linked", browser.person)
    assert entry.before == {"kashflow_id": "", "state": "match"}
    assert entry.after == {"kashflow_id": "KAYAK2", "how": "by_hand"}
    shown = page(browser, link.client)
    assert "Chosen by hand" in shown and "goes on by itself within a minute" in shown
    assert ("Transfers of Kernow Kayaks Ltd" in shown) == (role != "Sales")


def test_a_customer_that_was_not_proposed_is_refused(as_role: Any, login: Connection) -> None:
    link, other = link_row(login), link_row(login, candidates=[candidate(99, "OTHER1")])
    before = row(link), row(other)
    browser = as_role("Sales")
    for wrong in ("99", "0", "-1", "9" * 30, "x", ""):
        answer = post(browser, link.client, "customer_link", customer_id=wrong)
        assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    assert "is not one of those proposed" in post(browser, link.client, "customer_link", customer_id=99).text
    assert (row(link), row(other)) == before
    assert not AuditEntry.objects.exists()


def test_a_customer_of_another_client_is_refused_and_named(as_role: Any, login: Connection) -> None:
    whose = link_row(
        login, "linked", factories.client_row(name="Kernow Boats"), code="KAYAK1", customer_id=71
    )
    link = link_row(login)
    before = row(link)
    answer = post(as_role("Sales"), link.client, "customer_link", customer_id=71)
    assert "KAYAK1 belongs to Kernow Boats" in answer.text
    assert reverse("clients:details", args=[whose.client_id]) in answer.text
    assert row(link) == before
    assert not AuditEntry.objects.exists()


def test_a_second_press_is_told_that_it_was_decided(as_role: Any, login: Connection) -> None:
    link, browser = link_row(login), as_role("Sales")
    post(browser, link.client, "customer_link", customer_id=71)
    before = row(link)
    for name in ("customer_link", "customer_create"):
        assert "changed meanwhile" in post(browser, link.client, name, customer_id=72).text
    assert row(link) == before
    assert AuditEntry.objects.count() == 1


def test_the_agency_is_linked_from_its_clients_page(as_role: Any, login: Connection) -> None:
    agency = factories.client_row(name="Teme Media", is_agency=True)
    link = link_row(login, client=agency)
    managed = factories.client_row(agency=agency)
    post(as_role("Sales"), managed, "customer_link", customer_id=71)
    link.refresh_from_db()
    assert (link.state, link.code) == ("linked", "KAYAK1")
    assert CustomerLink.objects.count() == 1


# --- None of them -------------------------------------------------------------------------------------------


def test_a_new_customer_is_asked_for(as_role: Any, login: Connection) -> None:
    link, browser = link_row(login), as_role("Accounts")
    assert post(browser, link.client, "customer_create").status_code == 302
    now = CustomerLink.objects.get()
    assert (now.state, now.code, now.how, now.linked_at) == ("wanted", None, "", None)
    assert now.read_at is not None and len(now.candidates) == 2
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.by) == ("customer.create_anyway", browser.person)
    assert entry.after == {"refused": "KAYAK1, KAYAK2"}
    shown = page(browser, link.client)
    assert "Being created in KashFlow" in shown and "KAYAK1" not in shown
    assert "goes on by itself within a minute" in shown


def test_a_code_kept_for_the_customer_is_kept_and_one_of_an_earlier_link_is_not(login: Connection) -> None:
    by = factories.user("Sales")
    reserved = link_row(login, code="KERN01")
    gone = link_row(login, code="KERN02", customer_id=5, how="created", used_at=timezone.now(), candidates=[])
    for link in (reserved, gone):
        linking.create_customer_anyway(by=by, client=link.client, account=login.ledger_account)
        link.refresh_from_db()
    assert (reserved.code, gone.code, gone.customer_id, gone.used_at) == ("KERN01", None, None, None)


# --- Typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["", "wanted", "match"])
def test_a_kashflow_id_is_typed(as_role: Any, login: Connection, state: str) -> None:
    client = link_row(login, state).client if state else factories.client_row()
    browser = as_role("Sales")
    assert post(browser, client, "customer_code", code=" Kern01 ").status_code == 302
    now = CustomerLink.objects.get()
    assert (now.state, now.code, now.customer_id, now.how) == ("linked", "Kern01", None, "by_hand")
    assert (now.by, now.known, now.read_at) == (browser.person, ours(now), None)
    assert "not yet" in page(browser, client)


@pytest.mark.parametrize("typed", ["", "KERN 01", "KERN-01", "KÉRN01", "K" * 21, "<b>"])
def test_anything_but_letters_and_digits_is_refused_beside_the_field(
    as_role: Any, login: Connection, typed: str
) -> None:
    client = factories.client_row()
    answer = post(as_role("Sales"), client, "customer_code", code=typed)
    assert list(answer.context["code_form"].errors) == ["code"]
    assert answer.context["code_form"]["code"].value() == typed
    assert not CustomerLink.objects.filter(state="linked").exists()


def test_a_kashflow_id_of_another_client_is_refused_however_written(as_role: Any, login: Connection) -> None:
    link_row(login, "linked", factories.client_row(name="Kernow Boats"), code="KERN01", customer_id=71)
    answer = post(as_role("Sales"), factories.client_row(), "customer_code", code="kern01")
    assert "belongs to Kernow Boats" in answer.context["code_form"].errors["code"][0]
    assert CustomerLink.objects.filter(state="linked").count() == 1
    assert not AuditEntry.objects.exists()


def test_a_customer_that_is_being_created_is_waited_for(as_role: Any, login: Connection) -> None:
    link = link_row(login, "wanted", code="KERN01")
    before, browser = row(link), as_role("Sales")
    assert 'name="code"' not in page(browser, link.client)
    answer = post(browser, link.client, "customer_code", code="KAYAK1")
    assert "is being created" in answer.context["code_form"].errors["code"][0]
    assert row(link) == before


def test_a_link_without_sent_invoices_is_changed(as_role: Any, login: Connection) -> None:
    link = link_row(login, "linked", code="KERN01", customer_id=4, how="created", known={"name": "Kernow"})
    browser = as_role("Sales")
    assert "Change the link…" in page(browser, link.client)
    assert "linked to KERN01 already" in post(browser, link.client, "customer_code", code="kern01").text
    assert post(browser, link.client, "customer_code", code="KAYAK1").status_code == 302
    link.refresh_from_db()
    assert (link.code, link.customer_id, link.known, link.how) == ("KAYAK1", None, ours(link), "by_hand")
    assert AuditEntry.objects.get().before == {"kashflow_id": "KERN01", "state": "linked"}


def test_a_link_with_sent_invoices_stays(as_role: Any, login: Connection) -> None:
    link = link_row(login, "linked", code="KERN01", customer_id=4, used_at=timezone.now())
    before, browser = row(link), as_role("Admin")
    shown = page(browser, link.client)
    assert "Change the link…" not in shown and "so the link stays" in shown
    answer = post(browser, link.client, "customer_code", code="KAYAK1")
    assert "Invoices of this client went to KERN01" in answer.context["code_form"].errors["code"][0]
    assert row(link) == before


# --- At the same moment -------------------------------------------------------------------------------------


@pytest.fixture
def shared(committed: None) -> tuple[Connection, User]:
    factories.kashflow_on()
    by = factories.user("Sales")
    return factories.saved_login(factories.ledger_account(), factories.user("Admin")), by


def kinds(results: list[Any]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_four_people_decide_once(shared: tuple[Connection, User]) -> None:
    login, by = shared
    for _ in range(5):
        link = link_row(login)
        CustomerLink.objects.exclude(pk=link.pk).delete()
        whose = {"by": by, "client": link.client, "account": login.ledger_account}
        results = at_once(
            [
                lambda w=whose: linking.link_customer(**w, customer_id=71),
                lambda w=whose: linking.link_customer(**w, customer_id=72),
                lambda w=whose: linking.create_customer_anyway(**w),
                lambda w=whose: linking.create_customer_anyway(**w),
            ]
        )
        assert kinds(results) == ["CustomerLink", *["Gone"] * 3]
    assert AuditEntry.objects.count() == 5


def test_four_clients_want_one_customer_and_one_gets_it(shared: tuple[Connection, User]) -> None:
    login, by = shared
    for n in range(1, 6):
        links = [link_row(login, candidates=[candidate(n, f"KAYAK{n}")]) for _ in range(4)]
        results = at_once(
            [
                lambda one=one.client, n=n: linking.link_customer(
                    by=by, client=one, account=login.ledger_account, customer_id=n
                )
                for one in links
            ]
        )
        assert kinds(results) == ["CustomerLink", *["CustomerTaken"] * 3]
    assert CustomerLink.objects.filter(state="linked").count() == AuditEntry.objects.count() == 5


def test_an_invoice_is_sent_or_the_link_is_changed_never_both(shared: tuple[Connection, User]) -> None:
    login, by = shared
    for n in range(1, 11):
        link = link_row(login, "linked", code=f"OLD{n}", customer_id=n)
        used, changed = at_once(
            [
                lambda one=link: customers.use(one),
                lambda one=link.client, n=n: linking.link_by_code(
                    by=by, client=one, account=login.ledger_account, code=f"NEW{n}"
                ),
            ]
        )
        assert used is not isinstance(changed, CustomerLink)

"""A person says which KashFlow customer a client is, and the invoice that waited goes to that one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients import customer_links, customers, linking
from clients.models import Client, CustomerLink
from invoicing.models import Invoice
from kashflow.gateway.errors import Unknown
from kashflow.models import Connection
from kashflow.services import get_gateway
from settings_app.models import AuditEntry, User
from tests import factories
from tests.concurrency.threads import at_once
from tests.faults.house import wait_for
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import until_settled
from tests.sandboxes import LiveSandbox

NAMES = ("customer_link", "customer_create", "customer_code")


@pytest.fixture
def login(db: None) -> Connection:
    factories.kashflow_on()
    return factories.saved_login(factories.ledger_account(), factories.user("Admin"))


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


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
    assert "Chosen by hand" in shown and "recheck it on the Transfer desk" in shown
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
    assert "recheck it on the Transfer desk" in shown


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


# --- With KashFlow ------------------------------------------------------------------------------------------


def waiting_invoice(desk: Desk, code: str = "KAYAK1") -> tuple[Invoice, dict[str, Any]]:
    """An invoice that stopped because a customer of KashFlow has its client's e-mail, and that customer."""
    client = factories.client_row(name="Kernow Kayaks Ltd")
    there = {"Code": code, "Name": "Kernow Kayaks (Truro)", "Email": client.email, "Postcode": "TR1 1AA"}
    customer_id = desk.sandbox.server.ledger.add_customer(**there, Notes="Pays late", Telephone="0800 1")
    invoice = desk.raise_invoices(1, client)[0]
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["review"]
    return invoice, customer_in(desk, customer_id)


def customer_in(desk: Desk, customer_id: int) -> dict[str, Any]:
    return next(one for one in desk.sandbox.state()["customers"] if one["CustomerID"] == customer_id)


def press_again(desk: Desk, invoice: Invoice) -> None:
    desk.press([invoice])
    until_settled(desk)
    assert desk.states() == ["verified"]
    assert desk.calls("InsertInvoice") == 1


def test_the_invoice_that_waited_goes_to_the_linked_customer(as_role: Any, desk: Desk) -> None:
    invoice, there = waiting_invoice(desk)
    browser = as_role("Accounts")
    run = desk.transfer(invoice).run_transfers.get().run
    shown = browser.get(reverse("invoicing:run", args=[run.pk])).content.decode()
    assert f'href="{reverse("clients:details", args=[invoice.payer_id])}"' in shown
    customers_before = desk.sandbox.state()["customers"]
    post(browser, invoice.payer, "customer_link", customer_id=there["CustomerID"])
    press_again(desk, invoice)
    (document,) = desk.documents()
    assert (document["InvoiceNumber"], document["CustomerID"]) == (invoice.number, there["CustomerID"])
    assert desk.sandbox.state()["customers"] == customers_before
    assert (desk.calls("InsertCustomer"), desk.calls("UpdateCustomer")) == (0, 0)
    link = CustomerLink.objects.get()
    assert link.used_at and link.known["name"] == "Kernow Kayaks Ltd"
    assert "Change the link…" not in page(browser, invoice.payer)


@pytest.mark.parametrize("code", ["KAYAK1", "KERN01"])
def test_or_to_a_new_customer_that_is_created_once(as_role: Any, desk: Desk, code: str) -> None:
    """KERN01 is the code the new customer would get: it is the refused one's, so the next is taken."""
    invoice, there = waiting_invoice(desk, code)
    post(as_role("Sales"), invoice.payer, "customer_create")
    press_again(desk, invoice)
    link = CustomerLink.objects.get()
    assert (link.state, link.how, link.candidates) == ("linked", "created", [])
    assert link.code == ("KERN02" if code == "KERN01" else "KERN01")
    (new,) = [one for one in desk.sandbox.state()["customers"] if one["Name"] == "Kernow Kayaks Ltd"]
    assert new["CustomerID"] == link.customer_id == desk.documents()[0]["CustomerID"]
    assert customer_in(desk, there["CustomerID"]) == there


def test_a_refused_customer_is_not_proposed_again_by_the_list(desk: Desk) -> None:
    invoice, _ = waiting_invoice(desk)
    link = linking.create_customer_anyway(
        by=factories.user("Sales"), client=invoice.payer, account=desk.account
    )
    customers.resolve_many([link], connection=desk.connection, by=None)
    link.refresh_from_db()
    assert link.state == "wanted"


def test_a_lost_reply_after_create_anyway_is_found_again(desk: Desk) -> None:
    invoice, _ = waiting_invoice(desk)
    link = linking.create_customer_anyway(
        by=factories.user("Sales"), client=invoice.payer, account=desk.account
    )
    desk.sandbox.fault("InsertCustomer", "drop_after")
    with pytest.raises(Unknown):
        customers.resolve(link, connection=desk.connection, by=None)
    assert customers.resolve(link, connection=desk.connection, by=None).code == "KERN01"
    names = [one["Name"] for one in desk.sandbox.state()["customers"]]
    assert names.count("Kernow Kayaks Ltd") == 1


def test_a_typed_kashflow_id_is_read_at_first_use(as_role: Any, desk: Desk) -> None:
    invoice, there = waiting_invoice(desk)
    post(as_role("Sales"), invoice.payer, "customer_code", code="kayak1")
    press_again(desk, invoice)
    link = CustomerLink.objects.get()
    assert (link.code, link.customer_id) == ("KAYAK1", there["CustomerID"])
    assert customer_in(desk, there["CustomerID"]) == there


def test_a_typed_kashflow_id_nobody_has_waits_for_a_person_again(as_role: Any, desk: Desk) -> None:
    client, browser = factories.client_row(), as_role("Sales")
    post(browser, client, "customer_code", code="NOBODY9")
    link = customers.resolve(CustomerLink.objects.get(), connection=desk.connection, by=None)
    assert (link.state, link.candidates) == ("match", [])
    shown = page(browser, client)
    assert "KashFlow has no customer NOBODY9." in shown and "Create a new customer" in shown
    post(browser, client, "customer_create")
    assert CustomerLink.objects.get().code is None


def test_a_worker_that_was_about_to_create_the_customer_sees_the_link(desk: Desk) -> None:
    """It loaded the link before the KashFlow ID was typed, and takes a code for the customer after it."""
    client, by = factories.client_row(name="Kernow Kayaks Ltd"), factories.user("Sales")
    stale = customers.want(client, desk.account)
    linking.link_by_code(by=by, client=client, account=desk.account, code="NEW1")
    gateway = get_gateway(desk.connection, by=None, purpose="Test")
    link = customers._create(stale, customer_links.values_of(stale.client), gateway, None)
    assert (link.state, link.code, link.customer_id) == ("linked", "NEW1", None)
    assert desk.calls("InsertCustomer") == 0


def test_a_worker_that_was_reading_the_customer_leaves_a_changed_link_alone(
    committed: None, desk: Desk
) -> None:
    client, by = factories.client_row(), factories.user("Sales")
    there = desk.sandbox.server.ledger.add_customer(Code="OLD1", Name="Kernow")
    link = link_row(desk.connection, "linked", client, code="OLD1", customer_id=there)
    desk.sandbox.hold("GetCustomerByID", "received")

    def change() -> CustomerLink:
        try:
            wait_for(lambda: desk.calls("GetCustomerByID") == 1, 10)
            return linking.link_by_code(by=by, client=client, account=desk.account, code="NEW1")
        finally:
            desk.sandbox.release()

    resolved, changed = at_once(
        [lambda: customers.resolve(link, connection=desk.connection, by=None), change]
    )
    assert (resolved.code, resolved.customer_id, resolved.known) == ("NEW1", None, ours(link))
    assert row(changed) == row(resolved)
    assert not customers.use(link)


def test_a_typed_kashflow_id_of_a_customer_that_is_another_clients_stops(desk: Desk) -> None:
    """The bookkeeper gave a linked customer another code, which here nobody has."""
    mine, other = factories.client_row(), factories.client_row()
    account, by = desk.account, factories.user("Sales")
    taken = customers.resolve(customers.want(other, account), connection=desk.connection, by=None)
    there = customer_in(desk, taken.customer_id)
    desk.sandbox.server.ledger.update_customer(**{**there, "Code": "RENAMED1"})
    link = linking.link_by_code(by=by, client=mine, account=account, code="RENAMED1")
    link = customers.resolve(link, connection=desk.connection, by=None)
    assert (link.state, link.customer_id) == ("match", None)
    assert "another client" in link.cause

"""A customer link that a person decided, carried to KashFlow: invoices go there, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from clients import customer_links, customers, linking
from clients.models import CustomerLink
from invoicing.models import Invoice
from kashflow.gateway.errors import Unknown
from kashflow.models import Connection
from kashflow.services import get_gateway
from tests import factories
from tests.clients.test_link_customer import link_row, ours, page, post, row
from tests.concurrency.threads import at_once
from tests.faults.house import wait_for
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import until_settled
from tests.sandboxes import LiveSandbox


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    return Desk(connected, sandbox)


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

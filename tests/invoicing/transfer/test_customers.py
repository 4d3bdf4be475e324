"""Invoices whose customer KashFlow has no more or does not take: somebody is asked, and then they go by themselves."""

from __future__ import annotations

import pytest

from clients import linking
from clients.models import Client, CustomerLink
from invoicing.models import Transfer
from settings_app.models import User
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import BETWEEN


def link_of(client: Client) -> CustomerLink:
    return CustomerLink.objects.get(client=client)


def booked_client(desk: Desk) -> Client:
    """One whose customer was created, and no invoice yet."""
    client = factories.client_row()
    desk.press(desk.raise_invoices(1, client))
    desk.work()
    CustomerLink.objects.filter(client=client).update(used_at=None)
    return client


def until_sent(desk: Desk) -> None:
    for _ in range(3):
        desk.sweep_and_work()
        desk.skip(BETWEEN)


def delete_there(desk: Desk, client: Client) -> None:
    desk.sandbox.server.ledger.delete_customer(link_of(client).customer_id)


@pytest.fixture
def sales() -> User:
    return factories.user("Sales")


def test_customer_deleted_there_is_asked_about_and_the_invoice_goes_on_once_it_is_settled(
    desk: Desk, sales: User
) -> None:
    client = booked_client(desk)
    sent = desk.sandbox.invoices()[0]["InvoiceDBID"]
    desk.sandbox.delete(sent)
    delete_there(desk, client)
    (invoice,) = desk.raise_invoices(1, client)
    desk.press([invoice])
    desk.work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("rejected", "customer_unresolved")
    assert "any more. Choose the right one" in transfer.last_cause
    assert link_of(client).state == CustomerLink.State.MATCH
    calls = len(desk.sandbox.log())
    desk.sweep_and_work()
    assert len(desk.sandbox.log()) == calls
    linking.create_customer_anyway(by=sales, client=client, account=desk.account)
    until_sent(desk)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.last_cause) == ("verified", "")
    assert [one["InvoiceNumber"] for one in desk.sandbox.invoices()] == [invoice.number]


def test_refusal_for_a_customer_that_is_there_all_the_same_stops_that_invoice_alone(desk: Desk) -> None:
    client = booked_client(desk)
    desk.sandbox.fault("InsertInvoice", "status_no", text="There is no customer with that ID")
    invoices = desk.raise_invoices(2, client)
    desk.press(invoices)
    desk.work()
    assert [desk.transfer(one).state for one in invoices] == ["rejected", "verified"]
    assert (desk.transfer(invoices[0]).cause_code, link_of(client).state) == ("not_found", "linked")


def test_what_kashflow_says_of_a_customer_it_does_not_take_is_shown_and_asked_about(
    desk: Desk, sales: User
) -> None:
    desk.sandbox.fault("InsertCustomer", "status_no", text="Email address is not valid", times=2)
    (invoice,) = desk.raise_invoices(1)
    desk.press([invoice])
    desk.work()
    assert "“Email address is not valid”" in link_of(invoice.payer).cause
    assert (desk.transfer(invoice).state, desk.calls("InsertCustomer")) == ("ready", 1)
    assert "“Email address is not valid”" in desk.transfer(invoice).last_cause
    desk.skip(600)
    desk.sweep_and_work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, transfer.cause_code) == ("review", "customer_unresolved")
    assert "KashFlow said no twice: “Email address is not valid”." in transfer.last_cause
    linking.create_customer_anyway(by=sales, client=invoice.payer, account=desk.account)
    until_sent(desk)
    assert (desk.states(), desk.calls("InsertCustomer")) == (["verified"], 3)
    codes = [one["Code"] for one in desk.sandbox.state()["customers"]]
    assert codes.count(link_of(invoice.payer).code) == 1


def test_what_waits_for_another_reason_is_left_to_its_person(desk: Desk) -> None:
    desk.in_kashflow()
    Transfer.objects.update(state="review", cause_code="differs")
    calls = len(desk.sandbox.log())
    desk.sweep_and_work()
    assert (desk.states(), len(desk.sandbox.log())) == (["review"], calls)


def test_trouble_of_kashflow_s_own_is_tried_again_and_asks_nobody(desk: Desk) -> None:
    desk.sandbox.fault("InsertCustomer", "status_no", text="Execution Timeout Expired", times=2)
    (invoice,) = desk.raise_invoices(1)
    desk.press([invoice])
    desk.work()
    for _ in range(2):
        desk.skip(900)
        desk.sweep_and_work()
    assert (desk.states(), desk.calls("InsertCustomer")) == (["verified"], 3)

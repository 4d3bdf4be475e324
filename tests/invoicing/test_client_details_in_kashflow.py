"""Changed client details reach KashFlow with the next invoice, field by field (Transferring client information)."""

from __future__ import annotations

from typing import Any

import pytest

from clients import customers, linking, matches
from clients.customer_codes.reading import FoundCustomer
from clients.forms import ClientForm
from clients.models import Client, Contact, CustomerLink
from invoicing.transfer import lanes
from kashflow.models import Connection
from tests import factories
from tests.invoicing.batches import invoice_of
from tests.sandboxes import LiveSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(connected: Connection) -> Client:
    return factories.client_row(name="Kernow Kayaks Ltd", phone="01432 000111")


def sent(client: Client, connected: Connection) -> None:
    """One more invoice of `client`, carried to KashFlow."""
    invoice = invoice_of(client)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    assert invoice.transfers.get().state == "verified"


def customer(sandbox: LiveSandbox) -> dict[str, Any]:
    (found,) = [one for one in sandbox.state()["customers"] if one["Code"] == "KERN01"]
    return found


def change_on_page(as_role: Any, client: Client, **changed: Any) -> None:
    client = Client.objects.get(pk=client.pk)
    form = ClientForm(instance=client)
    values = {name: form[name].value() for name in form.fields}
    posted = {name: value for name, value in values.items() if value not in (None, False, "")}
    answer = as_role("Accounts").post(f"/clients/{client.pk}/details/", {**posted, **changed})
    assert answer.status_code == 302, answer.context["form"].errors


def test_a_change_waits_for_the_next_invoice(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox
) -> None:
    sent(client, connected)
    before = customer(sandbox)
    change_on_page(as_role, client, phone="01432 999999", address1="2 New Quay")
    assert customer(sandbox) == before
    sent(client, connected)
    assert customer(sandbox) == {**before, "Telephone": "01432 999999", "Address1": "2 New Quay"}


def test_a_changed_contact_goes_along(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox
) -> None:
    sent(client, connected)
    before = customer(sandbox)
    Contact.objects.filter(client=client).update(first_name="Demelza", last_name="Rowe")
    sent(client, connected)
    name = {"Contact": "Demelza Rowe", "ContactFirstName": "Demelza", "ContactLastName": "Rowe"}
    assert customer(sandbox) == {**before, **name}


def test_what_the_bookkeeper_changed_and_nobody_here_stays(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox
) -> None:
    sent(client, connected)
    theirs = {**customer(sandbox), "Telephone": "0800 KAYAKS", "Notes": "Pays late"}
    sandbox.server.ledger.update_customer(**theirs)
    change_on_page(as_role, client, address1="2 New Quay")
    sent(client, connected)
    assert customer(sandbox) == {**theirs, "Address1": "2 New Quay"}
    card = as_role("Production").get(f"/clients/{client.pk}/details/").text.partition('id="kashflow"')[2]
    assert "Different in KashFlow when it was last read" in card
    assert "<dt>Telephone</dt><dd>0800 KAYAKS</dd>" in card and "2 New Quay" not in card


def test_with_nothing_changed_the_customer_is_not_written(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox
) -> None:
    sent(client, connected)
    sent(client, connected)
    assert "Different in KashFlow" not in as_role("Sales").get(f"/clients/{client.pk}/details/").text
    assert len(sandbox.log("InsertCustomer")) == 1
    assert sandbox.log("UpdateCustomer") == []


@pytest.mark.parametrize(
    ("text", "state"),
    [("The customer code specified is invalid.", "review"), ("The postcode is too long.", "ready")],
)
def test_a_change_that_kashflow_refuses_is_told_on_the_client_until_it_is_taken(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox, text: str, state: str
) -> None:
    sent(client, connected)
    before = customer(sandbox)
    change_on_page(as_role, client, address1="2 New Quay")
    sandbox.fault("UpdateCustomer", "status_no", text=text)
    invoice = invoice_of(client)
    lanes.carry_due(connected.ledger_account_id, wake_another=lambda: None)
    assert (invoice.transfers.get().state, customer(sandbox)) == (state, before)
    shown = as_role("Accounts").get(f"/clients/{client.pk}/details/").text
    assert "What was changed here is not in KashFlow yet." in shown and "KashFlow KERN01" in shown
    link = customers.resolve(CustomerLink.objects.get(), connection=connected, by=None)
    assert (link.cause, customer(sandbox)) == ("", {**before, "Address1": "2 New Quay"})
    shown = as_role("Accounts").get(f"/clients/{client.pk}/details/").text
    assert "What was changed here is not in KashFlow yet." not in shown


# --- Changed between linking and the first invoice ----------------------------------------------------------


def linked(client: Client, connected: Connection, customer_id: int, way: str) -> None:
    """Links `client` to the customer KERN01 that KashFlow had before, in one of the ways there are."""
    by = factories.user("Admin")
    if way in ("file", "kashflow"):
        api = {"customer_id": customer_id} if way == "kashflow" else {}
        match = matches.store(by=by, customers=[FoundCustomer(2, "KERN01", client.name, **api)], source=way)
        match.rows.update(decision="link", client=client)
        matches.apply(by=by, match=match)
        return
    whose = {"by": by, "client": client, "account": connected.ledger_account}
    if way == "typed":
        linking.link_by_code(**whose, code="KERN01")
        return
    proposed = {
        "code": "KERN01",
        "customer_id": customer_id,
        "name": "",
        "postcode": "",
        "email": "",
        "why": "",
    }
    CustomerLink.objects.create(
        client=client, ledger_account=connected.ledger_account, state="match", candidates=[proposed]
    )
    linking.link_customer(**whose, customer_id=customer_id)


WAYS = ["file", "kashflow", "typed", "proposed"]


@pytest.mark.parametrize("way", WAYS)
def test_a_change_between_linking_and_the_first_invoice_goes_along_and_nothing_else(
    as_role: Any, client: Client, connected: Connection, sandbox: LiveSandbox, way: str
) -> None:
    there = sandbox.server.ledger.add_customer(
        Code="KERN01", Name="Kernow Kayaks (Truro)", Telephone="0800 KAYAKS", Postcode="TR1 1AA"
    )
    linked(client, connected, there, way)
    before = customer(sandbox)
    change_on_page(as_role, client, address1="2 New Quay")
    sent(client, connected)
    assert customer(sandbox) == {**before, "Address1": "2 New Quay"}
    sent(client, connected)
    assert len(sandbox.log("UpdateCustomer")) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_linked_customer_is_read_before_its_first_invoice_and_left_as_it_is(
    client: Client, connected: Connection, sandbox: LiveSandbox, way: str
) -> None:
    there = sandbox.server.ledger.add_customer(Code="KERN01", Name="Kernow Kayaks (Truro)")
    linked(client, connected, there, way)
    before = customer(sandbox)
    sent(client, connected)
    assert customer(sandbox) == before
    read = "GetCustomerByID" if way in ("kashflow", "proposed") else "GetCustomer"
    assert len(sandbox.log(read)) == 1
    assert sandbox.log("UpdateCustomer") == [] and sandbox.log("InsertCustomer") == []

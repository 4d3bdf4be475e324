"""Which KashFlow customer a client is: found, created once, kept up to date, or left to a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from clients import customer_links, customers
from clients.linking import create_customer_anyway
from clients.models import Client, Contact, CustomerLink
from kashflow.gateway.errors import GatewayError, Unknown
from kashflow.models import ApiCall, Connection
from settings_app.models import AuditEntry
from tests import factories
from tests.sandboxes import LiveSandbox


class Books:
    """KashFlow's customers on one side, a client's link on the other."""

    def __init__(self, connection: Connection, sandbox: LiveSandbox) -> None:
        self.connection = connection
        self.sandbox = sandbox

    def want(self, client: Client) -> CustomerLink:
        return customers.want(client, self.connection.ledger_account)

    def resolve(self, link: CustomerLink) -> CustomerLink:
        return customers.resolve(link, connection=self.connection, by=None)

    def add(self, **elements: Any) -> int:
        """A customer the bookkeeper has already; returns its CustomerID."""
        return self.sandbox.server.ledger.add_customer(**elements)

    def customers(self, **having: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self.sandbox.state()["customers"]
            if all(one[name] == value for name, value in having.items())
        ]

    def calls(self) -> list[str]:
        return list(ApiCall.objects.order_by("pk").values_list("operation", flat=True))


@pytest.fixture
def books(connected: Connection, sandbox: LiveSandbox) -> Books:
    return Books(connected, sandbox)


def test_wanting_twice_makes_one_link(books: Books) -> None:
    client = factories.client_row()
    assert books.want(client) == books.want(client)
    assert CustomerLink.objects.get().state == "wanted"


@pytest.mark.parametrize("is_listed", [False, True])
@pytest.mark.parametrize(
    ("same", "why"),
    [
        ({"email": "accounts@kernow.example"}, "same e-mail"),
        ({"name": "Kernow Kayaks", "postcode": "HR9 5AA"}, "same name and postcode"),
    ],
)
def test_company_that_another_client_is_already_is_not_doubled_without_a_word(
    books: Books, same: dict[str, str], why: str, is_listed: bool
) -> None:
    """Asked once: the person who says that it is another company is not asked again."""
    before = len(books.customers())
    first = booked(books, name="Kernow Kayaks", postcode="HR9 5AA", email="accounts@kernow.example")
    second = books.want(factories.client_row(**{"name": "Arrow Press", "postcode": "HR4 9XX", **same}))
    if is_listed:
        customers.resolve_many([second], connection=books.connection, by=None)
        second.refresh_from_db()
    else:
        second = books.resolve(second)
    assert (second.state, [one["code"] for one in second.candidates]) == ("match", [first.code])
    assert f"({why}; linked to Kernow Kayaks)" in second.cause
    assert len(books.customers()) == before + 1
    create_customer_anyway(
        by=factories.user("Sales"), client=second.client, account=books.connection.ledger_account
    )
    CustomerLink.objects.filter(pk=second.pk).update(read_at=None)
    assert books.resolve(customer_links.fresh(second)).state == "linked"
    assert len(books.customers()) == before + 2


def booked(books: Books, **fields: str) -> CustomerLink:
    """The link of a client whose customer was created."""
    return books.resolve(books.want(factories.client_row(**fields)))


def test_customer_whose_number_another_client_has_waits_for_a_person(books: Books) -> None:
    """KashFlow's books were restored: it gives out a CustomerID anew that we know as somebody else's."""
    first = books.resolve(books.want(factories.client_row(name="Kernow Kayaks Ltd")))
    taken = books.add(Code="ZZZ", Name="Somebody Else")
    other = factories.client_row(name="Arrow Press")
    CustomerLink.objects.filter(pk=first.pk).update(customer_id=taken + 1)
    link = books.resolve(books.want(other))
    assert (link.state, link.customer_id, link.code) == ("match", None, "ARRO01")
    assert "another client is linked to" in link.cause
    assert len(link.cause) < 300
    first.refresh_from_db()
    assert (first.state, first.customer_id) == ("linked", taken + 1)
    # Asked again, nothing is created a second time.
    assert books.resolve(link).state == "match"
    assert books.calls().count("InsertCustomer") == 2


def test_new_client_is_created_with_its_details_under_letters_and_two_digits(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", phone="01432 000111", payment_terms_days=14)
    link = books.resolve(books.want(client))
    assert (link.state, link.code, link.how) == ("linked", "KERN01", "created")
    (customer,) = books.customers(Code="KERN01")
    assert customer["CustomerID"] == link.customer_id
    assert (customer["Name"], customer["Email"], customer["Postcode"]) == (
        client.name,
        client.email,
        "HR1 2AB",
    )
    assert (customer["Address1"], customer["Address3"], customer["Telephone"]) == (
        client.address1,
        "Hereford",
        client.phone,
    )
    assert (customer["ContactFirstName"], customer["PaymentTerms"]) == ("Alex", 14)
    assert AuditEntry.objects.get(event="customer.linked").after == {
        "kashflow_id": "KERN01",
        "how": "created",
    }


def test_known_and_unchanged_customer_costs_no_call(books: Books) -> None:
    link = books.resolve(books.want(factories.client_row()))
    before = books.calls()
    assert books.resolve(link) == link
    assert books.calls() == before


def test_second_client_of_the_same_letters_gets_the_next_code(books: Books) -> None:
    for name, code in (("Kernow Kayaks", "KERN01"), ("Kern Valley Feeds", "KERN02")):
        assert books.resolve(books.want(factories.client_row(name=name))).code == code


def test_code_of_somebody_else_is_left_alone_and_the_next_one_taken(books: Books) -> None:
    theirs = books.add(Code="KERN01", Name="Kernow Bakery", Email="x@bakery.example", Postcode="TR1 1AA")
    link = books.resolve(books.want(factories.client_row(name="Kernow Kayaks Ltd")))
    assert link.code == "KERN02"
    assert link.customer_id != theirs
    (bakery,) = books.customers(Code="KERN01")
    assert bakery["Name"] == "Kernow Bakery"


def test_same_e_mail_waits_for_a_person_and_nothing_is_created(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    there = books.add(Code="KAYAK1", Name="Kernow Kayaks", Email=client.email.upper(), Postcode="TR1 1AA")
    link = books.resolve(books.want(client))
    assert link.state == "match"
    assert [(one["customer_id"], one["why"]) for one in link.candidates] == [(there, "same e-mail")]
    assert "KAYAK1 Kernow Kayaks" in link.cause
    assert "InsertCustomer" not in books.calls()
    assert books.resolve(link).state == "match"


@pytest.mark.parametrize("email", ["", "boats@kernow.example"])
def test_same_name_and_postcode_under_another_code_waits_for_a_person(books: Books, email: str) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", postcode="TR1 1AA", email=email)
    Contact.objects.filter(client=client).update(email="")
    there = books.add(Code="KAYAK1", Name="KERNOW KAYAKS LTD", Email="old@kayaks.example", Postcode="tr11aa")
    books.add(Code="BAKER1", Name="Kernow Bakery", Email="x@bakery.example", Postcode="TR1 1AA")
    link = books.resolve(books.want(client))
    assert link.state == "match"
    found = [(one["customer_id"], one["why"]) for one in link.candidates]
    assert found == [(there, "same name and postcode")]
    assert "InsertCustomer" not in books.calls()


def test_a_failed_look_by_postcode_creates_nothing(books: Books) -> None:
    link = books.want(factories.client_row())
    books.sandbox.fault("GetCustomersByPostcode", "http_503")
    with pytest.raises(GatewayError):
        books.resolve(link)
    assert books.calls() == ["GetCustomerByEmail", "GetCustomersByPostcode"]
    link.refresh_from_db()
    assert (link.state, link.code) == ("wanted", None)


def test_without_a_postcode_nobody_is_asked_for_by_it(books: Books) -> None:
    link = books.resolve(books.want(factories.client_row(postcode="")))
    assert link.state == "linked"
    assert books.calls() == ["GetCustomerByEmail", "InsertCustomer"]


def test_lost_reply_is_found_again_by_the_stored_code(books: Books) -> None:
    link = books.want(factories.client_row(name="Kernow Kayaks Ltd"))
    books.sandbox.fault("InsertCustomer", "drop_after")
    with pytest.raises(Unknown):
        books.resolve(link)
    link.refresh_from_db()
    assert (link.state, link.code) == ("wanted", "KERN01")
    link = books.resolve(link)
    assert (link.state, link.how) == ("linked", "created")
    assert len(books.customers(Name="Kernow Kayaks Ltd")) == 1


def test_one_that_was_there_under_the_code_is_said_to_be_found(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", postcode="TR1 1AA", email="")
    Contact.objects.filter(client=client).update(email="")
    link = books.want(client)
    CustomerLink.objects.update(read_at=timezone.now())
    there = books.add(Code="KERN01", Name="Kernow Kayaks Ltd", Postcode="TR1 1AA", Telephone="0800 KAYAKS")
    link = books.resolve(CustomerLink.objects.get(pk=link.pk))
    assert (link.state, link.customer_id, link.how) == ("linked", there, "found")
    assert link.get_how_display() == "Found in KashFlow"
    assert AuditEntry.objects.get().after == {"kashflow_id": "KERN01", "how": "found"}
    assert [one["Telephone"] for one in books.customers(Code="KERN01")] == ["0800 KAYAKS"]


def test_one_under_a_kept_code_that_is_not_as_created_is_said_to_be_found(books: Books) -> None:
    link = books.want(factories.client_row(name="Kernow Kayaks Ltd", postcode="TR1 1AA"))
    CustomerLink.objects.update(code="KERN01")
    books.add(Code="KERN01", Name="Kernow Kayaks Ltd", Postcode="TR1 1AA", Email="old@kayaks.example")
    link = books.resolve(CustomerLink.objects.get(pk=link.pk))
    assert (link.state, link.how) == ("linked", "found")
    assert "InsertCustomer" not in books.calls()


def test_lost_request_is_sent_again_under_the_same_code(books: Books) -> None:
    link = books.want(factories.client_row(name="Kernow Kayaks Ltd"))
    books.sandbox.fault("InsertCustomer", "drop_before")
    with pytest.raises(GatewayError):
        books.resolve(link)
    assert books.resolve(link).code == "KERN01"
    assert len(books.customers(Name="Kernow Kayaks Ltd")) == 1


def test_failed_look_creates_nothing(books: Books) -> None:
    link = books.want(factories.client_row())
    books.sandbox.fault("GetCustomerByEmail", "http_503")
    with pytest.raises(GatewayError):
        books.resolve(link)
    assert books.calls() == ["GetCustomerByEmail"]
    link.refresh_from_db()
    assert (link.state, link.code) == ("wanted", None)


def test_only_what_was_changed_here_is_sent(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", phone="01432 000111")
    link = books.resolve(books.want(client))
    (before,) = books.customers(Code="KERN01")
    changed_there = {**before, "Telephone": "0800 KAYAKS", "Notes": "Pays late", "ExtraText1": "kept"}
    books.sandbox.server.ledger.update_customer(**changed_there)
    client.address1 = "2 New Quay"
    client.save()
    assert books.resolve(link).state == "linked"
    (after,) = books.customers(Code="KERN01")
    assert after["Address1"] == "2 New Quay"
    assert {**after, "Address1": before["Address1"]} == changed_there
    assert AuditEntry.objects.get(event="customer.updated").after == {"address1": "2 New Quay"}
    assert customers.is_settled(CustomerLink.objects.select_related("client").get())


def test_link_made_by_hand_gets_its_customer_id_and_overwrites_nothing(books: Books) -> None:
    there = books.add(Code="KAYAK1", Name="Kernow Kayaks (old)", Email="old@kayaks.example")
    link = books.want(factories.client_row(name="Kernow Kayaks Ltd"))
    CustomerLink.objects.update(
        state="linked", code="KAYAK1", linked_at="2026-11-01T00:00:00Z", how="by_hand"
    )
    link = books.resolve(link)
    assert link.customer_id == there
    assert books.customers(Code="KAYAK1")[0]["Name"] == "Kernow Kayaks (old)"
    assert books.calls() == ["GetCustomer"]


def test_customer_deleted_in_kashflow_waits_for_a_person(books: Books) -> None:
    client = factories.client_row()
    link = books.resolve(books.want(client))
    books.sandbox.server.ledger.delete_customer(link.customer_id)
    client.address1 = "2 New Quay"
    client.save()
    link = books.resolve(link)
    assert link.state == "match"
    assert "any more" in link.cause


def test_two_at_once_make_one_customer(books: Books) -> None:
    """The second one looked before the first one stored its code, and meets the finished customer."""
    link = books.want(factories.client_row(name="Kernow Kayaks Ltd"))
    stale = CustomerLink.objects.select_related("client", "ledger_account").get(pk=link.pk)
    books.resolve(link)
    assert not customer_links.propose(
        stale, [{"code": "KERN01", "name": "Kernow Kayaks Ltd", "why": "same e-mail"}]
    )
    assert books.resolve(stale).state == "linked"
    assert len(books.customers(Name="Kernow Kayaks Ltd")) == 1


def test_many_at_once_are_looked_for_in_one_list(books: Books) -> None:
    same_mail = factories.client_row(name="Alpha Ales")
    same_place = factories.client_row(name="Bryn Books", postcode="LD3 7AA")
    new = factories.client_row(name="Cwm Crafts")
    books.add(Code="ALES", Name="Alpha", Email=same_mail.email)
    books.add(Code="BOOKS", Name="BRYN BOOKS", Postcode="ld37aa")
    links = [books.want(client) for client in (same_mail, same_place, new)]
    assert customers.resolve_many(links, connection=books.connection, by=None) == 2
    assert books.calls() == ["GetCustomers"]
    states = dict(CustomerLink.objects.values_list("client__name", "state"))
    assert states == {"Alpha Ales": "match", "Bryn Books": "match", "Cwm Crafts": "wanted"}
    why = CustomerLink.objects.get(client=same_place).candidates[0]["why"]
    assert why == "same name and postcode"
    assert books.resolve(links[2]).code == "CWMC01"
    assert books.calls() == ["GetCustomers", "InsertCustomer"]


def test_background_work_keeps_the_reason_and_tries_again_later(books: Books) -> None:
    client = factories.booking().client
    link = books.want(client)
    books.sandbox.fault("GetCustomerByEmail", "http_503")
    assert customers.resolve_in_background(link.pk) is None
    link.refresh_from_db()
    assert link.state == "wanted"
    assert "no clear answer" in link.cause
    assert customers.resolve_wanted() == 1
    link.refresh_from_db()
    assert (link.state, link.cause) == ("linked", "")


def test_background_work_without_an_office_login_waits(books: Books) -> None:
    link = books.want(factories.booking().client)
    Connection.objects.update(refusal="wrong_login", refusal_detail="Incorrect username or password")
    assert customers.resolve_in_background(link.pk) is None
    assert customers.resolve_wanted() == 0
    assert books.calls() == []


def test_neighbour_under_the_same_code_waits_for_a_person(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", postcode="TR1 1AA")
    there = books.add(Code="KERN01", Name="Kernow Bakery", Email="x@bakery.example", Postcode="tr11aa")
    link = books.resolve(books.want(client))
    assert (link.state, link.customer_id) == ("match", None)
    assert [one["customer_id"] for one in link.candidates] == [there]
    assert "same KashFlow ID and postcode" in link.cause
    assert books.customers(Name="Kernow Kayaks Ltd") == []


def test_typed_in_since_the_list_was_read_is_found_before_creating(books: Books) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    link = books.want(client)
    assert customers.resolve_many([link], connection=books.connection, by=None) == 0
    CustomerLink.objects.update(read_at=timezone.now() - dt.timedelta(hours=2))
    books.add(Code="KAYAK1", Name="Kernow Kayaks", Email=client.email)
    assert books.resolve(link).state == "match"
    assert "InsertCustomer" not in books.calls()

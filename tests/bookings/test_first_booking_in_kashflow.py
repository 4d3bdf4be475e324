"""A client's first booking creates its customer in KashFlow; with KashFlow away the booking stands and that waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from bookings.models import Booking
from clients import tasks
from clients.models import Client, Contact, CustomerLink
from kashflow import connections
from kashflow.models import Connection, LedgerAccount
from publications.models import Issue
from tests import factories
from tests.bookings.test_book_adverts import URL, typed
from tests.sandboxes import LiveSandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(db: None) -> list[Issue]:
    title = factories.publication(code="WVL", name="Wye Valley Living")
    return [factories.issue(title, on_sale_on=timezone.localdate() + dt.timedelta(days=30))]


def booked(as_role: Any, client: Client, issues: list[Issue]) -> None:
    """Books on the page, then does what the worker is woken for."""
    browser = as_role("Sales")
    answer = browser.post(URL, typed(client, issues))
    assert answer.headers["Location"] == f"/clients/{client.pk}/bookings/"
    tasks.resolve_wanted()


def customers(sandbox: LiveSandbox, name: str) -> list[dict[str, Any]]:
    return [one for one in sandbox.state()["customers"] if one["Name"] == name]


def details(as_role: Any, client: Client) -> str:
    return as_role("Sales").get(f"/clients/{client.pk}/details/").text


def test_the_customer_is_created_with_its_contact_details(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd", phone="01432 000111")
    Contact.objects.update(first_name="Demelza", last_name="Rowe")
    booked(as_role, client, issues)
    (customer,) = customers(sandbox, "Kernow Kayaks Ltd")
    assert {name: customer[name] for name in ("Code", "Email", "Telephone", "Postcode")} == {
        "Code": "KERN01",
        "Email": client.email,
        "Telephone": "01432 000111",
        "Postcode": "HR1 2AB",
    }
    assert (customer["ContactFirstName"], customer["ContactLastName"]) == ("Demelza", "Rowe")
    assert "KashFlow KERN01" in details(as_role, client)


def test_a_second_booking_creates_no_second_one(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    booked(as_role, client, issues)
    booked(as_role, client, issues)
    assert len(customers(sandbox, "Kernow Kayaks Ltd")) == 1
    assert len(sandbox.log("InsertCustomer")) == 1


def test_it_is_the_agency_that_is_created_where_one_pays(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    agency = factories.client_row(name="Ridgeway Marketing Ltd", is_agency=True)
    client = factories.client_row(name="Kernow Kayaks Ltd", agency=agency)
    booked(as_role, client, issues)
    assert [one["Code"] for one in customers(sandbox, "Ridgeway Marketing Ltd")] == ["RIDG01"]
    assert customers(sandbox, "Kernow Kayaks Ltd") == []
    assert "KashFlow RIDG01" in details(as_role, client)


def test_with_kashflow_away_the_booking_stands_and_the_client_says_what_it_waits_for(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    sandbox.fault("GetCustomerByEmail", "http_503")
    booked(as_role, client, issues)
    assert Booking.objects.filter(client=client, state="confirmed").count() == 1
    assert customers(sandbox, "Kernow Kayaks Ltd") == []
    assert "no clear answer" in details(as_role, client)
    tasks.resolve_wanted()
    assert len(customers(sandbox, "Kernow Kayaks Ltd")) == 1
    assert "no clear answer" not in details(as_role, client)


def test_a_refused_login_is_said_on_the_client_with_the_help_that_mends_it(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    sandbox.settings(api_enabled=False)
    booked(as_role, client, issues)
    shown = details(as_role, client)
    assert "Not created yet, because KashFlow refused the saved login." in shown
    assert 'href="/settings/kashflow/help/#' in shown
    assert Booking.objects.count() == 1


def test_without_a_saved_login_the_client_leads_to_my_details(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    client = factories.client_row(name="Kernow Kayaks Ltd")
    Connection.objects.all().delete()
    booked(as_role, client, issues)
    shown = details(as_role, client)
    assert "No KashFlow login is saved" in shown
    assert 'href="/my-details/">Save a login in My Details' in shown
    assert CustomerLink.objects.get().state == "wanted"
    assert not sandbox.log("InsertCustomer")


def test_one_that_failed_before_keeps_no_new_client_waiting(
    as_role: Any, issues: list[Issue], connected: Connection, sandbox: LiveSandbox
) -> None:
    failed, client = (factories.client_row(name=name) for name in ("Alpha Ales Ltd", "Kernow Kayaks Ltd"))
    sandbox.fault("InsertCustomer", "status_no", text="Not today.")
    booked(as_role, failed, issues)
    assert customers(sandbox, "Alpha Ales Ltd") == []
    assert CustomerLink.objects.get().cause in details(as_role, failed)
    assert '<a href="/settings/kashflow/help/#unclear">How to mend it</a>' in details(as_role, failed)
    booked(as_role, client, issues)
    (first,) = customers(sandbox, "Kernow Kayaks Ltd")
    (second,) = customers(sandbox, "Alpha Ales Ltd")
    assert first["CustomerID"] < second["CustomerID"]


def test_before_any_login_is_saved_the_customer_waits_for_the_first_one(
    as_role: Any, issues: list[Issue], sandbox: LiveSandbox
) -> None:
    factories.kashflow_on()
    client = factories.client_row(name="Kernow Kayaks Ltd")
    booked(as_role, client, issues)
    assert CustomerLink.objects.get().state == "wanted"
    assert "No KashFlow login is saved" in details(as_role, client)
    assert sandbox.log() == []
    connections.save_login(by=factories.user("Admin"), username="demo", password="demo")
    tasks.resolve_wanted()
    assert [one["Code"] for one in customers(sandbox, "Kernow Kayaks Ltd")] == ["KERN01"]
    assert "KashFlow KERN01" in details(as_role, client)
    assert LedgerAccount.objects.count() == 1


@pytest.mark.parametrize("fault", [("status_no", {"text": "Not today."}), ("http_503", {})])
def test_one_that_is_never_taken_keeps_no_other_that_failed_waiting(
    as_role: Any, connected: Connection, sandbox: LiveSandbox, fault: tuple[str, dict[str, Any]]
) -> None:
    never, other = (factories.client_row(name=name) for name in ("Alpha Ales Ltd", "Kernow Kayaks Ltd"))
    for client in (never, other):
        factories.booking(client)
        CustomerLink.objects.create(
            client=client, ledger_account=connected.ledger_account, cause="KashFlow refused this."
        )
    kind, more = fault
    sandbox.fault("InsertCustomer", kind, **more)
    tasks.resolve_wanted()
    assert (customers(sandbox, "Alpha Ales Ltd"), len(customers(sandbox, "Kernow Kayaks Ltd"))) == ([], 1)
    assert CustomerLink.objects.get(client=never).state == "wanted"


def test_where_kashflow_wants_no_more_calls_the_others_wait(
    as_role: Any, connected: Connection, sandbox: LiveSandbox
) -> None:
    for name in ("Alpha Ales Ltd", "Kernow Kayaks Ltd"):
        client = factories.booking(factories.client_row(name=name)).client
        CustomerLink.objects.create(client=client, ledger_account=connected.ledger_account)
    sandbox.fault("GetCustomerByEmail", "rate_limited")
    tasks.resolve_wanted()
    assert sandbox.log("InsertCustomer") == []
    causes = dict(CustomerLink.objects.values_list("client__name", "cause"))
    assert "asked us to wait" in causes["Alpha Ales Ltd"] and causes["Kernow Kayaks Ltd"] == ""


def test_a_round_that_took_its_time_leaves_the_rest_to_the_next_one(
    connected: Connection, sandbox: LiveSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Alpha Ales Ltd", "Kernow Kayaks Ltd"):
        client = factories.booking(factories.client_row(name=name)).client
        CustomerLink.objects.create(client=client, ledger_account=connected.ledger_account)
    monkeypatch.setattr("clients.customers.BACKGROUND_SECONDS", -1.0)
    tasks.resolve_wanted()
    assert len(sandbox.log("InsertCustomer")) == 1

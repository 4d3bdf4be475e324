"""The Details tab: changing a client, and not over somebody else's change."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.models import Category, Client, CustomerLink
from kashflow.models import Connection, LedgerAccount
from settings_app.models import AuditEntry, User
from tests import factories

pytestmark = pytest.mark.django_db


def url(client: Client) -> str:
    return f"/clients/{client.pk}/details/"


def typed(client: Client, **changes: Any) -> dict[str, Any]:
    """What the form of `client` sends, with `changes`."""
    shown = ("name", "advertising_as", "address1", "town", "postcode", "country_code", "email", "revision")
    values = {name: getattr(client, name) for name in shown}
    return {**values, "invoice_delivery": "email", "invoice_period": "per_issue", **changes}


def test_a_stranger_is_sent_to_login() -> None:
    client = factories.client_row()
    assert Browser().post(url(client), typed(client, town="Ross"))["Location"].startswith("/login/")


def test_production_may_look_and_not_save(as_role: Any) -> None:
    client, browser = factories.client_row(town="Hereford"), as_role("Production")
    page = browser.get(url(client)).content.decode()
    assert "Save changes" not in page and "Book adverts" not in page
    assert browser.post(url(client), typed(client, town="Ross")).status_code == 403
    client.refresh_from_db()
    assert (client.town, client.revision) == ("Hereford", 1)


def test_changes_are_saved_with_before_and_after(as_role: Any) -> None:
    client, browser = factories.client_row(town="Hereford"), as_role("Accounts")
    kitchens = Category.objects.create(name="Kitchens")
    answer = browser.post(url(client), typed(client, town="Ross-on-Wye", categories=[kitchens.pk]))
    assert answer["Location"] == url(client)
    client.refresh_from_db()
    assert (client.town, client.revision, list(client.categories.all())) == ("Ross-on-Wye", 2, [kitchens])
    entry = AuditEntry.objects.get(event="client.changed")
    assert (entry.by, entry.before, entry.after) == (
        browser.person,
        {"town": "Hereford", "categories": ""},
        {"town": "Ross-on-Wye", "categories": "Kitchens"},
    )


def test_saving_nothing_new_writes_nothing(as_role: Any) -> None:
    client = factories.client_row()
    as_role("Sales").post(url(client), typed(client))
    client.refresh_from_db()
    assert client.revision == 1
    assert not AuditEntry.objects.exists()


def test_somebody_elses_change_is_not_saved_over_unseen(as_role: Any) -> None:
    client, mine, theirs = factories.client_row(town="Hereford"), as_role("Sales"), as_role("Accounts")
    seen = typed(client)
    theirs.post(url(client), {**seen, "postcode": "HR9 5QT"})
    answer = mine.post(url(client), {**seen, "town": "Ross-on-Wye"})
    page = answer.content.decode()
    client.refresh_from_db()
    assert (client.town, client.postcode, client.revision) == ("Hereford", "HR9 5QT", 2)
    assert "Somebody else saved this client while you were typing" in page
    assert f"{theirs.person.name}, today" in page and "Postcode is now “HR9 5QT”" in page
    assert 'value="Ross-on-Wye"' in page
    # Having seen it, the person saves again with the stamp of the page that said so.
    again = {
        **seen,
        "town": "Ross-on-Wye",
        "postcode": "HR9 5QT",
        "revision": answer.context["form"]["revision"].value(),
    }
    assert mine.post(url(client), again).status_code == 302
    client.refresh_from_db()
    assert (client.town, client.postcode, client.revision) == ("Ross-on-Wye", "HR9 5QT", 3)


def test_a_missing_revision_saves_nothing(as_role: Any) -> None:
    client = factories.client_row(town="Hereford")
    answer = as_role("Sales").post(url(client), typed(client, town="Ross", revision=""))
    client.refresh_from_db()
    assert (answer.status_code, client.town) == (200, "Hereford")


def test_bad_input_keeps_what_was_typed_and_the_head_shows_what_is_saved(as_role: Any) -> None:
    client = factories.client_row(name="Saved Name Ltd")
    answer = as_role("Sales").post(
        url(client), typed(client, name="", notes="ring before 10", website="not a site")
    )
    page = answer.content.decode()
    assert sorted(answer.context["form"].errors) == ["name", "website"]
    assert (
        "<h1>Saved Name Ltd</h1>" in page and "ring before 10" in page and "Two fields need a look." in page
    )


def test_closing_and_opening_again(as_role: Any) -> None:
    client, browser = factories.client_row(), as_role("Sales")
    browser.post(url(client), typed(client, is_closed="on"))
    client.refresh_from_db()
    assert client.closed_at is not None and "Closed" in browser.get(url(client)).content.decode()
    browser.post(url(client), typed(client))
    client.refresh_from_db()
    assert client.closed_at is None


def test_an_agency_that_pays_stays_one(as_role: Any) -> None:
    agency = factories.client_row(is_agency=True)
    factories.client_row(agency=agency)
    answer = as_role("Sales").post(url(agency), typed(agency))
    assert list(answer.context["form"].errors) == ["is_agency"]
    agency.refresh_from_db()
    assert agency.is_agency


def test_a_client_is_not_its_own_agency(as_role: Any) -> None:
    client = factories.client_row()
    answer = as_role("Sales").post(url(client), typed(client, agency=client.pk))
    assert list(answer.context["form"].errors) == ["agency"]


# --- The KashFlow card --------------------------------------------------------------------------------------


def test_without_kashflow_there_is_no_card(as_role: Any) -> None:
    page = as_role("Sales").get(url(factories.client_row())).content.decode()
    assert "KashFlow ID" not in page and "Not linked" not in page


def test_the_card_says_that_no_login_is_saved(as_role: Any) -> None:
    factories.kashflow_on()
    page = as_role("Sales").get(url(factories.client_row())).content.decode()
    assert "No KashFlow login is saved" in page and f'href="{reverse("my_details")}"' in page


def test_the_card_of_a_client_that_booked_before_kashflow_was_chosen(as_role: Any, login: Connection) -> None:
    agency = factories.client_row(name="Teme Media", is_agency=True)
    for client in (factories.client_row(), factories.client_row(agency=agency)):
        factories.booking(client)
        page = as_role("Sales").get(url(client)).content.decode()
        assert "Not created in KashFlow yet: the next booking or invoice does that." in page
    assert not CustomerLink.objects.exists()


def test_the_card_asks_for_the_login_that_is_used(as_role: Any, login: Connection) -> None:
    """The first one saved, where none is chosen; a chosen one whose owner left is not replaced by itself."""
    client = factories.client_row()
    CustomerLink.objects.create(client=client, ledger_account=login.ledger_account)
    LedgerAccount.objects.update(office_login=None)
    assert "Being created in KashFlow." in as_role("Sales").get(url(client)).text
    LedgerAccount.objects.update(office_login=login)
    factories.saved_login(login.ledger_account, factories.user("Admin"))
    User.objects.filter(pk=login.user_id).update(is_active=False)
    page = as_role("Sales").get(url(client)).text
    assert "The office login may not be used any more" in page and "tried again" not in page
    assert 'href="/settings/kashflow/"' in page


@pytest.fixture
def login(db: None) -> Connection:
    factories.kashflow_on()
    return factories.saved_login(factories.ledger_account(), factories.user("Admin"))


def test_the_card_tells_a_link(as_role: Any, login: Connection) -> None:
    client = factories.client_row()
    CustomerLink.objects.create(
        client=client,
        ledger_account=login.ledger_account,
        state="linked",
        code="KERN01",
        customer_id=4,
        how="csv",
        linked_at=timezone.now(),
    )
    page = as_role("Production").get(url(client)).content.decode()
    assert "KashFlow KERN01" in page and "Customer code match" in page and "Not linked" not in page


@pytest.mark.parametrize(
    ("state", "cause", "refusal", "said"),
    [
        ("", "", "", "Not created in KashFlow yet: the first booking does that."),
        ("wanted", "", "", "Being created in KashFlow."),
        ("wanted", "KashFlow could not be reached.", "", "KashFlow could not be reached."),
        ("wanted", "", "wrong_login", "because KashFlow refused the saved login"),
        ("match", "", "", "A customer in KashFlow looks like this client"),
    ],
)
def test_the_card_says_what_is_missing(
    as_role: Any, login: Connection, state: str, cause: str, refusal: str, said: str
) -> None:
    client = factories.client_row()
    Connection.objects.update(refusal=refusal)
    if state:
        CustomerLink.objects.create(
            client=client, ledger_account=login.ledger_account, state=state, cause=cause
        )
    page = as_role("Sales").get(url(client)).content.decode()
    assert said in page and "Not linked" in page


def test_the_card_of_a_managed_client_is_its_agencys(as_role: Any, login: Connection) -> None:
    agency = factories.client_row(name="Teme Media", is_agency=True)
    page = as_role("Sales").get(url(factories.client_row(agency=agency))).content.decode()
    assert "The customer is the agency" in page and "Teme Media</a>" in page

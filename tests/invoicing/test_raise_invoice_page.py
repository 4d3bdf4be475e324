"""Create invoice: bookings ticked, lines typed, the document shown, problems mended in place, raised once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking, Instalment
from clients.models import Client, Contact
from invoicing.models import Invoice, NumberCounter
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.batches import ids_of

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


@pytest.fixture
def client(db: None) -> Client:
    factories.company()
    return factories.client_row(name="Kerne Bridge Kitchens Ltd")


def address(client: Client) -> str:
    return f"/clients/{client.pk}/financial/create-invoice/"


def opened(browser: Browser, client: Client, *bookings: Booking) -> Any:
    """The page as the panel opens it with these ticked."""
    return browser.get(address(client), {"instalment": ids_of(bookings)})


def fields_of(page: Any, press: str = "raise", **changed: Any) -> dict[str, Any]:
    """What the page posts as it stands, with `changed`; line_0_text is the first line's description."""
    draft = page.context["draft"]
    document = page.context["document"]
    posted = {
        "press": press,
        "key": str(page.context["form"]["key"].value()),
        "invoice_date": str(page.context["form"]["invoice_date"].value()),
        "po_number": "",
        "instalment": list(draft.ticked),
        "expected": str(document.total_pence) if document else "",
        "line-TOTAL_FORMS": "1",
        "line-INITIAL_FORMS": "0",
        "line-0-quantity": "1",
    }
    return {**posted, **{name.replace("__", "-"): value for name, value in changed.items()}}


LINE = {"line-0-text": "Design of the advert", "line-0-quantity": "3", "line-0-rate": "33.35"}


def shown_then_raised(browser: Browser, client: Client, fields: dict[str, Any]) -> Any:
    """Show the total, then raise what is shown."""
    page = browser.post(address(client), {**fields, "press": "show"})
    expected = str(page.context["document"].total_pence)
    return browser.post(address(client), {**fields, "press": "raise", "expected": expected}, follow=True)


def nothing_happened() -> bool:
    is_first = NumberCounter.objects.get().next_number == 1
    return is_first and not Invoice.objects.exists() and not Instalment.objects.filter(is_open=False).exists()


# --- Who may ------------------------------------------------------------------------------------------------


def test_stranger_is_sent_to_login(stranger: Browser, client: Client) -> None:
    url = address(client)
    assert stranger.post(url).headers["Location"] == f"/login/?next={url}"
    assert nothing_happened()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(as_role: As, client: Client, role: str) -> None:
    booking, accounts, browser = factories.booking(client), as_role("Accounts"), as_role(role)
    fields = fields_of(opened(accounts, client, booking))
    assert browser.get(address(client)).status_code == 403
    assert browser.post(address(client), fields).status_code == 403
    assert nothing_happened()


# --- Looking ------------------------------------------------------------------------------------------------


def test_what_the_panel_ticked_is_shown_as_it_would_be_raised(as_role: As, client: Client) -> None:
    first, second = factories.booking(client, price="385.00"), factories.booking(client, price="148.00")
    factories.booking(client, price="99.00")
    browser = as_role("Accounts")
    page = opened(browser, client, first, second)
    assert "Raise invoice for £639.60" in page.text
    assert "No number is used yet" in page.text
    assert [one.is_ticked for one in page.context["bookings"]] == [True, True, False]
    assert nothing_happened()
    assert not AuditEntry.objects.filter(by=browser.person).exists()


@pytest.mark.parametrize("press", ["", "show", "add-line", "mend", "anything"])
def test_only_the_button_that_names_the_total_raises(as_role: As, client: Client, press: str) -> None:
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    assert browser.post(address(client), fields_of(page, press)).status_code == 200
    assert nothing_happened()


def test_a_typed_line_changes_the_total(as_role: As, client: Client) -> None:
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client, price="180.00"))
    shown = browser.post(address(client), fields_of(page, "show", **LINE), headers={"HX-Request": "true"})
    assert "Raise invoice for £336.06" in shown.text
    exempt = browser.post(address(client), fields_of(page, "show", **LINE, **{"line-0-is_vat_exempt": "on"}))
    assert exempt.context["document"].vat_amount == Decimal("36.00")


def test_another_line_is_offered_and_what_was_typed_stays(as_role: As, client: Client) -> None:
    browser = as_role("Accounts")
    page = browser.post(address(client), fields_of(opened(browser, client), "add-line", **LINE))
    first, second = page.context["lines"].forms
    assert (first["text"].value(), second["quantity"].value()) == ("Design of the advert", "1")
    both = {**fields_of(page, **LINE), "line-TOTAL_FORMS": "2", "line-1-quantity": ""}
    answer = shown_then_raised(browser, client, both)
    assert answer.redirect_chain
    assert Invoice.objects.get().item_count == 1


def test_nothing_to_invoice_says_so(as_role: As, client: Client) -> None:
    page = opened(as_role("Accounts"), client)
    assert "Nothing is booked that is not invoiced." in page.text
    assert "Tick a booking or type a line." in page.text


@pytest.mark.parametrize("count", [5, 60])
def test_queries_do_not_grow_with_the_bookings(as_role: As, client: Client, count: int) -> None:
    bookings, browser = [factories.booking(client) for _ in range(count)], as_role("Accounts")
    opened(browser, client, *bookings)
    ids = ids_of(bookings)
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(address(client), {"instalment": ids})
    assert len(page.context["document"].lines) == count
    assert len(asked) == QUERIES


QUERIES = 20


# --- Raising ------------------------------------------------------------------------------------------------


def test_raising_leads_back_to_the_tab_with_the_number(as_role: As, client: Client) -> None:
    browser, booking = as_role("Accounts"), factories.booking(client, price="180.00")
    page = opened(browser, client, booking)
    answer = shown_then_raised(browser, client, fields_of(page, **LINE, po_number="PO 7"))
    invoice = Invoice.objects.get()
    assert answer.redirect_chain == [(f"/clients/{client.pk}/financial/", 302)]
    assert f"Invoice {invoice.number} raised for £336.06." in answer.text
    assert (invoice.payer, invoice.total, invoice.po_number, invoice.item_count) == (
        client, Decimal("336.06"), f"PO 7{', ' + booking.po_number if booking.po_number else ''}", 2,
    )  # fmt: skip
    assert [row.number for row in answer.context["rows"]] == [invoice.number]
    assert invoice.by == browser.person


def test_a_double_press_raises_one(as_role: As, client: Client) -> None:
    browser = as_role("Accounts")
    fields = fields_of(opened(browser, client, factories.booking(client)))
    first, second = browser.post(address(client), fields), browser.post(address(client), fields)
    assert (first.status_code, second.headers["Location"]) == (302, first.headers["Location"])
    assert Invoice.objects.count() == 1


def test_an_agencys_invoice_raised_on_its_clients_tab(as_role: As, client: Client) -> None:
    agency = factories.client_row(is_agency=True, name="Ridgeway Marketing Ltd")
    Client.objects.filter(pk=client.pk).update(agency=agency)
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    assert "the invoice is made out to Ridgeway Marketing Ltd" in page.text
    assert (
        browser.post(address(client), fields_of(page)).headers["Location"]
        == f"/clients/{client.pk}/financial/"
    )
    assert Invoice.objects.get().payer == agency
    answer = shown_then_raised(browser, client, fields_of(opened(browser, client), **LINE))
    assert answer.redirect_chain == [(f"/clients/{agency.pk}/financial/", 302)]


# --- Refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"line-0-text": "", "line-0-rate": "5"}, "Say what is charged."),
        ({"line-0-text": "Design", "line-0-rate": ""}, "Enter the price of one."),
        ({"line-0-text": "Design", "line-0-rate": "-5"}, "Money that goes back is a credit note."),
        ({"line-0-text": "Design", "line-0-rate": "5.005"}, "no more than 2 decimal places"),
        ({"line-0-text": "Design", "line-0-rate": "5", "line-0-quantity": "0"}, "greater than or equal to 1"),
        ({"invoice_date": "2036-01-01"}, "more than a year away"),
        ({"invoice_date": ""}, "Choose the date"),
        ({"po_number": "x" * 41}, "at most 40 characters"),
        ({"line-TOTAL_FORMS": "no"}, "ManagementForm data is missing"),
    ],
)
def test_bad_input_is_told_and_what_was_typed_stays(
    as_role: As, client: Client, changed: dict[str, str], said: str
) -> None:
    browser, booking = as_role("Accounts"), factories.booking(client)
    fields = fields_of(opened(browser, client, booking), **{"po_number": "PO 7", **changed})
    page = browser.post(address(client), fields)
    assert page.status_code == 200
    assert said in page.text
    assert f'value="{fields["po_number"]}"' in page.text
    assert [one.is_ticked for one in page.context["bookings"]] == [True]
    assert nothing_happened()


def test_a_price_changed_meanwhile_is_shown_anew(as_role: As, client: Client) -> None:
    browser, booking = as_role("Accounts"), factories.booking(client, price="100.00")
    fields = fields_of(opened(browser, client, booking))
    Instalment.objects.update(price=90)
    page = browser.post(address(client), fields)
    assert "The total is now £108.00, and the preview showed £120.00" in page.text
    assert "Raise invoice for £108.00" in page.text
    assert nothing_happened()
    browser.post(address(client), fields_of(page))
    assert Invoice.objects.get().total == Decimal("108.00")


def test_a_booking_invoiced_meanwhile(as_role: As, client: Client) -> None:
    browser, booking = as_role("Accounts"), factories.booking(client)
    fields = fields_of(opened(browser, client, booking))
    browser.post(address(client), fields_of(opened(browser, client, booking)))
    page = browser.post(address(client), fields)
    assert "invoiced" in str(page.context["form"].non_field_errors())
    assert page.context["bookings"] == []
    assert Invoice.objects.count() == 1


def test_a_booking_of_another_client_is_refused(as_role: As, client: Client) -> None:
    browser, other = as_role("Accounts"), factories.booking(factories.client_row())
    fields = fields_of(opened(browser, client), instalment=ids_of([other]))
    assert "paid by somebody else" in browser.post(address(client), fields).text
    assert nothing_happened()


def test_a_po_number_that_is_required_is_typed_here(as_role: As, client: Client) -> None:
    Client.objects.filter(pk=client.pk).update(is_po_required=True)
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    assert "requires a PO number" in page.text
    assert 'href="#id_po_number"' in page.text
    refused = browser.post(address(client), fields_of(page))
    assert "Nothing was raised" in refused.text
    assert nothing_happened()
    browser.post(address(client), fields_of(refused, po_number="PO 7"))
    assert Invoice.objects.get().po_number == "PO 7"


def test_a_missing_e_mail_address_is_mended_in_place(as_role: As, client: Client) -> None:
    Client.objects.filter(pk=client.pk).update(email="")
    Contact.objects.update(email="")
    browser = as_role("Accounts")
    page = opened(browser, client, factories.booking(client))
    assert "no contact has an e-mail address" in page.text
    name = f"email-{client.pk}-email"
    wrong = browser.post(address(client), fields_of(page, "mend", po_number="PO 7", **{name: "kerne"}))
    assert "Enter a valid email address." in wrong.text
    assert 'value="kerne"' in wrong.text
    typed = fields_of(wrong, "mend", po_number="PO 7", **{name: "accounts@kerne.example"})
    mended = browser.post(address(client), typed)
    assert "can't be invoiced yet" not in mended.text
    assert 'value="PO 7"' in mended.text
    client.refresh_from_db()
    assert client.email == "accounts@kerne.example"
    assert nothing_happened()

"""The preview: uses nothing, shows what would be raised, mends in place, raises what is ticked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.models import Booking, Instalment
from clients.models import Client
from invoicing.models import Batch, Invoice, NumberCounter
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.batches import bookings, ids_of

pytestmark = pytest.mark.django_db
PREVIEW, RAISE = "/invoicing/to-invoice/preview/", "/invoicing/to-invoice/raise/"
As = Callable[..., Browser]


def previewed(browser: Browser, lines: list[Booking]) -> Any:
    return browser.post(PREVIEW, {"by": "issues", "instalment": ids_of(lines)})


def fields_of(page: Any, **changed: Any) -> dict[str, Any]:
    """What the page's form posts with every document ticked."""
    context = page.context
    return {
        "is_preview": "1",
        "key": str(context["form"]["key"].value()),
        "invoice_date": timezone.localdate().isoformat(),
        "instalments": context["ids"],
        "held": ",".join(str(row["document"].payer.id) for row in context["held"]),
        "document": [row["value"] for row in context["documents"]],
        **changed,
    }


@pytest.mark.parametrize("address", [PREVIEW, RAISE])
@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(as_role: As, address: str, role: str) -> None:
    assert as_role(role).post(address).status_code == 403


@pytest.mark.parametrize("address", [PREVIEW, RAISE])
def test_stranger_is_sent_to_login(stranger: Browser, address: str) -> None:
    assert stranger.post(address).headers["Location"] == f"/login/?next={address}"


def test_a_preview_uses_no_number_and_writes_nothing(as_role: As) -> None:
    lines, browser = bookings(2, price="645.00"), as_role("Accounts")
    page = previewed(browser, lines)
    assert "Nothing is raised yet and no number is used." in page.text
    assert "Raise 2 invoices" in page.text
    assert "£1,548.00" in page.text
    assert (Batch.objects.count(), NumberCounter.objects.get().next_number) == (0, 1)
    assert not Instalment.objects.filter(is_open=False).exists()
    assert not AuditEntry.objects.filter(by=browser.person).exists()


def test_the_address_of_issues_previews_all_of_them(as_role: As) -> None:
    edition = factories.issue()
    bookings(3, edition=edition)
    page = as_role("Accounts").get(f"{PREVIEW}?issue={edition.pk}")
    assert page.context["preview"].booking_count == 3


def test_raising_leads_to_the_batch(as_role: As) -> None:
    browser = as_role("Accounts")
    page = previewed(browser, bookings(3))
    answer = browser.post(RAISE, fields_of(page), follow=True)
    batch = Batch.objects.get()
    assert answer.redirect_chain == [(f"/invoicing/invoiced/?batch={batch.pk}&tick=all", 302)]
    assert "3 invoices raised" in answer.text
    assert "Numbers 1 to 3" in answer.text
    assert "Batch of 3 invoices" in answer.text
    assert batch.by == browser.person


def test_only_what_is_ticked_is_raised(as_role: As) -> None:
    browser = as_role("Accounts")
    fields = fields_of(previewed(browser, bookings(3)))
    browser.post(RAISE, {**fields, "document": fields["document"][:2]})
    assert Invoice.objects.count() == 2
    assert Instalment.objects.filter(is_open=True).count() == 1


def test_a_second_press_opens_the_same_batch(as_role: As) -> None:
    browser = as_role("Accounts")
    fields = fields_of(previewed(browser, bookings(2)))
    first, second = browser.post(RAISE, fields), browser.post(RAISE, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert Invoice.objects.count() == 2


def test_a_price_changed_meanwhile_shows_the_new_preview(as_role: As) -> None:
    browser, lines = as_role("Accounts"), bookings(1, price="100.00")
    fields = fields_of(previewed(browser, lines))
    Instalment.objects.update(price=90)
    page = browser.post(RAISE, fields)
    assert "The total is now £108.00, and the preview showed £120.00" in page.text
    assert page.context["preview"].total == Decimal("108.00")
    assert Invoice.objects.count() == 0
    browser.post(RAISE, fields_of(page))
    assert Invoice.objects.get().total == Decimal("108.00")


def test_nothing_ticked_is_refused_in_words(as_role: As) -> None:
    browser = as_role("Accounts")
    page = browser.post(RAISE, fields_of(previewed(browser, bookings(1)), document=[]))
    assert "No booking is ticked, so there is nothing to invoice." in page.text
    assert Invoice.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Choose the date of the invoices."),
        ("soon", "Enter a valid date."),
        ("2036-01-01", "more than a year away"),
    ],
)
def test_a_bad_date_is_an_error_beside_it_and_keeps_the_ticks(as_role: As, typed: str, error: str) -> None:
    browser = as_role("Accounts")
    fields = fields_of(previewed(browser, bookings(3)))
    page = browser.post(RAISE, {**fields, "document": fields["document"][:1], "invoice_date": typed})
    assert error in page.context["form"].errors["invoice_date"][0]
    assert [row["is_ticked"] for row in page.context["documents"]] == [True, False, False]
    assert f'value="{typed}"' in page.text or not typed
    assert Invoice.objects.count() == 0


@pytest.mark.parametrize("value", ["", "x", "1:2", "1:2:x", "1:x:3", "9:100:987654321"])
def test_what_no_page_wrote_raises_nothing(as_role: As, value: str) -> None:
    browser = as_role("Accounts")
    fields = fields_of(previewed(browser, bookings(1)))
    assert browser.post(RAISE, {**fields, "document": [value]}).status_code == 200
    assert browser.post(RAISE, {**fields, "key": "not a key"}).status_code == 200
    assert (Invoice.objects.count(), NumberCounter.objects.get().next_number) == (0, 1)


# --- Problems, mended in place ------------------------------------------------------------------------------


def held_booking(**fields: Any) -> Booking:
    line = bookings(1)[0]
    Client.objects.filter(pk=line.client_id).update(**fields)
    line.client.contacts.update(email=fields.get("email", "a@b.example"))
    return line


def test_held_clients_stay_behind_and_the_others_are_raised(as_role: As) -> None:
    browser, held = as_role("Accounts"), held_booking(email="", name="Fownhope Flooring")
    page = previewed(browser, [held, *bookings(2)])
    assert "1 client can't be invoiced yet" in page.text.replace("&#x27;", "'")
    assert "Delivery is E-mail, and no contact has an e-mail address." in page.text
    browser.post(RAISE, fields_of(page))
    assert Invoice.objects.count() == 2
    assert Instalment.objects.get(booking=held).is_open


def test_an_email_address_is_saved_on_the_preview(as_role: As) -> None:
    browser, held = as_role("Accounts"), held_booking(email="")
    page = previewed(browser, [held, *bookings(1)])
    name = f"email-{held.client_id}-email"
    typed = fields_of(page, mend=str(held.client_id), document=[])
    wrong = browser.post(PREVIEW, {**typed, name: "accounts@"})
    assert "Enter a valid email address." in wrong.text
    assert 'value="accounts@"' in wrong.text
    right = browser.post(PREVIEW, {**typed, name: "accounts@fownhope.example"})
    assert right.context["held"] == []
    # What was unticked stays so; what was mended is ticked.
    assert {row["document"].payer.id: row["is_ticked"] for row in right.context["documents"]}[
        held.client_id
    ] is True
    assert [row["is_ticked"] for row in right.context["documents"]].count(False) == 1
    held.client.refresh_from_db()
    assert held.client.email == "accounts@fownhope.example"
    entry = AuditEntry.objects.get(event="client.changed")
    assert (entry.by, entry.before, entry.after) == (
        browser.person,
        {"email": ""},
        {"email": "accounts@fownhope.example"},
    )
    assert str(right.context["form"]["key"].value()) == typed["key"]


def test_a_po_number_is_saved_on_the_bookings_that_lack_one(as_role: As) -> None:
    browser, held = as_role("Accounts"), held_booking(is_po_required=True)
    other = factories.booking(held.client, po_number="OLD-1")
    page = previewed(browser, [held, other])
    name = f"po_number-{held.client_id}-po_number"
    typed = fields_of(page, mend=str(held.client_id))
    assert "Enter the PO number of these bookings." in browser.post(PREVIEW, {**typed, name: " "}).text
    assert browser.post(PREVIEW, {**typed, name: "KBK-2291"}).context["held"] == []
    assert sorted(Booking.objects.values_list("po_number", flat=True)) == ["KBK-2291", "OLD-1"]
    assert AuditEntry.objects.get(event="booking.changed").after == {"po_number": "KBK-2291"}


def test_mending_a_client_that_does_not_exist_is_not_found(as_role: As) -> None:
    browser = as_role("Accounts")
    fields = fields_of(previewed(browser, bookings(1)), mend="987654321")
    assert browser.post(PREVIEW, fields).status_code == 404


def test_names_are_escaped(as_role: As) -> None:
    browser, line = as_role("Accounts"), bookings(1)[0]
    Client.objects.filter(pk=line.client_id).update(name="<script>alert(1)</script>")
    assert "<script>alert" not in previewed(browser, [line]).text


def test_queries_do_not_grow_with_the_preview(as_role: As) -> None:
    browser, counts = as_role("Accounts"), []
    factories.kashflow_on()
    for number in (3, 30):
        lines = bookings(number)
        posted = {"by": "issues", "instalment": ids_of(lines), "key": str(uuid.uuid4())}
        with CaptureQueriesContext(connection) as queries:
            browser.post(PREVIEW, posted)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20

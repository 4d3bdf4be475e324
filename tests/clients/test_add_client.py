"""Adding a client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from clients.models import Client, Contact
from settings_app.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/clients/new/"
TYPED = {
    "name": "Kerne Bridge Kitchens Ltd",
    "country_code": "gb",
    "postcode": "hr9  5qt",
    "invoice_delivery": "email",
    "invoice_period": "per_issue",
}


def test_a_stranger_is_sent_to_login() -> None:
    assert Browser().post(URL, TYPED)["Location"].startswith("/login/")
    assert not Client.objects.exists()


@pytest.mark.parametrize("role", ["Production", "Accounts"])
def test_a_wrong_role_is_refused(as_role: Any, role: str) -> None:
    assert as_role(role).post(URL, TYPED).status_code == 403
    assert not Client.objects.exists()


def test_a_client_is_added_with_its_contact_and_an_audit_line(as_role: Any) -> None:
    browser = as_role("Sales")
    contact = {"contact-first_name": "Alison", "contact-email": "alison@kerne.example"}
    answer = browser.post(URL, {**TYPED, **contact, "website": "kerne.example"})
    client = Client.objects.get()
    assert answer["Location"] == f"/clients/{client.pk}/details/"
    assert (client.name, client.postcode, client.country_code) == (
        "Kerne Bridge Kitchens Ltd",
        "HR9 5QT",
        "GB",
    )
    assert client.website == "https://kerne.example"
    assert [(c.first_name, c.is_primary) for c in client.contacts.all()] == [("Alison", True)]
    entry = AuditEntry.objects.get(event="client.added")
    assert (entry.by, entry.after["name"]) == (browser.person, "Kerne Bridge Kitchens Ltd")


def test_a_contact_may_be_left_out(as_role: Any) -> None:
    as_role("Sales").post(URL, TYPED)
    assert Client.objects.count() == 1 and not Contact.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "", "This field is required."),
        ("vat_number", "GB 123 4567 89", "This is not a valid British VAT number."),
        ("country_code", "1B", "Two letters are needed"),
        ("payment_terms_days", "400", "less than or equal to 365"),
        ("email", "nobody", "Enter a valid email address."),
        ("contact-email", "alison@kerne.example", "A first or a last name is needed."),
    ],
)
def test_bad_input_is_told_beside_its_field_and_kept(
    as_role: Any, field: str, value: str, error: str
) -> None:
    answer = as_role("Sales").post(URL, {**TYPED, "town": "Ross-on-Wye", field: value})
    page = answer.content.decode()
    bound = answer.context["contact_form" if field.startswith("contact-") else "form"]
    assert list(bound.errors) == ["first_name" if field == "contact-email" else field]
    assert error in page
    assert 'value="Ross-on-Wye"' in page and (not value or f'value="{value}"' in page)
    assert not Client.objects.exists()


def test_a_british_vat_number_is_written_one_way(as_role: Any) -> None:
    as_role("Sales").post(URL, {**TYPED, "vat_number": "980780684"})
    assert Client.objects.get().vat_number == "GB 980 7806 84"


def test_a_foreign_vat_number_is_kept_as_typed(as_role: Any) -> None:
    as_role("Sales").post(URL, {**TYPED, "country_code": "IE", "vat_number": "IE6388047V"})
    assert Client.objects.get().vat_number == "IE6388047V"


def test_an_agency_has_no_agency(as_role: Any) -> None:
    agency = factories.client_row(is_agency=True)
    answer = as_role("Sales").post(URL, {**TYPED, "is_agency": "on", "agency": agency.pk})
    assert list(answer.context["form"].errors) == ["agency"]
    assert Client.objects.count() == 1

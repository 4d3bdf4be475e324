"""Company Details with its number field: forward only, and never on to a number that exists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from invoicing.models import Invoice, NumberCounter
from invoicing.next_number import change_next_number
from kashflow.connections import save_login
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry, CompanyDetails, User, VatRate
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/settings/company/"


def values(**changes: object) -> dict[str, object]:
    standard = VatRate.objects.get(name="Standard").pk
    return {
        "name": "Marches & Wye Media Ltd",
        "address1": "2 Castle Street",
        "address2": "",
        "town": "Hereford",
        "county": "",
        "postcode": "HR1 2NW",
        "phone": "01632 960100",
        "email": "accounts@marcheswye.example",
        "vat_number": "GB123456782",
        "registered_number": "01234567",
        "payment_terms_days": "30",
        "vat_rate": standard,
        "next_number": str(NumberCounter.objects.get().next_number),
        **changes,
    }


def raised(number: int) -> Invoice:
    """An invoice of nothing in particular."""
    now, today = timezone.now(), date(2026, 11, 20)
    return Invoice.objects.create(
        marker=f"{number:010}",
        number=number,
        payer=factories.client_row(),
        by=User.objects.first(),
        raised_at=now,
        invoice_date=today,
        due_on=today,
        company_name="Kern & Sons",
        delivery="email",
        period="each_issue",
        item_count=1,
        amount=100,
        vat_amount=20,
        total=120,
    )


def test_stranger_is_sent_to_login(db: None) -> None:
    assert Browser().post(PAGE, values(name="Mine"))["Location"].startswith("/login/")
    assert CompanyDetails.current().name != "Mine"


@pytest.mark.parametrize("role", ["Sales", "Production", "Accounts"])
def test_wrong_role_is_refused(role: str, as_role: Callable[..., Browser]) -> None:
    browser = as_role(role)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, values(name="Mine", next_number="900")).status_code == 403
    with pytest.raises(NotAllowed):
        change_next_number(by=browser.person, number=900)
    assert CompanyDetails.current().name != "Mine"
    assert NumberCounter.objects.get().next_number == 1


def test_update(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    page = browser.post(PAGE, values(next_number="10439"), follow=True).content.decode()
    assert "Company Details updated." in page
    assert 'value="10439"' in page
    company = CompanyDetails.current()
    assert (company.name, company.town, company.payment_terms_days) == (
        "Marches & Wye Media Ltd",
        "Hereford",
        30,
    )
    assert NumberCounter.objects.get().next_number == 10439
    number, details = AuditEntry.objects.all()
    assert (details.event, details.by) == ("company.changed", browser.person)
    assert details.after["town"] == "Hereford"
    assert (number.event, number.before, number.after) == (
        "next_number.changed",
        {"next_number": 1},
        {"next_number": 10439},
    )


def test_number_left_as_it_is_is_no_change(as_role: Callable[..., Browser]) -> None:
    as_role("Admin").post(PAGE, values())
    assert not AuditEntry.objects.filter(event="next_number.changed").exists()


def test_moving_back_is_refused_and_nothing_is_saved(as_role: Callable[..., Browser]) -> None:
    NumberCounter.objects.update(next_number=10439)
    page = as_role("Admin").post(PAGE, values(next_number="10438", town="Ludlow")).content.decode()
    assert "moves forward only" in page
    assert "10439 or a higher number" in page
    assert 'value="Ludlow"' in page
    assert 'value="10438"' in page
    assert CompanyDetails.current().town == ""
    assert NumberCounter.objects.get().next_number == 10439


def test_number_that_exists_here_is_refused(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    raised(10500)
    page = browser.post(PAGE, values(next_number="10500")).content.decode()
    assert "Invoice 10500 exists already. Enter 10501 or a higher number." in page
    assert NumberCounter.objects.get().next_number == 1
    # On to a number below one that exists: the sequence would run into it.
    assert "exists already" in browser.post(PAGE, values(next_number="10400")).content.decode()
    assert browser.post(PAGE, values(next_number="10501")).status_code == 302


def test_number_that_exists_in_kashflow_is_refused(
    sandbox: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    save_login(by=browser.person, username="demo", password="demo")
    ledger = sandbox.server.ledger
    customer = sandbox.state()["customers"][0]["CustomerID"]
    ledger.add_invoice(
        InvoiceNumber=10600,
        InvoiceDate="2026-11-20T00:00:00",
        CustomerID=customer,
        lines=[{"Quantity": 1, "Rate": "10.00", "VatRate": 20, "VatAmount": "2.00"}],
    )
    assert (
        "KashFlow has an invoice 10600 already"
        in browser.post(PAGE, values(next_number="10600")).content.decode()
    )
    assert NumberCounter.objects.get().next_number == 1


def test_a_number_that_is_refused_here_costs_no_call(
    sandbox: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    save_login(by=browser.person, username="demo", password="demo")
    NumberCounter.objects.update(next_number=10439)
    before = len(sandbox.log())
    page = browser.post(PAGE, values(next_number="10438")).content.decode()
    assert "moves forward only" in page
    assert len(sandbox.log()) == before


def test_unreachable_kashflow_saves_with_a_warning_and_a_mark(
    sandbox: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    page = browser.post(PAGE, values(next_number="10600"), follow=True).content.decode()
    assert "The number is saved, but not checked." in page and "No KashFlow login is saved." in page
    save_login(by=browser.person, username="demo", password="demo")
    sandbox.fault("GetInvoice", "http_503")
    page = browser.post(PAGE, values(next_number="10601"), follow=True).content.decode()
    assert "is checked before the first transfer" in page
    assert "Not checked in KashFlow yet" in page
    counter = NumberCounter.objects.get()
    assert (counter.next_number, counter.unchecked_number) == (10601, 10601)
    page = browser.post(PAGE, values(next_number="10602"), follow=True).content.decode()
    assert "Not checked" not in page
    counter.refresh_from_db()
    assert (counter.next_number, counter.unchecked_number) == (10602, None)


def test_highest_number_of_the_last_thirteen_months_stands_beside(
    sandbox: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    factories.kashflow_on()
    browser = as_role("Admin")
    address = "/settings/company/highest-number/"
    assert "Tick Save Login" in browser.post(address).content.decode()
    save_login(by=browser.person, username="demo", password="demo")
    assert "none" in browser.post(address).content.decode()
    ledger, today = sandbox.server.ledger, timezone.localdate()
    customer = sandbox.state()["customers"][0]["CustomerID"]
    for number, days in ((10438, 380), (10440, 3), (99999, 420)):
        day = (today - timedelta(days=days)).isoformat()
        ledger.add_invoice(InvoiceNumber=number, InvoiceDate=day, CustomerID=customer)
    page = browser.post(address, headers={"HX-Request": "true"}).content.decode()
    assert 'number">10440</strong>' in page and "not above it" in page
    assert "<html" not in page
    NumberCounter.objects.update(next_number=10441)
    assert "not above it" not in browser.post(address).content.decode()
    sandbox.settings(api_enabled=False)
    assert "API not enabled, so it is not known." in browser.post(address).content.decode()
    assert as_role("Accounts").post(address).status_code == 403


@pytest.mark.parametrize("typed", ["INV-100", "A1", "100/26"])
def test_a_prefix_is_refused_with_its_reason(typed: str, as_role: Callable[..., Browser]) -> None:
    factories.kashflow_on()
    page = as_role("Admin").post(PAGE, values(next_number=typed)).content.decode()
    assert "invoice numbers have no prefix" in page


def test_without_kashflow_the_reason_does_not_name_it(as_role: Callable[..., Browser]) -> None:
    page = as_role("Admin").post(PAGE, values(next_number="INV-100")).content.decode()
    assert "Enter a whole number from 1 to 2,147,483,647, in digits only." in page
    assert "KashFlow" not in page


@pytest.mark.parametrize("typed", ["0", "-5", "2147483648", "99999999999999999999", "abc", "", "1e3", "NaN"])
def test_number_that_is_none_is_refused_beside_its_field(typed: str, as_role: Callable[..., Browser]) -> None:
    answer = as_role("Admin").post(PAGE, values(next_number=typed))
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert NumberCounter.objects.get().next_number == 1


def test_biggest_number_kashflow_takes_fits(as_role: Callable[..., Browser]) -> None:
    assert as_role("Admin").post(PAGE, values(next_number="2147483647")).status_code == 302
    assert NumberCounter.objects.get().next_number == 2147483647


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("email", "nobody"),
        ("payment_terms_days", "366"),
        ("payment_terms_days", "-1"),
        ("vat_rate", "99"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_kept(
    field: str, typed: str, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Admin").post(PAGE, values(**{field: typed, "town": "Ledbury"})).content.decode()
    assert "One field needs a look." in page
    assert 'value="Ledbury"' in page
    assert CompanyDetails.current().town == ""


def test_what_is_typed_is_shown_as_text(as_role: Callable[..., Browser]) -> None:
    browser = as_role("Admin")
    browser.post(PAGE, values(name="<script>alert(1)</script>"))
    page = browser.get(PAGE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page

"""One client's paid invoices, asked for while its Financial tab shows what is known."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client, CustomerLink
from invoicing import tasks
from invoicing.models import Invoice, PaidReading, PaymentObservation
from invoicing.paid_status import as_of, refreshing
from invoicing.views import financial
from kashflow.models import Connection
from magmanager.common.errors import NotAllowed
from settings_app.models import SystemDefaults
from tests import factories
from tests.invoicing.paid import TOTAL, money
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk

pytestmark = pytest.mark.django_db
As = Callable[..., Browser]


@pytest.fixture
def client(desk: Desk) -> Client:
    return factories.client_row(name="Kerne Bridge Kitchens Ltd")


def address(client: Client) -> str:
    return f"/clients/{client.pk}/financial/paid-status/"


def refreshed(desk: Desk, client: Client) -> PaidReading:
    """The row of a refresh, worked off."""
    reading = refreshing.refresh_client(by=desk.by, client=client)
    assert reading is not None
    tasks.refresh_client(str(reading.pk))
    reading.refresh_from_db()
    return reading


def forget_pause() -> None:
    """Lets the pause between two refreshes pass."""
    long_ago = timezone.now() - timedelta(seconds=refreshing.PAUSE + 1)
    PaidReading.objects.update(read_at=long_ago)


def test_stranger_is_sent_to_login(client: Client, stranger: Browser) -> None:
    assert stranger.post(address(client))["Location"].startswith("/login/")
    assert not PaidReading.objects.exists()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(client: Client, as_role: As, role: str) -> None:
    browser = as_role(role)
    assert browser.get(address(client)).status_code == 403
    assert browser.post(address(client)).status_code == 403
    with pytest.raises(NotAllowed):
        refreshing.refresh_client(by=browser.person, client=client)
    assert not PaidReading.objects.exists()


def test_page_asks_at_once_and_the_answer_comes_by_polling(desk: Desk, client: Client, as_role: As) -> None:
    (invoice,) = desk.in_kashflow(1, client)
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    browser, calls = as_role("Accounts"), len(desk.sandbox.log())
    part = browser.post(address(client)).text
    assert "KashFlow was not asked yet." in part
    assert "Asking KashFlow for this client" in part
    assert f'hx-get="{address(client)}"' in part
    assert "every 1s" in part
    assert "<html" not in part
    assert len(desk.sandbox.log()) == calls, "no page waits for KashFlow"
    answer = browser.get(address(client))
    assert "every 1s" in answer.text
    assert "HX-Trigger" not in answer
    tasks.refresh_client(str(PaidReading.objects.get().pk))
    answer = browser.get(address(client))
    assert "As of" in answer.text
    assert "hx-" not in answer.text
    assert answer["HX-Trigger"] == "paid-status"
    invoice.refresh_from_db()
    assert (invoice.paid_state, invoice.paid_amount) == ("paid", Decimal("266.82"))


def test_only_this_client_is_asked_about_paid_ones_too(desk: Desk, client: Client) -> None:
    (mine,) = desk.in_kashflow(1, client)
    (other,) = desk.in_kashflow(1)
    payment = desk.sandbox.pay(desk.dbid(mine), "300.00")
    desk.sandbox.pay(desk.dbid(other), "266.82")
    assert refreshed(desk, client).changed_count == 1
    assert desk.calls("GetInvoicesForCustomer") >= 1
    assert desk.calls("GetInvoices_Unpaid") == 0
    assert list(Invoice.objects.order_by("number").values_list("paid_state", flat=True)) == ["over", "unpaid"]
    desk.sandbox.unpay(payment)
    forget_pause()
    refreshed(desk, client)
    mine.refresh_from_db()
    assert (mine.paid_state, mine.paid_amount) == ("unpaid", Decimal(0))


def test_one_at_a_time_and_none_within_the_pause(desk: Desk, client: Client) -> None:
    desk.in_kashflow(1, client)
    first = refreshing.refresh_client(by=desk.by, client=client)
    again = refreshing.refresh_client(by=factories.user("Admin"), client=client)
    assert first is not None
    assert again is not None
    assert (again.pk, again.wanted_at, again.by) == (first.pk, first.wanted_at, desk.by)
    before = desk.calls("GetInvoicesForCustomer")
    tasks.refresh_client(str(first.pk))
    tasks.refresh_client(str(first.pk))
    assert desk.calls("GetInvoicesForCustomer") == before + 1
    within = refreshing.refresh_client(by=desk.by, client=client)
    assert within is not None
    assert within.wanted_at is None
    forget_pause()
    later = refreshing.refresh_client(by=desk.by, client=client)
    assert later is not None
    assert later.wanted_at is not None


def test_same_answer_moves_the_moment_and_writes_no_invoice(desk: Desk, client: Client) -> None:
    (invoice,) = desk.in_kashflow(1, client)
    reading = refreshed(desk, client)
    invoice.refresh_from_db()
    assert invoice.paid_as_of is None
    assert as_of.of_invoice(invoice, desk.transfer(invoice)) == reading.read_at
    assert as_of.of_client(client) == reading.read_at
    assert not PaymentObservation.objects.exists()


def test_invoice_sent_after_the_answer_was_not_asked_about(desk: Desk, client: Client) -> None:
    desk.in_kashflow(1, client)
    refreshed(desk, client)
    (later,) = desk.in_kashflow(1, client)
    later.refresh_from_db()
    assert as_of.of_invoice(later, desk.transfer(later)) is None


@pytest.mark.parametrize("state", ["match", "wanted"])
def test_without_a_linked_customer_each_invoice_is_asked_about(
    desk: Desk, client: Client, state: str
) -> None:
    """The link waits for a person, or its customer is gone in KashFlow: the invoices are there all the same."""
    paid, unpaid = desk.in_kashflow(2, client)
    desk.sandbox.pay(desk.dbid(paid), "266.82")
    CustomerLink.objects.filter(client=client).update(state=state, customer_id=None)
    before = desk.calls("GetInvoiceByID"), desk.calls("GetInvoicesForCustomer")
    reading = refreshed(desk, client)
    assert (desk.calls("GetInvoiceByID"), desk.calls("GetInvoicesForCustomer")) == (before[0] + 2, before[1])
    assert as_of.of_invoice(unpaid, desk.transfer(unpaid)) == reading.read_at is not None
    assert [money(one) for one in (paid, unpaid)] == [("paid", TOTAL, ""), ("unpaid", Decimal(0), "")]


def test_read_that_fails_without_a_linked_customer_is_no_answer(desk: Desk, client: Client) -> None:
    """F-58: the moment of an answer is not set by a question that was not answered."""
    (invoice,) = desk.in_kashflow(1, client)
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    CustomerLink.objects.filter(client=client).update(state="match", customer_id=None)
    desk.sandbox.fault("GetInvoiceByID", "cut_reply")
    reading = refreshed(desk, client)
    assert (reading.read_at, reading.cause_code) == (None, "unclear")
    assert money(invoice) == ("unpaid", Decimal(0), "")


def test_where_there_is_nothing_to_ask_no_answer_is_claimed(desk: Desk, client: Client, as_role: As) -> None:
    desk.raise_invoices(1, client)
    calls = len(desk.sandbox.log())
    reading = refreshed(desk, client)
    assert (reading.read_at, reading.wanted_at, reading.cause) == (None, None, "")
    assert len(desk.sandbox.log()) == calls
    page = as_role("Accounts").get(address(client)).text
    assert "None of this client's invoices is in KashFlow" in html.unescape(page)
    assert "As of" not in page
    assert "every 1s" not in page


@pytest.mark.parametrize("kind", ["cut_reply", "http_500", "drop_after", "empty_reply"])
def test_failed_read_changes_nothing_and_says_so(desk: Desk, client: Client, as_role: As, kind: str) -> None:
    """F-58: a list that breaks off."""
    (invoice,) = desk.in_kashflow(1, client)
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.fault("GetInvoicesForCustomer", kind)
    reading = refreshed(desk, client)
    assert (reading.read_at, reading.wanted_at) == (None, None)
    page = as_role("Accounts").get(address(client)).text
    assert "nothing was changed here" in page
    invoice.refresh_from_db()
    assert (invoice.paid_state, invoice.payment_flag) == ("unpaid", "")
    assert refreshed(desk, client).read_at is not None
    invoice.refresh_from_db()
    assert invoice.paid_state == "paid"


def test_refused_login_says_what_to_do(desk: Desk, client: Client, as_role: As) -> None:
    desk.in_kashflow(1, client)
    desk.sandbox.settings(password="changed")
    refreshed(desk, client)
    page = as_role("Accounts").get(address(client)).text
    assert "username or password is wrong" in page
    assert "KashFlow was not asked yet." not in page
    assert "How to mend it" in page


def test_without_a_login_it_says_where_to_save_one(desk: Desk, client: Client, as_role: As) -> None:
    Connection.objects.all().delete()
    page = as_role("Accounts").post(address(client)).text
    assert "No KashFlow login is saved" in page
    assert 'href="/my-details/"' in page
    assert not PaidReading.objects.exists()


def test_login_that_went_to_other_books_meanwhile_asks_nothing_for_these(desk: Desk, client: Client) -> None:
    """Its answers would be kept as those of the account the page was opened for."""
    desk.in_kashflow(1, client)
    refreshing.refresh_client(by=desk.by, client=client)
    other = factories.ledger_account(fingerprint="other books", is_current=False)
    Connection.objects.update(ledger_account=other)
    calls = len(desk.sandbox.log())
    refreshing.carry(PaidReading.objects.get().pk)
    reading = PaidReading.objects.get()
    assert (reading.cause_code, reading.read_at) == ("no_login", None)
    assert len(desk.sandbox.log()) == calls


def test_nothing_is_asked_while_kashflow_is_not_the_package(desk: Desk, client: Client, as_role: As) -> None:
    SystemDefaults.objects.update(accounts_package="none")
    assert as_role("Accounts").post(address(client)).text.strip() == ""
    assert not PaidReading.objects.exists()


def test_refresh_that_nobody_woke_is_found_by_the_sweep(desk: Desk, client: Client) -> None:
    desk.in_kashflow(1, client)
    reading = refreshing.refresh_client(by=desk.by, client=client)
    assert reading is not None
    assert refreshing.forgotten() == [reading.pk]
    PaidReading.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    assert refreshing.forgotten() == []
    PaidReading.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert refreshing.forgotten() == [reading.pk]


def test_client_that_paid_before_it_had_an_agency_is_asked_about_too(
    desk: Desk, client: Client, as_role: As
) -> None:
    (invoice,) = desk.in_kashflow(1, client)
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    agency, browser = factories.client_row(is_agency=True), as_role("Accounts")
    Client.objects.filter(pk=client.pk).update(agency=agency)
    page = browser.get(f"/clients/{client.pk}/financial/").text
    assert f'hx-post="{address(client)}"' in page
    browser.post(address(client))
    agencys, own = PaidReading.objects.get(client=agency), PaidReading.objects.get(client=client)
    tasks.refresh_client(str(agencys.pk))
    answer = browser.get(address(client))
    assert "KashFlow was not asked yet." in answer.text
    assert "HX-Trigger" not in answer
    tasks.refresh_client(str(own.pk))
    answer = browser.get(address(client))
    assert "As of" in answer.text
    assert answer["HX-Trigger"] == "paid-status"
    invoice.refresh_from_db()
    assert (invoice.paid_state, invoice.paid_amount) == ("paid", Decimal("266.82"))


def test_client_that_never_paid_itself_is_asked_about_under_its_agency_alone(
    desk: Desk, client: Client, as_role: As
) -> None:
    agency = factories.client_row(is_agency=True)
    Client.objects.filter(pk=client.pk).update(agency=agency)
    as_role("Accounts").post(address(client))
    assert [reading.client for reading in PaidReading.objects.all()] == [agency]


def test_latest_payments_are_the_latest_whatever_the_invoice_is_numbered(
    desk: Desk, client: Client, as_role: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(financial, "LATEST_OF", 2)
    old, *newer = desk.in_kashflow(4, client)
    for invoice in newer:
        desk.sandbox.pay(desk.dbid(invoice), "266.82", day="2026-11-01")
    refreshed(desk, client)
    browser, tab = as_role("Accounts"), f"/clients/{client.pk}/financial/"
    assert [one.invoice for one in browser.get(tab).context["latest"]] == [newer[2], newer[1]]
    desk.sandbox.pay(desk.dbid(old), "100.00", day="2026-11-20")
    forget_pause()
    refreshed(desk, client)
    assert [one.invoice for one in browser.get(tab).context["latest"]] == [old, newer[2]]
    factories.payment(newer[0], "5.00", may_overpay=True)
    assert [one.invoice for one in browser.get(tab).context["latest"]] == [newer[0], old, newer[0]]

"""Invoiced: the list, its filters and totals, one document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoicing.models import Invoice
from invoicing.transfer.services import request_transfers
from tests import factories
from tests.invoicing.batches import bookings, raised

pytestmark = pytest.mark.django_db
ADDRESS = "/invoicing/invoiced/"
As = Callable[..., Browser]


def numbers(browser: Browser, query: str = "") -> list[int]:
    return [row.number for row in browser.get(ADDRESS + query).context["rows"]]


def cancel(invoice: Invoice) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(
        state="cancelled", cancelled_at=timezone.now(), cancelled_reason="Raised twice"
    )


@pytest.mark.parametrize("address", [ADDRESS, "/invoicing/invoices/1/"])
def test_stranger_is_sent_to_login(stranger: Browser, address: str) -> None:
    assert stranger.get(address).headers["Location"] == f"/login/?next={address}"


@pytest.mark.parametrize("role", ["Sales", "Production"])
@pytest.mark.parametrize("address", [ADDRESS, "/invoicing/invoices/1/"])
def test_wrong_role_is_refused(as_role: As, role: str, address: str) -> None:
    assert as_role(role).get(address).status_code == 403


def test_no_invoices_yet_says_where_they_come_from(as_role: As) -> None:
    text = as_role("Accounts").get(ADDRESS).text
    assert "No invoices yet" in text
    assert "Go to To Invoice" in text


def test_every_column_and_the_totals_of_the_page(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    raised(browser.person, bookings(2, price="1234.50"))
    cancel(Invoice.objects.get(number=1))
    page = browser.get(ADDRESS)
    assert [row.number for row in page.context["rows"]] == [2, 1]
    for text in (
        "Number",
        "Date",
        "Company",
        "Delivery",
        "Interval",
        "Items",
        "Amount £",
        "VAT £",
        "E-mailed",
        "Exported",
        "Paid",
    ):
        assert f">{text}" in page.text
    for text in ("1,234.50", "246.90", "Not transferred", "Unpaid", "Cancelled", "Per issue", "E-mail"):
        assert text in page.text
    assert (page.context["page_amount"], page.context["page_vat"]) == (Decimal("1234.50"), Decimal("246.90"))


def test_search_by_number_and_by_client(as_role: As) -> None:
    browser = as_role("Accounts")
    lines = bookings(2)
    lines[0].client.__class__.objects.filter(pk=lines[0].client_id).update(name="Golden Valley Oak")
    raised(browser.person, lines)
    oak = Invoice.objects.get(company_name="Golden Valley Oak")
    assert numbers(browser, "?q=oak+gold") == [oak.number]
    assert numbers(browser, f"?q={oak.number}") == [oak.number]
    assert numbers(browser, "?q=nobody") == []
    assert "No invoice matches" in browser.get(f"{ADDRESS}?q=nobody").text


def test_a_number_is_found_whatever_is_ticked(as_role: As) -> None:
    browser, other = as_role("Accounts"), factories.issue()
    raised(browser.person, bookings(1))
    assert numbers(browser, f"?issue={other.pk}") == []
    assert numbers(browser, f"?issue={other.pk}&q=1") == [1]


def test_by_issue_by_month_by_delivery_by_batch(as_role: As) -> None:
    browser = as_role("Accounts")
    first, second = factories.issue(), factories.issue()
    batch = raised(browser.person, bookings(2, edition=first))
    raised(browser.person, bookings(1, edition=second), invoice_date=dt.date(2026, 12, 1))
    Invoice.objects.filter(number=3).update(delivery="post")
    assert numbers(browser, f"?issue={first.pk}") == [2, 1]
    assert numbers(browser, f"?issue={first.pk}&issue={second.pk}") == [3, 2, 1]
    assert numbers(browser, "?by=months&month=2026-12") == [3]
    assert numbers(browser, "?delivery=post") == [3]
    assert numbers(browser, f"?batch={batch.pk}") == [2, 1]


def test_segments_count_what_they_show(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    factories.saved_login(factories.ledger_account(), browser.person)
    raised(browser.person, bookings(4))
    request_transfers(by=browser.person, invoice_ids=[Invoice.objects.get(number=1).pk])
    Invoice.objects.filter(number=2).update(paid_state="paid")
    cancel(Invoice.objects.get(number=3))
    assert numbers(browser, "?show=not_transferred") == [4, 2]
    assert numbers(browser, "?show=unpaid") == [4, 1]
    segments = browser.get(ADDRESS).context["segments"]
    assert [(each["label"], str(each["count"])) for each in segments] == [
        ("All", "None"),
        ("Not transferred", "2"),
        ("Unpaid", "2"),
    ]


def flagged(number: int) -> None:
    Invoice.objects.filter(number=number).update(payment_flag="gone", payment_flag_text="It is not there.")


def test_what_needs_a_look_is_counted_over_all_pages(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    raised(browser.person, bookings(53))
    flagged(1)
    page = browser.get(ADDRESS)
    assert 1 not in [row.number for row in page.context["rows"]]
    look = page.context["segments"][-1]
    assert (look["label"], str(look["count"])) == ("Payment needs a look", "1")
    assert numbers(browser, "?show=look") == [1]


def test_a_number_that_no_invoice_can_have_finds_nothing(
    as_role: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_role("Accounts")
    raised(browser.person, bookings(1))
    # On every database as PostgreSQL has it, where such a query is empty before it is asked.
    monkeypatch.setattr(connection.ops, "integer_field_range", lambda kind: (0, 2**31 - 1))
    assert numbers(browser, "?q=9999999999") == []


def test_without_kashflow_nothing_of_it_is_shown(as_role: As) -> None:
    browser = as_role("Accounts")
    raised(browser.person, bookings(1))
    for address in (ADDRESS, "/invoicing/invoices/1/"):
        text = browser.get(address).text
        assert "Transfer to KashFlow" not in text
        assert "Not transferred" not in text
    assert "Exported" not in browser.get(ADDRESS).text


def test_select_all_that_match_leaves_cancelled_ones_out(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    raised(browser.person, bookings(3, price="100.00"))
    cancel(Invoice.objects.get(number=2))
    preset = browser.get(f"{ADDRESS}?tick=all").context["preset"]
    assert preset == {str(Invoice.objects.get(number=n).pk): 12000 for n in (1, 3)}
    assert browser.get(ADDRESS).context["preset"] is None


def test_htmx_gets_the_results_alone(as_role: As) -> None:
    browser = as_role("Accounts")
    raised(browser.person, bookings(1))
    page = browser.get(ADDRESS, headers={"HX-Request": "true"})
    assert page.text.lstrip().startswith('<div id="results">')
    assert "<html" not in page.text


def test_pages_follow_the_number(as_role: As) -> None:
    browser = as_role("Accounts")
    raised(browser.person, bookings(53))
    first = browser.get(ADDRESS)
    assert [row.number for row in first.context["rows"]] == list(range(53, 3, -1))
    second = browser.get(first.context["next_url"])
    assert [row.number for row in second.context["rows"]] == [3, 2, 1]
    assert second.context["page_shown"] == "51–53 of 53"


def test_queries_do_not_grow_with_the_list(as_role: As) -> None:
    browser, counts = as_role("Accounts"), []
    factories.kashflow_on()
    for number in (5, 55):
        raised(browser.person, bookings(number))
        flagged(Invoice.objects.latest("number").number)
        with CaptureQueriesContext(connection) as queries:
            browser.get(ADDRESS)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


# --- One document -------------------------------------------------------------------------------------------


def test_an_invoice_shows_lines_totals_and_its_way_to_kashflow(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    line = bookings(1, price="645.00", po_number="PO-7")[0]
    raised(browser.person, [line])
    text = browser.get("/invoicing/invoices/1/").text
    for expected in (
        "Invoice 1",
        line.client.name,
        "PO-7",
        "£645.00",
        "£129.00",
        "£774.00",
        "Not transferred",
    ):
        assert expected in text
    assert "Transfer to KashFlow" in text


def test_an_opened_row_is_the_inside_alone(as_role: As) -> None:
    browser = as_role("Accounts")
    raised(browser.person, bookings(1))
    text = browser.get("/invoicing/invoices/1/", headers={"HX-Request": "true"}).text
    assert text.lstrip().startswith('<tr class="details">')
    assert "<html" not in text


def test_a_cancelled_invoice_says_why_and_cannot_be_sent(as_role: As) -> None:
    factories.kashflow_on()
    browser = as_role("Accounts")
    raised(browser.person, bookings(1))
    cancel(Invoice.objects.get())
    text = browser.get("/invoicing/invoices/1/").text
    assert "Raised twice" in text
    assert "Transfer to KashFlow" not in text


def test_an_invoice_that_is_not_there_is_not_found(as_role: As) -> None:
    assert as_role("Accounts").get("/invoicing/invoices/404/").status_code == 404

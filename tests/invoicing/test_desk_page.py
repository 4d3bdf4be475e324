"""The Transfer desk as a page: what is listed, the two documents, the choices, and the ways in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.html import strip_tags

from invoicing.models import Invoice, Transfer
from invoicing.transfer import claims, engine, pauses, services
from invoicing.transfer import desk as verbs
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk, raised
from tests.invoicing.transfer.conftest import desk as desk
from tests.invoicing.transfer.needing import (
    number_taken,
    off_by_a_penny,
    other_number,
    probable,
)

pytestmark = pytest.mark.django_db
DESK = "/invoicing/transfers/"
As = Callable[..., Browser]


def address(transfer: Transfer, act: str = "") -> str:
    return f"{DESK}{transfer.pk}/{act}"


def offered(page: Any) -> dict[str, str]:
    """The buttons of the choices by act; the suggested one stands first."""
    return {choice.act: choice.button for choice in page.context["choices"]}


def assert_says(page: Any, words: str) -> None:
    assert words in " ".join(strip_tags(page.text).split())


def groups(page: Any) -> dict[str, str]:
    return {each["label"]: str(each["count"]) for each in page.context["groups_of_states"]}


# --- Who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(desk: Desk, as_role: As, role: str) -> None:
    transfer = number_taken(desk)
    for where in (DESK, address(transfer)):
        assert as_role(role).get(where).status_code == 403


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    where = address(number_taken(desk))
    assert stranger.get(where).headers["Location"] == f"/login/?next={where}"


def test_transfer_of_another_account_is_not_found(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk)
    type(transfer.ledger_account).objects.update(is_current=False)
    browser = as_role("Accounts")
    assert browser.get(address(transfer)).status_code == 404
    assert browser.post(address(transfer, "do-not-send/"), {"reason": "Old books"}).status_code == 404


# --- What is listed ----------------------------------------------------------------------------------------------


def test_states_with_their_counts_and_the_rows_of_one(desk: Desk, as_role: As) -> None:
    browser, invoices = as_role("Accounts"), desk.raise_invoices(3)
    empty = browser.get(DESK)
    assert "Every transfer is done or goes on by itself." in empty.text
    desk.press(invoices)
    Transfer.objects.filter(invoice=invoices[0]).update(
        state="rejected", cause_code="not_sendable", last_cause="The sales code is missing."
    )
    page = browser.get(DESK)
    assert groups(page) == {
        "Needs you": "1",
        "Uncertain – checking": "0",
        "Sending": "0",
        "Waiting": "2",
        "Do not send": "0",
        "In KashFlow": "0",
    }
    assert [row.invoice_id for row in page.context["rows"]] == [invoices[0].pk]
    assert "The sales code is missing." in page.text
    assert "1 needs you" in page.text
    waiting = browser.get(f"{DESK}?show=waiting")
    assert [row.invoice_id for row in waiting.context["rows"]] == [invoices[2].pk, invoices[1].pk]


@pytest.mark.parametrize("words", ["number", "client", "part", "kashflow"])
def test_search_by_number_or_client(desk: Desk, as_role: As, words: str) -> None:
    wanted = desk.raise_invoices(1, factories.client_row(name="Golden Valley Oak"))[0]
    other = desk.raise_invoices(1)[0]
    desk.press([wanted, other])
    Transfer.objects.filter(invoice=wanted).update(kashflow_number=777)
    typed = {
        "number": str(wanted.number),
        "client": "Golden Valley Oak",
        "part": "oak gold",
        "kashflow": "777",
    }
    page = as_role("Accounts").get(DESK, {"q": typed[words]})
    assert [row.invoice_id for row in page.context["rows"]] == [wanted.pk]
    assert page.context["result"] == "1 transfer"


def test_search_that_finds_nothing_names_a_way_back(desk: Desk, as_role: As) -> None:
    page = as_role("Accounts").get(DESK, {"q": "nobody at all"})
    assert "No transfer matches" in page.text
    assert f'href="{DESK}">Show all transfers</a>' in page.text


def many(desk: Desk, count: int) -> None:
    for _ in range(count):
        invoice = raised(desk.by, factories.client_row(), desk.next_number, "10.00")
        desk.next_number += 1
        factories.transfer(invoice, state="conflict", cause_code="number_taken", last_cause="Taken.")


def test_long_list_is_paged_and_keeps_its_filters(desk: Desk, as_role: As) -> None:
    many(desk, 27)
    browser = as_role("Accounts")
    first = browser.get(DESK, {"show": "needs_you", "cause": "number_taken"})
    assert (len(first.context["rows"]), first.context["page_shown"]) == (25, "1–25 of 27")
    second = browser.get(first.context["next_url"])
    assert (len(second.context["rows"]), second.context["page_shown"]) == (2, "26–27 of 27")
    numbers = [row.invoice.number for page in (first, second) for row in page.context["rows"]]
    assert numbers == sorted(numbers, reverse=True)
    assert "cause=number_taken" in first.context["next_url"]


def test_it_costs_the_same_however_long(
    desk: Desk, as_role: As, django_assert_num_queries: Callable[[int], Any]
) -> None:
    browser = as_role("Accounts")
    many(desk, 3)
    browser.get(DESK)
    with django_assert_num_queries(20):
        browser.get(DESK)
    many(desk, 40)
    with django_assert_num_queries(20):
        browser.get(DESK)


# --- Two documents -----------------------------------------------------------------------------------------------


def test_both_documents_stand_side_by_side_and_what_differs_is_marked(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk, lines=[{"Quantity": "2", "Rate": "90.00", "VatRate": "20", "VatAmount": "36.00",
                                          "Description": "Stall at Christmas fair"}])  # fmt: skip
    page = as_role("Accounts").get(address(transfer))
    rows = {row.name: row for row in page.context["sides"].rows}
    assert {name for name, row in rows.items() if not row.differs} == {"Number", "Date", "Due", "Paid"}
    assert (rows["Line 1"].theirs.text, rows["Line 1"].theirs.amount) == (
        "Stall at Christmas fair",
        "£180.00",
    )
    assert (rows["Line 2"].theirs.text, rows["Line 2"].ours.amount) == ("none", "£42.35")
    assert (rows["Total"].ours.amount, rows["Total"].theirs.amount) == ("£266.82", "£216.00")
    assert page.text.count('<tr class="differs') == page.context["sides"].differing == 7
    assert "read today" in page.text
    assert page.context["why_not"] == ["It can't be linked: the totals differ by £50.82."]


def test_texts_of_kashflow_are_shown_as_text(desk: Desk, as_role: As) -> None:
    transfer = number_taken(desk, CustomerReference="<script>alert(1)</script>")
    page = as_role("Accounts").get(address(transfer))
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert(1)" not in page.text


@pytest.mark.parametrize(
    ("make", "suggested", "also"),
    [
        (number_taken, "raise_again", {"recheck", "adopt", "do_not_send"}),
        (probable, "adopt", {"recheck", "raise_again", "do_not_send"}),
        (off_by_a_penny, "recheck", {"do_not_send"}),
        (other_number, "adopt", {"recheck", "do_not_send"}),
    ],
    ids=["number taken", "probable", "off by a penny", "other number"],
)
def test_one_way_out_is_suggested(
    desk: Desk, as_role: As, make: Callable[[Desk], Transfer], suggested: str, also: set[str]
) -> None:
    page = as_role("Accounts").get(address(make(desk)))
    assert next(iter(offered(page))) == suggested
    assert set(offered(page)) == {suggested} | also
    assert [choice.act for choice in page.context["choices"] if choice.is_suggested] == [suggested]
    assert all(choice.consequence.endswith(".") for choice in page.context["choices"])


def test_another_number_is_called_keeping_both(desk: Desk, as_role: As) -> None:
    transfer = other_number(desk)
    page = as_role("Accounts").get(address(transfer))
    assert offered(page)["adopt"] == "Keep both numbers"
    assert "KashFlow numbers its own" in page.text
    assert 'href="/settings/kashflow/"' in page.text


def test_history_says_who_asked_and_under_whose_login(desk: Desk, as_role: As) -> None:
    batch, at_once = desk.raise_invoices(2)
    presser, raiser = (
        factories.user("Accounts", name="Petra Press"),
        factories.user("Sales", name="Ron Raiser"),
    )
    desk.by = presser
    desk.press([batch])
    Invoice.objects.filter(pk=at_once.pk).update(by=raiser)
    services.want([at_once], by=raiser)
    browser, login = as_role("Accounts"), desk.connection.user.name
    waits = browser.get(address(desk.transfer(at_once)))
    assert_says(waits, "by Ron Raiser. Nothing was sent yet.")
    assert "KashFlow login of" not in waits.text
    desk.work()
    # Whoever looks again later did not ask for it.
    Transfer.objects.filter(invoice=at_once).update(state="review", cause_code="gone")
    verbs.recheck(by=presser, transfer=desk.transfer(at_once))
    for invoice, who in ((batch, "Petra Press"), (at_once, "Ron Raiser")):
        for where in (address(desk.transfer(invoice)), f"/invoicing/invoices/{invoice.number}/"):
            page = browser.get(where)
            assert_says(page, f"The transfer was asked for by {who}.")
            assert_says(page, f"Under the KashFlow login of {login}.")


TAKEN = "KashFlow has an invoice 7. An admin sets a higher number in Company Details."
OTHER = "KashFlow does not keep our numbers."


@pytest.mark.parametrize(
    ("reason", "where"),
    [
        (TAKEN, 'href="/settings/company/">Company Details</a>'),
        (OTHER, 'href="/settings/kashflow/">Settings › KashFlow</a>'),
    ],
)
def test_what_stopped_the_account_is_the_cause_of_what_waits(
    desk: Desk, as_role: As, reason: str, where: str
) -> None:
    invoice = desk.raise_invoices(1)[0]
    run = desk.press([invoice])
    pauses.pause(desk.account, reason)
    browser = as_role("Accounts")
    page = browser.get(address(desk.transfer(invoice)))
    assert_says(page, f"Transfers are stopped. {reason}")
    # Over the list, and at the transfer.
    assert page.text.count(where) == 2
    assert where in browser.get(f"/invoicing/runs/{run.pk}/").text


# --- Live --------------------------------------------------------------------------------------------------------


def test_it_refreshes_itself_while_it_moves_and_then_stops(desk: Desk, as_role: As) -> None:
    browser, invoice = as_role("Accounts"), desk.raise_invoices(1)[0]
    desk.press([invoice])
    transfer = desk.transfer(invoice)
    held = claims.claim(desk.account.pk, transfer.pk)
    assert held is not None
    poll = {"HX-Request": "true", "HX-Target": "transfer"}
    assert "every 2s" in browser.get(address(transfer)).text
    part = browser.get(address(transfer), headers=poll)
    assert "every 2s" in part.text
    assert "<html" not in part.text
    engine.carry(held)
    assert browser.get(address(transfer), headers=poll).headers["HX-Refresh"] == "true"
    assert "every 2s" not in browser.get(address(transfer)).text


def test_beside_choices_only_story_and_history_are_refreshed(desk: Desk, as_role: As) -> None:
    browser, invoice = as_role("Accounts"), desk.raise_invoices(1)[0]
    desk.press([invoice])
    transfer = desk.transfer(invoice)
    page = browser.get(address(transfer)).text
    assert page.count("every 2s") == 1
    at = f"{address(transfer)}?shown=waiting"
    assert f'hx-get="{at}"' in page
    poll = {"HX-Request": "true", "HX-Target": "transfer-story"}
    desk.sandbox.fault("GetInvoice", "http_503")
    desk.work()
    part = browser.get(at, headers=poll)
    assert "HX-Refresh" not in part.headers
    assert "Tries again" in part.text
    assert '<div class="card-body" id="transfer-history" hx-swap-oob="true">' in part.text
    assert "<form" not in part.text
    assert f'hx-get="{at}"' in part.text
    # It waits as before, and nothing is tried for a while: the page is left as it is.
    Transfer.objects.update(not_before="2099-01-01T00:00:00Z")
    part = browser.get(at, headers=poll)
    assert "HX-Refresh" not in part.headers
    assert "every 2s" not in part.text
    desk.skip(10**10)
    desk.work()
    assert desk.states() == ["verified"]
    assert browser.get(at, headers=poll).headers["HX-Refresh"] == "true"


# --- Ways in -----------------------------------------------------------------------------------------------------


def test_ways_in_from_the_invoice_the_list_the_run_and_home(desk: Desk, as_role: As) -> None:
    transfer, browser = number_taken(desk), as_role("Accounts")
    number, run = transfer.invoice.number, Run.objects.first()
    for where, headers in (
        (f"/invoicing/invoices/{number}/", {}),
        (f"/invoicing/invoices/{number}/", {"HX-Request": "true"}),
        (f"/invoicing/runs/{run.pk}/", {}),
        ("/", {}),
    ):
        assert f'href="{address(transfer)}"' in browser.get(where, headers=headers).text

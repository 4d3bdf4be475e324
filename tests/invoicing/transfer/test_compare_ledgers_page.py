"""The comparison's page: pressing, the list with its next steps, the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoicing.comparison import services
from invoicing.models import Invoice, LedgerDifference, NumberCounter, Transfer
from kashflow import connections
from kashflow.gateway import records
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import number_taken
from tests.invoicing.transfer.test_apply import credit
from tests.invoicing.transfer.test_carry import type_in
from tests.invoicing.transfer.test_compare_ledgers import PAGE, bookkeeper, compare, found, sent
from tests.invoicing.transfer.test_void import cancel, voiding

__all__ = ["sent"]
START, EXPORT = reverse("invoicing:ledgers_compare"), reverse("invoicing:comparison_export")


def test_a_stranger_and_sales_compare_nothing(
    desk: Desk, stranger: Browser, as_role: Callable[..., Browser]
) -> None:
    assert stranger.post(START).status_code == 302
    assert [as_role("Sales").post(START).status_code, as_role("Sales").get(PAGE).status_code] == [403, 403]
    assert not Run.objects.filter(kind=services.KIND).exists()


def test_the_accountant_presses_and_reads_the_next_step(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    bookkeeper(desk).delete_invoice(sent[1].number)
    browser = as_role("Accounts")
    assert "Not compared yet" in browser.get(PAGE).content.decode()
    assert "Reading KashFlow" in browser.post(START, follow=True).content.decode()
    services.carry(Run.objects.get(kind=services.KIND).pk)
    page = browser.get(PAGE).content.decode()
    assert "1 deleted in KashFlow." in page
    assert "If it was meant, cancel it here" in page
    assert reverse("invoicing:invoice", args=[sent[1].number]) in page
    assert "Nothing fits the search" in browser.get(PAGE, {"kind": "paid"}).content.decode()
    exported = b"".join(browser.post(EXPORT).streaming_content).decode()
    assert f"{sent[1].number},Deleted in KashFlow,{sent[1].company_name}," in exported


def test_without_a_login_nothing_begins_and_the_reason_is_said(
    as_role: Callable[..., Browser], db: None
) -> None:
    factories.company()
    factories.kashflow_on()
    factories.ledger_account()
    page = as_role("Accounts").post(START, follow=True).content.decode()
    assert "No KashFlow login is saved" in page
    assert not Run.objects.exists()


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+44 20", "-2+3", "@SUM(A1)"])
def test_no_cell_of_the_file_is_a_formula_and_a_number_stays_one(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser], text: str
) -> None:
    bookkeeper(desk).delete_invoice(sent[1].number)
    compare()
    LedgerDifference.objects.update(company=text, what=text, number=-7)
    exported = b"".join(as_role("Accounts").post(EXPORT).streaming_content).decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(exported))
    assert row[:4] == ["-7", "Deleted in KashFlow", f"'{text}", f"'{text}"]


def test_after_a_switch_of_accounts_the_old_books_differences_are_not_shown(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    bookkeeper(desk).delete_invoice(sent[1].number)
    compare()
    admin = as_role("Admin")
    items = [item.name for item in admin.get(reverse("home")).context["waiting"].items]
    assert ("Comparison" in items, len(steps(admin))) == (True, 1)
    desk.sandbox.server.ledger.set_company(CompanyName="Marches Group Ltd", VatRegistrationNumber="GB1")
    connections.save_login(by=admin.person, username="demo", password="demo", books=connections.ANOTHER)
    assert "Not compared yet" in admin.get(PAGE).content.decode()
    assert admin.get(reverse("home")).context["waiting"].items == []
    assert b"".join(admin.post(EXPORT).streaming_content).decode().count("\n") == 1


# --- The next step ------------------------------------------------------------------------------------------


def steps(browser: Browser) -> list[tuple[str, str]]:
    """What to do in each row, and where."""
    return [(row.step.words, row.step.url) for row in browser.get(PAGE).context["rows"]]


def test_a_payment_that_waits_here_is_transferred_and_one_that_is_kept_is_removed(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    factories.payment(sent[0])
    kept = factories.payment(sent[1])
    Transfer.objects.create(
        kind="payment", invoice=sent[1], payment=kept, ledger_account=desk.account, state="do_not_send",
        requested_at=kept.recorded_at,
    )  # fmt: skip
    Invoice.objects.filter(pk=sent[2].pk).update(paid_amount="10.00", paid_state="part")
    compare()
    settings = reverse("kashflow:settings")
    assert steps(as_role("Accounts")) == [
        ("Press Transfer Payments.", settings),
        (
            "Record its payment in KashFlow, and remove it here: it comes back by itself.",
            reverse("invoicing:invoice", args=[sent[1].number]),
        ),
        ("Press Update Invoice Paid Status.", settings),
    ]


@pytest.mark.parametrize("is_set_off", [True, False])
def test_a_credit_note_that_was_deleted_there_is_cancelled_here(
    desk: Desk, as_role: Callable[..., Browser], is_set_off: bool
) -> None:
    invoice = desk.in_kashflow()[0]
    note = credit(desk, invoice, "100.00")
    if not is_set_off:
        Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    bookkeeper(desk).delete_invoice(note.number)
    if is_set_off:
        Invoice.objects.filter(pk=invoice.pk).update(paid_amount="120.00", paid_state="part")
    assert (compare()[0], found()) == (1, [("deleted", note.number)])
    browser, url = as_role("Accounts"), reverse("invoicing:invoice_cancel", args=[note.number])
    assert steps(browser) == [("Cancel it here; then credit again what is still to be taken back.", url)]
    assert "KashFlow is asked first whether it has it no more." in browser.get(url).content.decode()
    answer = browser.post(url, {"reason": "Deleted by the bookkeeper"}, follow=True)
    assert f"Credit note {note.number} cancelled." in answer.content.decode()
    desk.sweep_and_work()
    note.refresh_from_db()
    states = {"create": "verified", "apply": "verified" if is_set_off else "cancelled"}
    assert note.state == "cancelled"
    assert dict(Transfer.objects.filter(invoice=note).values_list("kind", "state")) == states
    assert not Transfer.objects.filter(cancel_requested=True).exists()
    assert Invoice.objects.count() == 2
    assert (compare()[0], found()) == (0, [])


def test_a_voiding_credit_note_that_was_deleted_there_leads_to_its_invoice(
    desk: Desk, as_role: Callable[..., Browser]
) -> None:
    invoice = desk.in_kashflow()[0]
    cancel(desk, invoice)
    desk.work()
    note = voiding(invoice)
    bookkeeper(desk).delete_invoice(note.number)
    assert (compare()[0], found()) == (1, [("deleted", note.number)])
    assert [words for words, _ in steps(as_role("Accounts"))] == [
        f"Delete invoice {invoice.number} in KashFlow as well: it is cancelled here."
    ]
    bookkeeper(desk).delete_invoice(invoice.number)
    assert (compare()[0], found()) == (0, [])


def test_many_steps_cost_the_same_as_one(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    browser, costs = as_role("Accounts"), []
    for paid in (sent[:1], sent[1:]):
        for invoice in paid:
            factories.payment(invoice)
        compare()
        with CaptureQueriesContext(connection) as queries:
            browser.get(PAGE)
        costs.append(len(queries))
    assert (costs[0], LedgerDifference.objects.count()) == (costs[1], 3)


def test_what_stands_in_the_way_of_a_transfer_leads_to_the_desk(
    desk: Desk, as_role: Callable[..., Browser]
) -> None:
    transfer = number_taken(desk)
    compare()
    step = (
        f"Decide on the Transfers page what becomes of our {transfer.invoice.number}.",
        reverse("invoicing:transfer_detail", args=[transfer.pk]),
    )
    assert step in steps(as_role("Accounts"))


@pytest.mark.parametrize(
    ("role", "words", "url"),
    [
        ("Admin", "Set the next invoice number above {} in Company Details.", "/settings/company/"),
        ("Accounts", "Ask an admin to set the next invoice number above {} in Company Details.", ""),
    ],
)
def test_number_that_ours_will_come_to_is_passed_over_in_company_details(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser], role: str, words: str, url: str
) -> None:
    number = sent[0].number + 901
    type_in(desk, number, CustomerReference="by hand")
    NumberCounter.objects.update(next_number=sent[2].number + 1)
    compare()
    assert steps(as_role(role)) == [(words.format(number), url)]


def test_second_copy_is_not_taken_for_the_first(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    copy = vars(bookkeeper(desk).get_invoice(sent[0].number))
    bookkeeper(desk).insert_invoice(records.Invoice(**{**copy, "dbid": 0, "number": sent[0].number + 900}))
    compare()
    assert steps(as_role("Accounts")) == [
        ("Look for that number in KashFlow, and delete the copy that is too much.", "")
    ]


def test_failed_comparison_leads_to_the_login(desk: Desk, as_role: Callable[..., Browser]) -> None:
    Run.objects.create(
        kind=services.KIND,
        title="Compare",
        state="failed",
        cause="wrong_login",
        summary="No.",
        finished_at=timezone.now(),
    )
    page = as_role("Accounts").get(PAGE).text
    assert '<a href="/settings/kashflow/help/#password">How to mend it</a>' in page
    assert '<a href="/my-details/">My Details</a>' in page


def test_nothing_to_export_is_not_offered(desk: Desk, as_role: Callable[..., Browser]) -> None:
    assert "Export CSV" not in as_role("Accounts").get(PAGE).text


def test_while_the_first_comparison_runs_it_names_no_button(
    desk: Desk, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Accounts").post(START, follow=True).text
    assert "Comparing just now" in page
    assert "Compare now" not in page


def test_what_was_not_transferred_yet_leads_to_one_list(
    desk: Desk, sent: list[Invoice], as_role: Callable[..., Browser]
) -> None:
    desk.raise_invoices(2)
    compare()
    page = as_role("Accounts").get(PAGE)
    assert page.context["not_transferred"] == 2
    assert (
        'href="/invoicing/invoiced/?show=not_transferred">tick and transfer them in Invoiced</a>' in page.text
    )

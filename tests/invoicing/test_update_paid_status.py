"""*Update Invoice Paid Status*, against a live sandbox in which a bookkeeper is at work."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from invoicing import tasks
from invoicing.models import Invoice, PaidReading, PaymentObservation, Transfer
from invoicing.paid_status import runs
from magmanager.celery import app
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry, SystemDefaults
from tests import factories
from tests.invoicing.paid import TOTAL, money, updated
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk

pytestmark = pytest.mark.django_db
PRESS, PAGE = "/settings/kashflow/update-paid-status/", "/settings/kashflow/"
As = Callable[..., Browser]


# --- Who may ------------------------------------------------------------------------------------------------


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    assert stranger.post(PRESS)["Location"].startswith("/login/")
    assert not Run.objects.exists()


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(desk: Desk, as_role: As, role: str) -> None:
    browser = as_role(role)
    assert browser.post(PRESS).status_code == 403
    with pytest.raises(NotAllowed):
        runs.update_paid_status(by=browser.person)
    assert not Run.objects.exists()


def test_right_taken_away_before_a_worker_came_asks_nothing(desk: Desk) -> None:
    run = runs.update_paid_status(by=desk.by)
    desk.by.groups.clear()
    tasks.update_paid_status(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.FAILED, "not_allowed")
    assert desk.calls("GetInvoices_Unpaid") == 0


def test_nothing_is_asked_while_kashflow_is_not_the_package(desk: Desk) -> None:
    SystemDefaults.objects.update(accounts_package="none")
    with pytest.raises(runs.PackageOff):
        runs.update_paid_status(by=desk.by)
    assert runs.update_at_night() is None
    assert not Run.objects.exists()


# --- The press ----------------------------------------------------------------------------------------------


def test_press_shows_the_row_at_work_and_then_the_result(desk: Desk, as_role: As) -> None:
    invoices = desk.in_kashflow(3)
    desk.sandbox.pay(desk.dbid(invoices[0]), "266.82")
    desk.sandbox.pay(desk.dbid(invoices[1]), "100.00")
    browser = as_role("Accounts")
    part = browser.post(PRESS, headers={"HX-Request": "true"}).text
    assert "Waiting to start" in part
    assert "every 1s" in part
    assert ">Update Invoice Paid Status</button>" in part
    run = Run.objects.get(kind="update_paid_status")
    tasks.update_paid_status(str(run.pk))
    part = browser.get(f"{PAGE}?live=update_paid_status", headers={"HX-Request": "true"}).text
    assert "1 paid, 1 part paid" in part
    assert f'<a href="/invoicing/invoices/{invoices[0].number}/">{invoices[0].number}</a>' in part
    assert browser.person.name in part
    assert "every 1s" not in part
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == (Run.State.FINISHED, 3, 3)
    line = AuditEntry.objects.filter(event="paid_status.updated").get()
    assert (line.by, line.after) == (browser.person, {"result": "1 paid, 1 part paid"})


def test_second_press_opens_the_run_that_is_there(desk: Desk) -> None:
    assert runs.update_paid_status(by=desk.by) == runs.update_paid_status(by=factories.user("Admin"))
    assert Run.objects.filter(kind="update_paid_status").count() == 1


def test_every_night_under_the_office_login(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    run = runs.update_at_night()
    assert run is not None
    tasks.update_paid_status(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.summary, run.by, run.connection_id) == (
        Run.State.FINISHED,
        "1 paid",
        None,
        desk.connection.pk,
    )
    nightly = app.conf.beat_schedule["paid_status_at_night"]
    assert nightly["task"] == tasks.update_paid_status_at_night.name
    assert (nightly["schedule"].hour, nightly["schedule"].minute) == ({2}, {15})


def test_a_run_whose_worker_died_is_taken_up_again(desk: Desk) -> None:
    run = runs.update_paid_status(by=desk.by)
    assert runs.forgotten() == [run]
    Run.objects.filter(pk=run.pk).update(state="running", touched_at="2026-01-01T00:00:00Z", done=0)
    assert runs.forgotten() == [run]
    tasks.update_paid_status(str(run.pk))
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


# --- What comes back ----------------------------------------------------------------------------------------


def test_part_over_several_refund_and_removed(desk: Desk) -> None:
    """F-56: none, part, exact, over, several, negative, removed, back-dated."""
    payer = factories.client_row()
    none, part, exact, over, several, refund, late = desk.in_kashflow(7, payer)
    pay = desk.sandbox.pay
    pay(desk.dbid(part), "66.82")
    pay(desk.dbid(exact), "266.82")
    pay(desk.dbid(over), "300.00")
    one = pay(desk.dbid(several), "200.00")
    two = pay(desk.dbid(several), "66.82", day="2026-11-25")
    pay(desk.dbid(refund), "266.82")
    pay(desk.dbid(refund), "-66.82", note="Refund")
    pay(desk.dbid(late), "266.82", day="2025-01-02")
    run = updated(desk)
    assert run.summary == "3 paid, 2 part paid, 1 overpaid"
    assert money(none) == ("unpaid", Decimal(0), "")
    assert money(part) == ("part", Decimal("66.82"), "")
    assert money(exact) == ("paid", TOTAL, "")
    assert money(over) == ("over", Decimal("300.00"), "")
    assert money(several) == ("paid", TOTAL, "")
    assert money(refund) == ("part", Decimal("200.00"), "")
    assert money(late) == ("paid", TOTAL, "")
    payer.refresh_from_db()
    paid = Decimal("66.82") + 3 * TOTAL + Decimal("300.00") + Decimal("200.00")
    assert payer.balance_amount == -paid, "the fixture's invoices were never added to what is owed"
    assert payer.oldest_due_on == none.due_on
    seen = PaymentObservation.objects.get(invoice=several)
    assert [(each["id"], each["amount"], each["date"]) for each in seen.payments] == [
        (one, "200.00", "2026-11-24"),
        (two, "66.82", "2026-11-25"),
    ]
    desk.sandbox.unpay(two)
    assert updated(desk).summary == "1 part paid"
    assert money(several) == ("part", Decimal("200.00"), "")


def test_payments_are_read_only_where_something_changed_and_same_rows_are_not_written(desk: Desk) -> None:
    invoices = desk.in_kashflow(4)
    desk.sandbox.pay(desk.dbid(invoices[0]), "50.00")
    updated(desk)
    assert desk.calls("GetInvoicePayment") == 1
    run = runs.update_paid_status(by=desk.by)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        tasks.update_paid_status(str(run.pk))
    written = [one["sql"] for one in asked if "UPDATE" in one["sql"] and "invoicing_invoice" in one["sql"]]
    assert written == []
    run.refresh_from_db()
    assert run.summary == "No change, 4 invoices looked at"
    assert desk.calls("GetInvoicePayment") == 1
    assert desk.calls("GetInvoices_Unpaid") == 2
    assert PaymentObservation.objects.count() == 1
    assert PaidReading.objects.get().read_at > Invoice.objects.get(pk=invoices[0].pk).paid_as_of


def test_many_that_left_unpaid_are_looked_up_in_one_list(desk: Desk) -> None:
    invoices = desk.in_kashflow(6)
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    before = desk.calls("GetInvoiceByID"), desk.calls("GetInvoicesByDateRange")
    assert updated(desk).summary == "6 paid"
    assert desk.calls("GetInvoiceByID") == before[0]
    assert desk.calls("GetInvoicesByDateRange") == before[1] + 1


def test_observation_is_append_only(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "10.00")
    updated(desk)
    for act in (
        lambda: PaymentObservation.objects.update(amount_paid=0),
        lambda: PaymentObservation.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert PaymentObservation.objects.get().amount_paid == Decimal("10.00")


# --- What a bookkeeper can do -------------------------------------------------------------------------------


def test_deleted_document_is_flagged_and_not_created_again(desk: Desk) -> None:
    """F-53: our document deleted."""
    gone, other = desk.in_kashflow(2)
    desk.sandbox.delete(desk.dbid(gone))
    inserts = desk.calls("InsertInvoice")
    assert updated(desk).summary == "1 needs a look"
    assert money(gone) == ("unpaid", Decimal(0), "gone")
    assert money(other) == ("unpaid", Decimal(0), "")
    desk.sweep_and_work()
    assert desk.calls("InsertInvoice") == inserts
    assert updated(desk).summary == "1 needs a look"
    assert PaymentObservation.objects.count() == 1


@pytest.mark.parametrize(
    "edited",
    [
        {"NetAmount": "100.0000"},
        {"CustomerReference": ""},
        {"InvoiceNumber": 99_001},
        {"CurrencyCode": "EUR"},
    ],
)
def test_edited_document_is_flagged_found_by_its_id_and_never_marked_paid(
    desk: Desk, edited: dict[str, object]
) -> None:
    """F-54: amount, reference wiped, renumbered; of F-56 the other currency."""
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.edit_by_id(desk.dbid(invoice), **edited)
    assert updated(desk).summary == "1 needs a look"
    assert money(invoice) == ("unpaid", Decimal(0), "edited")
    assert "in KashFlow" in invoice.payment_flag_text
    document = next(one for one in desk.sandbox.invoices() if one["InvoiceDBID"] == desk.dbid(invoice))
    assert all(str(document[name]) == str(value) for name, value in edited.items()), "nothing was overwritten"


def test_document_given_to_another_customer_is_flagged_and_mended_again(desk: Desk) -> None:
    """F-54: customer."""
    (invoice,) = desk.in_kashflow()
    customer = next(
        one["Customer"] for one in desk.sandbox.invoices() if one["InvoiceDBID"] == desk.dbid(invoice)
    )
    other = desk.sandbox.state()["customers"][0]["Code"]
    desk.sandbox.edit_by_id(desk.dbid(invoice), Customer=other)
    updated(desk)
    assert money(invoice)[2] == "edited"
    desk.sandbox.edit_by_id(desk.dbid(invoice), Customer=customer)
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    assert updated(desk).summary == "1 paid"
    assert money(invoice) == ("paid", TOTAL, "")


def test_what_needs_a_look_is_a_segment_of_its_own(desk: Desk, as_role: As) -> None:
    gone, fine = desk.in_kashflow(2)
    desk.sandbox.delete(desk.dbid(gone))
    browser = as_role("Accounts")
    assert "Payment needs a look" not in browser.get("/invoicing/invoiced/").text
    updated(desk)
    assert 'href="/invoicing/invoiced/?show=look"' in browser.get(PAGE).text
    page = browser.get("/invoicing/invoiced/?show=look")
    assert [row.number for row in page.context["rows"]] == [gone.number]
    invoice = browser.get(f"/invoicing/invoices/{gone.number}/").text
    assert "Gone in KashFlow" in invoice
    # Settled since: the card offers nothing to look at, whatever the run said then.
    Invoice.objects.filter(pk=gone.pk).update(payment_flag="", payment_flag_text="")
    assert "?show=look" not in browser.get(PAGE).text
    assert "It is not created again" in invoice
    assert "what is paid stays as it was before" in invoice
    assert "Gone in KashFlow" not in browser.get(f"/invoicing/invoices/{fine.number}/").text


def test_number_used_again_by_somebody_else_is_not_taken_for_ours(desk: Desk) -> None:
    """F-55: deleted number re-used by someone else, and paid."""
    (invoice,) = desk.in_kashflow()
    desk.sandbox.delete(desk.dbid(invoice))
    somebody = desk.sandbox.state()["customers"][0]
    typed = desk.sandbox.type(invoice.number, customer=somebody["Code"])
    desk.sandbox.pay(typed, "60.00")
    assert updated(desk).summary == "1 needs a look"
    assert money(invoice) == ("unpaid", Decimal(0), "reused")
    assert somebody["Name"] in invoice.payment_flag_text


@pytest.mark.parametrize(("mark", "amount", "state"), [(1, "66.82", "part"), (0, "266.82", "paid")])
def test_paid_mark_that_disagrees_is_flagged_and_the_payments_count(
    desk: Desk, mark: int, amount: str, state: str
) -> None:
    """F-57: Paid=1 but the payments come to less, and reverse."""
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), amount)
    desk.sandbox.edit_by_id(desk.dbid(invoice), Paid=mark)
    updated(desk)
    assert money(invoice) == (state, Decimal(amount), "paid_disagrees")


def test_payments_that_do_not_add_up_change_nothing(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "66.82")
    desk.sandbox.edit_by_id(desk.dbid(invoice), AmountPaid="100.0000")
    assert updated(desk).summary == "1 needs a look"
    assert money(invoice) == ("unpaid", Decimal(0), "does_not_add_up")
    seen = PaymentObservation.objects.get()
    assert (seen.amount_paid, seen.adds_up, len(seen.payments)) == (Decimal("100.00"), False, 1)
    desk.sandbox.edit_by_id(desk.dbid(invoice), AmountPaid="66.8200")
    assert updated(desk).summary == "1 part paid"
    assert money(invoice) == ("part", Decimal("66.82"), "")


# --- What is ours -------------------------------------------------------------------------------------------


def test_cancelled_and_untransferred_invoices_are_not_asked_about(desk: Desk) -> None:
    (sent,) = desk.in_kashflow()
    (only_here,) = desk.raise_invoices(1)
    desk.sandbox.pay(desk.dbid(sent), "266.82")
    Invoice.objects.filter(pk=sent.pk).update(
        state="cancelled", cancelled_at="2026-11-25T12:00:00Z", cancelled_reason="Raised twice"
    )
    assert updated(desk).summary == "No change, 0 invoices looked at"
    assert [money(one) for one in (sent, only_here)] == [("unpaid", Decimal(0), "")] * 2
    assert Transfer.objects.documents().count() == 1
    assert not Client.objects.exclude(balance_amount=0).exists()

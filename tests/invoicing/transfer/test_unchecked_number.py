"""A next number that KashFlow could not be asked about is asked about before the first transfer."""

from __future__ import annotations

import pytest

from invoicing.models import NumberCounter
from invoicing.next_number import change_next_number
from kashflow.models import Connection
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk
from tests.sandboxes import LiveSandbox


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    desk = Desk(connected, sandbox)
    NumberCounter.objects.update(next_number=FIRST_NUMBER, unchecked_number=FIRST_NUMBER)
    return desk


def counter() -> tuple[int, int | None]:
    return NumberCounter.objects.values_list("next_number", "unchecked_number").get()


def test_a_free_number_is_asked_about_once_and_the_transfers_go(desk: Desk) -> None:
    desk.press(desk.raise_invoices(2))
    desk.work()
    assert desk.states() == ["verified"] * 2
    assert counter() == (FIRST_NUMBER, None)
    first = desk.sandbox.log()[0]
    assert (first["operation"], first["arguments"]) == ("GetInvoice", {"InvoiceNumber": FIRST_NUMBER})


def test_a_taken_number_stops_everything_before_anything_is_sent(desk: Desk) -> None:
    customer = desk.sandbox.state()["customers"][0]["CustomerID"]
    desk.sandbox.server.ledger.add_invoice(
        InvoiceNumber=FIRST_NUMBER, InvoiceDate="2026-11-20", CustomerID=customer
    )
    run = desk.press(desk.raise_invoices(2))
    desk.work()
    desk.sweep_and_work()
    assert desk.states() == ["ready"] * 2
    assert [call["operation"] for call in desk.sandbox.log()] == ["GetInvoice"]
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.PAUSED, "account_paused")
    assert f"KashFlow has an invoice {FIRST_NUMBER}" in run.summary and "Company Details" in run.summary
    assert AuditEntry.objects.filter(event="kashflow_account.paused").count() == 1
    assert desk.documents() == []


def test_a_higher_number_that_is_free_lets_the_transfers_go_on(desk: Desk) -> None:
    customer = desk.sandbox.state()["customers"][0]["CustomerID"]
    desk.sandbox.server.ledger.add_invoice(
        InvoiceNumber=FIRST_NUMBER, InvoiceDate="2026-11-20", CustomerID=customer
    )
    desk.next_number = FIRST_NUMBER + 10
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert desk.account.paused_reason
    change_next_number(by=factories.user("Admin"), number=FIRST_NUMBER + 50, is_checked=True)
    assert (desk.account.paused_reason, counter()) == ("", (FIRST_NUMBER + 50, None))
    desk.sweep_and_work()
    assert desk.states() == ["verified"]
    assert [entry.event for entry in AuditEntry.objects.filter(event__startswith="kashflow_account")][::-1][
        :2
    ] == [
        "kashflow_account.paused",
        "kashflow_account.resumed",
    ]


def test_where_kashflow_still_cannot_be_asked_the_mark_stays(desk: Desk) -> None:
    desk.press(desk.raise_invoices(1))
    desk.sandbox.fault("GetInvoice", "http_503", times=2)
    desk.work()
    assert counter() == (FIRST_NUMBER, FIRST_NUMBER)
    assert desk.documents() == []
    desk.skip(3600)
    desk.sweep_and_work()
    assert (desk.states(), counter()) == (["verified"], (FIRST_NUMBER, None))


def test_without_the_mark_nothing_is_asked(desk: Desk) -> None:
    NumberCounter.objects.update(unchecked_number=None)
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert [call["operation"] for call in desk.sandbox.log()].count("GetInvoice") == 4


def test_our_own_invoice_under_it_is_no_reason_to_stop(desk: Desk) -> None:
    """The first look failed, so the invoice's own look was the one that counted."""
    desk.press(desk.raise_invoices(1))
    desk.sandbox.fault("GetInvoice", "http_503")
    desk.work()
    assert (desk.states(), counter()) == (["verified"], (FIRST_NUMBER, FIRST_NUMBER))
    desk.press(desk.raise_invoices(1))
    desk.work()
    assert (desk.states(), counter()) == (["verified"] * 2, (FIRST_NUMBER, None))
    assert desk.account.paused_reason == ""

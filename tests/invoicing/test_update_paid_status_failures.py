"""*Update Invoice Paid Status* when KashFlow cannot be read: what is not known changes nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from invoicing import tasks
from invoicing.models import PaidReading, PaymentObservation
from invoicing.paid_status import recent, runs
from kashflow.models import Connection
from magmanager.common.models import Run
from tests.invoicing.paid import TOTAL, money, updated
from tests.invoicing.test_update_paid_status_again import ago
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as desk

pytestmark = pytest.mark.django_db
COUNT = "GetInvoicePaymentsCountforDateRange"


@pytest.mark.parametrize(
    "kind",
    ["cut_reply", "empty_reply", "html_page", "http_500", "malformed_xml", "drop_after", "crossed_reply"],
)
def test_failed_list_changes_nothing(desk: Desk, kind: str) -> None:
    """F-58: a page missing."""
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.fault("GetInvoices_Unpaid", kind)
    run = updated(desk)
    assert run.state == Run.State.FAILED
    assert "nothing was changed here" in run.summary
    assert money(invoice) == ("unpaid", Decimal(0), "")
    assert not PaymentObservation.objects.exists()
    assert not PaidReading.objects.exclude(read_at=None).exists()
    assert updated(desk).summary == "1 paid"


def test_document_twice_in_the_list_changes_nothing(desk: Desk) -> None:
    """F-58: a page repeated."""
    one, two = desk.in_kashflow(2)
    desk.sandbox.pay(desk.dbid(one), "266.82")
    desk.sandbox.fault("GetInvoices_Unpaid", "duplicate_element", element="Invoice")
    assert updated(desk).state == Run.State.FAILED
    assert [money(one)[0], money(two)[0]] == ["unpaid", "unpaid"]


@pytest.mark.parametrize("kind", ["cut_reply", "http_500", "empty_reply", "duplicate_element"])
def test_payments_that_cannot_be_read_leave_that_invoice_alone(desk: Desk, kind: str) -> None:
    """F-58: a list that breaks off or repeats: that invoice stays, the others go on."""
    first, second = desk.in_kashflow(2)
    for invoice in (first, second):
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    element = {"element": "Payment"} if kind == "duplicate_element" else {}
    desk.sandbox.fault("GetInvoicePayment", kind, **element)
    run = updated(desk)
    assert run.summary == "1 paid, 1 could not be read and stayed as they were"
    assert [money(first), money(second)] == [("unpaid", Decimal(0), ""), ("paid", TOTAL, "")]
    assert not PaidReading.objects.exclude(read_at=None).exists()


@pytest.mark.parametrize("by", [1, -1])
def test_count_that_goes_on_disagreeing_changes_nothing(desk: Desk, by: int) -> None:
    """F-58: the pages are whole and the count says otherwise, however often it is asked."""
    paid, unpaid = desk.in_kashflow(2)
    desk.sandbox.pay(desk.dbid(paid), "266.82", day=ago(1))
    updated(desk)
    read_at, asked = PaidReading.objects.get().read_at, desk.calls(COUNT)
    desk.sandbox.pay(desk.dbid(paid), "5.00", day=ago(1))
    desk.sandbox.pay(desk.dbid(unpaid), "266.82", day=ago(1))
    desk.sandbox.fault(COUNT, "count_wrong", by=by, times=1000)
    run = updated(desk)
    assert run.state == Run.State.FAILED
    assert "nothing was changed here" in run.summary
    assert [money(paid), money(unpaid)] == [("paid", TOTAL, ""), ("unpaid", Decimal(0), "")]
    assert PaymentObservation.objects.count() == 1
    assert PaidReading.objects.get().read_at == read_at
    assert desk.calls(COUNT) - asked == recent.TRIES
    desk.sandbox.no_faults()
    assert updated(desk).summary == "1 paid, 1 overpaid"


def test_refused_login_stops_it_with_its_sentence(desk: Desk) -> None:
    invoices = desk.in_kashflow(3)
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    before = len(desk.sandbox.log())
    desk.sandbox.fault("GetInvoicePayment", "login_refused", after=1)
    run = updated(desk)
    assert (run.state, run.cause) == (Run.State.FAILED, "wrong_login")
    assert "username or password is wrong" in run.summary
    assert len(desk.sandbox.log("GetInvoicePayment")) == 2
    assert [money(one)[0] for one in invoices] == ["unpaid"] * 3, "the chunk of the refusal is read anew"
    after = len(desk.sandbox.log())
    assert updated(desk).state == Run.State.FAILED
    assert len(desk.sandbox.log()) == after > before, "no call starts after the refusal"
    assert not Connection.objects.filter(refusal="").exists()


def test_same_run_twice_ends_the_same(desk: Desk) -> None:
    """F-59: killed in the middle, and carried again: the same state, observations once."""
    invoices = desk.in_kashflow(3)
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.fault("GetInvoicePayment", "http_500", times=3, after=1)
    updated(desk)
    desk.sandbox.no_faults()
    updated(desk)
    updated(desk)
    assert {money(one) for one in invoices} == {("paid", TOTAL, "")}
    assert PaymentObservation.objects.count() == 3


def test_run_that_died_half_way_is_carried_to_the_same_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-59: stopped between two invoices; what was written stays, the rest follows, observations once."""
    monkeypatch.setattr(runs, "CHUNK", 1)
    invoices = desk.in_kashflow(3)
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.fault("GetInvoicePayment", "login_refused", after=1)
    run = updated(desk)
    assert [money(one)[0] for one in invoices] == ["paid", "unpaid", "unpaid"]
    assert run.summary.endswith("1 changed before that.")
    desk.sandbox.no_faults()
    Connection.objects.update(refusal="", refused_at=None)
    Run.objects.filter(pk=run.pk).update(
        state="running", finished_at=None, cause="", touched_at="2026-01-01T00:00:00Z"
    )
    assert runs.forgotten() == [run]
    tasks.update_paid_status(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.summary) == (Run.State.FINISHED, "2 paid")
    assert {money(one) for one in invoices} == {("paid", TOTAL, "")}
    assert PaymentObservation.objects.count() == 3

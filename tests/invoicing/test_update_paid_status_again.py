"""*Update Invoice Paid Status* of what is paid here already: overpaid, paid twice, refunded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from invoicing.models import PaidReading, PaymentObservation
from invoicing.paid_status import as_of
from magmanager.common.models import Run
from tests import factories
from tests.invoicing.paid import TOTAL, money, updated
from tests.invoicing.paying import desk as desk
from tests.invoicing.paying import plain_desk as plain_desk
from tests.invoicing.paying import press
from tests.invoicing.transfer.conftest import Desk

pytestmark = pytest.mark.django_db


def ago(days: int) -> str:
    """The day so many days before today."""
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def test_overpaid_one_is_asked_about_until_it_is_exact(desk: Desk) -> None:
    """F-56: a refund, and a payment taken away, on what is overpaid."""
    refunded, doubled = desk.in_kashflow(2)
    for invoice in (refunded, doubled):
        desk.sandbox.pay(desk.dbid(invoice), "266.82")
    desk.sandbox.pay(desk.dbid(refunded), "33.18")
    second = desk.sandbox.pay(desk.dbid(doubled), "266.82", day="2025-01-02")
    assert updated(desk).summary == "2 overpaid"
    assert updated(desk).summary == "No change, 2 invoices looked at"
    refunded.refresh_from_db()
    read_at = PaidReading.objects.get().read_at
    assert as_of.of_invoice(refunded, desk.transfer(refunded)) == read_at
    desk.sandbox.pay(desk.dbid(refunded), "-33.18", note="Refund")
    desk.sandbox.unpay(second)
    assert updated(desk).summary == "2 paid"
    assert [money(one) for one in (refunded, doubled)] == [("paid", TOTAL, "")] * 2


def test_paid_one_that_is_paid_again_is_noticed_and_no_other_is_read(desk: Desk) -> None:
    """F-56: a second payment, on what no list of what is unpaid shows any more."""
    twice, once, from_here = desk.in_kashflow(3)
    for invoice in (twice, once):
        desk.sandbox.pay(desk.dbid(invoice), "266.82", day=ago(1))
    factories.payment(from_here, "266.82", by=desk.by, paid_on=timezone.localdate())
    press(desk)
    assert updated(desk).summary == "2 paid"
    before = desk.calls("GetInvoiceByID"), desk.calls("GetInvoicePayment")
    assert updated(desk).summary == "No change, 0 invoices looked at"
    assert (desk.calls("GetInvoiceByID"), desk.calls("GetInvoicePayment")) == before
    desk.sandbox.pay(desk.dbid(twice), "10.00", day=ago(59))
    assert updated(desk).summary == "1 overpaid"
    assert money(twice) == ("over", TOTAL + 10, "")
    assert [money(one) for one in (once, from_here)] == [("paid", TOTAL, "")] * 2
    assert (desk.calls("GetInvoiceByID"), desk.calls("GetInvoicePayment")) == (before[0] + 1, before[1] + 1)


def test_payment_of_another_amount_than_was_read_is_noticed(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    first = desk.sandbox.pay(desk.dbid(invoice), "266.82", day=ago(1))
    updated(desk)
    with desk.sandbox.server.ledger.transaction() as db:
        db.execute('UPDATE payment SET "PayAmount" = ? WHERE "PayID" = ?', ("300.0000", first))
    desk.sandbox.edit_by_id(desk.dbid(invoice), AmountPaid="300.0000")
    assert updated(desk).summary == "1 overpaid"
    assert money(invoice) == ("over", Decimal("300.00"), "")


def test_payments_made_since_long_before_the_last_reading_are_asked_for(desk: Desk) -> None:
    """Nobody updated for months, and the nights failed: the list begins before that."""
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "266.82")
    updated(desk)
    PaidReading.objects.update(read_at=timezone.now() - timedelta(days=100))
    desk.sandbox.pay(desk.dbid(invoice), "1.00", day=ago(150))
    assert updated(desk).summary == "1 overpaid"
    assert money(invoice) == ("over", TOTAL + 1, "")


def test_payments_of_several_pages_are_read_and_counted(desk: Desk) -> None:
    desk.sandbox.settings(page_size=2)
    invoices = desk.in_kashflow(5)
    for invoice in invoices:
        desk.sandbox.pay(desk.dbid(invoice), "266.82", day=ago(1))
    updated(desk)
    desk.sandbox.pay(desk.dbid(invoices[4]), "5.00", day=ago(1))
    assert updated(desk).summary == "1 overpaid"
    assert [money(one)[0] for one in invoices] == ["paid"] * 4 + ["over"]


@pytest.mark.parametrize("kind", ["page_missing", "page_repeated", "cut_reply", "http_500", "empty_reply"])
def test_payments_that_cannot_be_read_whole_change_nothing(desk: Desk, kind: str) -> None:
    """F-58: a page of payments is missing or repeated, or the list breaks off."""
    desk.sandbox.settings(page_size=2)
    (paid, unpaid) = desk.in_kashflow(2)
    for _ in range(3):
        desk.sandbox.pay(desk.dbid(paid), "88.94", day=ago(1))
    updated(desk)
    read_at = PaidReading.objects.get().read_at
    desk.sandbox.pay(desk.dbid(paid), "5.00", day=ago(1))
    desk.sandbox.pay(desk.dbid(unpaid), "266.82", day=ago(1))
    desk.sandbox.fault("GetInvoicePaymentsByDateRange", kind, times=9)
    run = updated(desk)
    assert run.state == Run.State.FAILED
    assert "nothing was changed here" in run.summary
    assert [money(one)[0] for one in (paid, unpaid)] == ["paid", "unpaid"]
    assert PaymentObservation.objects.count() == 1
    assert PaidReading.objects.get().read_at == read_at
    desk.sandbox.no_faults()
    assert updated(desk).summary == "1 paid, 1 overpaid"


def test_payment_recorded_between_the_count_and_the_pages_is_counted_again(desk: Desk) -> None:
    (invoice,) = desk.in_kashflow()
    desk.sandbox.pay(desk.dbid(invoice), "266.82", day=ago(1))
    desk.sandbox.fault("GetInvoicePaymentsCountforDateRange", "count_wrong")
    assert updated(desk).summary == "1 paid"
    assert desk.calls("GetInvoicePaymentsCountforDateRange") == 2

"""F-64 to F-71: logins that are refused, accounts that are away, and who may go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from invoicing.models import Transfer
from invoicing.transfer import lanes, services
from kashflow import connections
from kashflow.models import ApiCall, Connection, LedgerAccount
from magmanager.common.models import Run
from settings_app.models import User
from tests import factories
from tests.concurrency.threads import at_once
from tests.faults.checks import assert_exactly_once
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.invoicing.transfer.conftest import Desk

REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "login_refused"}, "username or password is wrong"),
    ({"kind": "status_no", "text": "The API is not enabled for this account"}, "API is not enabled"),
    ({"kind": "status_no", "text": "The IP address of 10.0.0.9 is not in the access list"}, "10.0.0.9"),
    ({"kind": "status_no", "text": "Your account is locked"}, "account is locked"),
]


@pytest.mark.parametrize(("fault", "told"), REFUSALS, ids=["login", "api off", "ip", "locked"])
def test_f64_f65_refused_in_mid_batch_stops_at_once_and_goes_on_when_mended(
    open_desk: Desk, fault: dict[str, Any], told: str
) -> None:
    """F-64, F-65: twelve invoices and three lanes; from the twentieth call on nobody is let in."""
    LedgerAccount.objects.update(numbers_proved=True)
    run = open_desk.press(open_desk.raise_invoices(12, factories.client_row()))
    open_desk.sandbox.fault("*", times=1000, after=20, **fault)
    _three_lanes(open_desk)
    refused = [call for call in open_desk.sandbox.log() if call["fault"]]
    assert 1 <= len(refused) <= 3
    assert set(open_desk.states()) <= {"verified", "sent", "ready"}
    run.refresh_from_db()
    assert (run.state, told in run.summary) == (Run.State.PAUSED, True)
    open_desk.skip(3600)
    open_desk.sweep_and_work()
    assert len([call for call in open_desk.sandbox.log() if call["fault"]]) == len(refused)
    open_desk.sandbox.no_faults()
    connections.mended(Connection.objects.get())
    open_desk.sweep_and_work()
    assert_exactly_once(open_desk)


def _three_lanes(desk: Desk) -> None:
    at_once([lambda: lanes.carry_due(desk.account.pk, wake_another=lambda: None, seconds=60)] * 3)


def test_f67_account_that_is_away_for_two_hours_is_asked_twelve_times(desk: Desk) -> None:
    """F-67, with ten invoices and a sweep every two minutes."""
    desk.press(desk.raise_invoices(10, factories.client_row()))
    desk.sandbox.stop()
    for _ in range(60):
        desk.sweep_and_work()
        desk.skip(120)
    assert set(desk.states()) == {"ready"}
    assert 2 <= ApiCall.objects.filter(outcome="not_sent").count() <= 12
    desk.sandbox.start_again()
    desk.skip(3700)
    desk.sweep_and_work()
    assert_exactly_once(desk)


def test_f68_one_that_is_refused_holds_up_nobody(desk: Desk) -> None:
    """F-68, one in twenty."""
    invoices = desk.raise_invoices(20, factories.client_row())
    desk.sandbox.fault("InsertInvoice", "status_no", after=12, text="There is no customer with this ID")
    run = desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified"] * 12 + ["rejected"] + ["verified"] * 7
    assert "no customer with this ID" in desk.transfer(invoices[12]).last_cause
    run.refresh_from_db()
    assert run.summary == "19 in KashFlow, 1 needs you"


def test_f69_two_logins_of_one_account_send_each_invoice_once(open_desk: Desk) -> None:
    """F-69."""
    LedgerAccount.objects.update(numbers_proved=True)
    people = [open_desk.connection.user, factories.user("Admin")]
    factories.saved_login(open_desk.account, people[1])
    ids = [invoice.pk for invoice in open_desk.raise_invoices(8, factories.client_row())]
    at_once([lambda by=by: services.request_transfers(by=by, invoice_ids=ids) for by in people])
    _three_lanes(open_desk)
    open_desk.work()
    assert_exactly_once(open_desk)
    assert (Transfer.objects.count(), open_desk.calls("InsertInvoice")) == (8, 8)


@pytest.mark.parametrize("how", ["deactivated", "demoted"])
def test_f70_login_whose_owner_goes_in_mid_batch_makes_no_further_call(
    open_desk: Desk, lane: Callable[..., Lane], how: str
) -> None:
    """F-70."""
    owner = open_desk.connection.user
    run = open_desk.press(open_desk.raise_invoices(3, factories.client_row()))
    open_desk.sandbox.hold("InsertInvoice", "committed")
    working = lane()
    wait_for(lambda: open_desk.calls("InsertInvoice") == 1, 20)
    if how == "deactivated":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        owner.groups.clear()
    before = len(open_desk.sandbox.log())
    open_desk.sandbox.release()
    working.join()
    # Who lost the right may still read back what was sent; who left makes no call at all.
    assert len(open_desk.sandbox.log()) - before <= (0 if how == "deactivated" else 2)
    assert open_desk.calls("InsertInvoice") == 1
    assert open_desk.states()[1:] == ["ready"] * 2
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED
    assert open_desk.states()[0] == ("sent" if how == "deactivated" else "verified")

"""F-64 to F-71: logins that are refused, accounts that are away, and who may go on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as counting
from typing import Any

import pytest
from django.test import Client as Browser

from invoicing.models import Transfer
from invoicing.transfer import engine, lanes, services
from kashflow import connections
from kashflow.models import ApiCall, Connection, LedgerAccount
from kashflow.sandbox.errors import WRONG_LOGIN
from magmanager.common.models import Run
from settings_app.models import User
from tests import factories, oracle
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


SENTENCE = "username or password is wrong"


@pytest.mark.parametrize(("count", "nth"), [(12, 5), pytest.param(100, 37, marks=pytest.mark.soak)])
def test_f64_password_changed_in_mid_batch_is_told_once_and_tried_no_more(
    open_desk: Desk,
    as_role: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    nth: int,
) -> None:
    """F-64: three lanes; KashFlow has another password from the moment the `nth` create arrives there."""
    LedgerAccount.objects.update(numbers_proved=True)
    run = open_desk.press(open_desk.raise_invoices(count, factories.client_row()))
    _at_create(open_desk, monkeypatch, nth, lambda: _new_password(open_desk))
    _three_lanes(open_desk)
    refused = [call for call in open_desk.sandbox.log() if call["detail"] == WRONG_LOGIN]
    assert 1 <= len(refused) <= 3
    assert set(open_desk.states()) <= {"verified", "sent", "ready"}
    assert nth - 1 - 3 <= len(open_desk.documents()) <= nth - 1
    _assert_told_once(run, as_role)
    calls = len(open_desk.sandbox.log())
    open_desk.skip(3600)
    open_desk.sweep_and_work()
    assert len(open_desk.sandbox.log()) == calls
    _assert_told_once(run, as_role)
    login = Connection.objects.get()
    login.seal("another one")
    login.save()
    connections.mended(login)
    open_desk.sweep_and_work()
    assert_exactly_once(open_desk)
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


def _at_create(desk: Desk, monkeypatch: pytest.MonkeyPatch, nth: int, act: Callable[[], object]) -> None:
    """Has KashFlow do `act` in the moment the `nth` create arrives, before it is looked at."""
    faults, arrived = desk.sandbox.server.faults, counting(1)
    take = faults.take

    def taking(operation: str) -> Any:
        if operation == "InsertInvoice" and next(arrived) == nth:
            act()
        return take(operation)

    monkeypatch.setattr(faults, "take", taking)


def _new_password(desk: Desk) -> None:
    desk.sandbox.server.ledger.change_settings(password="another one")


def _assert_told_once(run: Run, as_role: Callable[..., Browser]) -> None:
    """One run is paused and none failed; its page has one notice with the cause, and the list of runs names it once."""
    stopped = Run.objects.filter(state__in=[Run.State.PAUSED, Run.State.FAILED])
    assert list(stopped.values_list("pk", "state")) == [(run.pk, Run.State.PAUSED)]
    browser = as_role("Accounts")
    page = browser.get(f"/invoicing/runs/{run.pk}/").text
    assert (page.count("This run is paused"), page.count(SENTENCE)) == (1, 1)
    listed = [one.summary for one in browser.get("/invoicing/transfers/").context["runs"]]
    assert [SENTENCE in summary for summary in listed] == [True]


@pytest.mark.parametrize(("count", "sent"), [(10, 4), pytest.param(1_000, 400, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_f67_account_that_is_away_for_two_hours_is_asked_twelve_times(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, count: int, sent: int
) -> None:
    """F-67: gone after so many of the batch, and a sweep every two minutes."""
    desk.press(desk.raise_invoices(count, factories.client_row()))
    _before_carrying(monkeypatch, sent + 1, desk.sandbox.stop)
    _work_off(desk)
    for _ in range(60):
        desk.sweep_and_work()
        desk.skip(120)
    assert desk.states() == ["verified"] * sent + ["ready"] * (count - sent)
    assert 2 <= ApiCall.objects.filter(outcome="not_sent").count() <= 12
    assert set(ApiCall.objects.values_list("outcome", flat=True)) <= {
        "ok",
        "not_found",
        "no_record",
        "not_sent",
    }
    desk.sandbox.start_again()
    desk.skip(3700)
    _work_off(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == count


def _before_carrying(monkeypatch: pytest.MonkeyPatch, nth: int, act: Callable[[], object]) -> None:
    """Does `act` when the lane has taken the `nth` transfer, before its first call."""
    carry, taken = engine.carry, counting(1)

    def carrying(transfer: Transfer) -> Any:
        if next(taken) == nth:
            act()
        return carry(transfer)

    monkeypatch.setattr(engine, "carry", carrying)


def _work_off(desk: Desk) -> None:
    """Lanes one after the other, as long as one has something to do."""
    lanes.sweep()
    while desk.work():
        pass


POISON: list[tuple[dict[str, Any], str]] = [
    ({"kind": "soap_fault", "code": "Client", "text": "Not a number"}, "could not read our message"),
    ({"kind": "status_no", "text": "There is no customer with that ID"}, "KashFlow has no such record"),
]


@pytest.mark.parametrize(("fault", "told"), POISON, ids=["not understood", "no customer"])
@pytest.mark.parametrize(("count", "poison"), [(20, 12), pytest.param(1_000, 600, marks=pytest.mark.soak)])
@pytest.mark.timeout(600)
def test_f68_one_that_is_refused_holds_up_nobody(
    desk: Desk, count: int, poison: int, fault: dict[str, Any], told: str
) -> None:
    """F-68: all others are there once, those of the same client too, and the one is shown with its cause."""
    invoices = desk.raise_invoices(count, factories.client_row())
    desk.sandbox.fault("InsertInvoice", after=poison, **fault)
    run = desk.press(invoices)
    _work_off(desk)
    refused = Transfer.objects.documents().exclude(state="verified")
    assert [(one.invoice, one.state) for one in refused] == [(invoices[poison], "rejected")]
    assert told in refused[0].last_cause
    run.refresh_from_db()
    assert run.summary == f"{count - 1} in KashFlow, 1 needs you"
    assert oracle.find(oracle.product_rows(), desk.sandbox.invoices()).problems == []
    assert (len(desk.documents()), desk.calls("InsertInvoice")) == (count - 1, count)


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
    assert len(open_desk.sandbox.log()) == before
    assert open_desk.calls("InsertInvoice") == 1
    assert open_desk.states()[1:] == ["ready"] * 2
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED
    assert open_desk.states()[0] == "sent"

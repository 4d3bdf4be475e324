"""Pausing and resuming a run: by a person, and where KashFlow does not let the login in."""

from __future__ import annotations

import pytest

from invoicing.transfer import services
from kashflow import connections
from kashflow.models import Connection
from magmanager.common.errors import Gone, NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry, SystemDefaults, User
from tests import factories
from tests.invoicing.transfer.conftest import Desk


def test_wrong_role_neither_pauses_nor_resumes(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(1))
    stranger = factories.user("Sales")
    with pytest.raises(NotAllowed):
        services.pause_run(by=stranger, run=run)
    with pytest.raises(NotAllowed):
        services.resume_run(by=stranger, run=run)
    run.refresh_from_db()
    assert run.state == Run.State.WAITING


def test_paused_run_starts_nothing_and_goes_on_when_resumed(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(2))
    services.pause_run(by=desk.by, run=run)
    desk.sweep_and_work()
    assert desk.states() == ["ready"] * 2
    assert desk.sandbox.log() == []
    services.resume_run(by=desk.by, run=run)
    desk.work()
    assert desk.states() == ["verified"] * 2
    with pytest.raises(Gone):
        services.pause_run(by=desk.by, run=run)
    events = AuditEntry.objects.filter(event__startswith="run.").values_list("event", flat=True)
    assert sorted(events) == ["run.paused", "run.resumed"]


def test_wrong_password_stops_the_run_with_its_sentence_and_nothing_more_is_tried(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(4))
    desk.sandbox.settings(password="changed-there")
    desk.work()
    desk.skip(3600)
    desk.sweep_and_work()
    assert desk.states() == ["ready"] * 4
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.PAUSED, "connection_off")
    assert "username or password is wrong" in run.summary
    assert len(desk.sandbox.log()) == 1
    assert [transfer.tries for transfer in map(desk.transfer, _invoices(run))] == [0] * 4
    with pytest.raises(services.TransfersStopped) as refused:
        services.resume_run(by=desk.by, run=run)
    assert refused.value.link == "/my-details/"
    assert len(desk.sandbox.log()) == 1


def test_mended_login_lets_the_run_go_on(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(4))
    desk.sandbox.fault("*", "login_refused", after=5)
    desk.work()
    desk.sandbox.no_faults()
    before = len(desk.documents())
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED
    connections.mended(_login())
    services.resume_run(by=desk.by, run=run)
    desk.skip(120)
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 4
    assert before < len(desk.documents()) == 4
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


def test_sweep_resumes_a_run_by_itself_once_the_login_is_mended(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(2))
    desk.sandbox.settings(api_enabled=False)
    desk.work()
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED
    desk.sandbox.settings(api_enabled=True)
    desk.skip(3600)
    desk.sweep_and_work()
    assert desk.states() == ["ready"] * 2
    connections.mended(_login())
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 2
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


def test_presser_who_lost_the_role_stops_the_run_before_the_next_call(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(2))
    desk.by.groups.clear()
    desk.work()
    assert desk.sandbox.log() == []
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED
    assert "may no longer transfer invoices" in run.summary
    another = factories.user("Accounts")
    services.resume_run(by=another, run=run)
    desk.by = User.objects.get(pk=another.pk)
    desk.work()
    assert desk.states() == ["verified"] * 2


def test_package_switched_off_sends_nothing_and_keeps_everything(desk: Desk) -> None:
    invoices = desk.raise_invoices(2)
    desk.press(invoices)
    SystemDefaults.objects.update(accounts_package="none")
    assert desk.work() == 0
    assert desk.states() == ["ready"] * 2
    assert desk.sandbox.log() == []
    with pytest.raises(services.TransfersStopped):
        desk.press(desk.raise_invoices(1))


def _login() -> Connection:
    return Connection.objects.get()


def _invoices(run: Run) -> list[object]:
    return [row.transfer.invoice for row in run.run_transfers.select_related("transfer__invoice")]

"""Whose login carries a transfer, and what becomes of the work when that login or its owner goes."""

from __future__ import annotations

import pytest

from clients.models import CustomerLink
from invoicing.models import Invoice, Transfer
from invoicing.transfer import desk as verbs
from invoicing.transfer import services
from invoicing.transfer.lanes import sweep
from invoicing.transfer.outcomes import A_DAY
from kashflow import account as kashflow_account
from kashflow import connections
from kashflow.models import ApiCall, Connection, LedgerAccount
from magmanager.common.models import Run
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import SETTLE, type_in, until_settled


def another_login(desk: Desk) -> Connection:
    return factories.saved_login(desk.account, factories.user("Admin"))


def wanted(desk: Desk, by: User) -> Invoice:
    """An invoice that goes to KashFlow at once, in no run, as one raised on the client's page."""
    invoice = desk.raise_invoices(1)[0]
    services.want([invoice], by=by)
    return invoice


def test_owner_of_the_login_who_lost_the_right_stops_the_run_before_any_call(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(2))
    desk.connection.user.groups.clear()
    desk.work()
    assert desk.sandbox.log() == []
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.PAUSED, "switched_off")
    assert "may not use one any more" in run.summary
    sweep()
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED


def test_forgotten_login_and_a_refused_office_login_pause_the_run(desk: Desk) -> None:
    mine = factories.saved_login(desk.account, factories.user("Admin"))
    desk.by = mine.user
    run = desk.press(desk.raise_invoices(3))
    connections.forget_login(by=mine.user)
    desk.sandbox.settings(password="changed-there")
    desk.work()
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.PAUSED, "connection_off")
    desk.skip(3600)
    desk.sweep_and_work()
    assert len(desk.sandbox.log()) == 1


def test_what_holds_for_the_account_and_is_mended_by_anybody_lets_the_run_go_on(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(2))
    desk.sandbox.settings(api_enabled=False)
    desk.work()
    desk.sandbox.settings(api_enabled=True)
    connections.mended(another_login(desk))
    desk.skip(3600)
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 2
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED


def test_uncertain_invoice_of_somebody_who_left_is_settled_by_the_office_login(desk: Desk) -> None:
    office = desk.connection
    mine = factories.saved_login(desk.account, factories.user("Admin"))
    desk.by = mine.user
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.transfer(invoice).connection) == (["ambiguous"], mine)
    Connection.objects.filter(pk=mine.pk).update(refusal="wrong_login", refusal_detail="Incorrect password")
    desk.skip(SETTLE)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).connection) == (["verified"], office)
    assert desk.calls("InsertInvoice") == 1


@pytest.mark.parametrize("gone", ["refused", "left", "another role"])
def test_what_waits_in_no_run_goes_on_under_the_office_login(desk: Desk, gone: str) -> None:
    mine = factories.saved_login(desk.account, factories.user("Admin"))
    invoice = wanted(desk, mine.user)
    in_a_run = desk.raise_invoices(1)[0]
    desk.by = mine.user
    run = desk.press([in_a_run])
    services.pause_run(by=mine.user, run=run)
    if gone == "refused":
        Connection.objects.filter(pk=mine.pk).update(refusal="wrong_login")
    elif gone == "left":
        User.objects.filter(pk=mine.user.pk).update(is_active=False)
    else:
        mine.user.groups.clear()
    desk.sweep_and_work()
    assert (desk.transfer(invoice).state, desk.transfer(invoice).connection) == ("verified", desk.connection)
    assert (desk.transfer(in_a_run).state, desk.transfer(in_a_run).connection) == ("ready", mine)


def test_what_waits_in_no_run_says_where_it_goes_on(desk: Desk) -> None:
    invoice = wanted(desk, desk.connection.user)
    desk.connection.user.groups.clear()
    desk.work()
    assert desk.transfer(invoice).last_cause.endswith(
        "so this was stopped. Somebody with a saved login can press Retry on the Transfer desk."
    )
    admin = another_login(desk).user
    verbs.retry(by=admin, transfer=desk.transfer(invoice))
    desk.work()
    assert desk.states() == ["verified"]


def test_office_login_that_was_used_is_recorded(desk: Desk) -> None:
    invoice = wanted(desk, factories.user("Accounts"))
    assert desk.transfer(invoice).connection is None
    desk.work()
    assert (desk.states(), desk.transfer(invoice).connection) == (["verified"], desk.connection)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_uncertain_for_a_day_under_logins_that_are_off_asks_a_person(desk: Desk, is_recorded: bool) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    if is_recorded:
        Connection.objects.update(refusal="wrong_login", refusal_detail="Incorrect password")
    else:
        connections.forget_login(by=desk.connection.user)
    desk.skip(A_DAY - 60)
    desk.sweep_and_work()
    assert desk.states() == ["ambiguous"]
    desk.skip(120)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).cause_code) == (["review"], "uncertain_too_long")
    assert desk.calls("InsertInvoice") == 1


def test_uncertain_for_a_day_is_looked_up_where_the_office_login_works(desk: Desk) -> None:
    mine = another_login(desk)
    desk.by = mine.user
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    Connection.objects.filter(pk=mine.pk).update(refusal="wrong_login")
    desk.skip(A_DAY + 60)
    desk.sweep_and_work()
    assert (desk.states(), desk.transfer(invoice).connection) == (["verified"], desk.connection)


def test_waiting_in_no_run_goes_on_under_the_login_of_whoever_presses_again(desk: Desk) -> None:
    mine = factories.saved_login(desk.account, factories.user("Admin"))
    office, desk.by = desk.by, mine.user
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    Run.objects.update(state="finished", finished_at="2026-11-21T09:00:00Z")
    Connection.objects.filter(pk=mine.pk).update(refusal="wrong_login", refusal_detail="Incorrect password")
    desk.by = office
    desk.press([invoice])
    desk.work()
    assert (desk.states(), desk.transfer(invoice).connection) == (["verified"], desk.connection)


def test_run_of_another_account_is_not_resumed(desk: Desk) -> None:
    run = desk.press(desk.raise_invoices(1))
    services.pause_run(by=desk.by, run=run)
    LedgerAccount.objects.update(is_current=False)
    new = factories.ledger_account()
    Connection.objects.update(ledger_account=new)
    with pytest.raises(services.TransfersStopped, match="another KashFlow account"):
        services.resume_run(by=desk.by, run=run)
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED


def test_the_last_press_counts_where_an_older_run_is_paused(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True)
    taken, waiting = desk.raise_invoices(2)
    theirs = type_in(desk, taken.number)
    run = desk.press([taken, waiting])
    Transfer.objects.filter(invoice=waiting).update(not_before="2099-01-01T00:00:00Z")
    desk.work()
    services.pause_run(by=desk.by, run=run)
    desk.sandbox.server.ledger.delete_invoice(theirs)
    again = desk.press([taken])
    until_settled(desk, 3)
    assert desk.states() == ["verified", "ready"]
    again.refresh_from_db()
    assert again.state == Run.State.FINISHED
    run.refresh_from_db()
    assert run.state == Run.State.PAUSED


def test_choosing_how_invoices_are_numbered_lets_a_paused_account_go_on(desk: Desk) -> None:
    desk.sandbox.settings(numbering="assign")
    invoices = desk.raise_invoices(3)
    desk.press(invoices)
    desk.work()
    assert desk.account.paused_reason
    admin = factories.user("Admin")
    kashflow_account.change_kashflow_settings(
        by=admin, account=desk.account, values={"numbering": "kashflow"}
    )
    assert (desk.account.paused_reason, desk.account.numbers_proved) == ("", False)
    assert AuditEntry.objects.filter(event="kashflow_account.resumed", by=admin).count() == 1
    desk.sweep_and_work()
    assert desk.states() == ["review", "verified", "verified"]
    desk.press([invoices[0]])
    desk.work()
    assert desk.states() == ["verified"] * 3
    assert desk.calls("InsertInvoice") == len(desk.documents()) == 3


def test_other_settings_do_not_let_a_paused_account_go_on(desk: Desk) -> None:
    LedgerAccount.objects.update(paused_reason="KashFlow does not keep our numbers.")
    kashflow_account.change_kashflow_settings(
        by=factories.user("Admin"), account=desk.account, values={"numbering": "ours", "voiding": "delete"}
    )
    assert desk.account.paused_reason


def test_a_fault_of_ours_with_one_invoice_does_not_stop_the_others(desk: Desk) -> None:
    LedgerAccount.objects.update(numbers_proved=True)
    broken, *others = desk.raise_invoices(3)
    CustomerLink.objects.create(
        client=broken.payer,
        ledger_account=desk.account,
        state="linked",
        code="BROKEN",
        customer_id=1,
        linked_at="2026-11-01T00:00:00Z",
        read_at="2026-11-01T00:00:00Z",
        known="name",
    )
    desk.press([broken, *others])
    desk.work()
    assert desk.states() == ["claimed", "verified", "verified"]
    desk.skip(181)
    assert sweep() == desk.account.pk
    assert "stopped before anything was sent" in desk.transfer(broken).last_cause


def test_every_call_of_a_run_is_under_the_presser(desk: Desk) -> None:
    desk.press(desk.raise_invoices(2))
    desk.work()
    assert set(ApiCall.objects.values_list("by", flat=True)) == {User.objects.get(pk=desk.by.pk).pk}

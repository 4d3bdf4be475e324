"""After a backup was restored: KashFlow knows more than this installation does, and nothing is doubled."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clients import customers
from invoicing.models import Invoice, NumberCounter
from invoicing.transfer import mapping
from kashflow.account import change_kashflow_settings, resume_account
from kashflow.models import LedgerAccount
from kashflow.services import get_gateway
from settings_app.models import AuditEntry, SystemDefaults
from tests import factories
from tests.invoicing.transfer.conftest import FIRST_NUMBER, Desk


@pytest.fixture(autouse=True)
def counter(db: None) -> None:
    NumberCounter.objects.update_or_create(pk=1, defaults={"next_number": FIRST_NUMBER})


def restored(desk: Desk, count: int) -> list[Invoice]:
    """Invoices this database never sent, and KashFlow has: it was restored to before their transfer."""
    invoices = desk.raise_invoices(count, factories.client_row())
    payer = invoices[0].payer
    link = customers.resolve(customers.want(payer, desk.account), connection=desk.connection, by=desk.by)
    gateway = get_gateway(desk.connection, by=desk.by, purpose="Before the restore")
    for invoice in invoices:
        lines = list(invoice.lines.select_related("account_code", "product_code"))
        gateway.insert_invoice(
            mapping.document(invoice, lines, desk.account, customer_id=link.customer_id or 0)
        )
    return invoices


def told() -> str:
    out = StringIO()
    call_command("after_restore", stdout=out)
    return out.getvalue()


def next_number() -> int:
    return NumberCounter.objects.get(pk=1).next_number


def test_a_hundred_that_were_sent_since_the_backup_are_adopted_and_none_is_new(desk: Desk) -> None:
    invoices = restored(desk, 100)
    highest = max(one["InvoiceNumber"] for one in desk.sandbox.invoices())
    said = told()
    assert f"KashFlow's highest invoice number: {highest}." in said
    assert (next_number(), desk.account.numbers_proved) == (highest + 1, False)
    assert desk.account.paused_reason.startswith("This installation was restored from a backup.")

    resume_account(by=factories.user("Admin"), account=desk.account)
    before, inserted = desk.sandbox.invoices(), desk.calls("InsertInvoice")
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified"] * 100
    assert desk.calls("InsertInvoice") == inserted
    assert desk.sandbox.invoices() == before
    assert desk.account.paused_reason == ""


def test_a_forgotten_after_restore_stops_the_account_at_the_first_one_found(desk: Desk) -> None:
    invoices = restored(desk, 3)
    before = desk.sandbox.invoices()
    desk.press(invoices)
    desk.work()
    assert desk.states() == ["verified", "ready", "ready"]
    assert "manage.py after_restore" in desk.account.paused_reason
    assert desk.sandbox.invoices() == before

    told()
    # What stopped it says more than the command would: it is kept.
    assert f"has invoice {FIRST_NUMBER} already" in desk.account.paused_reason
    resume_account(by=factories.user("Admin"), account=desk.account)
    desk.sweep_and_work()
    assert desk.states() == ["verified"] * 3
    assert desk.sandbox.invoices() == before


def test_what_is_raised_after_a_told_restore_is_not_expected_there(desk: Desk) -> None:
    told()
    resume_account(by=factories.user("Admin"), account=desk.account)
    desk.press(restored(desk, 1))
    desk.work()
    assert "manage.py after_restore" in desk.account.paused_reason


def test_kashflow_away_lifts_the_counter_above_our_own_and_ends_with_an_error(desk: Desk) -> None:
    invoices = desk.raise_invoices(2)
    desk.sandbox.stop()
    with pytest.raises(CommandError) as refused:
        call_command("after_restore", stdout=StringIO())
    assert "run manage.py after_restore again before transfers go on" in str(refused.value)
    assert next_number() == invoices[-1].number + 1
    assert desk.account.paused_reason


def test_without_the_package_it_says_that_kashflow_was_not_asked(desk: Desk) -> None:
    invoices, calls = desk.raise_invoices(2), len(desk.sandbox.log())
    SystemDefaults.objects.update(accounts_package="")
    next_one = invoices[-1].number + 1
    assert told() == (
        "Transfers are paused until an admin lets them go on in Settings › KashFlow.\n"
        f"Next invoice number: {next_one} (it was {FIRST_NUMBER}).\n"
        "KashFlow was not asked, so its numbers are not counted: it is not the accounts package. If it becomes that "
        "again, run manage.py after_restore again before transfers go on.\n"
    )
    assert (next_number(), len(desk.sandbox.log())) == (next_one, calls)


def test_the_counter_never_moves_back(desk: Desk) -> None:
    NumberCounter.objects.update(next_number=90_000)
    assert "Next invoice number: 90000 (it was 90000)." in told()
    assert not AuditEntry.objects.filter(event="next_number.changed").exists()


def test_every_account_is_paused_also_one_that_is_not_current(desk: Desk) -> None:
    other = factories.ledger_account(fingerprint="other", is_current=False)
    told()
    assert LedgerAccount.objects.get(pk=other.pk).paused_reason
    assert LedgerAccount.objects.exclude(restored_at=None).count() == 2


def test_choosing_the_numbering_does_not_end_what_a_restore_stopped(desk: Desk) -> None:
    call_command("after_restore", stdout=StringIO())
    reason = desk.account.paused_reason
    assert reason
    change_kashflow_settings(
        by=factories.user("Admin"), account=desk.account, values={"numbering": "kashflow"}
    )
    assert (desk.account.paused_reason, desk.account.numbering) == (reason, "kashflow")

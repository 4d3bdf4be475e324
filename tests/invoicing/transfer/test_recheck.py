"""*Recheck*, one or all of a cause: KashFlow is read again, and only what is proved absent is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer import desk as verbs
from invoicing.transfer import progress
from invoicing.transfer.services import TransfersStopped
from kashflow.connections import NoLogin
from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import (
    edit,
    number_taken,
    off_by_a_penny,
    other_number,
    probable,
    rounds,
)


def address(transfer: Transfer) -> str:
    return f"/invoicing/transfers/{transfer.pk}/recheck/"


def recheck(desk: Desk, transfer: Transfer) -> Transfer:
    """As pressed, with the looks that follow."""
    verbs.recheck(by=desk.by, transfer=transfer)
    rounds(desk)
    transfer.refresh_from_db()
    return transfer


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    transfer = number_taken(desk)
    for where in (address(transfer), "/invoicing/transfers/recheck/"):
        assert stranger.post(where).headers["Location"].startswith("/login/")
    assert desk.states() == ["conflict"]


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_looks_at_nothing(desk: Desk, as_role: Callable[..., Browser], role: str) -> None:
    transfer = number_taken(desk)
    by = factories.user(role)
    with pytest.raises(NotAllowed):
        verbs.recheck(by=by, transfer=transfer)
    with pytest.raises(NotAllowed):
        verbs.recheck_all(by=by, cause="number_taken")
    browser = as_role(role)
    for where in (address(transfer), "/invoicing/transfers/recheck/"):
        assert browser.post(where, {"cause": "number_taken"}).status_code == 403
    assert desk.states() == ["conflict"]


def test_once_the_number_is_free_it_is_sent(desk: Desk) -> None:
    transfer = number_taken(desk)
    desk.sandbox.server.ledger.delete_invoice(transfer.found["dbid"])
    transfer = recheck(desk, transfer)
    assert (transfer.state, transfer.kashflow_number) == ("verified", transfer.invoice.number)
    assert (desk.numbers(), desk.calls("InsertInvoice")) == ([transfer.invoice.number], 1)


@pytest.mark.parametrize("make", [number_taken, probable], ids=lambda make: make.__name__)
def test_what_is_still_there_needs_a_person_still(desk: Desk, make: Callable[[Desk], Transfer]) -> None:
    transfer = make(desk)
    made, found = desk.calls("InsertInvoice"), transfer.found["dbid"]
    transfer = recheck(desk, transfer)
    assert transfer.state in ("conflict", "review")
    assert (transfer.found["dbid"], desk.calls("InsertInvoice")) == (found, made)


def test_put_right_in_kashflow_it_is_in_the_books(desk: Desk) -> None:
    transfer = off_by_a_penny(desk)
    wrong = desk.documents()[0]
    ours = transfer.invoice
    edit(desk, transfer.found["dbid"], NetAmount=str(ours.amount), VATAmount=str(ours.vat_amount))
    with desk.sandbox.server.ledger.transaction() as db:
        db.execute("UPDATE invoice_line SET VatAmount = '36.0000' WHERE Rate = '180.0000'")
        db.execute("UPDATE invoice_line SET VatAmount = '8.4700' WHERE Rate = '42.3500'")
    transfer = recheck(desk, transfer)
    assert (transfer.state, transfer.kashflow_dbid) == ("verified", wrong["InvoiceDBID"])
    assert desk.calls("InsertInvoice") == 1


def test_deleted_in_kashflow_it_is_sent_again_and_the_new_one_is_read_back(desk: Desk) -> None:
    transfer = off_by_a_penny(desk)
    desk.sandbox.server.ledger.delete_invoice(transfer.found["dbid"])
    before = transfer.found["dbid"]
    transfer = recheck(desk, transfer)
    assert (transfer.state, len(desk.documents())) == ("verified", 1)
    assert transfer.kashflow_dbid != before


def test_it_reads_while_the_account_is_paused(desk: Desk) -> None:
    transfer = other_number(desk)
    assert LedgerAccount.objects.get().paused_reason
    transfer = recheck(desk, transfer)
    assert (transfer.state, transfer.cause_code) == ("review", "found_changed")
    assert desk.calls("InsertInvoice") == 1


def test_who_asked_is_kept_and_the_work_is_theirs(desk: Desk) -> None:
    transfer = number_taken(desk)
    other = factories.user("Admin")
    run = verbs.recheck(by=other, transfer=transfer)
    attempt = TransferAttempt.objects.get(transfer=transfer, outcome="recheck")
    assert (attempt.by, attempt.what) == (other, f"{other} asked to look again.")
    entry = AuditEntry.objects.get(event="transfers.recheck")
    assert (entry.by, entry.object_id, entry.after) == (other, str(run.pk), {"transfers": 1})
    assert (run.by, run.title) == (other, f"Recheck of invoice {transfer.invoice.number}")


def test_all_of_one_cause_are_a_run(desk: Desk) -> None:
    taken = [number_taken(desk) for _ in range(3)]
    other = off_by_a_penny(desk)
    for transfer in taken[:2]:
        desk.sandbox.server.ledger.delete_invoice(transfer.found["dbid"])
    run = verbs.recheck_all(by=desk.by, cause="number_taken")
    assert (run.title, run.run_transfers.count()) == ("Recheck of 3 transfers", 3)
    rounds(desk)
    assert desk.states() == ["verified", "verified", "conflict", "review"]
    latest = progress.latest(1)[0]
    assert (latest.pk, latest.state, latest.summary) == (
        run.pk,
        Run.State.FINISHED,
        "2 in KashFlow, 1 needs you",
    )
    assert not TransferAttempt.objects.filter(transfer=other, outcome="recheck").exists()


def test_none_of_that_cause_is_said(desk: Desk) -> None:
    with pytest.raises(verbs.NothingToDo):
        verbs.recheck_all(by=desk.by, cause="number_taken")
    assert not Run.objects.exists()


def test_without_a_login_that_works_it_says_where_to_mend_it(desk: Desk) -> None:
    transfer = number_taken(desk)
    Connection.objects.update(refusal="wrong_login")
    with pytest.raises(TransfersStopped) as refusal:
        verbs.recheck(by=desk.by, transfer=transfer)
    assert refusal.value.link == "/my-details/"
    LedgerAccount.objects.update(office_login=None)
    Connection.objects.all().delete()
    with pytest.raises(NoLogin):
        verbs.recheck(by=desk.by, transfer=transfer)
    assert desk.states() == ["conflict"]

"""*Link* and *Keep both numbers*: KashFlow's document is our invoice, exactly as the person saw it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from invoicing.models import Transfer, TransferAttempt
from invoicing.reasons import ReasonMissing
from invoicing.transfer import adoption
from invoicing.transfer import desk as verbs
from kashflow.models import LedgerAccount
from magmanager.common.errors import NotAllowed
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import (
    SAME_MONEY,
    edit,
    known_payer,
    number_taken,
    off_by_a_penny,
    other_number,
    probable,
    rounds,
    shown,
)
from tests.invoicing.transfer.test_carry import type_in

WHY = "The bookkeeper typed it on Friday."


def adopt(desk: Desk, transfer: Transfer, **changed: Any) -> None:
    values = {**shown(transfer), "reason": WHY, **changed}
    verbs.adopt(by=desk.by, transfer=transfer, **values)


def address(transfer: Transfer) -> str:
    return f"/invoicing/transfers/{transfer.pk}/adopt/"


def unchanged(transfer: Transfer) -> bool:
    """Whether the row stands as it did, and nothing was written about it."""
    now = Transfer.objects.get(pk=transfer.pk)
    columns = ("state", "epoch", "cause_code", "found", "kashflow_number", "kashflow_dbid", "accepted")
    told = AuditEntry.objects.filter(event="transfer.adopted").exists()
    return not told and all(getattr(now, name) == getattr(transfer, name) for name in columns)


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    transfer = number_taken(desk)
    assert stranger.post(address(transfer)).headers["Location"].startswith("/login/")
    assert unchanged(transfer)


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_links_nothing(desk: Desk, as_role: Callable[..., Browser], role: str) -> None:
    transfer = number_taken(desk)
    with pytest.raises(NotAllowed):
        verbs.adopt(by=factories.user(role), transfer=transfer, reason=WHY, **shown(transfer))
    assert as_role(role).post(address(transfer), {"reason": WHY}).status_code == 403
    assert unchanged(transfer)


def test_probable_one_is_linked_read_back_and_left_as_it_is(desk: Desk) -> None:
    transfer = probable(desk)
    before, made = desk.sandbox.invoices(), desk.calls("InsertInvoice")
    adopt(desk, transfer)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.kashflow_number) == ("sent", transfer.invoice.number)
    desk.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.last_cause) == ("verified", "")
    assert transfer.verified_total == round(transfer.invoice.total * 100)
    assert desk.sandbox.invoices() == before
    assert desk.calls("InsertInvoice") == made


def test_who_why_and_what_was_accepted_are_kept(desk: Desk) -> None:
    transfer = number_taken(desk)
    seen = shown(transfer)
    differing = [one["field"] for one in transfer.found["differences"]]
    adopt(desk, transfer)
    attempt = TransferAttempt.objects.get(transfer=transfer, outcome="adopted")
    number = transfer.invoice.number
    assert (attempt.by, attempt.what) == (desk.by, f"Linked to number {number} in KashFlow. {WHY}")
    entry = AuditEntry.objects.get(event="transfer.adopted")
    assert (entry.by, entry.after["reason"], entry.after["dbid"]) == (desk.by, WHY, seen["dbid"])
    assert [one["field"] for one in entry.after["differences"]] == differing
    transfer.refresh_from_db()
    assert (transfer.accepted["fingerprint"], transfer.kashflow_dbid) == (seen["seen"], seen["dbid"])


def test_both_numbers_are_kept_where_kashflow_gave_another(desk: Desk) -> None:
    transfer = other_number(desk)
    theirs = transfer.kashflow_number
    adopt(desk, transfer)
    desk.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.kashflow_number) == ("verified", theirs)
    assert theirs != transfer.invoice.number
    assert desk.calls("InsertInvoice") == 1
    # It proves nothing about our numbers, and the account waits for its admin.
    account = LedgerAccount.objects.get()
    assert (account.numbers_proved, bool(account.paused_reason)) == (False, True)


@pytest.mark.parametrize("make", [off_by_a_penny, number_taken])
def test_other_money_is_never_linked(desk: Desk, make: Callable[..., Transfer]) -> None:
    lines = [
        {"Quantity": "1", "Rate": "222.36", "VatRate": "20", "VatAmount": "44.47", "Description": "Advert"}
    ]
    transfer = make(desk, lines=lines) if make is number_taken else make(desk)
    with pytest.raises(verbs.TotalsDiffer, match=r"£266\.82 here, £266\.8[13] in KashFlow"):
        adopt(desk, transfer)
    assert unchanged(transfer)


@pytest.mark.parametrize(
    "changed", [{"seen": "0" * 32}, {"seen": ""}, {"dbid": 1}, {"dbid": 0, "seen": ""}], ids=str
)
def test_what_was_not_looked_at_is_not_linked(desk: Desk, changed: dict[str, Any]) -> None:
    transfer = probable(desk)
    with pytest.raises(verbs.DocumentChanged):
        adopt(desk, transfer, **changed)
    assert unchanged(transfer)


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_without_a_reason_nothing_is_linked(desk: Desk, reason: str) -> None:
    transfer = probable(desk)
    with pytest.raises(ReasonMissing):
        adopt(desk, transfer, reason=reason)
    assert unchanged(transfer)


@pytest.mark.parametrize("column", ["CustomerReference", "DueDate", "InvoiceNumber"])
def test_changed_in_kashflow_after_it_was_looked_at_is_refused_and_shown_anew(
    desk: Desk, column: str
) -> None:
    transfer = number_taken(desk)
    adopt(desk, transfer)
    values = {"CustomerReference": "Changed", "DueDate": "2027-01-31T00:00:00", "InvoiceNumber": 99_001}
    edit(desk, transfer.found["dbid"], **{column: values[column]})
    desk.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.cause_code) == ("review", "changed_meanwhile")
    # Not known as ours: it was somebody else's, and is again.
    assert (transfer.kashflow_dbid, transfer.kashflow_number, transfer.accepted) == (None, None, {})
    adopt(desk, transfer)
    desk.work()
    transfer.refresh_from_db()
    assert transfer.state == "verified"


def test_deleted_in_kashflow_after_it_was_looked_at_is_not_known_as_ours(desk: Desk) -> None:
    transfer = number_taken(desk)
    adopt(desk, transfer)
    desk.sandbox.server.ledger.delete_invoice(transfer.found["dbid"])
    for _ in range(3):
        desk.work()
        desk.skip(601)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.cause_code, transfer.kashflow_dbid) == ("review", "gone", None)


def test_paid_in_kashflow_meanwhile_it_is_the_same_document(desk: Desk) -> None:
    transfer = probable(desk)
    adopt(desk, transfer)
    edit(desk, transfer.found["dbid"], AmountPaid="266.8200")
    desk.work()
    transfer.refresh_from_db()
    assert transfer.state == "verified"


def test_another_invoice_of_ours_is_not_linked(desk: Desk) -> None:
    transfer, other = number_taken(desk), desk.raise_invoices(1)[0]
    dbid = transfer.found["dbid"]
    transfer.found["reference"] = other.marker
    Transfer.objects.filter(pk=transfer.pk).update(found=transfer.found)
    with pytest.raises(verbs.DocumentTaken):
        adopt(desk, transfer)
    assert unchanged(transfer)
    assert dbid == transfer.found["dbid"]


def test_one_document_is_linked_once(desk: Desk) -> None:
    first, second = number_taken(desk), number_taken(desk)
    Transfer.objects.filter(pk=second.pk).update(found=first.found)
    second.refresh_from_db()
    adopt(desk, first)
    with pytest.raises(verbs.DocumentTaken):
        adopt(desk, second)
    second.refresh_from_db()
    assert (second.state, second.kashflow_dbid) == ("conflict", None)
    assert AuditEntry.objects.filter(event="transfer.adopted").count() == 1


def test_one_of_several_is_linked(desk: Desk) -> None:
    payer, customer_id = known_payer(desk)
    invoice = desk.raise_invoices(1, payer)[0]
    for number in (99_001, 99_002):
        type_in(desk, number, customer_id=customer_id, lines=SAME_MONEY, CustomerReference=invoice.marker)
    desk.sandbox.fault("InsertInvoice", "drop_before")
    desk.press([invoice])
    desk.work()
    desk.skip(601)
    desk.sweep_and_work()
    transfer = desk.transfer(invoice)
    assert (transfer.state, len(adoption.documents(transfer))) == ("review", 2)
    second = adoption.documents(transfer)[1]
    adopt(desk, transfer, dbid=second["dbid"], seen=adoption.fingerprint(second))
    desk.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.kashflow_dbid) == ("verified", second["dbid"])


def test_second_press_is_told(desk: Desk) -> None:
    transfer = probable(desk)
    adopt(desk, transfer)
    with pytest.raises(verbs.NotInThisState, match="“Sending” by now"):
        adopt(desk, transfer)
    assert AuditEntry.objects.filter(event="transfer.adopted").count() == 1


def test_linked_one_that_is_looked_for_again_is_judged_anew(desk: Desk) -> None:
    """What was accepted once does not outlive the link."""
    transfer = number_taken(desk)
    adopt(desk, transfer)
    edit(desk, transfer.found["dbid"], CustomerReference="Changed")
    desk.work()
    transfer.refresh_from_db()
    verbs.recheck(by=desk.by, transfer=transfer)
    rounds(desk)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.cause_code, transfer.accepted) == ("conflict", "number_taken", {})

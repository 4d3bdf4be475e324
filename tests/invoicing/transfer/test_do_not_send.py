"""*Do not send*: kept here alone, for good, with who and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from invoicing.models import Invoice, Transfer, TransferAttempt
from invoicing.reasons import ReasonMissing
from invoicing.transfer import claims, engine
from invoicing.transfer import desk as verbs
from magmanager.common.errors import Gone, NotAllowed
from settings_app.models import AuditEntry
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import number_taken
from tests.invoicing.transfer.test_apply import credit, errand
from tests.invoicing.transfer.test_carry import until_settled

WHY = "Paid in cash at the fair."


def states_of(invoice: Invoice) -> dict[str, str]:
    return dict(Transfer.objects.filter(invoice=invoice).values_list("kind", "state"))


def address(transfer: Transfer) -> str:
    return f"/invoicing/transfers/{transfer.pk}/do-not-send/"


def test_stranger_is_sent_to_login(desk: Desk, stranger: Browser) -> None:
    transfer = number_taken(desk)
    assert stranger.post(address(transfer), {"reason": WHY}).headers["Location"].startswith("/login/")
    assert desk.states() == ["conflict"]


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_decides_nothing(desk: Desk, as_role: Callable[..., Browser], role: str) -> None:
    transfer = number_taken(desk)
    with pytest.raises(NotAllowed):
        verbs.do_not_send(by=factories.user(role), transfer=transfer, reason=WHY)
    assert as_role(role).post(address(transfer), {"reason": WHY}).status_code == 403
    assert desk.states() == ["conflict"]


def test_it_is_never_sent(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    run = desk.press([invoice])
    transfer = desk.transfer(invoice)
    verbs.do_not_send(by=desk.by, transfer=transfer, reason=f"  {WHY} ")
    until_settled(desk, rounds=2)
    desk.press([invoice])
    until_settled(desk, rounds=2)
    assert (desk.states(), desk.calls("InsertInvoice")) == (["do_not_send"], 0)
    attempt = TransferAttempt.objects.get()
    assert (attempt.by, attempt.what) == (desk.by, f"Not to be sent. {WHY}")
    entry = AuditEntry.objects.get(event="transfer.do_not_send")
    assert (entry.by, entry.before, entry.after) == (desk.by, {"state": "ready"}, {"reason": WHY})
    run.refresh_from_db()
    assert run.summary == "1 not to be sent"


def test_the_other_document_is_left_alone(desk: Desk) -> None:
    transfer = number_taken(desk)
    before = desk.sandbox.invoices()
    verbs.do_not_send(by=desk.by, transfer=transfer, reason=WHY)
    until_settled(desk, rounds=2)
    assert (desk.states(), desk.sandbox.invoices()) == (["do_not_send"], before)


def test_what_waits_for_a_document_stays_here_with_it(desk: Desk) -> None:
    transfer = number_taken(desk)
    note = credit(desk, transfer.invoice, "100.00")
    other = credit(desk, desk.in_kashflow()[0], "80.00")
    verbs.do_not_send(by=desk.by, transfer=transfer, reason=WHY)
    assert states_of(transfer.invoice) == {"create": "do_not_send"}
    assert states_of(note) == {"create": "do_not_send", "apply": "do_not_send"}
    assert states_of(other) == {"create": "ready", "apply": "ready"}
    told = TransferAttempt.objects.filter(what=f"Not to be sent. {WHY}", by=desk.by)
    assert told.values("transfer").distinct().count() == told.count() == 3
    assert AuditEntry.objects.filter(event="transfer.do_not_send", after={"reason": WHY}).count() == 3
    until_settled(desk, rounds=2)
    assert (states_of(other), desk.calls("InsertInvoice")) == ({"create": "verified", "apply": "verified"}, 2)


def test_credit_note_that_is_not_sent_is_not_set_off_and_its_invoice_stays_as_it_is(desk: Desk) -> None:
    invoice = desk.in_kashflow()[0]
    note = credit(desk, invoice, "100.00")
    verbs.do_not_send(by=desk.by, transfer=errand(note, "create"), reason=WHY)
    assert states_of(note) == {"create": "do_not_send", "apply": "do_not_send"}
    assert states_of(invoice) == {"create": "verified"}
    assert desk.work() == 0


def test_not_setting_it_off_leaves_the_credit_note_where_it_is(desk: Desk) -> None:
    invoice = desk.in_kashflow()[0]
    note = credit(desk, invoice, "100.00")
    verbs.do_not_send(by=desk.by, transfer=errand(note), reason=WHY)
    desk.work()
    assert states_of(note) == {"create": "verified", "apply": "do_not_send"}


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_it_stays(desk: Desk, reason: str) -> None:
    transfer = number_taken(desk)
    with pytest.raises(ReasonMissing) as refusal:
        verbs.do_not_send(by=desk.by, transfer=transfer, reason=reason)
    assert refusal.value.field == "reason"
    assert desk.states() == ["conflict"]


def test_one_that_a_lane_took_meanwhile_is_not_stopped(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    transfer = desk.transfer(invoice)
    claimed = claims.claim(desk.account.pk, transfer.pk)
    assert claimed is not None
    with pytest.raises(verbs.NotInThisState, match="“Sending” by now"):
        verbs.do_not_send(by=desk.by, transfer=transfer, reason=WHY)
    engine.carry(claimed)
    assert desk.states() == ["verified"]


def test_moved_by_somebody_else_between_the_read_and_the_move(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = number_taken(desk)
    stale = Transfer.objects.select_related("invoice").get(pk=transfer.pk)
    verbs.recheck(by=desk.by, transfer=transfer)
    monkeypatch.setattr(verbs, "_fresh", lambda _row, _act: stale)
    with pytest.raises(Gone, match="Somebody else was quicker"):
        verbs.do_not_send(by=desk.by, transfer=transfer, reason=WHY)
    assert desk.states() == ["ambiguous"]
    assert not AuditEntry.objects.filter(event="transfer.do_not_send").exists()

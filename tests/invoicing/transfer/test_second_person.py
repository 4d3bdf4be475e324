"""*Link* above an amount takes two people: one proposes it, another confirms (ASVS 2.3.5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from invoicing.models import Invoice, Transfer, TransferAttempt
from invoicing.transfer import desk as verbs
from invoicing.transfer.record import record
from invoicing.transfer.second_person import SecondPersonNeeded, proposal
from invoicing.transfer.states import MOVES, Event, Move, State
from magmanager.common.models import Run
from settings_app.models import AuditEntry, SystemDefaults, User
from tests import factories
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import edit, number_taken, other_number, probable, rounds, shown

WHY = "The bookkeeper typed it on Friday."
EVENTS = ("transfer.link_proposed", "transfer.adopted")
As = Callable[..., Any]


@pytest.fixture
def above(connected: Any) -> None:
    """Above £266.81 a link takes two people: the documents here come to £266.82."""
    SystemDefaults.objects.update(second_person_above=Decimal("266.81"))


def adopt(transfer: Transfer, by: User, reason: str = WHY) -> Run | None:
    return verbs.adopt(by=by, transfer=transfer, reason=reason, **shown(transfer))


def press(browser: Any, transfer: Transfer, reason: str = WHY) -> Any:
    kept = shown(transfer)
    typed = {"document": kept["dbid"], "seen": kept["seen"], "reason": reason}
    return browser.post(f"/invoicing/transfers/{transfer.pk}/adopt/", typed, follow=True)


def audited() -> list[tuple[str, User | None]]:
    return [(one.event, one.by) for one in AuditEntry.objects.filter(event__in=EVENTS).order_by("pk")]


def attempts(transfer: Transfer) -> list[tuple[str, User | None, str]]:
    found = transfer.attempts.filter(outcome__in=["link_proposed", "adopted"]).order_by("pk")
    return [(one.outcome, one.by, one.what) for one in found]


def test_the_first_press_proposes_and_links_nothing(desk: Desk, above: None) -> None:
    transfer, runs = probable(desk), Run.objects.count()
    assert adopt(transfer, desk.by) is None
    transfer.refresh_from_db()
    number = transfer.invoice.number
    assert (transfer.state, transfer.kashflow_dbid, transfer.accepted) == ("review", None, {})
    assert transfer.proposed == {"by": desk.by.pk, "number": number, "seen": shown(transfer)["seen"]}
    told = f"Linking it to number {number} in KashFlow was proposed. {WHY}"
    assert attempts(transfer) == [("link_proposed", desk.by, told)]
    entry = AuditEntry.objects.get(event="transfer.link_proposed")
    dbid = shown(transfer)["dbid"]
    assert (entry.by, entry.after) == (desk.by, {"number": number, "dbid": dbid, "reason": WHY})
    assert Run.objects.count() == runs


def test_somebody_else_confirms_and_the_log_has_both(desk: Desk, above: None) -> None:
    transfer, second = probable(desk), factories.user("Admin")
    adopt(transfer, desk.by)
    assert adopt(transfer, second, "Looked at it too.") is not None
    number = transfer.invoice.number
    assert attempts(transfer)[1:] == [
        (
            "adopted",
            second,
            f"Linked to number {number} in KashFlow, as {desk.by} proposed. Looked at it too.",
        )
    ]
    assert audited() == [("transfer.link_proposed", desk.by), ("transfer.adopted", second)]
    assert AuditEntry.objects.get(event="transfer.adopted").after["proposed_by"] == desk.by.email
    desk.work()
    transfer.refresh_from_db()
    assert (transfer.state, transfer.proposed) == ("verified", None)


def test_the_same_person_is_refused(desk: Desk, above: None, as_role: As) -> None:
    transfer, browser = probable(desk), as_role("Accounts")
    assert "waits for a second person" in press(browser, transfer).text
    page = press(browser, transfer)
    assert page.status_code == 403
    assert "Somebody else has to do this" in page.text and "ask somebody else to confirm it" in page.text
    with pytest.raises(SecondPersonNeeded):
        adopt(transfer, browser.person)
    transfer.refresh_from_db()
    assert transfer.state == "review"
    assert audited() == [("transfer.link_proposed", browser.person)]


@pytest.mark.parametrize("limit", [None, "266.82", "266.83", "9999999999.99"])
def test_up_to_the_amount_and_without_one_nobody_else_is_needed(desk: Desk, limit: str | None) -> None:
    SystemDefaults.objects.update(second_person_above=limit and Decimal(limit))
    transfer = probable(desk)
    assert adopt(transfer, desk.by) is not None
    assert audited() == [("transfer.adopted", desk.by)]
    assert attempts(transfer)[0][2] == f"Linked to number {transfer.invoice.number} in KashFlow. {WHY}"


def test_a_credit_note_counts_by_its_amount(desk: Desk, above: None) -> None:
    transfer = probable(desk)
    transfer.invoice.total = -transfer.invoice.total
    transfer.proposed = {"by": desk.by.pk, "number": 1, "seen": shown(transfer)["seen"]}
    assert proposal(transfer) is not None


def test_a_document_that_changed_in_between_is_proposed_anew(desk: Desk, above: None) -> None:
    transfer, second = number_taken(desk), factories.user("Accounts")
    adopt(transfer, desk.by)
    edit(desk, transfer.found["dbid"], CustomerReference="Changed")
    transfer.found["reference"] = "Changed"
    Transfer.objects.filter(pk=transfer.pk).update(found=transfer.found)
    assert adopt(transfer, second) is None
    transfer.refresh_from_db()
    assert (transfer.state, transfer.proposed["by"]) == ("conflict", second.pk)
    assert adopt(transfer, desk.by) is not None
    assert audited() == [(EVENTS[0], desk.by), (EVENTS[0], second), (EVENTS[1], desk.by)]


def test_who_may_not_link_any_more_has_proposed_nothing(desk: Desk, above: None) -> None:
    transfer, second = probable(desk), factories.user("Accounts")
    adopt(transfer, desk.by)
    desk.by.groups.clear()
    assert adopt(transfer, second) is None
    transfer.refresh_from_db()
    assert transfer.proposed["by"] == second.pk


def test_switched_off_meanwhile_one_is_enough(desk: Desk, above: None) -> None:
    transfer = probable(desk)
    adopt(transfer, desk.by)
    SystemDefaults.objects.update(second_person_above=None)
    assert adopt(transfer, desk.by) is not None
    assert attempts(transfer)[-1][2] == f"Linked to number {transfer.invoice.number} in KashFlow. {WHY}"


def test_a_recheck_takes_it_back(desk: Desk, above: None) -> None:
    transfer, second = probable(desk), factories.user("Accounts")
    adopt(transfer, desk.by)
    verbs.recheck(by=second, transfer=transfer)
    rounds(desk)
    transfer.refresh_from_db()
    assert (transfer.state, transfer.proposed) == ("review", None)
    assert adopt(transfer, second) is None


@pytest.mark.parametrize("move", MOVES, ids=lambda move: f"{move.source}: {move.event.name}")
def test_it_ends_with_every_move_to_another_state(desk: Desk, move: Move) -> None:
    invoice: Invoice = desk.raise_invoices(1)[0]
    values: dict[str, Any] = {"state": move.source, "proposed": {"by": 1, "number": 1, "seen": ""}}
    if move.source in (State.CLAIMED, State.SENDING):
        values["lease_until"] = invoice.raised_at
    if move.source is State.AMBIGUOUS:
        values["ambiguous_since"] = invoice.raised_at
    transfer = factories.transfer(invoice, **values)
    document = {"kashflow_number": 1, "kashflow_dbid": 1} if move.target is State.VERIFIED else {}
    record(transfer, move.event, what="Moved.", **document)
    transfer.refresh_from_db()
    assert (transfer.proposed is None) is (move.source is not move.target)


def test_what_is_linked_meanwhile_is_not_proposed(desk: Desk, above: None) -> None:
    transfer = probable(desk)
    stale = Transfer.objects.get(pk=transfer.pk)
    record(stale, Event.DO_NOT_SEND, what="Paid in cash.", by=desk.by)
    with pytest.raises(verbs.NotInThisState):
        adopt(transfer, desk.by)
    assert (audited(), attempts(transfer)) == ([], [])


# --- The page ---------------------------------------------------------------------------------------------------


def choices(page: Any) -> dict[str, str]:
    return {choice.act: choice.button for choice in page.context["choices"]}


def test_the_page_says_who_waits_for_whom(desk: Desk, above: None, as_role: As) -> None:
    transfer, first, second = probable(desk), as_role("Accounts"), as_role("Accounts")
    address = f"/invoicing/transfers/{transfer.pk}/"
    page = first.get(address)
    assert choices(page)["adopt"] == "Propose to link the document"
    assert "It takes two people: you propose it, somebody else confirms." in page.text
    press(first, transfer)
    page = first.get(address)
    said = (
        f"Waits for a second person: {first.person} proposed linking it to number {transfer.invoice.number}."
    )
    assert said in page.text and "adopt" not in choices(page)
    assert not any(choice.is_suggested for choice in page.context["choices"])
    page = second.get(address)
    assert said in page.text and choices(page)["adopt"] == "Confirm and link the document"
    assert f"{first.person} proposed it." in page.text
    assert f"{transfer.invoice.number} is linked" in press(second, transfer).text
    assert "Waits for a second person" not in second.get(address).text


def test_keeping_both_numbers_is_proposed_too(desk: Desk, above: None, as_role: As) -> None:
    transfer, first = other_number(desk), as_role("Accounts")
    assert (
        choices(first.get(f"/invoicing/transfers/{transfer.pk}/"))["adopt"] == "Propose to keep both numbers"
    )
    press(first, transfer)
    page = as_role("Admin").get(f"/invoicing/transfers/{transfer.pk}/")
    assert choices(page)["adopt"] == "Confirm and keep both numbers"


def test_with_no_amount_the_page_is_as_it_was(desk: Desk, as_role: As) -> None:
    page = as_role("Accounts").get(f"/invoicing/transfers/{probable(desk).pk}/")
    assert choices(page)["adopt"] == "Link the document"
    assert "two people" not in page.text and "second person" not in page.text


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_confirms_nothing(desk: Desk, above: None, as_role: As, role: str) -> None:
    transfer = probable(desk)
    adopt(transfer, desk.by)
    assert press(as_role(role), transfer).status_code == 403
    assert audited() == [("transfer.link_proposed", desk.by)]


def test_stranger_confirms_nothing(desk: Desk, above: None, stranger: Browser) -> None:
    transfer = probable(desk)
    adopt(transfer, desk.by)
    assert press(stranger, transfer).redirect_chain[0][0].startswith("/login/")
    assert TransferAttempt.objects.filter(outcome="adopted").count() == 0

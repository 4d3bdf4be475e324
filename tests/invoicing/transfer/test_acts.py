"""Every act of the desk from every state as every role: exactly what the state table allows, and nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from invoicing.cancelling import raise_again
from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer import acts, adoption, desk
from invoicing.transfer.states import TARGETS, State
from kashflow.models import Connection
from magmanager.common.errors import DomainError, Gone, NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.transfer.conftest import raised

ALLOWED = ("Admin", "Accounts")
KEPT = {
    "number": 20_431,
    "dbid": 9,
    "customer_id": 1,
    "reference": "",
    "amount": "180.00",
    "vat_amount": "36.00",
    "lines": [{}],
    "differences": [],
}


def press(act: str, by: User, transfer: Transfer) -> Any:
    if act == acts.RECHECK:
        return desk.recheck(by=by, transfer=transfer)
    if act == acts.RETRY:
        return desk.retry(by=by, transfer=transfer)
    if act == acts.DO_NOT_SEND:
        return desk.do_not_send(by=by, transfer=transfer, reason="As agreed")
    seen = adoption.fingerprint(KEPT)
    return desk.adopt(by=by, transfer=transfer, dbid=9, seen=seen, reason="As agreed")


def in_state(state: State) -> Transfer:
    now = timezone.now()
    invoice = raised(factories.user("Accounts"), factories.client_row(), 20_431, "180.00")
    columns: dict[str, Any] = {"state": state, "found": KEPT, "not_before": now}
    if state in (State.CLAIMED, State.SENDING):
        columns["lease_until"] = now
    if state is State.AMBIGUOUS:
        columns["ambiguous_since"] = now
    if state is State.VERIFIED:
        columns |= {"kashflow_number": 20_431, "kashflow_dbid": 8}
    return factories.transfer(invoice, **columns)


def told() -> tuple[int, int, int]:
    return TransferAttempt.objects.count(), Run.objects.count(), AuditEntry.objects.count()


@pytest.mark.parametrize("role", [*ALLOWED, "Sales", "Production", ""])
@pytest.mark.parametrize("act", [acts.RECHECK, acts.RETRY, acts.ADOPT, acts.DO_NOT_SEND])
@pytest.mark.parametrize("state", State)
def test_state_act_role(connected: Connection, state: State, act: str, role: str) -> None:
    transfer, by = in_state(state), factories.user(role)
    before, told_before = Transfer.objects.values().get(), told()
    to = (
        TARGETS.get((state, acts.EVENTS[act])) if act != acts.RETRY else {State.READY: State.READY}.get(state)
    )
    if role in ALLOWED and to is not None:
        press(act, by, transfer)
        transfer.refresh_from_db()
        assert transfer.state == to
        assert TransferAttempt.objects.get().by == by
        return
    with pytest.raises(NotAllowed if role not in ALLOWED else desk.NotInThisState):
        press(act, by, transfer)
    assert (Transfer.objects.values().get(), told()) == (before, told_before)


@pytest.mark.parametrize("state", State)
def test_what_the_page_offers_is_what_the_table_allows(connected: Connection, state: State) -> None:
    transfer = in_state(state)
    allowed = {act for act, event in acts.EVENTS.items() if (state, event) in TARGETS}
    assert set(acts.possible(transfer)) == allowed | ({acts.RETRY} if state is State.READY else set())


@pytest.mark.parametrize("state", State)
def test_raising_again_is_offered_only_where_it_is_done(connected: Connection, state: State) -> None:
    transfer = in_state(state)
    offered = acts.RAISE_AGAIN in acts.possible(transfer)
    try:
        raise_again(by=factories.user("Accounts"), invoice=transfer.invoice, reason="As agreed")
    except (DomainError, Gone):
        assert not offered
    else:
        # From a settled state too the invoice page raises again: what was not sent may be billed anew.
        assert offered or state in (State.CLAIMED, State.DO_NOT_SEND, State.CANCELLED)


@pytest.mark.parametrize("kind", [Transfer.Kind.APPLY, Transfer.Kind.DELETE, Transfer.Kind.PAYMENT])
def test_only_documents_are_linked_or_raised_again(connected: Connection, kind: str) -> None:
    transfer = in_state(State.REVIEW)
    transfer.kind = kind
    assert acts.possible(transfer) == [acts.RECHECK, acts.DO_NOT_SEND]

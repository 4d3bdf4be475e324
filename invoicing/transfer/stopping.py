"""What becomes of a document's transfer when its invoice is cancelled (transfer.md, Cancel, credit, payments)."""

from __future__ import annotations

from typing import Any

from invoicing.models import Invoice, Transfer
from invoicing.transfer.record import Lost, in_seconds, note, record
from invoicing.transfer.states import NEEDS_YOU, Event, State
from kashflow.limits import times
from kashflow.models import LedgerAccount
from settings_app.models import User

# What needs a person and may still be a document of ours there: changed, renumbered, or never looked up.
MAYBE_OURS = frozenset(
    {"found_changed", "other_number", "differs", "gone", "changed_meanwhile", "uncertain_too_long"}
)
# Where KashFlow is known not to have it.
NOT_THERE = (State.READY, State.CONFLICT, State.REJECTED)
UNDER_WAY = frozenset({State.SENDING, State.AMBIGUOUS, State.SENT})


def held(invoice: Invoice) -> list[Transfer]:
    """The errands of a document, in whichever account, locked until the transaction ends."""
    rows = Transfer.objects.filter(invoice=invoice).exclude(kind=Transfer.Kind.PAYMENT)
    return list(rows.select_for_update(of=("self",), no_key=True).select_related("ledger_account"))


def is_there(transfer: Transfer) -> bool:
    """Whether KashFlow has the document for certain."""
    return transfer.state == State.VERIFIED


def may_be_there(transfer: Transfer) -> bool:
    """Whether KashFlow may have the document: only a look tells."""
    is_unknown = transfer.state in NEEDS_YOU and (
        transfer.kashflow_dbid is not None or transfer.cause_code in MAYBE_OURS
    )
    return is_there(transfer) or transfer.state in UNDER_WAY or is_unknown


def stop(transfer: Transfer, *, by: User, is_gone: bool = False) -> None:
    """Sends nothing more of it: at once where KashFlow cannot have it, else once that is known. Rows are `held`.

    `is_gone` says that KashFlow was just asked and has it no more.
    """
    state = State(transfer.state)
    if state in (State.DO_NOT_SEND, State.CANCELLED):
        return
    if is_gone:
        note(
            transfer, outcome="gone", what="Cancelled here. KashFlow has it no more: nothing to void.", by=by
        )
    elif state is State.CLAIMED:
        # With a new epoch the worker that holds it records nothing more, and so sends nothing.
        what = "Cancelled before anything was sent."
        record(transfer, Event.CANCEL_REQUESTED, what=what, by=by, epoch=transfer.epoch + 1)
    elif not may_be_there(transfer):
        what = "Cancelled. It was never in KashFlow."
        record(transfer, Event.CANCEL, what=what, by=by, not_before=None)
    elif state in NEEDS_YOU:
        what = "Cancelled here. Whether KashFlow has it is looked up before anything is done there."
        record(transfer, Event.RECHECK, what=what, by=by, **_at_once())
    else:
        known = "It is voided in KashFlow next."
        unknown = "It is voided in KashFlow too, should it turn out to be there."
        what = f"Cancelled here. {known if is_there(transfer) else unknown}"
        note(transfer, outcome="cancel_requested", what=what, by=by, cancel_requested=True)


def _at_once() -> dict[str, Any]:
    """No create is in flight where a person was asked, so the settle wait is over already."""
    settled = in_seconds(-times().settle)
    return {"ambiguous_since": settled, "not_before": None, "tries": 0, "cancel_requested": True}


def finish(account: LedgerAccount) -> int:
    """Ends the transfers of cancelled invoices that are known by now not to be in KashFlow; returns how many.

    Harmless at any time: a refused create, or one that was never begun, needs no look.
    """
    rows = Transfer.objects.documents().filter(ledger_account=account, cancel_requested=True)
    return sum(_end(transfer) for transfer in rows.filter(state__in=NOT_THERE, lease_until=None))


def _end(transfer: Transfer) -> bool:
    what = "It never reached KashFlow, and is cancelled now."
    try:
        record(transfer, Event.CANCEL, what=what, cancel_requested=False, not_before=None)
    except Lost:
        return False
    return True

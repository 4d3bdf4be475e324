"""What a person may do with a transfer: read from the state table, and from nowhere else.

Retry is no move: what waits after a failure is only due at once.
"""

from __future__ import annotations

from invoicing.models import Invoice, Transfer
from invoicing.transfer import adoption, stopping
from invoicing.transfer.states import TARGETS, Event, State

RECHECK, RETRY, ADOPT, RAISE_AGAIN, DO_NOT_SEND = "recheck", "retry", "adopt", "raise_again", "do_not_send"
EVENTS = {
    RECHECK: Event.RECHECK,
    ADOPT: Event.ADOPTED,
    RAISE_AGAIN: Event.CANCEL,
    DO_NOT_SEND: Event.DO_NOT_SEND,
}
# Decisions that stay are asked their reason.
NEEDS_REASON = frozenset({ADOPT, RAISE_AGAIN, DO_NOT_SEND})
# What makes sense for a document alone: a payment or a deletion is neither linked nor raised again.
OF_DOCUMENTS = frozenset({ADOPT, RAISE_AGAIN})


def is_possible(act: str, state: State) -> bool:
    """Whether the state table knows this act from this state."""
    if act == RETRY:
        return state is State.READY
    return (state, EVENTS[act]) in TARGETS


def possible(transfer: Transfer) -> list[str]:
    """The acts for this transfer as it stands: what its state allows, its kind knows, and its document permits."""
    state = State(transfer.state)
    found = [act for act in (RECHECK, RETRY, ADOPT, RAISE_AGAIN, DO_NOT_SEND) if is_possible(act, state)]
    if transfer.kind != Transfer.Kind.CREATE:
        found = [act for act in found if act not in OF_DOCUMENTS]
    if not adoptable(transfer):
        found = [act for act in found if act != ADOPT]
    if transfer.invoice.state == Invoice.State.CANCELLED or stopping.may_be_there(transfer):
        found = [act for act in found if act != RAISE_AGAIN]
    if not transfer.not_before:
        found = [act for act in found if act != RETRY]
    return found


def adoptable(transfer: Transfer) -> bool:
    """Whether one of KashFlow's documents could be linked: it was read whole, and its total is ours to the penny."""
    if transfer.invoice.state == Invoice.State.CANCELLED:
        return False
    return any(
        adoption.is_whole(kept) and adoption.total_of(kept) == transfer.invoice.total
        for kept in adoption.documents(transfer)
    )

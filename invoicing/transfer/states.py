"""The states of a transfer and every move between them: the one source for code, tests and `docs/transfer-states.md`.

A move that is not in MOVES does not exist. There is no way from SENDING or AMBIGUOUS to a create without a read that
said absent, and none out of VERIFIED.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where one transfer is. The words staff see are in WORDS."""

    READY = "ready"
    CLAIMED = "claimed"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    VERIFIED = "verified"
    CONFLICT = "conflict"
    REVIEW = "review"
    REJECTED = "rejected"
    DO_NOT_SEND = "do_not_send"
    CANCELLED = "cancelled"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(state.value, WORDS[WORD_OF[state]]) for state in cls]


# What staff see (transfer.md, the second table); the keys name the icons and colours.
WORDS = {
    "not_transferred": "Not transferred",
    "waiting": "Waiting",
    "sending": "Sending",
    "uncertain": "Uncertain – checking",
    "needs_you": "Needs you",
    "in_kashflow": "In KashFlow",
    "do_not_send": "Do not send",
    "cancelled": "Cancelled",
}
WORD_OF = {
    State.READY: "waiting",
    State.CLAIMED: "sending",
    State.SENDING: "sending",
    State.SENT: "sending",
    State.AMBIGUOUS: "uncertain",
    State.CONFLICT: "needs_you",
    State.REVIEW: "needs_you",
    State.REJECTED: "needs_you",
    State.VERIFIED: "in_kashflow",
    State.DO_NOT_SEND: "do_not_send",
    State.CANCELLED: "cancelled",
}
TERMINAL = frozenset({State.VERIFIED, State.DO_NOT_SEND, State.CANCELLED})
NEEDS_YOU = frozenset({State.CONFLICT, State.REVIEW, State.REJECTED})
# A document that KashFlow has not, and will not get.
NOT_GOING = frozenset({State.DO_NOT_SEND, State.CANCELLED})
LEASED = frozenset({State.CLAIMED, State.SENDING})


class Event(StrEnum):
    """What can happen to a transfer."""

    CLAIM = "claimed: due, lease free, account not paused"
    LEASE_EXPIRED = "lease expired"
    CANCEL_REQUESTED = "cancel requested"
    FOUND_OURS = "ours by marker"
    NUMBER_TAKEN = "the number is taken by something else"
    FOUND_PROBABLE = "unmarked, same customer, totals and date"
    FOUND_CHANGED = "ours but changed, or several"
    READ_FAILED = "the read failed in any way"
    CUSTOMER_UNRESOLVED = "customer not resolved: a match waits for a person"
    NOT_SENDABLE = "totals differ on recomputing; code missing or gone"
    CONNECTION_OFF = "wrong login, API off, IP not listed, locked"
    INTENT = "absent, customer resolved, all checked"
    DEADLINE_MISSED = "more than 2 s since the intent"
    CREATED = "OK and our number (or any, where KashFlow numbers)"
    CREATED_OTHER_NUMBER = "OK and another number"
    REFUSED = "refused for certain before execution"
    NOT_SENT = "no connection made, or told to come back later"
    UNCERTAIN = "anything else"
    ABSENT_PROVED = "settle over, absent in two reads of different kinds, twice"
    REFUSED_TWICE = "refused twice in the same words, and absence proved"
    UNCERTAIN_TOO_LONG = "uncertain for a day"
    READ_BACK_EQUAL = "read back equal to the penny"
    READ_BACK_DIFFERS = "read back differs"
    READ_BACK_FAILED = "read-back fails or worker died"
    RECHECK = "recheck"
    ADOPTED = "link (adopt this document), or keep both numbers"
    DO_NOT_SEND = "do not send"
    CANCEL = "cancel (and raise again)"


@dataclass(frozen=True)
class Move:
    """One row of the state table."""

    source: State
    event: Event
    target: State
    note: str = ""


MOVES = (
    Move(State.READY, Event.CLAIM, State.CLAIMED, "epoch + 1, lease 180 s"),
    Move(State.CLAIMED, Event.LEASE_EXPIRED, State.READY),
    Move(State.CLAIMED, Event.CANCEL_REQUESTED, State.CANCELLED),
    Move(State.CLAIMED, Event.FOUND_OURS, State.SENT, "adopt: lost reply, restored backup"),
    Move(State.CLAIMED, Event.NUMBER_TAKEN, State.CONFLICT),
    Move(State.CLAIMED, Event.FOUND_PROBABLE, State.REVIEW),
    Move(State.CLAIMED, Event.FOUND_CHANGED, State.REVIEW),
    Move(State.CLAIMED, Event.READ_FAILED, State.READY, "later; a failed read is never absent"),
    Move(State.CLAIMED, Event.CUSTOMER_UNRESOLVED, State.REVIEW),
    Move(State.CLAIMED, Event.NOT_SENDABLE, State.REJECTED),
    Move(State.CLAIMED, Event.CONNECTION_OFF, State.READY, "connection off, run pauses, no try counted"),
    Move(State.CLAIMED, Event.INTENT, State.SENDING, "intent committed before the call"),
    Move(State.SENDING, Event.DEADLINE_MISSED, State.AMBIGUOUS, "nothing sent"),
    Move(State.SENDING, Event.CREATED, State.SENT),
    Move(State.SENDING, Event.CREATED_OTHER_NUMBER, State.REVIEW, "account pauses"),
    Move(State.SENDING, Event.REFUSED, State.REJECTED),
    Move(State.SENDING, Event.NOT_SENT, State.READY, "with backoff"),
    Move(State.SENDING, Event.CONNECTION_OFF, State.READY),
    Move(State.SENDING, Event.UNCERTAIN, State.AMBIGUOUS),
    Move(State.SENDING, Event.LEASE_EXPIRED, State.AMBIGUOUS, "settle starts now"),
    Move(State.AMBIGUOUS, Event.FOUND_OURS, State.SENT),
    Move(State.AMBIGUOUS, Event.ABSENT_PROVED, State.READY, "or CANCELLED where cancel was requested"),
    Move(State.AMBIGUOUS, Event.CANCEL_REQUESTED, State.CANCELLED, "only once absence is proved"),
    Move(State.AMBIGUOUS, Event.REFUSED_TWICE, State.REJECTED, "a third time would be refused as well"),
    Move(State.AMBIGUOUS, Event.NUMBER_TAKEN, State.CONFLICT),
    Move(State.AMBIGUOUS, Event.FOUND_CHANGED, State.REVIEW),
    Move(State.AMBIGUOUS, Event.READ_FAILED, State.AMBIGUOUS),
    Move(State.AMBIGUOUS, Event.UNCERTAIN_TOO_LONG, State.REVIEW, "after a day"),
    Move(State.SENT, Event.READ_BACK_EQUAL, State.VERIFIED),
    Move(State.SENT, Event.READ_BACK_FAILED, State.SENT, "again later"),
    Move(State.SENT, Event.READ_BACK_DIFFERS, State.REVIEW, "field by field"),
    *(Move(state, Event.RECHECK, State.AMBIGUOUS, "read-only round") for state in sorted(NEEDS_YOU)),
    *(Move(state, Event.ADOPTED, State.SENT) for state in (State.CONFLICT, State.REVIEW)),
    *(Move(state, Event.DO_NOT_SEND, State.DO_NOT_SEND) for state in (State.READY, *sorted(NEEDS_YOU))),
    *(Move(state, Event.CANCEL, State.CANCELLED) for state in (State.READY, *sorted(NEEDS_YOU))),
)
TARGETS = {(move.source, move.event): move.target for move in MOVES}


def target(source: State, event: Event) -> State:
    """Where `event` leads from `source`. Raises KeyError for a move that does not exist."""
    return TARGETS[source, event]

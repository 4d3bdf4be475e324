"""The state table: what must never be possible, and its page of documentation."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from invoicing.transfer.states import (
    MOVES,
    NEEDS_YOU,
    TARGETS,
    TERMINAL,
    WORD_OF,
    WORDS,
    Event,
    State,
    target,
)
from invoicing.transfer.table import page


def test_page_of_documentation_is_current() -> None:
    written = (settings.BASE_DIR / "docs" / "transfer-states.md").read_text(encoding="utf-8")
    assert written == page(), "Run manage.py transfer_states --write"
    out = StringIO()
    call_command("transfer_states", stdout=out)
    assert out.getvalue() == written


def test_a_move_is_listed_once() -> None:
    assert len(TARGETS) == len(MOVES)


def test_nothing_leads_out_of_a_terminal_state() -> None:
    assert not [move for move in MOVES if move.source in TERMINAL]


def test_create_begins_only_from_a_claim_whose_look_said_absent() -> None:
    assert [(move.source, move.event) for move in MOVES if move.target is State.SENDING] == [
        (State.CLAIMED, Event.INTENT)
    ]


def test_uncertain_goes_back_to_ready_only_when_absence_is_proved() -> None:
    back = [
        (move.source, move.event)
        for move in MOVES
        if move.target is State.READY and move.source is State.AMBIGUOUS
    ]
    assert back == [(State.AMBIGUOUS, Event.ABSENT_PROVED)]


def test_sending_goes_back_to_ready_only_where_nothing_was_sent() -> None:
    back = {move.event for move in MOVES if move.target is State.READY and move.source is State.SENDING}
    assert back == {Event.NOT_SENT, Event.CONNECTION_OFF}


def test_a_person_cannot_send_without_a_look() -> None:
    assert {move.target for move in MOVES if move.source in NEEDS_YOU} == {
        State.AMBIGUOUS,
        State.SENT,
        State.DO_NOT_SEND,
        State.CANCELLED,
    }


def test_unknown_move_does_not_exist() -> None:
    with pytest.raises(KeyError):
        target(State.VERIFIED, Event.CLAIM)


def test_every_state_has_words() -> None:
    assert set(WORD_OF) == set(State)
    assert set(WORD_OF.values()) <= set(WORDS)

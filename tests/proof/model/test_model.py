"""Every world the protocol can come to, searched; and for each rule, the way to harm without it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from invoicing.transfer.states import MOVES, TERMINAL, Event, State
from tests.proof.model import around
from tests.proof.model.explore import Kind, Result
from tests.proof.model.explore import explore as search
from tests.proof.model.rules import ALL, LATE, NAMES, SETTLE, Setting

OVERWRITES, DUPLICATES, REFUSES = Setting(), Setting(taken="duplicate"), Setting(taken="refuse")
ASSIGNS = Setting(assigns=True)
THEIRS = Setting(numbers_are_ours=False)
TWO_OF_THEIRS = Setting(numbers_are_ours=False, invoices=2)
ACCOUNTS = (
    OVERWRITES,
    DUPLICATES,
    REFUSES,
    ASSIGNS,
    THEIRS,
    # Where KashFlow numbers its own, nothing is taken: that the model agrees is for the long runs.
    pytest.param(replace(ASSIGNS, taken="duplicate"), marks=pytest.mark.soak),
    pytest.param(replace(THEIRS, taken="duplicate"), marks=pytest.mark.soak),
)

# Without this rule, on this account, with no more trouble than this, there is harm.
NECESSARY: dict[str, tuple[Setting, tuple[Kind, ...]]] = {
    "look_before_create": (DUPLICATES, (around.crash, around.restore)),
    "failed_read_is_not_absent": (DUPLICATES, (around.fail,)),
    "taken_number_is_a_conflict": (OVERWRITES, (around.type_in,)),
    "intent_before_the_call": (DUPLICATES, ()),
    "one_create_is_one_request": (DUPLICATES, ()),
    "send_deadline": (DUPLICATES, ()),
    "token": (DUPLICATES, (around.fail,)),
    "settle_wait": (DUPLICATES, ()),
    "settle_starts_at_discovery": (DUPLICATES, (around.jump,)),
    "clock_jump_starts_settle_again": (DUPLICATES, (around.jump,)),
    "two_kinds_of_read": (DUPLICATES, (around.crash, around.renumber)),
    "both_reads_until_numbers_are_proved": (ASSIGNS, (around.crash, around.restore)),
    "one_create_at_a_time": (TWO_OF_THEIRS, ()),
    "unswept_counts_as_held": (TWO_OF_THEIRS, ()),
    "restore_outlasts_calls": (DUPLICATES, (around.crash, around.restore)),
}


@cache
def explore(setting: Setting, trouble: tuple[Kind, ...] = around.TROUBLE) -> Result:
    """Each search once."""
    return search(setting, trouble, most=10_000_000)


@pytest.mark.parametrize("setting", ACCOUNTS, ids=str)
def test_one_document_whatever_happens(setting: Setting) -> None:
    result = explore(setting)
    assert not result.broken, str(result)
    assert result.worlds > 10_000


def test_two_invoices_where_kashflow_numbers_its_own() -> None:
    result = explore(TWO_OF_THEIRS, (around.crash,))
    assert not result.broken, str(result)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_invoices_where_kashflow_numbers_its_own_and_more_fails() -> None:
    result = explore(TWO_OF_THEIRS, (around.crash, around.fail, around.jump))
    assert not result.broken, str(result)


def test_renumbered_there_is_still_one_document() -> None:
    result = explore(DUPLICATES, (around.crash, around.fail, around.renumber))
    assert not result.broken, str(result)


def test_renumbered_there_and_then_a_backup_restored_is_the_harm_that_is_documented() -> None:
    """docs/reliability.md, What is assumed, and what remains."""
    way = explore(DUPLICATES, (around.crash, around.restore, around.renumber)).way
    assert {"a person renumbers our document", "a backup with 0 ready is restored"} <= set(way)
    assert not explore(DUPLICATES, (around.crash, around.restore)).broken


@pytest.mark.parametrize("name", NAMES)
def test_rule_is_necessary(name: str) -> None:
    setting, trouble = NECESSARY[name]
    with_it = explore(setting, trouble)
    assert not with_it.broken, str(with_it)
    without = explore(replace(setting, rules=ALL.without(name)), trouble)
    assert without.broken, f"nothing is broken without {name}, in {without.worlds:,} worlds"
    print(f"\nWithout {name}: {without}")


def test_only_the_documented_window_replaces_what_a_person_typed() -> None:
    """On an account that overwrites, typed after the look and before its create was carried out (transfer.md)."""
    result = explore(OVERWRITES, (around.type_in,))
    assert not result.broken, str(result)
    way = result.replaced_in_window
    assert way, "the window is not reached: the model has lost it"
    looked = max(n for n, step in enumerate(way) if step.endswith("looks: absent"))
    typed = way.index("a person types")
    assert looked < typed < max(n for n, step in enumerate(way) if "carries out" in step)


@pytest.mark.parametrize(
    "setting", [REFUSES, DUPLICATES, ASSIGNS, THEIRS, replace(THEIRS, taken="duplicate")], ids=str
)
def test_no_other_account_has_that_window(setting: Setting) -> None:
    result = explore(setting, (around.type_in, around.crash))
    assert not result.broken, str(result)
    assert not result.replaced_in_window


def test_settle_outlasts_a_late_commit_in_ticks_too() -> None:
    assert SETTLE > LATE


def test_every_way_from_uncertain_to_a_create_passes_a_look() -> None:
    """In the table itself: only INTENT leads to SENDING, only from CLAIMED, and there only a claim from READY."""
    into = {state: {(move.source, move.event) for move in MOVES if move.target is state} for state in State}
    assert into[State.SENDING] == {(State.CLAIMED, Event.INTENT)}
    assert into[State.CLAIMED] == {(State.READY, Event.CLAIM)}
    assert not {move.source for move in MOVES} & TERMINAL

"""That a soak ends when it was told to, and goes through every configuration where it was told nothing."""

from __future__ import annotations

import threading

import pytest

from tests.soak.plan import Configuration, configurations
from tests.soak.turns import houses, side_by_side


class Clock:
    """A time that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_once_through_every_configuration_is_done_once() -> None:
    done = side_by_side(houses(7, 1), lambda one: one, at_once=4)
    assert sorted(done, key=str) == sorted(configurations(7, 1), key=str)


@pytest.mark.timeout(20)
def test_nobody_begins_another_house_once_the_time_is_over() -> None:
    clock, begun = Clock(), threading.Barrier(3)

    def do(one: Configuration) -> Configuration:
        # All three have one in hand when the time runs out.
        begun.wait(10)
        clock.seconds = 1_060.0
        return one

    done = side_by_side(houses(7, 1, seconds=60, now=clock), do, at_once=3)
    assert sorted(one.seed for one in done) == sorted(one.seed for one in configurations(7, 1)[:3])
    assert {one.ends for one in done} == {1_060.0}


def test_with_time_left_further_seeds_follow() -> None:
    clock = Clock()
    found = houses(7, 1, seconds=60, now=clock)
    seeds = [next(found).seed for _ in range(17)]
    assert (seeds[:16], seeds[16]) == (
        [one.seed for one in configurations(7, 1)],
        configurations(8, 1)[0].seed,
    )
    clock.seconds += 60
    assert next(found, None) is None


def test_only_the_named_ones_are_done() -> None:
    assert {one.name for one in houses(7, 1, only="assign")} == {
        one.name for one in configurations(7, 1) if "assign" in one.name
    }


def test_for_a_name_that_nothing_has_it_ends() -> None:
    assert list(houses(7, 1, only="nothing has this")) == []

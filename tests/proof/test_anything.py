"""Random lives of a publisher, judged by the oracle: a few always the same ones, and as many as there is time for."""

from __future__ import annotations

import os
import random
import time

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.conftest import Make
from tests.proof.machine import Machine

COMMON = hypothesis.settings(
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
QUICK = hypothesis.settings(
    COMMON, derandomize=True, max_examples=6, stateful_step_count=20, phases=[Phase.generate]
)
# A few at a time, so that it ends when it is to.
LONG = hypothesis.settings(COMMON, max_examples=3, stateful_step_count=40)
EVER = 2**32


def live(make: Make, settings: hypothesis.settings, seed: int | None = None) -> None:
    """Runs lives of a machine whose publishers `make` makes; every life ends with the oracle."""

    class OfThisTest(Machine):
        made = staticmethod(make)

    run_state_machine_as_test(
        OfThisTest if seed is None else hypothesis.seed(seed)(OfThisTest), settings=settings
    )


def test_a_few_lives(make: Make) -> None:
    live(make, QUICK)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_lives_for_as_long_as_told(make: Make) -> None:
    """SECONDS says how long (a minute); SEED lets it begin where an earlier one failed."""
    ends = time.monotonic() + float(os.environ.get("SECONDS", "60"))
    seed = int(os.environ.get("SEED", random.randrange(EVER)))
    lives = 0
    while time.monotonic() < ends:
        print(f"\nSEED={seed}", flush=True)
        live(make, LONG, seed)
        lives += LONG.max_examples
        seed = (seed + 1) % EVER
    print(f"{lives} lives")

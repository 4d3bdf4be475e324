"""Measuring two things fairly: side by side, after a warm-up, medians of several rounds."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

# A job does its own preparing and returns the seconds of what counts.
Job = Callable[[], float]


def timed(act: Callable[[], object]) -> float:
    """Seconds that `act` took, with no garbage of the preparing collected meanwhile."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began
    finally:
        gc.enable()


def alternate(rounds: int, warm_up: int = 1, **jobs: Job) -> dict[str, float]:
    """The median seconds of each job, run in turn `rounds` times; each round begins with another one."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    order = list(jobs)
    for n in range(-warm_up, rounds):
        turn = n % len(order)
        for name in order[turn:] + order[:turn]:
            seconds = jobs[name]()
            if n >= 0:
                found[name].append(seconds)
    return {name: median(seconds) for name, seconds in found.items()}

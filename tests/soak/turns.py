"""Which house is next, for several threads that each ask when theirs is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import TypeVar

from tests.soak.plan import Configuration, configurations

Result = TypeVar("Result")


def houses(
    seed: int, size: float, *, seconds: float = 0, only: str = "", now: Callable[[], float] = time.time
) -> Iterator[Configuration]:
    """Once through; with `seconds` again and again with further seeds, each told when it is to end.

    The first round is the same for the same seed, and so is every one after it.
    """
    ends = now() + seconds
    for round_ in count():
        for one in configurations(seed + round_, size):
            if only not in one.name:
                continue
            if not seconds:
                yield one
            elif now() < ends:
                yield replace(one, ends=ends)
            else:
                return
        if not seconds:
            return


def side_by_side(
    found: Iterator[Configuration], do: Callable[[Configuration], Result], *, at_once: int
) -> list[Result]:
    """What came of `do` with each; no thread takes its next one before it is done with the last."""
    lock = threading.Lock()

    def one_after_the_other(_thread: int) -> list[Result]:
        results: list[Result] = []
        while True:
            with lock:
                one = next(found, None)
            if one is None:
                return results
            results.append(do(one))

    with ThreadPoolExecutor(at_once) as pool:
        return [result for results in pool.map(one_after_the_other, range(at_once)) for result in results]

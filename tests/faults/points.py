"""Points of a transfer at which the process that comes there dies, stops or does something else: certain, and without a
hook in the product. Only for processes that a test has forked."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from invoicing import services, tasks
from invoicing.transfer import creating, engine, lanes
from invoicing.transfer.states import Event


@dataclass(frozen=True)
class Point:
    """Where `name` of `place` is called, or has returned; with `event`, only where it records that."""

    place: ModuleType | Any
    name: str
    event: Event | None = None
    is_after: bool = False

    def is_here(self, args: tuple[Any, ...]) -> bool:
        return self.event is None or self.event in args


PLANNED = Point(services, "close_instalments")
NUMBERED = Point(services, "line_rows")
COMMITTED = Point(tasks.work, "apply_async")
TAKEN = Point(lanes, "carry_due")
CLAIMED = Point(engine, "carry")
LOOKED = Point(creating, "record", Event.INTENT)
INTENDED = Point(creating, "record", Event.INTENT, is_after=True)
ANSWERED = Point(creating, "record", Event.CREATED)
SENT = Point(creating, "record", Event.CREATED, is_after=True)
DONE = Point(lanes, "carry_due", is_after=True)


def at(point: Point, act: Callable[[], object]) -> None:
    """From here on `act` is done in this process whenever it comes to `point`."""
    called = getattr(point.place, point.name)

    def met(*args: Any, **named: Any) -> Any:
        is_here = point.is_here(args)
        if is_here and not point.is_after:
            act()
        found = called(*args, **named)
        if is_here and point.is_after:
            act()
        return found

    setattr(point.place, point.name, met)


def strike(point: Point, number: signal.Signals = signal.SIGKILL) -> None:
    """From here on this process sends itself `number` at `point`."""
    at(point, lambda: os.kill(os.getpid(), number))


def struck(
    point: Point, work: Callable[[], object], number: signal.Signals = signal.SIGKILL
) -> Callable[[], None]:
    """`work` for a lane, struck at `point`."""

    def run() -> None:
        strike(point, number)
        work()

    return run

"""Gates: calls of an operation wait where they are until the gates are opened."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from kashflow.gateway.schema import OPERATIONS

PLACES = ("received", "committed")


class GateRefused(ValueError):
    """A gate that cannot be closed; the text says why."""


class Gates:
    """The closed gates and how many calls wait at each."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._closed: set[tuple[str, str]] = set()
        self._abandoned = 0
        self._waiting: Counter[tuple[str, str]] = Counter()

    def close(self, wanted: Mapping[str, object]) -> None:
        """Closes the gate of one operation (or `*`) at `received` or `committed`."""
        operation, place = str(wanted.get("operation")), str(wanted.get("at"))
        if unknown := sorted(set(wanted) - {"operation", "at"}):
            raise GateRefused(f"A gate has no {', '.join(unknown)}")
        if operation not in OPERATIONS and operation != "*":
            raise GateRefused(f"There is no operation {operation}")
        if place not in PLACES:
            raise GateRefused(f"A gate is at {' or '.join(PLACES)}, not at {place}")
        with self._moved:
            self._closed.add((operation, place))

    def open_all(self) -> None:
        """Lets every call that waits go on."""
        with self._moved:
            self._closed.clear()
            self._moved.notify_all()

    def abandon(self) -> None:
        """Opens the gates, but what waited there is to go no further."""
        with self._moved:
            self._abandoned += 1
            self._closed.clear()
            self._moved.notify_all()

    def wait(self, operation: str, place: str) -> bool:
        """Returns at once where no gate is closed, else when they open; False where it was abandoned."""
        with self._moved:
            gate = next((gate for gate in ((operation, place), ("*", place)) if gate in self._closed), None)
            if gate is None:
                return True
            self._waiting[gate] += 1
            came = self._abandoned
            self._moved.wait_for(lambda: gate not in self._closed or self._abandoned != came)
            self._waiting[gate] -= 1
            return self._abandoned == came

    def shown(self) -> list[dict[str, object]]:
        """Each closed gate with the number of calls waiting there."""
        with self._moved:
            return [
                {"operation": operation, "at": place, "waiting": self._waiting[operation, place]}
                for operation, place in sorted(self._closed)
            ]

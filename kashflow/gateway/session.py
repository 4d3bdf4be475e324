"""What the groups of operations stand on: one transport, one login, the ways to call."""

from __future__ import annotations

from contextlib import AbstractContextManager

from kashflow.gateway.calls import Calls
from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.exchange import Observer
from kashflow.gateway.transport import Transport


class Session:
    """One login's way to KashFlow."""

    def __init__(
        self, transport: Transport, username: str, password: str, observe: Observer | None = None
    ) -> None:
        """`observe` is told of every call when it is over; it never sees the login."""
        self._transport = transport
        self._calls = Calls(transport, username, password, observe)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    def connect(self) -> None:
        """Opens the connection beforehand, so that a create starts at once. Raises NotSent."""
        self._transport.connect()

    def in_one_go(self) -> AbstractContextManager[None]:
        """The calls inside follow each other: none of them waits for somebody else's."""
        return self._transport.in_one_go()

    def step_aside(self) -> None:
        """Lets others talk before the next call, inside `in_one_go` too."""
        self._transport.step_aside()

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()


def demand(operation: str, **needed: object) -> None:
    """Raises EnvelopeInvalid for the first of `needed` that is 0 or empty: such a write would hit something else."""
    for element, value in needed.items():
        if not value or (isinstance(value, int) and value < 0):
            raise EnvelopeInvalid(operation, f"{element}: is missing")

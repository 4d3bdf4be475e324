"""A port for a process that is told where to listen."""

from __future__ import annotations

import random
import socket
from contextlib import closing, suppress

# Below what systems hand out by themselves: a server or a call that takes "any" port never takes this one meanwhile.
LOWEST, HIGHEST = 10_000, 32_000
_chance = random.SystemRandom()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    while True:
        port = _chance.randint(LOWEST, HIGHEST)
        with suppress(OSError), closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", port))
            return port

"""A line to KashFlow with a hole in it: what holds certain bytes is taken and never arrives."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.kashflow.gateway.servers import Listener, listening


@dataclass
class Line:
    """Its address, and whether something was swallowed."""

    url: str
    swallowed: threading.Event = field(default_factory=threading.Event)


@contextmanager
def swallowing(url: str, what: bytes) -> Iterator[Line]:
    """Passes everything on to `url` until a request holds `what`; of that one, nothing."""
    there = urlsplit(url)
    line = Line("")

    def script(listener: Listener, near: socket.socket) -> None:
        with socket.create_connection((there.hostname or "", there.port or 80)) as far:
            threading.Thread(target=_back, args=(far, near), daemon=True).start()
            while data := near.recv(1_000_000):
                if what in data:
                    line.swallowed.set()
                    listener.stop.wait()
                    return
                far.sendall(data)

    with listening(script) as listener:
        line.url = listener.url
        yield line


def _back(far: socket.socket, near: socket.socket) -> None:
    with suppress(OSError):
        while data := far.recv(1_000_000):
            near.sendall(data)

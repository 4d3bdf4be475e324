"""F-07: a line that breaks at every place of a create and of its reply, headers included."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import factories
from tests.faults.checks import assert_exactly_once, settle
from tests.invoicing.transfer.conftest import Desk
from tests.kashflow.gateway.servers import Listener, listening

PLACES = 20
ABORT = struct.pack("ii", 1, 0)


@dataclass
class Cut:
    """Where one create was cut: after so many bytes, of which so many would have been headers, of so many in all."""

    at: int
    head: int
    whole: int


@dataclass
class Line:
    """A line to KashFlow on which creates are reset in mid request or in mid reply, each at a later place."""

    far: tuple[str, int]
    url: str = ""
    # Which half is cut from now on, "request" or "reply".
    half: str = ""
    cuts: list[Cut] = field(default_factory=list)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def place(self, head: int, whole: int) -> int:
        """After how many bytes the next one is cut: the first time before any, the last time before the last."""
        at = len(self.cuts) * (whole - 1) // (PLACES - 1)
        self.cuts.append(Cut(at, head, whole))
        return at

    def is_cut(self, half: str, request: bytes) -> bool:
        return half == self.half and len(self.cuts) < PLACES and b"KashFlow/InsertInvoice" in request

    def serve(self, listener: Listener, near: socket.socket) -> None:
        with socket.create_connection(self.far) as far:
            while request := _message(near):
                with self.one_at_a_time:
                    if self.is_cut("request", request):
                        far.sendall(request[: self.place(_head(request), len(request))])
                        return _reset(near, far)
                    far.sendall(request)
                    reply = _message(far)
                    if self.is_cut("reply", request):
                        near.sendall(reply[: self.place(_head(reply), len(reply))])
                        return _reset(near, far)
                    near.sendall(reply)


def _head(message: bytes) -> int:
    return message.index(b"\r\n\r\n") + 4


def _message(sock: socket.socket) -> bytes:
    """One whole HTTP message; b"" where the other side hung up."""
    data = b""
    while b"\r\n\r\n" not in data or len(data) < _head(data) + _length(data):
        if not (more := sock.recv(65536)):
            return b""
        data += more
    return data


def _length(message: bytes) -> int:
    lines = message[: _head(message)].lower().split(b"\r\n")
    return next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))


def _reset(*sockets: socket.socket) -> None:
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        one.close()


@pytest.fixture
def line(desk: Desk, settings: Any) -> Iterator[Line]:
    """The line that the desk's calls take."""
    with _line_to(settings.KASHFLOW_URL) as found:
        settings.KASHFLOW_URL = found.url
        yield found


@contextmanager
def _line_to(url: str) -> Iterator[Line]:
    there = urlsplit(url)
    line = Line((there.hostname or "", there.port or 80))
    with listening(line.serve) as listener:
        line.url = listener.url
        yield line


@pytest.mark.parametrize("half", ["request", "reply"])
def test_f07_reset_at_twenty_places_ends_as_one_document(desk: Desk, line: Line, half: str) -> None:
    """F-07."""
    payer = factories.client_row()
    desk.in_kashflow(1, payer)
    line.half = half
    desk.press(desk.raise_invoices(PLACES, payer))
    desk.work()
    assert desk.states() == ["verified"] + ["ambiguous"] * PLACES
    assert _are_spread(line.cuts)
    assert len(desk.documents()) == (1 if half == "request" else 1 + PLACES)
    settle(desk)
    assert_exactly_once(desk)
    # What never arrived whole was sent a second time, what did was not.
    carried_out = [call for call in desk.sandbox.log("InsertInvoice") if call["outcome"] == "OK"]
    assert len(carried_out) == 1 + PLACES


def _are_spread(cuts: list[Cut]) -> bool:
    """Whether both the headers and the body were cut in several places, and before the first and the last byte."""
    inside = sum(0 < cut.at < cut.head for cut in cuts)
    ends = (cuts[0].at, cuts[-1].whole - cuts[-1].at)
    return len(cuts) == PLACES and inside >= 2 and PLACES - inside >= 5 and ends == (0, 1)

"""Putting an answer on the socket, or not: whole, cut, dripped, padded, dropped."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from http import HTTPStatus

from kashflow.sandbox.fault_acts import Sending
from kashflow.sandbox.service import Answer

_CHUNK = b" " * 65_536


def reset(connection: socket.socket) -> None:
    """Makes the coming close a TCP reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def will_reset(connection: socket.socket) -> bool:
    """Whether `reset` was asked for."""
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) != b"\0" * 8


def send(connection: socket.socket, what: Sending, stopping: threading.Event) -> bool:
    """Sends the answer in its manner; returns whether the connection can be used again."""
    if what.dropped:
        reset(connection)
        return False
    if what.hang_seconds is not None:
        wait(connection, what.hang_seconds, stopping)
        reset(connection)
        return False
    return _put(connection, what, stopping)


def _put(connection: socket.socket, what: Sending, stopping: threading.Event) -> bool:
    length = max(len(what.answer.body), what.padded_to)
    whole = head(what.answer, length) + what.answer.body
    if what.cut_at is not None:
        connection.sendall(whole[: len(whole) - length + what.cut_at])
        return False
    if what.drip_seconds is not None:
        return _drip(connection, whole, what.drip_seconds, stopping)
    connection.sendall(whole)
    for sent in range(len(what.answer.body), length, len(_CHUNK)):
        connection.sendall(_CHUNK[: length - sent])
    return True


def head(answer: Answer, length: int) -> bytes:
    """The status line and the headers."""
    phrase = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "Unknown"
    lines = [
        f"HTTP/1.1 {answer.status} {phrase}",
        "Server: KashFlow sandbox",
        "Cache-Control: private, max-age=0",
    ]
    lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def wait(connection: socket.socket, seconds: float, stopping: threading.Event) -> None:
    """Waits so long, or until the other side hangs up or the server stops."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stopping.is_set():
        readable, _, _ = select.select([connection], [], [], min(left, 0.1))
        if readable and _has_gone(connection):
            return
        if readable:
            # More came in already; nothing tells a hang-up from that, so only the time counts.
            stopping.wait(min(left, 0.1))


def _has_gone(connection: socket.socket) -> bool:
    # TLS has no way to look without taking.
    return not isinstance(connection, ssl.SSLSocket) and not connection.recv(1, socket.MSG_PEEK)


def _drip(connection: socket.socket, whole: bytes, seconds: float, stopping: threading.Event) -> bool:
    for place in range(len(whole)):
        connection.sendall(whole[place : place + 1])
        if stopping.wait(seconds):
            return False
    return True

"""Small socket servers on this machine that misbehave on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Listener:
    """Where it listens, how many connections it took and every request it received whole."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/service.asmx"


Script = Callable[[Listener, socket.socket], None]


@contextmanager
def listening(script: Script) -> Iterator[Listener]:
    """A server that runs `script` for each connection, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(server.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(server, listener, script), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.stop.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _accept(server: socket.socket, listener: Listener, script: Script) -> None:
    with suppress(OSError):
        while not listener.stop.is_set():
            connection, _ = server.accept()
            listener.connections += 1
            threading.Thread(target=_serve, args=(listener, connection, script), daemon=True).start()


def _serve(listener: Listener, connection: socket.socket, script: Script) -> None:
    with connection, suppress(OSError):
        script(listener, connection)


def read_request(listener: Listener, connection: socket.socket) -> bytes:
    """One whole request, headers and body; b'' when the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        if not (more := connection.recv(65536)):
            return b""
        body += more
    listener.requests.append(head + b"\r\n\r\n" + body)
    return listener.requests[-1]


def answer(connection: socket.socket, body: str, status: str = "200 OK", headers: str = "") -> None:
    """A whole HTTP reply."""
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    connection.sendall(head.encode() + data)

"""The connection under `transport`: each connect, send and receive gets what is left of the call's time.

requests' own read time-out is per receive, so a reply that drips outlives it. Here one `Window` belongs to a
call and the socket is given its remainder each time. The same window knows whether a byte has gone out, which
is what tells "not sent" from "unknown".
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class DeadlineMissed(Exception):
    """The write would have begun after its deadline. No OSError: nothing on the way must catch it."""


@dataclass
class Window:
    """The time of one call, in monotonic seconds, and whether anything of it was written."""

    ends: float
    connect_ends: float
    send_by: float | None = None
    wrote: bool = False

    @classmethod
    def of(cls, *, connect: float, total: float, send_by: float | None = None) -> Window:
        """A window that begins now; `connect` and `total` are seconds, `send_by` a monotonic moment."""
        now = monotonic()
        return cls(now + total, now + min(connect, total), send_by)

    def left(self) -> float:
        """Seconds left of the call. Raises TimeoutError when there are none."""
        return _left(self.ends)

    def left_to_connect(self) -> float:
        """Seconds left to connect and agree on TLS. Raises TimeoutError when there are none."""
        return _left(min(self.ends, self.connect_ends))

    def extend(self, seconds: float) -> None:
        """Gives back time that the reader of a stream spent on its own work."""
        self.ends += seconds

    def about_to_write(self) -> None:
        """Called before every write: the first one must begin in time."""
        if not self.wrote and self.send_by is not None and monotonic() > self.send_by:
            raise DeadlineMissed
        self.wrote = True


def _left(ends: float) -> float:
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError("the time limit of the call is over")
    return left


current: ContextVar[Window] = ContextVar("current")
"""The window of the call being made; a connection takes it when it connects and when a request begins."""


class _TimedReader(io.RawIOBase):
    """A socket's raw reader that gives each receive what is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, window: Window) -> None:
        self._raw, self._sock, self._window = raw, sock, window

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._window.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedReply(http.client.HTTPResponse):
    """http.client's reply, status line and headers included, read through a `_TimedReader`."""

    def __init__(self, sock: socket.socket, *args: Any, window: Window, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock, window))


class _Timed:
    """What http and https connections share."""

    sock: Any
    host: str
    port: int
    window: Window

    @property
    def is_connected(self) -> bool:
        """Whether an idle connection can still be used: nothing to read, and not closed.

        urllib3 only asks whether the socket is readable, which the session tickets of TLS 1.3 make it right
        after the handshake; the connection opened beforehand would be thrown away.
        """
        if self.sock is None:
            return False
        try:
            self.sock.settimeout(0)
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def _new_conn(self) -> socket.socket:
        """Connects to the first address that answers, all of them within one time limit."""
        window = self.window = current.get()
        try:
            return _open(self.host, self.port, window)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        self.window = current.get()
        self.response_class = partial(_TimedReply, window=self.window)
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        left = self.window.left()
        self.window.about_to_write()
        self.sock.settimeout(left)
        super().send(data)  # type: ignore[misc]


def _open(host: str, port: int, window: Window) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(window.left_to_connect())
            sock.connect(address)
            sock.settimeout(window.left_to_connect())
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


class _HttpConnection(_Timed, HTTPConnection):  # type: ignore[misc]
    pass


class _HttpsConnection(_Timed, HTTPSConnection):  # type: ignore[misc]
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class TimedAdapter(HTTPAdapter):
    """requests' adapter with our connections, no retries, and a way to open a connection beforehand."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def open(self, request: Any, verify: bool | str) -> None:
        """Leaves an open connection for this prepared request in the pool, unless one is there."""
        pool: Any = self.get_connection_with_tls_context(request, verify)
        connection = pool._get_conn()
        try:
            if connection.is_closed:
                connection.connect()
        except BaseException:
            connection.close()
            raise
        finally:
            pool._put_conn(connection)

"""One POST to KashFlow: total time limits, no redirects, no retries, nothing taken from the environment.

libraries.md, KashFlow row; transfer.md, What an answer means.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from http.client import HTTPException
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, SSLError

from kashflow.gateway.connection import DeadlineMissed, TimedAdapter, Window, current
from kashflow.gateway.errors import GatewayError, NotSent, SendDeadlineMissed, TlsFailed, Unknown

CHUNK = 64 * 1024
HEADERS = {"Accept": "text/xml", "Accept-Encoding": "identity", "User-Agent": "MagManager"}
_FAILURES = (OSError, HTTPError, HTTPException, ValueError)
# requests' own, and what a connection opened beforehand raises.
_TLS_FAILURES = (requests.exceptions.SSLError, ssl.SSLError, SSLError)


@dataclass(frozen=True)
class Limits:
    """Seconds: to connect, for a whole read, for a whole create, from the stored intent to the first byte."""

    connect: float = 5
    read: float = 30
    create: float = 75
    send_deadline: float = 2

    def scaled(self, factor: float) -> Limits:
        """All of them shrunk alike, for tests."""
        return Limits(
            self.connect * factor, self.read * factor, self.create * factor, self.send_deadline * factor
        )


class Answer:
    """A reply whose status and headers are in; the body is read as it comes. Close it, best by `with`."""

    def __init__(self, response: requests.Response, window: Window, operation: str) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._window = window
        self._operation = operation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Done with it; a connection whose reply was not read to the end is closed."""
        self._response.close()

    def chunks(self) -> Iterator[bytes]:
        """The body, piece by piece. Raises Unknown when it breaks off, stalls or takes too long."""
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity":
            raise Unknown(
                self._operation, f"the reply is encoded as {encoding[:40]}, which was not asked for"
            )
        try:
            yield from self._response.iter_content(CHUNK)
        except _FAILURES as error:
            raise _failure(error, self._window, self._operation) from error

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time the reader of a list spends on a record does not count against the call."""
        began = monotonic()
        try:
            yield
        finally:
            self._window.extend(monotonic() - began)


class Transport:
    """The way to one endpoint. Keep one per worker thread: its connection stays open between calls."""

    def __init__(self, url: str, limits: Limits | None = None, *, ca_file: str | None = None) -> None:
        """`url` is the whole endpoint, https unless on this machine. Raises ValueError for any other.

        `ca_file` replaces the usual certificate authorities; verification cannot be switched off.
        """
        self.url = _checked(url)
        self.limits = limits or Limits()
        self._verify: bool | str = ca_file or True
        # The adapter without a session, which would bring cookies, redirects, proxies and .netrc, and work to refuse them.
        self._adapter = TimedAdapter()
        # Read once: each call differs in its body and headers only.
        self._request = requests.Request("POST", self.url, HEADERS).prepare()

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def connect(self) -> None:
        """Opens the connection beforehand; does nothing where an open one is ready. Raises NotSent and TlsFailed."""
        window = Window.of(connect=self.limits.connect, total=self.limits.connect)
        with _during(window, "Connect"):
            self._adapter.open(self._request, self._verify)

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        operation: str,
        seconds: float,
        send_by: float | None = None,
    ) -> Answer:
        """Sends once and returns when status and headers are in. `seconds` is the total, body included.

        `send_by` is a moment of `time.monotonic()`: after it nothing is written. Raises NotSent and
        SendDeadlineMissed, where nothing went out, and Unknown.
        """
        request = self._request.copy()
        request.headers.update(headers)
        request.prepare_body(body, None)
        window = Window.of(connect=self.limits.connect, total=seconds, send_by=send_by)
        with _during(window, operation):
            response = self._adapter.send(
                request, stream=True, timeout=(self.limits.connect, seconds), verify=self._verify
            )
        return Answer(response, window, operation)

    def in_one_go(self) -> AbstractContextManager[None]:
        """Nothing to do for a single connection: whoever shares calls among many (`Door`) keeps a place meanwhile."""
        return nullcontext()

    def step_aside(self) -> None:
        """Nothing to do, for the same reason."""

    def close(self) -> None:
        """Closes the connections."""
        self._adapter.close()


@contextmanager
def _during(window: Window, operation: str) -> Iterator[None]:
    token = current.set(window)
    try:
        yield
    except DeadlineMissed:
        raise SendDeadlineMissed(operation, "the send deadline had passed") from None
    except _FAILURES as error:
        raise _failure(error, window, operation) from error
    finally:
        current.reset(token)


def _failure(error: Exception, window: Window, operation: str) -> GatewayError:
    not_sent = TlsFailed if isinstance(error, _TLS_FAILURES) else NotSent
    kind = Unknown if window.wrote else not_sent
    return kind(operation, f"{type(error).__name__}: {error}"[:500])


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password or not parts.hostname:
        raise ValueError("The KashFlow address must be a whole address without a login in it.")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return url
    raise ValueError("The KashFlow address must begin with https://; http:// is for this machine only.")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

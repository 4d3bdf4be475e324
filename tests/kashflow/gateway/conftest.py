"""A gateway whose HTTP is answered from here (`responses`), with what it sent and what its observer saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import responses

from kashflow.gateway.client import Gateway
from kashflow.gateway.exchange import Exchange
from kashflow.gateway.transport import Transport

URL = "https://kashflow.example/api/service.asmx"
HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
    "<soap:Body>"
)
FOOT = "</soap:Body></soap:Envelope>"

Reply = Callable[..., None]


def soap(body: str) -> str:
    """A whole reply around what stands in its body."""
    return HEAD + body + FOOT


def refused(operation: str, text: str) -> str:
    """A whole reply that says NO with this text."""
    return soap(
        f'<{operation}Response xmlns="KashFlow"><Status>NO</Status>'
        f"<StatusDetail>{text}</StatusDetail></{operation}Response>"
    )


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """The mocked wire; every reply registered must be used."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def reply(wire: responses.RequestsMock) -> Reply:
    """`reply(text, status=200, **headers)`: what the next call is answered with."""

    def add(body: str | bytes, status: int = 200, **headers: str) -> None:
        content_type = headers.pop("content_type", "text/xml; charset=utf-8")
        wire.add(responses.POST, URL, body=body, status=status, content_type=content_type, headers=headers)

    return add


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture
def gateway(exchanges: list[Exchange]) -> Iterator[Gateway]:
    gateway = Gateway(Transport(URL), "meadowfarm", "not-a-real-one", exchanges.append)
    yield gateway
    gateway.close()

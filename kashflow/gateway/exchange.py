"""What the API log gets to see of a call, without the login."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

LIMIT = 64 * 1024
MASK = "***"
_CREDENTIAL = re.compile(r"(<(?:\w{1,30}:)?(UserName|Password)\b[^<>]{0,200}>)[^<]*")
_SLACK = 4096

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exchange:
    """One call. `outcome` is "ok", an error's code, or "abandoned" for a list not read to its end."""

    operation: str
    started_at: datetime
    seconds: float
    outcome: str
    detail: str
    http_status: int | None
    request_xml: str
    response_xml: str


Observer = Callable[[Exchange], None]


@dataclass
class Note:
    """Gathers an exchange while the call is running."""

    operation: str
    password: str = field(repr=False)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=monotonic)
    request_xml: str = ""
    http_status: int | None = None
    body: bytearray = field(default_factory=bytearray)

    def keep(self, chunk: bytes) -> None:
        """Keeps the start of the reply; a little more than is shown, so that masking sees whole words."""
        self.body += chunk[: max(0, LIMIT + _SLACK - len(self.body))]

    def finish(self, outcome: str, detail: str) -> Exchange:
        """The finished exchange, masked and cut."""
        response = mask(self.body.decode("utf-8", "replace"), self.password)
        return Exchange(
            operation=self.operation,
            started_at=self.started_at,
            seconds=monotonic() - self.began,
            outcome=outcome,
            detail=mask(detail, self.password),
            http_status=self.http_status,
            request_xml=self.request_xml[:LIMIT],
            response_xml=response[:LIMIT],
        )


def mask(text: str, password: str) -> str:
    """The text without what stands in UserName and Password, and without the password wherever it is."""
    text = _CREDENTIAL.sub(rf"\1{MASK}", text)
    # The longest first: the short ones may be a part of it.
    for secret in sorted(_spellings(password), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _spellings(password: str) -> set[str]:
    """The ways a reply may write a password back: XML, HTML, entities by number, in an address, in JSON."""
    quotes = {'"': "&quot;", "'": "&apos;"}
    escaped = {escape(password), escape(password, quotes), html.escape(password)}
    by_number = {form.encode("ascii", "xmlcharrefreplace").decode() for form in escaped}
    elsewhere = {quote(password), quote_plus(password), json.dumps(password)[1:-1]}
    return ({password} | escaped | by_number | elsewhere) - {""}


def report(observe: Observer | None, exchange: Exchange) -> None:
    """Tells the observer. Its failure is only logged: it must not turn a known answer into none."""
    if observe is None:
        return
    try:
        observe(exchange)
    except Exception:
        logger.exception("The API log could not record a call to KashFlow (%s)", exchange.operation)

"""What Check Connection says: what to do in a sentence, and the line of the help page that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from kashflow.gateway import errors


class Words(NamedTuple):
    """A heading, what to do (None: the error's own sentence) and the anchor on the help page."""

    title: str
    sentence: str | None
    anchor: str


CONNECTED = "connected"
UNCLEAR = Words(
    "No clear answer from KashFlow",
    "KashFlow answered in a way that is not understood, so it is not known whether the login works. "
    "Press Check Connection again in a few minutes; the API log has the details.",
    "unclear",
)
WORDS = {
    errors.WrongLogin.code: Words(
        "Username or password wrong",
        "KashFlow refused this username and password. Type both again; if the account has a separate API "
        "password, use that one. KashFlow may lock a login after several wrong tries, so nothing is tried "
        "again by itself.",
        "password",
    ),
    errors.ApiDisabled.code: Words(
        "API not enabled",
        "KashFlow's API is switched off for this account. In KashFlow open Apps › API Settings, tick Enable "
        "SOAP API, press Update, then press Check Connection again.",
        "api-off",
    ),
    errors.IpNotListed.code: Words("IP not allowed", None, "ip"),
    errors.AccountLocked.code: Words("Account locked", None, "locked"),
    errors.AccessForbidden.code: Words("Access refused", None, "forbidden"),
    errors.NotSent.code: Words(
        "Cannot reach KashFlow",
        "No connection to KashFlow could be made, so the login was not tried. Check this server's internet "
        "connection, then press Check Connection again.",
        "reach",
    ),
    errors.Busy.code: Words(
        "Too much to ask KashFlow at once",
        "As many calls as Settings › KashFlow allows at once were under way, so the login was not tried. Press Check "
        "Connection again in a minute.",
        "busy",
    ),
    errors.RateLimited.code: Words(
        "KashFlow is busy", "KashFlow asked us to wait. Press Check Connection again in a minute.", "busy"
    ),
    errors.Unknown.code: UNCLEAR,
    errors.SaidNo.code: UNCLEAR,
    errors.TlsFailed.code: Words(
        "KashFlow's certificate was not accepted",
        "The server that answered could not prove that it is KashFlow, so the login was not sent. Check this "
        "server's clock and certificate authorities, ask whoever runs your network, then try again.",
        "certificate",
    ),
}


@dataclass(frozen=True)
class Answer:
    """Whether a login opens KashFlow: `at` which moment, and whose books (`company_name`)."""

    ok: bool
    code: str
    title: str
    sentence: str
    help_anchor: str = ""
    company_name: str = ""
    fingerprint: str = ""
    at: datetime = field(default_factory=timezone.now)
    error: errors.GatewayError | None = field(default=None, repr=False, compare=False)


def connected(company_name: str, fingerprint: str) -> Answer:
    """KashFlow let the login in."""
    sentence = f"This login opens the books of {company_name}."
    return Answer(True, CONNECTED, "Connected to KashFlow", sentence, "", company_name, fingerprint)


def refused(error: errors.GatewayError) -> Answer:
    """What an error of the check means for the person who pressed the button."""
    words = WORDS.get(error.code, UNCLEAR)
    return Answer(False, error.code, words.title, words.sentence or error.sentence, words.anchor, error=error)


def anchor_of(code: str) -> str:
    """The line of the help page about the refusal with this code; empty where the page has none."""
    return WORDS[code].anchor if code in WORDS else ""

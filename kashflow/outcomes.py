"""How an exchange with KashFlow ended, in words, from the code the gateway gave it."""

from __future__ import annotations

from typing import NamedTuple

from kashflow.gateway import errors


class Outcome(NamedTuple):
    """What a person reads of an exchange; `group` is what the API log filters by."""

    word: str
    group: str


ANSWERED, REFUSED, LOGIN, NOT_SENT, UNCLEAR = "answered", "refused", "login", "not_sent", "unclear"
GROUPS = {
    ANSWERED: "Answered",
    REFUSED: "Refused",
    LOGIN: "Login refused",
    NOT_SENT: "Not sent",
    UNCLEAR: "No clear answer",
}
# The signs of the house for each group: icon and tone.
SIGNS = {
    ANSWERED: ("circle-check", "tone-good"),
    REFUSED: ("alert-circle", "tone-warn"),
    LOGIN: ("alert-triangle", "tone-bad"),
    NOT_SENT: ("plug-connected-x", "tone-warn"),
    UNCLEAR: ("help-circle", "tone-warn"),
}
OUTCOMES = {
    "ok": Outcome("Answered", ANSWERED),
    errors.NotFound.code: Outcome("Answered: not there", ANSWERED),
    errors.NoRecord.code: Outcome("Answered: not there", ANSWERED),
    errors.Refused.code: Outcome("Refused", REFUSED),
    errors.CodeNotUnique.code: Outcome("Refused: code in use", REFUSED),
    errors.CodeInvalid.code: Outcome("Refused: code not allowed", REFUSED),
    errors.EnvelopeRefused.code: Outcome("Refused: message not understood", REFUSED),
    errors.ConnectionOff.code: Outcome("Login refused", LOGIN),
    errors.WrongLogin.code: Outcome("Username or password wrong", LOGIN),
    errors.ApiDisabled.code: Outcome("API not enabled", LOGIN),
    errors.IpNotListed.code: Outcome("IP not allowed", LOGIN),
    errors.AccountLocked.code: Outcome("Account locked", LOGIN),
    errors.AccessForbidden.code: Outcome("Access refused", LOGIN),
    errors.NotSent.code: Outcome("Not sent: no connection", NOT_SENT),
    errors.Busy.code: Outcome("Not sent: too many calls at once", NOT_SENT),
    errors.TlsFailed.code: Outcome("Not sent: certificate not accepted", NOT_SENT),
    errors.SendDeadlineMissed.code: Outcome("Not sent: too late", NOT_SENT),
    errors.EnvelopeInvalid.code: Outcome("Not sent: message not valid", NOT_SENT),
    errors.RateLimited.code: Outcome("KashFlow is busy", NOT_SENT),
    errors.Unknown.code: Outcome("No clear answer", UNCLEAR),
    errors.SaidNo.code: Outcome("Said no in words of its own", UNCLEAR),
    errors.GatewayError.code: Outcome("No clear answer", UNCLEAR),
    "abandoned": Outcome("Broken off", UNCLEAR),
}
UNKNOWN = OUTCOMES[errors.Unknown.code]


def outcome(code: str) -> Outcome:
    """The words for the code of an exchange; a code nobody knows is no clear answer."""
    return OUTCOMES.get(code, UNKNOWN)


def codes(group: str) -> list[str]:
    """Every code whose outcome is in `group`."""
    return [code for code, one in OUTCOMES.items() if one.group == group]

"""What can go wrong between us and KashFlow, and what the caller may do (transfer.md, What an answer means).

Every error has a stable `code` for rows and logs, a `sentence` for people (what happened, why, what to do)
and a `detail` for the API log. None carries a password.
"""

from __future__ import annotations

import re


class GatewayError(Exception):
    """Any call that did not end with a good answer. Catch this one to catch all of them."""

    code = "gateway_error"
    text = "The call to KashFlow did not work. Try again; if it happens again, look in the API log."

    def __init__(self, operation: str = "", detail: str = "") -> None:
        super().__init__(operation, detail)
        self.operation = operation
        self.detail = detail

    @property
    def sentence(self) -> str:
        """One or two sentences for the person on the screen."""
        return self.text

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.operation, self.code, self.detail)))


class NotSent(GatewayError):
    """No connection was made, so KashFlow saw nothing: safe to try again later."""

    code = "not_sent"
    text = (
        "KashFlow could not be reached, so nothing was sent. "
        "Check the internet connection; it is tried again by itself, or press the button again."
    )


class Busy(NotSent):
    """As many calls as the account allows were under way, all the time that this one waited."""

    code = "busy"
    text = (
        "All calls to KashFlow that are allowed at once were taken for a long time, so nothing was sent. "
        "It is tried again by itself, or press the button again."
    )


class TlsFailed(NotSent):
    """The server that answered could not prove that it is KashFlow: not a byte of ours went out."""

    code = "tls_failed"
    text = (
        "The server that answered could not prove that it is KashFlow, so nothing was sent. Check this "
        "server's clock and certificate authorities, or ask whoever runs your network."
    )


class SendDeadlineMissed(GatewayError):
    """The moment to start by had passed; checked just before the write, so nothing was sent."""

    code = "send_deadline_missed"
    text = (
        "Sending to KashFlow took too long to start, so nothing was sent. "
        "KashFlow is looked at again before the next try; you need do nothing."
    )


class EnvelopeInvalid(GatewayError):
    """Our own check refused the message before any byte went out."""

    code = "envelope_invalid"
    text = "This could not be put into the form KashFlow takes, so nothing was sent."

    @property
    def sentence(self) -> str:
        return f"{self.text} The fault is in {self.detail}. Correct it here and try again."


class RateLimited(GatewayError):
    """HTTP 429: not executed. `retry_after` is KashFlow's wish in seconds, or None where it is unreadable."""

    code = "rate_limited"
    text = "KashFlow is busy and asked us to wait, so nothing was done. It is tried again by itself."

    def __init__(self, operation: str = "", detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(operation, detail)
        self.retry_after = retry_after


class EnvelopeRefused(GatewayError):
    """A SOAP client fault: KashFlow could not read our message and did nothing. A bug of ours."""

    code = "envelope_refused"
    text = (
        "KashFlow could not read our message, so nothing was done there. "
        "This is a fault in this program: tell your administrator, who finds the message in the API log."
    )


class Refused(GatewayError):
    """Status NO with a business text we know: not executed, for certain."""

    code = "refused"
    text = "KashFlow refused this."

    @property
    def sentence(self) -> str:
        return f'{self.text} It says: "{self.detail}".'


class NotFound(Refused):
    """KashFlow said, in a shape we know, that the record is not there. A failed read is never this."""

    code = "not_found"
    text = "KashFlow has no such record, so nothing was changed. Check the number or code."


class NoRecord(NotFound):
    """KashFlow said OK and gave no record, or one whose number is 0: reported as its way to say "not there"."""

    code = "no_record"
    text = "KashFlow gave no record, so it seems not to be there. Check the number."


class CodeNotUnique(Refused):
    """The customer code belongs to another customer."""

    code = "code_not_unique"
    text = "Another customer in KashFlow has this code, so no customer was created. Use another KashFlow ID."


class CodeInvalid(Refused):
    """The customer code has characters KashFlow does not take."""

    code = "code_invalid"
    text = (
        "KashFlow does not take this customer code, so no customer was created. "
        "Use a KashFlow ID of letters and digits only."
    )


class ConnectionOff(GatewayError):
    """KashFlow does not let this login in. No call may start until a person has acted."""

    code = "connection_off"
    text = "KashFlow does not let this login in. Check the KashFlow login in My Details."


class WrongLogin(ConnectionOff):
    """`Incorrect username or password`, also where the account has a separate API password."""

    code = "wrong_login"
    text = (
        "KashFlow says the username or password is wrong. Type both again in My Details and press "
        "Check Connection; if the account has a separate API password, use that one."
    )


class ApiDisabled(ConnectionOff):
    """The SOAP API is switched off in the account."""

    code = "api_disabled"
    text = (
        "The API is not enabled in KashFlow. In KashFlow open Apps › API Settings, tick Enable SOAP API, "
        "press Update, then check the connection again."
    )


class IpNotListed(ConnectionOff):
    """The account takes calls from listed addresses only; `ip` is ours as KashFlow saw it."""

    code = "ip_not_listed"

    def __init__(self, operation: str = "", detail: str = "", ip: str = "") -> None:
        super().__init__(operation, detail)
        self.ip = ip

    @property
    def sentence(self) -> str:
        return (
            f"KashFlow does not accept calls from this server's address, {self.ip}. In KashFlow open "
            "Apps › API Settings, add the address or untick the restriction, press Update, "
            "then check the connection again."
        )


class AccountLocked(ConnectionOff):
    """The KashFlow account or user is locked."""

    code = "account_locked"
    text = (
        "KashFlow says the account is locked, after too many wrong passwords for example. "
        "Unlock it in KashFlow, then check the connection again."
    )


class AccessForbidden(ConnectionOff):
    """HTTP 401 or 403."""

    code = "access_forbidden"
    text = (
        "KashFlow's server refused access. Check that the API is enabled in KashFlow (Apps › API Settings) "
        "and that the login in My Details is right, then check the connection again."
    )


class Unknown(GatewayError):
    """No answer that can be trusted: a write may or may not have been carried out, a read says nothing."""

    code = "unknown"
    text = (
        "KashFlow gave no clear answer, so it is not known whether this was done. "
        "KashFlow is looked at before anything is sent again; the API log has the details."
    )


_SAID = "KashFlow said NO: "
_TROUBLE = re.compile(r"time.?out|timed out|try again|deadlock|busy|unavailable|error|exception", re.I)


class SaidNo(Unknown):
    """KashFlow refused in words that nobody knows: what is not documented proves nothing, but a person can read it."""

    code = "said_no"

    def __init__(self, operation: str = "", words: str = "") -> None:
        super().__init__(operation, f"{_SAID}{words}")

    @property
    def words(self) -> str:
        """What it said, as the detail has it: there the password is masked, should KashFlow have repeated it."""
        return self.detail.removeprefix(_SAID)

    @property
    def may_pass(self) -> bool:
        """Whether it sounds like KashFlow's own trouble, not like something wrong with what was sent."""
        return bool(_TROUBLE.search(self.words))

    @property
    def sentence(self) -> str:
        return (
            f"KashFlow said no: “{self.words[:150]}”. It is not known for certain that nothing was done, so KashFlow is "
            "looked at before anything is sent again."
        )

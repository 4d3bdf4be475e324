"""Which error an HTTP status, a SOAP fault or a `Status=NO` text means (transfer.md, What an answer means).

Only texts reported from live accounts are known (kashflow-api.md, sections 3 and 4). Those for a switched-off
API and a locked account are nowhere on record, so a whole sentence about just that is taken. Anything else is
`Unknown`, on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kashflow.gateway.errors import (
    AccessForbidden,
    AccountLocked,
    ApiDisabled,
    CodeInvalid,
    CodeNotUnique,
    EnvelopeRefused,
    GatewayError,
    IpNotListed,
    NotFound,
    RateLimited,
    SaidNo,
    Unknown,
    WrongLogin,
)

_LOGIN = re.compile(r"incorrect username or password\.?", re.I)
_IP = re.compile(r"the ip address of (\S{1,60}) is not in the access list.{0,200}", re.I)
_API_OFF = re.compile(
    r"(?:the |your )?(?:kashflow |soap )*api(?: access)? (?:is |has )?(?:been )?(?:currently )?"
    r"(?:disabled|not enabled|switched off|turned off)\b.{0,200}",
    re.I,
)
_LOCKED = re.compile(
    r"(?:the |your |this )?(?:kashflow )?(?:user )?account (?:is|has been) "
    r"(?:currently |temporarily )?locked\b.{0,200}",
    re.I,
)
_CODE_TAKEN = re.compile(r"customer code is not unique\.?", re.I)
_CODE_BAD = re.compile(r"the customer code specified is invalid\b.{0,200}", re.I)

# What a refusal names when the one record asked for is not there: "no customer", "no invoice", "no product".
_ASKS_FOR = {
    "no customer": re.compile(
        r"GetCustomer(By\w+?)?2?|SearchCustomerByCustText2?|UpdateCustomer2?|DeleteCustomer"
        r"|[GS]etCustomer(VATNumber|Currency)|GetCustomerBalance|InsertInvoice(_TypeDefined)?"
    ),
    "no invoice": re.compile(
        r"GetInvoice(ByID|_TypeDefined|Payment|Notes)?|UpdateInvoice\w*|DeleteInvoice\w*|InsertInvoiceLine\w*"
        r"|InsertInvoice(Payment|Note)|AttachFileToInvoice|EmailInvoice|PrintInvoice|GetPaypalLink"
        r"|applyCreditNoteToInvoice|AllocateAdvancePaymentToInvoice"
    ),
    "no product": re.compile(r"GetSubProductBy(ID|Code)"),
}
_SETS_A_CODE = re.compile(r"(Insert|Update)Customer2?")


def refusal(operation: str, text: str) -> GatewayError:
    """The error that a `Status=NO` with this StatusDetail means for this operation."""
    text = " ".join(text.split())
    return _connection_off(operation, text) or _business(operation, text) or _unknown_refusal(operation, text)


def _connection_off(operation: str, text: str) -> GatewayError | None:
    if address := _IP.fullmatch(text):
        return IpNotListed(operation, text, ip=address[1])
    if _LOGIN.fullmatch(text):
        return WrongLogin(operation, text)
    if _API_OFF.fullmatch(text):
        return ApiDisabled(operation, text)
    return AccountLocked(operation, text) if _LOCKED.fullmatch(text) else None


def _business(operation: str, text: str) -> GatewayError | None:
    sets_a_code = _SETS_A_CODE.fullmatch(operation)
    if sets_a_code and _CODE_TAKEN.fullmatch(text):
        return CodeNotUnique(operation, text)
    if sets_a_code and _CODE_BAD.fullmatch(text):
        return CodeInvalid(operation, text)
    lower = text.lower()
    absent = any(words in lower and asks.fullmatch(operation) for words, asks in _ASKS_FOR.items())
    return NotFound(operation, text) if absent else None


def _unknown_refusal(operation: str, text: str) -> Unknown:
    return SaidNo(operation, text[:500]) if text else Unknown(operation, "KashFlow said NO without a text")


def status_error(operation: str, status: int, headers: Mapping[str, str]) -> GatewayError | None:
    """The error an HTTP status means by itself, or None where the body decides (200; 500, a SOAP fault)."""
    if status in (200, 500):
        return None
    detail = f"HTTP {status}"
    if status == 429:
        return RateLimited(operation, detail, retry_after=_seconds(headers.get("Retry-After", "")))
    if status in (401, 403):
        return AccessForbidden(operation, detail)
    return Unknown(operation, detail)


def fault_error(operation: str, code: str, text: str) -> GatewayError:
    """The error a SOAP 1.1 fault means: the client's fault was not executed, the server's leaves it open."""
    detail = f"SOAP fault {code[:60]}: {text[:500]}"
    blamed = code.rpartition(":")[2].partition(".")[0]
    return EnvelopeRefused(operation, detail) if blamed == "Client" else Unknown(operation, detail)


def _seconds(retry_after: str) -> float | None:
    retry_after = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

"""One call, without its socket: who may, what it does, what it answers."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from kashflow.gateway.schema import Operation
from kashflow.sandbox import errors, reading, registry, soap, writing
from kashflow.sandbox import operations as operations  # importing registers them
from kashflow.sandbox.errors import Refused, SoapFault
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.registry import Account, Bend
from kashflow.sandbox.settings import Settings
from kashflow.sandbox.soap import Headers


@dataclass(frozen=True)
class Call:
    """A request that could be read."""

    operation: Operation
    version: str
    arguments: Mapping[str, object]
    address: str


@dataclass(frozen=True)
class Answer:
    """What goes back: the HTTP status, the body, and for the log how it ended."""

    status: int
    body: bytes
    content_type: str
    outcome: str
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def read_call(ledger: Ledger, body: bytes, headers: Headers, address: str) -> Call:
    """Reads a request; raises SoapFault where it cannot be read."""
    envelope = soap.open_envelope(body, headers)
    arguments = reading.read_arguments(envelope, strict=ledger.settings().strict)
    return Call(envelope.operation, envelope.version, arguments, address)


def answer_call(ledger: Ledger, call: Call, bend: Bend | None = None) -> Answer:
    """Carries the call out and says what to answer; never raises."""
    settings = ledger.settings()
    try:
        _let_in(settings, call)
        account = Account(ledger, settings, bend or Bend(), call.address)
        result = registry.run(account, call.operation.name, call.arguments)
        return answered(call, writing.response(call.operation, result))
    except Refused as refusal:
        return refused(call, str(refusal))
    except SoapFault as fault:
        return faulted(fault, call.version)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return faulted(
            SoapFault(f"Server was unable to process request. ---> {error}", "Server"), call.version
        )


def answered(call: Call, response: str, outcome: str = "OK", detail: str = "") -> Answer:
    """An answer of HTTP 200 around a response element."""
    return Answer(200, soap.wrap(response, call.version), soap.CONTENT_TYPES[call.version], outcome, detail)


def refused(call: Call, text: str) -> Answer:
    """`Status` NO with this text."""
    return answered(call, writing.refusal(call.operation, text), "NO", text)


def faulted(fault: SoapFault, version: str) -> Answer:
    """HTTP 500 with a SOAP fault."""
    body = soap.fault(str(fault), fault.code, version)
    return Answer(500, body, soap.CONTENT_TYPES[version], "fault", str(fault))


def _let_in(settings: Settings, call: Call) -> None:
    username, password = (str(call.arguments[name] or "") for name in ("UserName", "Password"))
    if not settings.accepts(username, password):
        raise Refused(errors.WRONG_LOGIN)
    if settings.locked:
        raise Refused(errors.LOCKED)
    if not settings.api_enabled:
        raise Refused(settings.api_off_text)
    asks_to_be_let_in = call.operation.name == "AutoAuthIP"
    if settings.restrict_ip and call.address not in settings.allowed_ips and not asks_to_be_let_in:
        raise Refused(errors.not_in_access_list(call.address))

"""What each fault does to a call. The transport ones only say how to send; `connection` does it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from http import HTTPStatus

from lxml import etree

from kashflow.gateway.schema import NAMESPACE, OPERATIONS
from kashflow.sandbox import errors, soap, writing
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.faults import Fault
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.registry import Bend
from kashflow.sandbox.service import Answer, Call, answer_call, answered, faulted, refused

_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Sending:
    """An answer and the manner in which it leaves: whole, cut, dripped, padded, late or not at all."""

    answer: Answer
    dropped: bool = False
    hang_seconds: float | None = None
    cut_at: int | None = None
    drip_seconds: float | None = None
    padded_to: int = 0


def bend_of(fault: Fault | None) -> Bend:
    """How the fault bends what the ledger stores."""
    match fault.kind if fault else "":
        case "lines_dropped":
            return Bend(lines_dropped=True)
        case "total_off_by_a_penny":
            return Bend(net_off_by=Decimal("0.01"))
        case "number_other" if fault:
            return Bend(other_number=int(fault.number("number")))
        case "page_missing":
            return Bend(page_by=1)
        case "page_repeated":
            return Bend(page_by=-1)
        case "count_wrong" if fault:
            return Bend(count_by=int(fault.number("by")))
    return Bend()


def sending(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Sending:
    """How a struck call is answered. `answer` is the true one, or empty where nothing was carried out."""
    if manner := _MANNERS.get(fault.kind):
        return manner(fault, answer)
    if other := _OTHER_ANSWERS.get(fault.kind):
        return Sending(other(fault, ledger, call, answer))
    return Sending(answer)


def _cut(fault: Fault, answer: Answer) -> Sending:
    share = int(len(answer.body) * fault.number("percent") / 100)
    return Sending(answer, cut_at=share if fault.parameters["bytes"] is None else int(fault.number("bytes")))


def _huge(fault: Fault, answer: Answer) -> Sending:
    return Sending(replace(answer, status=200, content_type=_HTML), padded_to=int(fault.number("bytes")))


_MANNERS: dict[str, Callable[[Fault, Answer], Sending]] = {
    "drop_before": lambda fault, answer: Sending(answer, dropped=True),
    "drop_after": lambda fault, answer: Sending(answer, dropped=True),
    "hang_before": lambda fault, answer: Sending(answer, hang_seconds=fault.number("seconds")),
    "hang_after": lambda fault, answer: Sending(answer, hang_seconds=fault.number("seconds")),
    "cut_reply": _cut,
    "huge_reply": _huge,
    "drip": lambda fault, answer: Sending(answer, drip_seconds=fault.number("seconds")),
}


def _page(status: int, text: str, content_type: str = _HTML, **headers: str) -> Answer:
    return Answer(status, text.encode(), content_type, "fault", f"HTTP {status}", headers)


def _http(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    status = int(fault.text("status")) if fault.kind == "http" else int(fault.kind.removeprefix("http_"))
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    text = (
        fault.text("text") if fault.kind == "http" else f"<html><body><h1>{status} {title}</h1></body></html>"
    )
    return _page(status, text)


def _rate_limited(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return _page(429, "Too many requests", "text/plain", **{"Retry-After": fault.text("retry_after")})


def _redirect(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return _page(307, "", "text/plain", Location=fault.text("location"))


def _soap_fault(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return faulted(SoapFault(fault.text("text"), fault.text("code")), call.version)


def _html_page(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    usual = "<!DOCTYPE html><html><body><h1>Sorry, we are carrying out maintenance</h1></body></html>"
    page = (fault.text("text") or usual).encode(fault.text("encoding"), "replace")
    return replace(_page(200, "", fault.text("content_type")), body=page)


def _malformed(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: int(len(answer.body) * fault.number("percent") / 100)])


def _wrong_namespace(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return replace(
        answer, body=answer.body.replace(f'xmlns="{NAMESPACE}"'.encode(), b'xmlns="urn:another-service"')
    )


def _empty(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return replace(answer, status=200, body=b"", content_type=soap.CONTENT_TYPES[call.version])


def _status_no(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return refused(call, fault.text("text"))


def _login_refused(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    return refused(call, errors.WRONG_LOGIN)


def _number_zero(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    text = fault.text("text")
    response = writing.response(call.operation, text if text else None)
    return answered(call, response, detail=f"answered {text or 'no number'}")


def _crossed(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    other = OPERATIONS[fault.text("reply_of")]
    nothing = {field.name: 0 if field.type == "int" else "0001-01-01T00:00:00" for field in other.inputs}
    asked = {name: call.arguments[name] for name in ("UserName", "Password")} | nothing
    return answer_call(ledger, replace(call, operation=other, arguments=asked | fault.mapping("arguments")))


def _duplicate(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    root = etree.fromstring(answer.body)
    usual = call.operation.result.name if call.operation.result else "Status"
    found = root.find(f".//{{{NAMESPACE}}}{fault.text('element') or usual}")
    if found is None:
        return answer
    found.addnext(etree.fromstring(etree.tostring(found, with_tail=False)))
    return replace(answer, body=etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _bomb(fault: Fault, ledger: Ledger, call: Call, answer: Answer) -> Answer:
    make = _BOMBS[fault.text("shape")]
    plain = soap.wrap(writing.response(call.operation, status="OK", detail="DETAIL"), call.version).decode()
    body = make(re.sub(r"<\?xml.*?\?>", "", plain)).encode()
    return replace(answer, status=200, body=body, content_type=soap.CONTENT_TYPES[call.version])


_LAUGHS = '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_DEEP = 100_000
_BOMBS: dict[str, Callable[[str], str]] = {
    "entities": lambda reply: f"<!DOCTYPE x [{_LAUGHS}]>" + reply.replace("DETAIL", "&l9;"),
    "attribute": lambda reply: f"<!DOCTYPE x [{_LAUGHS}]>" + reply.replace("<Status>", '<Status a="&l9;">'),
    "external_file": lambda reply: (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + reply.replace("DETAIL", "&e;")
    ),
    "external_http": lambda reply: (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/entity">]>' + reply.replace("DETAIL", "&e;")
    ),
    "external_dtd": lambda reply: '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + reply,
    "doctype": lambda reply: "<!DOCTYPE x>" + reply,
    "depth": lambda reply: reply.replace("DETAIL", "<d>" * _DEEP + "</d>" * _DEEP),
}

_OTHER_ANSWERS: dict[str, Callable[[Fault, Ledger, Call, Answer], Answer]] = {
    "http_500": _http,
    "http_503": _http,
    "http": _http,
    "rate_limited": _rate_limited,
    "redirect": _redirect,
    "soap_fault": _soap_fault,
    "html_page": _html_page,
    "malformed_xml": _malformed,
    "wrong_namespace": _wrong_namespace,
    "empty_reply": _empty,
    "xml_bomb": _bomb,
    "status_no": _status_no,
    "login_refused": _login_refused,
    "number_zero": _number_zero,
    "crossed_reply": _crossed,
    "duplicate_element": _duplicate,
}

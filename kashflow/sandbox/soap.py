"""The envelope around a call: reading one that came in, wrapping an answer or a fault."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from email.message import Message

from lxml import etree

from kashflow.gateway.schema import NAMESPACE, OPERATIONS, Operation
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.writing import element, escaped

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
UNREADABLE = "Server was unable to read request. --->"
Headers = Message
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
CONTENT_TYPES = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARED = re.compile(rb"<\?xml[^>]*\sencoding")
_CODES_12 = {"Client": "soap:Sender", "Server": "soap:Receiver"}


@dataclass(frozen=True)
class Envelope:
    """A request as it came: its SOAP version by namespace, the operation, its element, the bytes."""

    version: str
    operation: Operation
    element: etree._Element
    body: bytes


def action_of(headers: Headers) -> str | None:
    """The action the HTTP headers name: SOAPAction, or `action=` of the content type."""
    in_type = re.search(r'\baction="?([^";]+)', headers.get("Content-Type", ""))
    action = headers.get("SOAPAction") or (in_type[1] if in_type else None)
    return None if action is None else action.strip().strip('"')


def named_operation(headers: Headers) -> str:
    """The operation named in the headers before anything is read; empty where they name none we know."""
    name = (action_of(headers) or "").rpartition("/")[2]
    return name if name in OPERATIONS else ""


def version_of(body: bytes) -> str:
    """The SOAP version to answer in, even to a request that cannot be read."""
    return SOAP_12 if SOAP_12.encode() in body else SOAP_11


def open_envelope(body: bytes, headers: Headers) -> Envelope:
    """Parses a request; raises SoapFault in the words of an ASMX server."""
    root = _parse(body, _charset(body, headers))
    version = etree.QName(root).namespace
    if version not in CONTENT_TYPES or etree.QName(root).localname != "Envelope":
        raise SoapFault(
            "Possible SOAP version mismatch: Envelope namespace was unexpected.", "VersionMismatch"
        )
    element = root.find(f"{{{version}}}Body/*")
    if element is None:
        raise SoapFault(f"{UNREADABLE} The SOAP Body is empty.")
    return Envelope(version, _route(action_of(headers), element, version), element, body)


def wrap(content: str, version: str) -> bytes:
    """The whole reply around a response element or a fault."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{version}" xmlns:xsi="{XSI}"'
        f' xmlns:xsd="{XSD}"><soap:Body>{content}</soap:Body></soap:Envelope>'
    ).encode()


def fault(text: str, code: str, version: str) -> bytes:
    """The whole reply of a fault. `code` is Client, Server or VersionMismatch."""
    if version == SOAP_12:
        code_element = element("soap:Code", element("soap:Value", _CODES_12.get(code, f"soap:{code}")))
        reason = element("soap:Reason", f'<soap:Text xml:lang="en">{escaped(text)}</soap:Text>')
        return wrap(element("soap:Fault", f"{code_element}{reason}<soap:Detail />"), version)
    parts = element("faultcode", f"soap:{code}") + element("faultstring", escaped(text)) + "<detail />"
    return wrap(element("soap:Fault", parts), version)


def _charset(body: bytes, headers: Headers) -> str | None:
    """The charset of the content type, which counts only where the document itself names none."""
    charset = headers.get_content_charset()
    if charset is None or body.startswith(_BYTE_ORDER_MARKS) or _DECLARED.match(body):
        return None
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return None


def _parse(body: bytes, charset: str | None) -> etree._Element:
    parser = etree.XMLParser(
        encoding=charset, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise SoapFault(
            f"{UNREADABLE} There is an error in XML document ({line}, {column}). ---> {error.msg}"
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFault(f"{UNREADABLE} For security reasons DTD is prohibited in this XML document.")
    return root


def _route(action: str | None, element: etree._Element, version: str) -> Operation:
    name = etree.QName(element)
    if action is None and version == SOAP_12:
        action = f"{name.namespace}/{name.localname}"
    operation = OPERATIONS.get((action or "").removeprefix(f"{NAMESPACE}/"))
    if (
        operation is None
        or action != operation.soap_action
        or (name.namespace, name.localname) != (NAMESPACE, operation.name)
    ):
        raise SoapFault(f"Server did not recognize the value of HTTP Header SOAPAction: {action or ''}.")
    return operation

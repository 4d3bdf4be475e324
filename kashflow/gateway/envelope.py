"""Builds a SOAP 1.1 request from the schema: canonical element order, only what is set and what is mandatory.

kashflow-api.md, sections 1, 2, 6.1 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from kashflow.gateway import xsd
from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.schema import ARRAYS, CREDENTIALS, NAMESPACE, RECORDS, Field, Operation

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
NO_DATE = "0001-01-01T00:00:00"

_DEFAULTS = {"int": "0", "integer": "0", "decimal": "0", "boolean": "false", "dateTime": NO_DATE}
# Zero and no date are good defaults elsewhere; an invoice of nobody or of no day is a fault of ours.
_MUST_HAVE = dict.fromkeys(("Invoice", "Invoice_TypeDefined"), ("InvoiceDate", "CustomerID"))


class Envelope:
    """One request: `to_bytes()` is what goes out, `masked()` the same without the login."""

    def __init__(self, operation: Operation, root: etree._Element) -> None:
        self.operation = operation
        self._root = root

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{self.operation.soap_action}"',
        }

    def to_bytes(self) -> bytes:
        """The message as it is sent. Raises EnvelopeInvalid where it breaks our XSD."""
        if fault := xsd.first_fault(self._root[0][0]):
            raise EnvelopeInvalid(self.operation.name, fault)
        return DECLARATION + etree.tostring(self._root, encoding="utf-8")

    def masked(self) -> str:
        """The message for the API log: user name and password replaced. Call it after `to_bytes`."""
        call = self._root[0][0]
        for credential in CREDENTIALS:
            for element in call.findall(f"{{{NAMESPACE}}}{credential.name}"):
                element.text = "***"
        return etree.tostring(self._root, encoding="unicode")


def build(operation: Operation, username: str, password: str, arguments: Mapping[str, Any]) -> Envelope:
    """The request for `operation`. `arguments` go by element name; records and lists are nested mappings.

    Raises EnvelopeInvalid for a value the element cannot hold or a character XML cannot carry.
    """
    root: etree._Element = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "xsi": XSI, "xsd": XSD})
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    call = etree.SubElement(body, _tag(operation.name), nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    writer = _Writer(operation.name)
    credentials = {"UserName": username, "Password": password}
    writer.fields(call, CREDENTIALS + operation.inputs, {**credentials, **arguments})
    return Envelope(operation, root)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


class _Writer:
    def __init__(self, operation: str) -> None:
        self._operation = operation

    def fields(self, parent: etree._Element, fields: tuple[Field, ...], values: Mapping[str, Any]) -> None:
        if unknown := values.keys() - {field.name for field in fields}:
            raise self._invalid(", ".join(sorted(unknown)), "no such element")
        for field in fields:
            value = values.get(field.name)
            if value is not None:
                self._element(parent, field, value)
            elif not field.optional:
                self._mandatory(parent, field)

    def _mandatory(self, parent: etree._Element, field: Field) -> None:
        element = etree.SubElement(parent, _tag(field.name))
        if field.nillable:
            element.set(f"{{{XSI}}}nil", "true")
        else:
            element.text = _DEFAULTS[field.type]

    def _element(self, parent: etree._Element, field: Field, value: Any) -> None:
        element = etree.SubElement(parent, _tag(field.name))
        if field.is_scalar:
            self._text(element, field, value)
        elif field.is_array:
            self._items(element, field, value)
        else:
            self._record(element, field.type, value)

    def _record(self, element: etree._Element, record: str, values: Mapping[str, Any]) -> None:
        for name in _MUST_HAVE.get(record, ()):
            if not values.get(name):
                raise self._invalid(name, "is missing")
        self.fields(element, RECORDS[record].fields, values)

    def _items(self, element: etree._Element, field: Field, items: Any) -> None:
        array = ARRAYS[field.type]
        for values in items:
            item = etree.SubElement(element, _tag(array.item))
            if array.any_type:
                item.set(f"{{{XSI}}}type", array.record)
            self._record(item, array.record, values)

    def _text(self, element: etree._Element, field: Field, value: Any) -> None:
        text = _scalar(field.type, value)
        if text is None:
            raise self._invalid(field.name, f"cannot hold a {type(value).__name__}")
        try:
            element.text = text
        except ValueError:
            raise self._invalid(field.name, "has a character that XML cannot carry") from None

    def _invalid(self, name: str, fault: str) -> EnvelopeInvalid:
        return EnvelopeInvalid(self._operation, f"{name}: {fault}")


def _scalar(kind: str, value: Any) -> str | None:
    """The text of a value in the schema's type, or None where they do not fit."""
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "dateTime":
        return f"{value.isoformat()[:10]}T00:00:00" if isinstance(value, date) else None
    if kind == "boolean":
        return str(value).lower() if isinstance(value, bool) else None
    if kind == "decimal":
        return format(value, "f") if isinstance(value, Decimal | int) else None
    return str(int(value)) if isinstance(value, int) else None

"""A request's elements as Python values, as forgiving as the service's own reader, or strict on request.

Any order, missing and unknown elements, any prefix; but a value that its type cannot hold is a fault, in the
words of ASMX. Strict adds: order, unknown and repeated elements, and dates as the documentation writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from kashflow.gateway.schema import ARRAYS, CREDENTIALS, NAMESPACE, RECORDS, Array, Field
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.soap import UNREADABLE, XSD, XSI, Envelope
from kashflow.sandbox.values import NULL_DATE, midnight

_INT = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"
# One client is on record as having sent a day and a time with a space between, without seconds or zone.
_MOMENT = re.compile(
    rf"{_DAY}(T{_HOUR}(:[0-5][0-9](\.[0-9]+)?)?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?|{_DAY} {_HOUR}"
)
_STRICT_MOMENT = re.compile(rf"{_DAY}T{_HOUR}:[0-5][0-9]")
# The service reads the attributes of the drafts too; old kits still write them.
_XSI_SPACES = (
    XSI,
    "http://www.w3.org/2000/10/XMLSchema-instance",
    "http://www.w3.org/1999/XMLSchema-instance",
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_ZEROS = {"int": 0, "decimal": Decimal(0), "boolean": False, "dateTime": NULL_DATE}


def read_arguments(envelope: Envelope, *, strict: bool = False) -> dict[str, object]:
    """The operation's inputs, UserName and Password first, records as dictionaries by element name.

    Raises SoapFault where an element cannot be read.
    """
    fields = CREDENTIALS + envelope.operation.inputs
    return _Reading(envelope.body, strict).fields(envelope.element, fields)


@dataclass(frozen=True)
class _Reading:
    body: bytes
    strict: bool

    def fields(self, parent: etree._Element, fields: Sequence[Field]) -> dict[str, object]:
        place = {field.name: number for number, field in enumerate(fields)}
        found: dict[str, object] = {}
        last = -1
        for child in parent:
            name = etree.QName(child)
            number = place.get(name.localname) if name.namespace == NAMESPACE else None
            if self.strict:
                self._check_place(child, number, last)
            if number is not None:
                # The first of a repeated element counts, the others are as unknown ones.
                if name.localname not in found:
                    found[name.localname] = self._value(child, fields[number])
                last = number
        return {field.name: found.get(field.name, _nothing(field)) for field in fields}

    def _check_place(self, child: etree._Element, number: int | None, last: int) -> None:
        if number is None:
            raise self._fault(child, f"{_name(child)} was not expected.")
        if number <= last:
            raise self._fault(child, f"{_name(child)} is out of order or repeated.")

    def _value(self, child: etree._Element, field: Field) -> object:
        if (_attribute(child, "nil") or _attribute(child, "null")).strip() in ("true", "1"):
            return _nothing(field)
        if field.is_array:
            return self._items(child, ARRAYS[field.type])
        if not field.is_scalar:
            return self.fields(child, RECORDS[field.type].fields)
        try:
            return _SCALARS[field.type](child.text or "", self.strict)
        except ValueError as error:
            raise self._fault(child, str(error)) from None

    def _items(self, parent: etree._Element, array: Array) -> list[object]:
        items: list[object] = []
        for child in parent:
            if etree.QName(child) == etree.QName(NAMESPACE, array.item):
                if array.any_type:
                    self._check_type(child, array.record)
                items.append(self.fields(child, RECORDS[array.record].fields))
            elif self.strict:
                raise self._fault(child, f"{_name(child)} was not expected.")
        return items

    def _check_type(self, child: etree._Element, record: str) -> None:
        """`xsi:type` is a QName: the namespace its prefix stands for counts, not how it is written."""
        written = _attribute(child, "type").strip()
        prefix, _, name = written.rpartition(":")
        space = child.nsmap.get(prefix or None)
        if (space, name) == (NAMESPACE, record):
            return
        if not written:
            wrong = f"Unable to cast object of type 'System.Xml.XmlNode[]' to type 'KashFlow.{record}'."
            raise SoapFault(f"Server was unable to process request. ---> {wrong}", "Server")
        if space in (NAMESPACE, XSD) and (name in RECORDS or space == XSD):
            raise SoapFault(f"Server was unable to process request. ---> {name} is not {record}.", "Server")
        unknown = f"name='{name}', namespace='{space or ''}', at <anyType xmlns='{NAMESPACE}'>"
        raise self._fault(child, f"The specified type was not recognized: {unknown}.")

    def _fault(self, child: etree._Element, text: str) -> SoapFault:
        line = int(child.sourceline or 1)  # type: ignore[call-overload]
        whole = b"".join(self.body.split(b"\n")[line - 1 : line])
        sought = (child.text or "").strip() or etree.QName(child).localname
        column = whole.find(sought.encode()) + 1
        return SoapFault(
            f"{UNREADABLE} There is an error in XML document ({line}, {max(column, 1)}). ---> {text}"
        )


def _nothing(field: Field) -> object:
    return None if field.nillable else _ZEROS.get(field.type)


def _name(child: etree._Element) -> str:
    name = etree.QName(child)
    return f"<{name.localname} xmlns='{name.namespace or ''}'>"


def _attribute(child: etree._Element, name: str) -> str:
    return next((found for space in _XSI_SPACES if (found := child.get(f"{{{space}}}{name}"))), "")


def _int(text: str, strict: bool) -> int:
    if not _INT.fullmatch(text.strip()):
        raise ValueError("Input string was not in a correct format.")
    if not -(2**31) <= int(text) < 2**31:
        raise ValueError("Value was either too large or too small for an Int32.")
    return int(text)


def _decimal(text: str, strict: bool) -> Decimal:
    if not _DECIMAL.fullmatch(text.strip()):
        raise ValueError("Input string was not in a correct format.")
    if abs(Decimal(text)) >= 2**96:
        raise ValueError("Value was either too large or too small for a Decimal.")
    return Decimal(text.strip())


def _boolean(text: str, strict: bool) -> bool:
    if text.strip() not in _BOOLEANS:
        raise ValueError(f"The string '{text}' is not a valid Boolean value.")
    return _BOOLEANS[text.strip()]


def _moment(text: str, strict: bool) -> str:
    shape = _STRICT_MOMENT if strict else _MOMENT
    if not shape.fullmatch(text.strip()) or not _is_a_day(text.strip()[:10]):
        raise ValueError(f"The string '{text}' is not a valid AllXsd value.")
    return midnight(text.strip())


def _is_a_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _string(text: str, strict: bool) -> str:
    return text


# KashFlow's xs:integer elements are strings to the service.
_SCALARS: dict[str, Callable[[str, bool], object]] = {
    "int": _int,
    "decimal": _decimal,
    "boolean": _boolean,
    "dateTime": _moment,
    "string": _string,
    "integer": _string,
}

"""Reads replies by name, as a stream: any order, any prefix, unknown elements ignored, the doubtful refused.

Refused, as `Unreadable`: a DTD (so no entity is ever declared), over 100 levels, truncated or malformed XML,
HTML, another namespace, another operation's reply, a doubled element, text between elements, a list of
nothing but unknown elements, a record over 1 MB, a list over 500 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lxml import etree

from kashflow.gateway import values
from kashflow.gateway.envelope import SOAP, XSI
from kashflow.gateway.schema import ARRAYS, NAMESPACE, RECORDS, STATUS, Array, Field, Operation
from kashflow.gateway.values import Unreadable

MEGABYTE = 1024 * 1024
RECORD_LIMIT = MEGABYTE
LIST_LIMIT = 500 * MEGABYTE
LEVELS = 100

# Nothing but the declaration may stand before the root: no DOCTYPE, no comment, no byte order mark.
_OPENING = re.compile(rb"\s{0,100}(?:<\?xml\s[^<>]{0,200}\?>\s{0,100})?<[A-Za-z_]")
_OPENING_LIMIT = 600

_ENVELOPE = f"{{{SOAP}}}Envelope"
_BODY = f"{{{SOAP}}}Body"
_FAULT = f"{{{SOAP}}}Fault"
_NIL = f"{{{XSI}}}nil"
_TYPE = f"{{{XSI}}}type"
_SPACE = f"{{{NAMESPACE}}}"


Tags = dict[str, Field]


@dataclass(frozen=True)
class Fault:
    """A SOAP 1.1 fault."""

    code: str
    text: str


@dataclass(frozen=True)
class Reply:
    """The end of a reply. `result` is None where the element is absent, nil or (for a record) empty."""

    status: str
    detail: str
    result: Any
    has_result: bool


class ReplyReader:
    """Feed it the body as it comes: a list's records come back once they are whole, `close` gives the end.

    Only `close` knows that the reply was complete and what its status is; until then records are provisional.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            recover=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._opening: bytes | None = b""
        self._total = self._unfreed = self._level = 0
        self._answer: etree._Element | None = None
        self._body_seen = False
        self._item_tag = self._item_record = ""
        if operation.result is not None and operation.result.is_array:
            array = ARRAYS[operation.result.type]
            self._item_tag, self._item_record = _SPACE + array.item, array.record

    def feed(self, data: bytes) -> list[values.Values]:
        """The list records that these bytes complete. Raises Unreadable."""
        self._total += len(data)
        self._unfreed += len(data)
        if self._opening is not None:
            data = self._hold_opening(data)
        try:
            self._parser.feed(data)
            return list(self._records())
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"not well-formed XML: {error.msg}") from None
        finally:
            self._check_size()

    def close(self) -> Fault | Reply:
        """What the whole reply says. Raises Unreadable for one that is cut short or lacks its parts."""
        if self._opening is not None:
            raise Unreadable("the reply is empty" if not self._opening.strip() else "the reply is not XML")
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"the reply is cut short: {error.msg}") from None
        if self._answer is None:
            raise Unreadable("the SOAP body is missing or empty")
        return _fault(self._answer) if self._answer.tag == _FAULT else self._reply(self._answer)

    def _hold_opening(self, data: bytes) -> bytes:
        """Keeps bytes back until the root element begins: the parser must see nothing before it."""
        held = (self._opening or b"") + data
        if _OPENING.match(held):
            self._opening = None
            return held
        if len(held) > _OPENING_LIMIT or b"<!" in held:
            raise Unreadable("the reply is not plain XML (HTML, a document type, or another encoding)")
        self._opening = held
        return b""

    def _check_size(self) -> None:
        if self._total > LIST_LIMIT:
            raise Unreadable("the reply is over 500 MB")
        if self._unfreed > RECORD_LIMIT:
            raise Unreadable("a single record is over 1 MB")

    def _records(self) -> Iterator[values.Values]:
        events = cast("Iterator[tuple[str, etree._Element]]", self._parser.read_events())
        for event, element in events:
            if event == "start":
                self._level += 1
                self._opened(element)
                continue
            if self._level == 5 and element.tag == self._item_tag and self._in_result(element):
                yield from self._item(element)
            self._level -= 1

    def _opened(self, element: etree._Element) -> None:
        if self._level > LEVELS:
            raise Unreadable(f"the reply has over {LEVELS} levels")
        if self._level == 1 and element.tag != _ENVELOPE:
            raise Unreadable(f"the reply is not a SOAP 1.1 envelope but {element.tag}")
        if self._level == 2 and element.tag == _BODY:
            if self._body_seen:
                raise Unreadable("the reply has two bodies")
            self._body_seen = True
        if self._level == 3 and _parent(element).tag == _BODY:
            self._answered(element)

    def _answered(self, element: etree._Element) -> None:
        if self._answer is not None:
            raise Unreadable("the SOAP body holds two answers")
        if element.tag not in (_FAULT, _SPACE + self._operation.response):
            raise Unreadable(f"this is not the reply to {self._operation.name} but {element.tag}")
        self._answer = element

    def _in_result(self, element: etree._Element) -> bool:
        result = _parent(element)
        return (
            self._operation.result is not None
            and result.tag == _SPACE + self._operation.result.name
            and _parent(result) is self._answer
        )

    def _item(self, element: etree._Element) -> Iterator[values.Values]:
        """One record of a list; it and what came before it are freed."""
        if not _is_nil(element):
            yield read_record(element, self._item_record)
        element.clear()
        parent = _parent(element)
        while parent[0] is not element:
            del parent[0]
        self._unfreed = 0

    def _reply(self, answer: etree._Element) -> Reply:
        result_field = self._operation.result
        known = _tags(STATUS + ((result_field,) if result_field else ()))
        found = {name: element for name, (_, element) in _by_name(answer, known).items()}
        status, detail = (_text_of(found.get(field.name)) for field in STATUS)
        element = found.get(result_field.name) if result_field else None
        if result_field is None or element is None or _is_nil(element):
            return Reply(status, detail, None, has_result=False)
        if status != "OK":
            return Reply(status, detail, None, has_result=True)
        return Reply(status, detail, _result(element, result_field), has_result=True)


def read_record(element: etree._Element, record: str) -> values.Values:
    """The values of one record's known elements. Raises Unreadable for a doubled or unreadable one."""
    read: values.Values = {}
    for field, child in _by_name(element, _record_tags(record)).values():
        if _is_nil(child):
            continue
        if not field.is_scalar:
            read[field.name] = _nested(child, field)
        elif child.text or field.type == "string":
            read[field.name] = _scalar(child, field)
    return read


def _result(element: etree._Element, field: Field) -> Any:
    if field.is_array:
        _check_list(element, ARRAYS[field.type])
        return None
    if field.is_scalar:
        return _scalar(element, field)
    if not len(element) and (element.text or "").strip():
        raise Unreadable(f"{field.name} holds text, not a {field.type}")
    return read_record(element, field.type) if len(element) else None


def _nested(element: etree._Element, field: Field) -> Any:
    if not field.is_array:
        return read_record(element, field.type)
    array = ARRAYS[field.type]
    _check_list(element, array)
    items = [child for child in element if child.tag == _SPACE + array.item and not _is_nil(child)]
    for item in items:
        _check_type(item, array.record)
    return [read_record(item, array.record) for item in items]


def _check_list(element: etree._Element, array: Array) -> None:
    """A list of which no element is known would read as an empty one. Items that were read may be gone."""
    _check_blank(element, element.text)
    if len(element) and element.find(_SPACE + array.item) is None:
        raise Unreadable(f"{element.tag} holds no {array.item} but {element[0].tag}")


def _check_type(item: etree._Element, record: str) -> None:
    """An item that says it is of another type is not read as ours; a prefix counts by what it stands for."""
    said = item.get(_TYPE)
    if said is None:
        return
    prefix, _, name = said.strip().rpartition(":")
    if name != record or item.nsmap.get(prefix or None) != NAMESPACE:
        raise Unreadable(f"a list item is a {said[:60]}, not a {record}")


def _scalar(element: etree._Element, field: Field) -> Any:
    if len(element):
        raise Unreadable(f"{field.name} holds elements")
    return values.parse(field.name, field.type, element.text or "")


@cache
def _record_tags(record: str) -> Tags:
    return _tags(RECORDS[record].fields)


def _tags(fields: tuple[Field, ...]) -> Tags:
    return {_SPACE + field.name: field for field in fields}


def _by_name(parent: etree._Element, known: Tags) -> dict[str, tuple[Field, etree._Element]]:
    """The known children, each of which may stand there once; what is not known is passed over.

    Text beside them is refused: it may be the rest of a value that was torn from its element.
    """
    found: dict[str, tuple[Field, etree._Element]] = {}
    _check_blank(parent, parent.text if len(parent) else None)
    for child in parent:
        if child.tail:
            _check_blank(parent, child.tail)
        field = known.get(child.tag)
        if field is None:
            continue
        if field.name in found:
            raise Unreadable(f"{field.name} appears twice")
        found[field.name] = field, child
    return found


def _check_blank(parent: etree._Element, text: str | None) -> None:
    if text and not text.isspace():
        raise Unreadable(f"{parent.tag} holds text between its elements")


def _fault(element: etree._Element) -> Fault:
    return Fault(_text_of(element.find("faultcode")), _text_of(element.find("faultstring")))


def _text_of(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _is_nil(element: etree._Element) -> bool:
    return element.get(_NIL, "").strip() in ("true", "1")


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    if parent is None:
        raise Unreadable("an element has no parent")
    return parent

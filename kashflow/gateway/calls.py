"""How a call goes: build, send, read, judge, note. Whatever cannot be trusted comes out as `Unknown`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kashflow.gateway import answers, envelope
from kashflow.gateway.errors import GatewayError, NoRecord, Unknown
from kashflow.gateway.exchange import Note, Observer, mask, report
from kashflow.gateway.reader import Fault, Reply, ReplyReader
from kashflow.gateway.records import Invoice, Record
from kashflow.gateway.schema import OPERATIONS
from kashflow.gateway.transport import Answer, Transport
from kashflow.gateway.values import Unreadable, Values

R = TypeVar("R", bound=Record)
V = TypeVar("V")


class Calls:
    """The ways to call an operation, by what it answers with."""

    def __init__(self, transport: Transport, username: str, password: str, observe: Observer | None) -> None:
        self.transport = transport
        self._username = username
        self._password = password
        self._observe = observe

    def record(self, name: str, kind: type[R], arguments: Values, is_ours: Callable[[R], bool]) -> R:
        """One record. Where `is_ours` says no, the reply answers another question: Unknown."""
        with self._noted(name) as note:
            return _made(kind, self._read(note, arguments).result, is_ours)

    def invoice(self, name: str, arguments: Values, is_ours: Callable[[Invoice], bool]) -> Invoice:
        """One invoice. Raises NotFound, and NoRecord for the empty reply in the shapes that are known."""
        with self._noted(name) as note:
            reply = self._read(note, arguments)
            if _says_absent(reply):
                raise NoRecord(name, "KashFlow answered with no invoice")
            return _made(Invoice, reply.result, is_ours)

    def list(
        self, name: str, kind: type[R], arguments: Values, is_ours: Callable[[R], bool] = lambda record: True
    ) -> Iterator[R]:
        """A list's records as they arrive; only a list read to its end without an error is to be believed."""
        limit = self.transport.limits.read
        with self._noted(name) as note, self._send(note, arguments, limit) as answer:
            reader = ReplyReader(OPERATIONS[name])
            for chunk in _kept(answer, note):
                for values in reader.feed(chunk):
                    record = _made(kind, values, is_ours)
                    with answer.paused():
                        yield record
            if not _judged(note, reader.close()).has_result:
                raise Unreadable("KashFlow said OK but the list is missing")

    def create(self, name: str, arguments: Values, send_by: float | None = None) -> int:
        """The number or id of what was created."""
        with self._noted(name) as note:
            reply = self._talk(note, arguments, self.transport.limits.create, send_by)
            if not isinstance(reply.result, int) or reply.result <= 0:
                raise Unreadable(f"KashFlow said OK but gave the number {reply.result}")
            return reply.result

    def change(self, name: str, arguments: Values, send_by: float | None = None) -> Any:
        """A write that is done once its status says OK; returns its result, where it has one."""
        with self._noted(name) as note:
            return self._talk(note, arguments, self.transport.limits.create, send_by).result

    def value(self, name: str, kind: type[V], arguments: Values) -> V:
        """One number, amount, flag or text that was asked for."""
        with self._noted(name) as note:
            found = self._read(note, arguments).result
            if type(found) is not kind:
                raise Unreadable(f"KashFlow said OK but the answer is {found!r}")
            return found

    def text(self, name: str, arguments: Values) -> str:
        """One text that was asked for; KashFlow leaves out what is empty."""
        with self._noted(name) as note:
            return str(self._read(note, arguments).result or "")

    def _read(self, note: Note, arguments: Values) -> Reply:
        return self._talk(note, arguments, self.transport.limits.read)

    def _talk(self, note: Note, arguments: Values, seconds: float, send_by: float | None = None) -> Reply:
        with self._send(note, arguments, seconds, send_by) as answer:
            reader = ReplyReader(OPERATIONS[note.operation])
            for chunk in _kept(answer, note):
                reader.feed(chunk)
            return _judged(note, reader.close())

    def _send(self, note: Note, arguments: Values, seconds: float, send_by: float | None = None) -> Answer:
        message = envelope.build(OPERATIONS[note.operation], self._username, self._password, arguments)
        body = message.to_bytes()
        note.request_xml = message.masked() if self._observe else ""
        answer = self.transport.post(
            body, message.headers, operation=note.operation, seconds=seconds, send_by=send_by
        )
        note.http_status = answer.status
        if error := answers.status_error(note.operation, answer.status, answer.headers):
            answer.close()
            raise error
        return answer

    @contextmanager
    def _noted(self, name: str) -> Iterator[Note]:
        """Turns what cannot be read into Unknown, and tells the observer how the call ended."""
        note = Note(name, self._password)
        outcome, detail = "abandoned", ""
        try:
            yield note
            outcome = "ok"
        except (GatewayError, Unreadable) as caught:
            error = _as_unknown(note, caught) if isinstance(caught, Unreadable) else caught
            error.detail = mask(error.detail, self._password)
            error.args = (error.operation, error.detail)
            outcome, detail = error.code, error.detail
            raise error from caught.__cause__
        finally:
            report(self._observe, note.finish(outcome, detail))


def _as_unknown(note: Note, fault: Unreadable) -> Unknown:
    return Unknown(note.operation, f"HTTP {note.http_status}: {fault}")


def _kept(answer: Answer, note: Note) -> Iterator[bytes]:
    for chunk in answer.chunks():
        note.keep(chunk)
        yield chunk


def _judged(note: Note, end: Fault | Reply) -> Reply:
    """The reply, if it says OK; else raises what it says instead."""
    if isinstance(end, Fault):
        raise answers.fault_error(note.operation, end.code, end.text)
    if note.http_status != 200:
        raise Unreadable("the status is not that of a reply")
    if end.status == "NO":
        raise answers.refusal(note.operation, end.detail)
    if end.status != "OK":
        raise Unreadable(f"the Status is {end.status[:40]!r}")
    if end.detail:
        # The detail is the text of an error, and empty on success: whoever says both is not to be believed.
        raise Unreadable(f"KashFlow said OK, and also: {end.detail[:200]}")
    return end


def _made(kind: type[R], values: Values | None, is_ours: Callable[[R], bool]) -> R:
    if values is None:
        raise Unreadable("KashFlow said OK but the record is missing")
    record = kind.from_values(values)
    if not is_ours(record):
        raise Unreadable("this is the reply to another question")
    return record


def _says_absent(reply: Reply) -> bool:
    """The two empty shapes reported beside `NO` with a text: no result, or one whose number and id are 0."""
    if reply.result is None:
        return True
    return reply.result.get("InvoiceNumber") == 0 and not reply.result.get("InvoiceDBID")

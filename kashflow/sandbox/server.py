"""The sandbox's HTTP server: SOAP at `/api/service.asmx`, controls under `/sandbox/`, pages elsewhere."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kashflow.sandbox import connection, controls, pages, soap
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.fault_acts import Sending, bend_of, sending
from kashflow.sandbox.faults import Fault, Faults
from kashflow.sandbox.gates import Gates
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.listener import Listener
from kashflow.sandbox.service import Answer, Call, answer_call, faulted, read_call
from kashflow.sandbox.tls import TlsDoor
from kashflow.sandbox.wsdl import wsdl

SERVICE = "/api/service.asmx"
LARGEST_REQUEST = 20_000_000


class Sandbox(Listener):
    """A running sandbox on the ledger file at `path`; port 0 takes a free one, `url` says which."""

    def __init__(self, path: Path | str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.ledger, self.faults, self.gates = Ledger(path), Faults(), Gates()
        self.stopping = threading.Event()
        self._doors: list[TlsDoor] = []
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def endpoint(self) -> str:
        """The SOAP address."""
        return self.url + SERVICE

    def stop(self) -> None:
        """Stops listening and hangs up on everyone, the calls that wait too."""
        self.stopping.set()
        self.cancel_faults()
        super().stop()
        self.gates.abandon()
        self.ledger.close()

    def reset(self, to: str) -> None:
        """The ledger and its settings back to a known state; no fault, no gate."""
        self.cancel_faults()
        self.gates.abandon()
        self.ledger.reset(to)

    def order_fault(self, wanted: Mapping[str, object]) -> Fault:
        """Takes an order; that of bad TLS opens a port, whose address its parameters then have."""
        fault = self.faults.order(wanted)
        if fault.kind == "tls":
            door = TlsDoor(self, fault.text("shape"), Handler)
            fault.parameters |= {"address": door.url + SERVICE, "authority": door.authority}
            door.start()
            self._doors.append(door)
        return fault

    def cancel_faults(self) -> None:
        """No more faults, and no port but the sandbox's own."""
        self.faults.cancel()
        while self._doors:
            self._doors.pop().stop()


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Sandbox

    def parse_request(self) -> bool:
        """Also turns away a body whose length makes no sense or is too much: what follows could not be read."""
        if not super().parse_request():
            return False
        length = self.headers.get("Content-Length") or "0"
        is_number = length.isascii() and length.isdigit()
        if is_number and int(length) <= LARGEST_REQUEST:
            return True
        self.close_connection = True
        self.send_error(413 if is_number else 400)
        return False

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self._is_service(address.path):
            described = address.query.casefold() == "wsdl"
            self._send(Sending(self._wsdl() if described else pages.service_help()))
        else:
            self._other("GET", b"")

    def do_POST(self) -> None:
        if self._is_service(urlsplit(self.path).path):
            self._call()
        else:
            self._other("POST", self._body())

    def do_DELETE(self) -> None:
        self._other("DELETE", self._body())

    def log_message(self, format: str, *args: object) -> None:
        """The call log is in the ledger."""

    def _is_service(self, path: str) -> bool:
        # The service is one of IIS, to which letters in an address are large or small alike.
        return path.casefold() == SERVICE

    def _wsdl(self) -> Answer:
        host = self.headers.get("Host") or urlsplit(self.server.url).netloc
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return Answer(200, wsdl(f"{scheme}://{host}{SERVICE}"), soap.CONTENT_TYPES[soap.SOAP_11], "OK")

    def _other(self, method: str, body: bytes) -> None:
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        answers = controls if address.path.startswith("/sandbox/") else pages
        self._send(Sending(answers.answer(self.server, method, address.path, query, body, self.headers)))

    def _call(self) -> None:
        started = time.perf_counter()
        # A reset in mid request has to know the fault before the body is in.
        fault = self.server.faults.take(named) if (named := soap.named_operation(self.headers)) else None
        if fault and fault.kind == "reset_in_request":
            return self._reset_in_request(fault, named)
        body = self._body()
        try:
            call = read_call(self.server.ledger, body, self.headers, self.client_address[0])
        except SoapFault as error:
            self._note(named, {}, fault, faulted(error, soap.version_of(body)), started)
            return self._send(Sending(faulted(error, soap.version_of(body))))
        self._answer(
            call, fault or (None if named else self.server.faults.take(call.operation.name)), started
        )

    def _answer(self, call: Call, fault: Fault | None, started: float) -> None:
        sandbox, name = self.server, call.operation.name
        noted = sandbox.ledger.call_received(
            operation=name, address=call.address, arguments=call.arguments, fault=fault.kind if fault else ""
        )
        self._pass(name, "received")
        self._linger(fault)
        answer = Answer(200, b"", soap.CONTENT_TYPES[call.version], "not carried out")
        if fault is None or fault.carried_out:
            answer = answer_call(sandbox.ledger, call, bend_of(fault))
            self._pass(name, "committed")
        what = sending(fault, sandbox.ledger, call, answer) if fault else Sending(answer)
        # Noted before it is sent: whoever has the reply in hand finds the call finished.
        detail = answer.detail or what.answer.detail
        milliseconds = (time.perf_counter() - started) * 1000
        sandbox.ledger.call_finished(noted, outcome=answer.outcome, detail=detail, milliseconds=milliseconds)
        self._send(what)

    def _pass(self, name: str, place: str) -> None:
        # A call held over a reset or the end must not reach the next ledger.
        if not self.server.gates.wait(name, place):
            connection.reset(self.connection)
            raise ConnectionAbortedError(f"{name} was abandoned at its gate")

    def _linger(self, fault: Fault | None) -> None:
        latency = self.server.ledger.settings().latency_ms / 1000
        late = fault.number("seconds") if fault and fault.kind == "commit_late" else 0.0
        if latency + late:
            self.server.stopping.wait(latency + late)
        if self.server.stopping.is_set():
            raise ConnectionAbortedError("The sandbox stops")

    def _reset_in_request(self, fault: Fault, name: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(
            length // 2 if fault.parameters["bytes"] is None else min(length, int(fault.number("bytes")))
        )
        answer = Answer(0, b"", "", "not carried out")
        self._note(name, {}, fault, answer, time.perf_counter())
        self._send(Sending(answer, dropped=True))

    def _note(
        self, name: str, arguments: dict[str, object], fault: Fault | None, answer: Answer, started: float
    ) -> None:
        ledger = self.server.ledger
        kind = fault.kind if fault else ""
        noted = ledger.call_received(
            operation=name, address=self.client_address[0], arguments=arguments, fault=kind
        )
        milliseconds = (time.perf_counter() - started) * 1000
        ledger.call_finished(noted, outcome=answer.outcome, detail=answer.detail, milliseconds=milliseconds)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").casefold() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        left = LARGEST_REQUEST
        while size := self._chunk_size():
            left -= size
            if left < 0:
                raise ConnectionAbortedError("The request is too large")
            yield self.rfile.read(size)
            self.rfile.readline(3)
        while self.rfile.readline(1_000).strip():
            pass

    def _chunk_size(self) -> int:
        line = self.rfile.readline(1_000).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
            raise ConnectionAbortedError("A chunk has no size")
        return int(line, 16)

    def _send(self, what: Sending) -> None:
        # Said, because a client that is not told keeps the connection and writes its next call into a closed one.
        if self.close_connection or self.request_version == "HTTP/1.0":
            persistence = {"Connection": "close" if self.close_connection else "keep-alive"}
            answer = replace(what.answer, headers={**what.answer.headers, **persistence})
            what = replace(what, answer=answer)
        if not connection.send(self.connection, what, self.server.stopping):
            self.close_connection = True

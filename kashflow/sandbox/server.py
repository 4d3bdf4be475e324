"""The sandbox's HTTP server: SOAP at `/api/service.asmx`, controls under `/sandbox/`, pages elsewhere."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kashflow.sandbox import connection, controls, pages, soap
from kashflow.sandbox.errors import SoapFault
from kashflow.sandbox.fault_acts import Sending, bend_of, sending
from kashflow.sandbox.faults import Fault, Faults
from kashflow.sandbox.gates import Gates
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.service import Answer, Call, answer_call, faulted, read_call
from kashflow.sandbox.wsdl import wsdl

SERVICE = "/api/service.asmx"
LARGEST_REQUEST = 20_000_000


class Sandbox(ThreadingHTTPServer):
    """A running sandbox on the ledger file at `path`; port 0 takes a free one, `url` says which."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, path: Path | str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.ledger, self.faults, self.gates = Ledger(path), Faults(), Gates()
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
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

    def start(self) -> None:
        """Serves in a thread of its own until `stop`."""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stops listening and hangs up on everyone, the calls that wait too."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for one in list(self._open):
            _hang_up(one)
        self.gates.abandon()
        self.ledger.close()

    def reset(self, to: str) -> None:
        """The ledger and its settings back to a known state; no fault, no gate."""
        self.faults.cancel()
        self.gates.abandon()
        self.ledger.reset(to)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if connection.will_reset(request):
            # The base class says goodbye first, which a reset does not.
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is nobody's error here: half of the faults make it do so.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Sandbox

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == SERVICE:
            described = address.query.casefold() == "wsdl"
            self._send(Sending(self._wsdl() if described else pages.service_help()))
        else:
            self._other("GET", b"")

    def do_POST(self) -> None:
        if urlsplit(self.path).path == SERVICE:
            self._call()
        else:
            self._other("POST", self._body())

    def do_DELETE(self) -> None:
        self._other("DELETE", self._body())

    def log_message(self, format: str, *args: Any) -> None:
        """The call log is in the ledger."""

    def _wsdl(self) -> Answer:
        host = self.headers.get("Host") or urlsplit(self.server.url).netloc
        return Answer(200, wsdl(f"http://{host}{SERVICE}"), soap.CONTENT_TYPES[soap.SOAP_11], "OK")

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
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_REQUEST))

    def _chunks(self) -> Any:
        while size := int(self.rfile.readline(20).split(b";")[0], 16):
            yield self.rfile.read(min(size, LARGEST_REQUEST))
            self.rfile.readline(3)
        while self.rfile.readline(1_000).strip():
            pass

    def _send(self, what: Sending) -> None:
        if not connection.send(self.connection, what, self.server.stopping):
            self.close_connection = True


def _hang_up(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)

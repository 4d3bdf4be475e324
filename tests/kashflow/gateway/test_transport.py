"""The transport against real sockets: totals, no second send, no redirect, nothing from the environment."""

from __future__ import annotations

import socket
import threading
from time import monotonic

import pytest

from kashflow.gateway import connection, transport
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotSent, SendDeadlineMissed, Unknown
from kashflow.gateway.transport import Limits, Transport
from tests.kashflow.gateway.conftest import soap
from tests.kashflow.gateway.servers import answer, listening, read_request
from tests.kashflow.gateway.test_reading import CUSTOMER, ok
from tests.kashflow.gateway.test_requests import CREATED, INVOICE

SHORT = Limits(connect=5, read=30, create=75).scaled(0.005)  # 25 ms, 150 ms, 375 ms
COMPANY = ok("GetCompanyDetails", "<CompanyName>Meadow Farm</CompanyName>")


def gateway_to(url: str, limits: Limits | None = None) -> Gateway:
    return Gateway(Transport(url, limits or Limits(connect=5, read=10, create=10)), "demo", "demo-password")


def serving(*bodies: str):
    """A script that answers the requests of one connection with these bodies, then waits for the next."""

    def script(listener, connection):
        while read_request(listener, connection):
            answer(connection, bodies[(len(listener.requests) - 1) % len(bodies)])

    return script


def test_the_connection_is_kept_open_between_calls():
    with listening(serving(COMPANY)) as server:
        gateway = gateway_to(server.url)
        for _ in range(5):
            assert gateway.get_company_details().name == "Meadow Farm"
    assert (server.connections, len(server.requests)) == (1, 5)


def test_connecting_beforehand_is_the_connection_that_is_used():
    with listening(serving(CREATED)) as server:
        gateway = gateway_to(server.url)
        gateway.connect()
        gateway.connect()
        assert gateway.insert_invoice(INVOICE, send_by=monotonic() + 2) == 1042
    assert (server.connections, len(server.requests)) == (1, 1)


def test_after_the_send_deadline_nothing_is_written():
    got: list[bytes] = []
    closed = threading.Event()

    def script(listener, connection):
        got.append(connection.recv(65536))
        closed.set()

    with listening(script) as server:
        gateway = gateway_to(server.url)
        gateway.connect()
        with pytest.raises(SendDeadlineMissed):
            gateway.insert_invoice(INVOICE, send_by=monotonic() - 0.001)
        gateway.close()
        assert closed.wait(5)
    assert got == [b""]


@pytest.mark.parametrize(
    "lead", ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"]
)
def test_a_drip_is_ended_by_the_total(lead):
    def script(listener, connection):
        read_request(listener, connection)
        connection.sendall(lead.encode())
        while not listener.stop.wait(0.01):
            connection.sendall(b"x")

    with listening(script) as server:
        began = monotonic()
        with pytest.raises(Unknown):
            gateway_to(server.url, SHORT).insert_invoice(INVOICE)
        assert SHORT.create <= monotonic() - began < SHORT.create + 1
    assert len(server.requests) == 1


def test_silence_is_ended_by_the_total_of_a_read():
    def script(listener, connection):
        read_request(listener, connection)
        listener.stop.wait(5)

    with listening(script) as server:
        began = monotonic()
        with pytest.raises(Unknown):
            gateway_to(server.url, SHORT).get_company_details()
        assert SHORT.read <= monotonic() - began < SHORT.read + 1


def test_a_server_that_takes_no_bytes_is_ended_by_the_total():
    def script(listener, connection):
        listener.stop.wait(5)

    big = INVOICE.__class__(
        invoice_date=INVOICE.invoice_date, customer_id=1, reference="x" * 20_000_000, lines=INVOICE.lines
    )
    with listening(script) as server:
        began = monotonic()
        with pytest.raises(Unknown):
            gateway_to(server.url, Limits(create=1)).insert_invoice(big)
        assert monotonic() - began < 3


def test_a_reader_of_a_list_may_take_its_time(monkeypatch):
    lost = 0.0

    def clock():
        return monotonic() + lost

    for module in (connection, transport):
        monkeypatch.setattr(module, "monotonic", clock)
    whole = ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 2000).encode()
    pause = threading.Event()

    def script(listener, there):
        read_request(listener, there)
        there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole[:200_000])
        pause.wait(30)
        there.sendall(whole[200_000:])

    with listening(script) as server:
        records = gateway_to(server.url, Limits()).get_customers()
        next(records)
        lost = 2 * Limits().read
        pause.set()
        assert len(list(records)) == 1999


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
def test_a_redirect_is_not_followed(status):
    with listening(serving(CREATED)) as elsewhere:

        def script(listener, connection):
            read_request(listener, connection)
            answer(connection, "", status, f"Location: {elsewhere.url}\r\n")

        with listening(script) as server, pytest.raises(Unknown):
            gateway_to(server.url).insert_invoice(INVOICE)
        assert elsewhere.connections == 0
    assert len(server.requests) == 1


def test_a_connection_dropped_while_idle_is_replaced_and_the_create_goes_once():
    dropped = threading.Event()

    def script(listener, connection):
        read_request(listener, connection)
        if len(listener.requests) == 1:
            answer(connection, COMPANY)
            connection.shutdown(socket.SHUT_RDWR)
            dropped.set()
        else:
            answer(connection, CREATED)

    with listening(script) as server:
        gateway = gateway_to(server.url)
        gateway.get_company_details()
        assert dropped.wait(5)
        assert gateway.insert_invoice(INVOICE) == 1042
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_dropped_under_a_create_is_unknown_and_not_sent_again(reset):
    def script(listener, connection):
        if read_request(listener, connection) and len(listener.requests) == 1:
            answer(connection, COMPANY)
            read_request(listener, connection)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            answer(connection, CREATED)

    with listening(script) as server:
        gateway = gateway_to(server.url)
        gateway.get_company_details()
        with pytest.raises(Unknown):
            gateway.insert_invoice(INVOICE)
    assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize("percent", range(0, 100, 10))
def test_a_reply_cut_on_the_wire_is_unknown(percent):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(CREATED)}\r\n\r\n"
    whole = (head + CREATED).encode()

    def script(listener, connection):
        read_request(listener, connection)
        connection.sendall(whole[: len(whole) * percent // 100])

    with listening(script) as server, pytest.raises(Unknown):
        gateway_to(server.url).insert_invoice(INVOICE)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 200 + "\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\nX: " + "y" * 70_000 + "\r\n\r\n",
    ],
)
def test_broken_http_is_unknown(head):
    def script(listener, connection):
        read_request(listener, connection)
        connection.sendall(head.encode())

    with listening(script) as server, pytest.raises(Unknown):
        gateway_to(server.url).insert_invoice(INVOICE)
    assert len(server.requests) == 1


def test_nothing_listens_is_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    gateway = gateway_to(f"http://127.0.0.1:{port}/")
    with pytest.raises(NotSent):
        gateway.connect()
    with pytest.raises(NotSent) as caught:
        gateway.insert_invoice(INVOICE)
    assert caught.value.operation == "InsertInvoice"


def test_a_full_backlog_is_not_sent_within_the_connect_limit():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(address)
        began = monotonic()
        with pytest.raises(NotSent):
            gateway_to(f"http://127.0.0.1:{address[1]}/", Limits(connect=0.2, create=5)).insert_invoice(
                INVOICE
            )
        assert monotonic() - began < 1.5
        for one in held:
            one.close()


def test_the_environment_is_ignored(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    with listening(serving(CREATED)) as proxy, listening(serving(CREATED)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("NETRC", str(netrc))
        assert gateway_to(server.url).insert_invoice(INVOICE) == 1042
        assert proxy.connections == 0
    assert b"uthorization" not in server.requests[0]


def test_cookies_are_not_kept():
    def script(listener, connection):
        while read_request(listener, connection):
            answer(connection, COMPANY, headers="Set-Cookie: a=b; Path=/\r\n")

    with listening(script) as server:
        gateway = gateway_to(server.url)
        gateway.get_company_details()
        gateway.get_company_details()
    assert b"cookie" not in server.requests[1].lower()


def test_another_call_while_a_list_is_read_has_its_own_time():
    whole = ok("GetCustomers", f"<Customer>{CUSTOMER}</Customer>" * 2000)

    def script(listener, connection):
        while request := read_request(listener, connection):
            answer(connection, whole if b"GetCustomers" in request else COMPANY)

    with listening(script) as server:
        gateway = gateway_to(server.url)
        records = gateway.get_customers()
        next(records)
        assert gateway.get_company_details().name == "Meadow Farm"
        assert len(list(records)) == 1999
    assert server.connections == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://kashflow.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://user:word@kashflow.example/",
        "https:///x",
        "",
    ],
)
def test_addresses_that_are_refused(url):
    with pytest.raises(ValueError, match="KashFlow address"):
        Transport(url)


@pytest.mark.parametrize(
    "url", ["https://kashflow.example/x", "http://localhost:1/", "http://127.9.9.9/", "http://[::1]/"]
)
def test_addresses_that_are_taken(url):
    assert Transport(url).url == url


def test_a_fault_body_with_500_is_read():
    def script(listener, connection):
        read_request(listener, connection)
        text = soap(
            "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>oh</faultstring></soap:Fault>"
        )
        answer(connection, text, "500 Internal Server Error")

    with listening(script) as server, pytest.raises(Unknown, match="SOAP fault soap:Server: oh"):
        gateway_to(server.url).insert_invoice(INVOICE)

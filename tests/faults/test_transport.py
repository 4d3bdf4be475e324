"""F-01 to F-14 without F-07 (`test_resets.py`) and F-12 (`test_customers.py`): a line that fails before, during or
after a call. What the wire alone shows is in `tests/kashflow/gateway/test_transport.py`; here it is what becomes of
the invoice. F-02 with an account behind bad TLS is in `test_tls.py`."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone

from invoicing.models import TransferAttempt
from kashflow import limits
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotSent
from kashflow.gateway.transport import Transport
from kashflow.limits import Times
from kashflow.models import ApiCall
from tests.faults.checks import assert_exactly_once, settle, struck
from tests.faults.house import wait_for
from tests.faults.lane import Lane
from tests.invoicing.paid import updated
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.test_carry import LEASE
from tests.kashflow.gateway.servers import listening, read_request
from tests.kashflow.gateway.test_requests import INVOICE
from tests.kashflow.gateway.test_transport_tls import certificate, tls_script

GIVE_UP = 0.6
CONNECT = 0.3


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A create is given up after 0.6 s and a read after 0.4 s; every other time is the product's own."""
    monkeypatch.setattr(limits, "times", lambda: replace(Times(), create=GIVE_UP, read=0.4))


def test_f01_refused_connection_waits_and_is_tried_again(desk: Desk) -> None:
    """F-01."""
    desk.press(desk.raise_invoices(3))
    desk.sandbox.stop()
    desk.work()
    assert desk.states() == ["ready"] * 3
    assert [one.outcome for one in ApiCall.objects.all()] == ["not_sent"]
    desk.sandbox.start_again()
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


def test_f01_name_that_does_not_resolve_waits(desk: Desk, settings: Any) -> None:
    """F-01, DNS."""
    desk.press(desk.raise_invoices(1))
    there, settings.KASHFLOW_URL = settings.KASHFLOW_URL, "https://kashflow.invalid/api/service.asmx"
    desk.work()
    assert desk.states() == ["ready"]
    settings.KASHFLOW_URL = there
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


def test_f02_server_that_cannot_prove_itself_gets_no_byte(desk: Desk, settings: Any, tmp_path: Path) -> None:
    """F-02, self-signed: transfer.md (What an answer means) has it as not sent, so it waits and is tried again."""
    desk.press(desk.raise_invoices(1))
    there = settings.KASHFLOW_URL
    with listening(tls_script(*certificate(tmp_path, "127.0.0.1"))) as server:
        settings.KASHFLOW_URL = server.url.replace("http:", "https:")
        desk.work()
        assert (desk.states(), server.requests) == (["ready"], [])
        assert server.connections == 1
    settings.KASHFLOW_URL = there
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


@pytest.mark.parametrize("what", ["expired", "not yet valid"])
def test_f02_certificate_out_of_its_days_gets_no_byte(tmp_path: Path, what: str) -> None:
    """F-02, expired."""
    days = (-3, -1) if what == "expired" else (1, 3)
    cert, key = certificate(tmp_path, "127.0.0.1", days=days)
    with listening(tls_script(cert, key)) as server:
        _refused_by_us(server.url, cert)
        assert server.requests == []


def test_f02_old_protocol_gets_no_byte(tmp_path: Path) -> None:
    """F-02, TLS 1.0 only."""
    cert, key = certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1

    def script(listener: Any, connection: Any) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            read_request(listener, secure)

    with listening(script) as server:
        _refused_by_us(server.url, cert)
        assert server.requests == []


def _refused_by_us(url: str, ca_file: str) -> None:
    transport = Transport(url.replace("http:", "https:"), ca_file=ca_file)
    with pytest.raises(NotSent):
        Gateway(transport, "demo", "demo-password").insert_invoice(INVOICE)


def test_f03_backlog_that_is_full_is_left_at_the_connect_limit(
    desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-03: nobody takes the connection; one asks for all, and nothing was sent."""
    desk.press(desk.raise_invoices(3))
    monkeypatch.setattr(limits, "times", lambda: replace(Times(), connect=CONNECT))
    there = settings.KASHFLOW_URL
    with full_backlog() as settings.KASHFLOW_URL:
        began = monotonic()
        desk.work()
        took = monotonic() - began
    assert CONNECT <= took < CONNECT + 1
    assert (desk.states(), desk.sandbox.log()) == (["ready"] * 3, [])
    assert [one.outcome for one in ApiCall.objects.all()] == ["not_sent"]
    settings.KASHFLOW_URL = there
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


@contextmanager
def full_backlog() -> Iterator[str]:
    """The address of a server whose queue of connections is full, so that it answers no further one."""
    with ExitStack() as held, socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/api/service.asmx"


@pytest.mark.parametrize(("kind", "creates"), [("hang_before", 3), ("hang_after", 2)])
def test_f04_server_that_never_answers_is_given_up(
    desk: Desk, impatient: None, kind: str, creates: int
) -> None:
    """F-04 (not carried out) and F-05 (carried out): given up at T and never sent a second time unless absent."""
    struck(desk, {"kind": kind})
    given_up = ApiCall.objects.get(operation="InsertInvoice", outcome="unknown")
    assert GIVE_UP * 1000 <= given_up.milliseconds < GIVE_UP * 1000 + 1000
    assert desk.states() == ["verified", "ambiguous"]
    assert len(desk.documents()) == (2 if kind == "hang_after" else 1)
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == creates


def test_f04_others_go_on_while_one_hangs(open_desk: Desk, lane: Callable[..., Lane]) -> None:
    """F-04: only one account can be current, so the others are this one's: what else it has to do goes on."""
    in_kashflow = open_desk.in_kashflow()[0]
    invoices = open_desk.raise_invoices(5)
    open_desk.press(invoices)
    open_desk.sandbox.fault("InsertInvoice", "hang_before")
    hanging = lane()
    wait_for(lambda: open_desk.states()[1] == "sending", 20)
    wait_for(lambda: open_desk.calls("InsertInvoice") == 2, 20)
    open_desk.work()
    open_desk.sandbox.pay(open_desk.dbid(in_kashflow), "266.82")
    assert updated(open_desk).summary == "1 paid"
    # All the while the first one was waited for.
    assert open_desk.states() == ["verified", "sending"] + ["verified"] * 4
    hanging.kill()
    open_desk.skip(LEASE)
    settle(open_desk)
    assert_exactly_once(open_desk)


@pytest.mark.parametrize("seconds", [GIVE_UP / 6, GIVE_UP * 2])
def test_f05_f06_create_carried_out_before_and_after_we_gave_up(
    desk: Desk, impatient: None, seconds: float
) -> None:
    """F-05 (committed just before T), F-06 (committed after T, before the settle wait is over)."""
    struck(desk, {"kind": "commit_late", "seconds": seconds})
    assert desk.states() == ["verified", "verified" if seconds < GIVE_UP else "ambiguous"]
    wait_for(lambda: len(desk.documents()) == 2, 10)
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 2


def test_f08_drip_is_ended_by_the_total(desk: Desk, impatient: None) -> None:
    """F-08."""
    began = monotonic()
    struck(desk, {"kind": "drip", "seconds": 0.2})
    assert monotonic() - began < GIVE_UP + 5
    assert desk.states() == ["verified", "ambiguous"]
    settle(desk)
    assert_exactly_once(desk)


def test_f09_every_server_error_carried_out_or_not(desk: Desk) -> None:
    """F-09."""
    every = [(status, done) for status in (500, 502, 503, 504) for done in (False, True)]
    struck(desk, *({"kind": "http", "status": status, "committed": done} for status, done in every))
    assert desk.states() == ["verified"] + ["ambiguous"] * 8
    settle(desk)
    assert_exactly_once(desk)
    assert desk.calls("InsertInvoice") == 1 + 4 * 2 + 4


def test_f10_redirect_is_not_followed(desk: Desk) -> None:
    """F-10."""
    with listening(read_request) as elsewhere:
        struck(desk, {"kind": "redirect", "location": elsewhere.url})
        assert elsewhere.connections == 0
    assert desk.states() == ["verified", "ambiguous"]
    settle(desk)
    assert_exactly_once(desk)


FAILED_READS = [
    {"kind": "drop_before"},
    {"kind": "http_503"},
    {"kind": "html_page"},
    {"kind": "crossed_reply"},
    {"kind": "status_no", "text": "The request could not be completed"},
    {"kind": "cut_reply", "percent": 70},
]


@pytest.mark.parametrize("fault", FAILED_READS, ids=lambda fault: str(fault["kind"]))
def test_f11_failed_read_while_reconciling_sends_nothing(desk: Desk, fault: dict[str, Any]) -> None:
    """F-11."""
    struck(desk, {"kind": "drop_before"})
    made = desk.calls("InsertInvoice")
    for operation in ("GetInvoice", "GetInvoicesForCustomer"):
        desk.sandbox.no_faults()
        desk.sandbox.fault(operation, times=50, **fault)
        settle(desk)
        assert desk.states() == ["verified", "ambiguous"]
        assert desk.calls("InsertInvoice") == made
    assert not TransferAttempt.objects.filter(outcome__in=["absent_once", "absent_proved"]).exists()
    desk.sandbox.no_faults()
    settle(desk)
    assert_exactly_once(desk)


RETRY_AFTER: list[tuple[Callable[[], str], int, int]] = [
    (lambda: "2", 0, 3),
    (lambda: f"{timezone.now() + dt.timedelta(seconds=90):%a, %d %b %Y %H:%M:%S GMT}", 80, 95),
    (lambda: "in a while", 20, 40),
    (lambda: "864000", 3590, 3605),
]


@pytest.mark.parametrize(("asked", "least", "most"), RETRY_AFTER, ids=["2", "date", "nonsense", "10 days"])
def test_f66_too_many_requests_waits_as_asked_and_one_asks_for_all(
    desk: Desk, asked: Callable[[], str], least: int, most: int
) -> None:
    """F-66."""
    invoices = desk.raise_invoices(6)
    desk.sandbox.fault("*", "rate_limited", times=2, retry_after=asked())
    desk.press(invoices)
    desk.work()
    assert (desk.states(), len(desk.sandbox.log())) == (["ready"] * 6, 1)
    not_before = desk.transfer(invoices[0]).not_before
    assert not_before is not None
    assert least <= (not_before - timezone.now()).total_seconds() <= most
    desk.sweep_and_work()
    assert len(desk.sandbox.log()) == 1
    for calls in (2, None):
        desk.skip(most + 1)
        desk.sweep_and_work()
        assert calls is None or len(desk.sandbox.log()) == calls
    desk.skip(300)
    desk.sweep_and_work()
    assert_exactly_once(desk)

"""F-02: a KashFlow that cannot prove itself gets no byte. What the wire alone shows of certificates is in
`tests/kashflow/gateway/test_transport.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kashflow import services
from kashflow.gateway.transport import Transport
from kashflow.models import ApiCall, Connection
from magmanager.common.models import Run
from tests.faults.checks import assert_exactly_once
from tests.invoicing.transfer.conftest import Desk

FLAWS = ["expired", "wrong_host", "self_signed", "old"]
Behind = Callable[[str], None]


@pytest.fixture
def behind(desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Behind:
    """`behind("expired")` puts the same KashFlow behind TLS of this shape.

    The authority that signed is trusted, so that nothing but the flaw is left to refuse; a self-signed certificate
    has none that vouches for it.
    """

    def put(shape: str) -> None:
        door = desk.sandbox.fault("*", "tls", shape=shape)
        authority = tmp_path / f"{shape}.pem"
        authority.write_text(door["authority"])
        settings.KASHFLOW_URL = door["address"]
        monkeypatch.setattr(services, "Transport", partial(Transport, ca_file=str(authority)))

    return put


@pytest.mark.parametrize("shape", FLAWS)
def test_f02_server_that_cannot_prove_itself_is_told_nothing(
    desk: Desk, behind: Behind, settings: Any, shape: str
) -> None:
    """F-02: not sent, so it waits and one asks for all; the login stays on, for nobody refused it."""
    invoices = desk.raise_invoices(3)
    run = desk.press(invoices)
    there = settings.KASHFLOW_URL
    behind(shape)
    desk.work()
    assert desk.states() == ["ready"] * 3
    assert [call.outcome for call in ApiCall.objects.all()] == ["tls_failed"]
    assert desk.sandbox.log() == []
    first = desk.transfer(invoices[0])
    assert (first.cause_code, first.tries, first.kashflow_number) == ("tls_failed", 1, None)
    assert "certificate" in first.last_cause
    assert not Connection.objects.exclude(refusal="").exists()
    run.refresh_from_db()
    assert run.state == Run.State.RUNNING
    settings.KASHFLOW_URL = there
    desk.skip(200)
    desk.sweep_and_work()
    assert_exactly_once(desk)


def test_f02_server_that_proves_itself_is_told_everything(desk: Desk, behind: Behind) -> None:
    """F-02, the same way in without a flaw: what is refused above is the flaw and nothing else."""
    desk.press(desk.raise_invoices(1))
    behind("good")
    desk.work()
    assert_exactly_once(desk)
    assert {call.outcome for call in ApiCall.objects.all()} <= {"ok", "not_found", "no_record"}

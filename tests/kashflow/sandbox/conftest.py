"""A sandbox in a thread of its own, on a free port, with the built-in demo ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kashflow.sandbox.server import Sandbox
from tests.kashflow.sandbox.client import Caller


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    running = Sandbox(tmp_path / "ledger.sqlite3")
    running.reset("demo")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def customer_id(sandbox: Sandbox) -> int:
    return int(str(sandbox.ledger.customer("Code", "HILL01")["CustomerID"]))

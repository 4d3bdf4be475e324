"""A publisher beside a live sandbox, and the oracle that judges both."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from kashflow.models import Connection
from tests.proof.oracle import Oracle
from tests.proof.publisher import Publisher
from tests.sandboxes import LiveSandbox

Make = Callable[[], tuple[Publisher, Oracle]]


@pytest.fixture
def make(connected: Connection, sandbox: LiveSandbox, caplog: pytest.LogCaptureFixture) -> Iterator[Make]:
    """Makes a publisher with fresh books, once or again and again; the seams of the one before are undone."""
    caplog.set_level(logging.INFO)
    patch = pytest.MonkeyPatch()

    def fresh() -> tuple[Publisher, Oracle]:
        patch.undo()
        login = Connection.objects.get(pk=connected.pk)
        publisher = Publisher(patch, login, sandbox)
        return publisher, Oracle(publisher, lambda: caplog.text)

    yield fresh
    patch.undo()

"""The times of the protocol and the start-up check that keeps them together."""

from __future__ import annotations

from typing import Any

import pytest

from kashflow import checks, limits
from kashflow.limits import Times


def test_times_are_those_of_the_protocol() -> None:
    now = limits.times()
    assert (now.connect, now.read, now.create, now.send_deadline) == (5, 30, 75, 2)
    assert (now.lease, now.settle, now.sweep) == (180, 600, 60)
    assert now.faults() == []


def test_all_of_them_shrink_alike(settings: Any) -> None:
    settings.TIME_SCALE = 0.01
    now = limits.times()
    assert (now.create, now.lease, now.settle) == (0.75, 1.8, 6)
    assert now.faults() == []
    assert limits.of_gateway().create == 0.75


@pytest.mark.parametrize(
    ("times", "word"),
    [(Times(lease=136), "lease"), (Times(create=119), "lease"), (Times(settle=329), "settle")],
)
def test_times_that_break_the_protocol_are_found(times: Times, word: str) -> None:
    assert [word in fault for fault in times.scaled(0.1).faults()] == [True]


@pytest.mark.parametrize(
    "url",
    [
        "http://securedwebapp.com/api/service.asmx",
        "ftp://127.0.0.1/",
        "http://10.0.0.1/",
        "https://u:p@host/",
    ],
)
def test_endpoint_that_is_not_safe_stops_the_start(url: str, settings: Any) -> None:
    settings.KASHFLOW_URL = url
    assert [error.id for error in checks.endpoint_is_safe()] == ["kashflow.E002"]

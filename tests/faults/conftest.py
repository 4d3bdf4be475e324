"""Installations of a test's own, and the accountant's desk with rows that other processes see."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kashflow.models import Connection
from tests.faults.crew import Crew
from tests.faults.house import UNFORGIVING, House
from tests.faults.lane import Lane
from tests.faults.redis import Redis
from tests.invoicing.transfer.conftest import Desk
from tests.sandboxes import LiveSandbox
from tests.servers import on_server


@pytest.fixture
def embedded(tmp_path: Path, sandbox: LiveSandbox) -> Iterator[House]:
    """SQLite and the broker in a folder."""
    house = House(tmp_path, sandbox, f"sqlite:///{tmp_path / 'house.sqlite3'}", "filesystem://")
    yield house
    house.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, to be killed."""
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server here")
    server = Redis(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def served(tmp_path: Path, sandbox: LiveSandbox, redis: Redis) -> Iterator[House]:
    """PostgreSQL, where it is named, and Redis."""
    if not (database := os.environ.get("TEST_DATABASE_URL")):
        pytest.skip("TEST_DATABASE_URL names no server")
    name = f"mm_house_{uuid.uuid4().hex[:8]}"
    on_server(database, f"CREATE DATABASE {name}")
    house = House(tmp_path, sandbox, urlsplit(database)._replace(path=f"/{name}").geturl(), redis.url)
    yield house
    house.stop()
    on_server(database, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def house(request: pytest.FixtureRequest) -> House:
    """`embedded` or `served`, as the test's parameter says."""
    found: House = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def desk(connected: Connection, sandbox: LiveSandbox) -> Desk:
    """The accountant, with a KashFlow that forgives nothing."""
    sandbox.settings(**UNFORGIVING)
    return Desk(connected, sandbox)


@pytest.fixture
def open_desk(committed: None, connected: Connection, sandbox: LiveSandbox) -> Desk:
    """The same with rows that other processes see."""
    sandbox.settings(**UNFORGIVING)
    return Desk(connected, sandbox)


@pytest.fixture
def lane(open_desk: Desk) -> Iterator[Callable[..., Lane]]:
    """`lane()` is a worker's lane in another process, or `work` where it is given; none outlives the test."""
    started: list[Lane] = []

    def start(work: Callable[[], object] = open_desk.work) -> Lane:
        started.append(Lane(work))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def crew(
    tmp_path: Path, lane: Callable[..., Lane], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Crew]]:
    """`crew()` hires real workers that take from a queue of the test's own."""
    hired: list[Crew] = []

    def hire(**how: float) -> Crew:
        hired.append(Crew(tmp_path, lane, monkeypatch, **how))
        return hired[-1]

    yield hire
    for one in hired:
        one.close()

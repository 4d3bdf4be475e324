"""One configuration from its first invoice to its last, in a process of its own; prints its row as JSON."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.house import House
from tests.faults.redis import Redis
from tests.sandboxes import LiveSandbox
from tests.servers import on_server
from tests.soak.killing import Killer
from tests.soak.plan import Configuration, weather

# A house that has not come to rest by then is reported as it is.
LONGEST = 7200
NICE = 2


def main(configuration: Configuration) -> None:
    """Builds the house, runs it and writes the row."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = LiveSandbox(folder)
        stack.callback(sandbox.stop)
        database, redis = _servers(configuration, folder, stack)
        broker = redis.url if redis else "filesystem://"
        house = House(folder, sandbox, database, broker, time_scale=configuration.time_scale)
        stack.callback(house.stop)
        os.environ.update(house.env)
        sys.stdout.write(json.dumps(_run(configuration, house, redis)))


def _servers(configuration: Configuration, folder: Path, stack: ExitStack) -> tuple[str, Redis | None]:
    """The database's address and the broker; None for the embedded one."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not configuration.is_served or not server:
        return f"sqlite:///{folder / 'house.sqlite3'}", None
    name = f"mm_soak_{os.getpid()}"
    on_server(server, f"CREATE DATABASE {name}")
    stack.callback(on_server, server, f"DROP DATABASE {name} WITH (FORCE)")
    redis = Redis(folder)
    stack.callback(redis.stop)
    return urlsplit(server)._replace(path=f"/{name}").geturl(), redis


def _run(configuration: Configuration, house: House, redis: Redis | None) -> dict[str, object]:
    import django

    django.setup()
    from django.db import OperationalError

    from tests.soak.people import People

    began, chance = time.monotonic(), random.Random(configuration.seed)
    people = People(configuration, house, chance)
    house.sandbox.settings(
        strict=True,
        numbering=configuration.numbering,
        duplicate_number=configuration.duplicate_number,
        latency_ms=5,
    )
    for fault in weather(configuration.seed, float(configuration.time_scale)):
        house.sandbox._call("POST", "faults", **fault)
    killer = Killer(house, redis, chance, workers=1 if configuration.is_serial else 2)
    is_fair = False
    while time.monotonic() - began < LONGEST and not (people.are_done() and is_fair):
        is_late = 0 < configuration.ends < time.time()
        if is_late:
            people.raise_no_more()
        # A stopped worker may hold the lock of the SQLite file: people and killers try again.
        with suppress(OperationalError):
            people.act()
        with suppress(sqlite3.OperationalError):
            killer.tend()
            if killer.kills < configuration.kills and not is_late:
                killer.act(pause=(3, 15) if configuration.is_serial else (1, 8))
            elif (is_late or people.have_sent_all()) and not is_fair:
                house.sandbox.no_faults()
                is_fair = True
        time.sleep(0.4)
    killer.stop()
    return people.row() | {"kills": killer.kills, "seconds": round(time.monotonic() - began)}


if __name__ == "__main__":
    os.nice(NICE)
    # Told to stop, it takes its processes along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(Configuration(**json.loads(sys.argv[1])))

"""The real product for a browser: `manage.py demo` as a child process, with data, ports and a broker of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import redis
import requests

from tests.ports import free_port
from tests.sandboxes import LiveSandbox
from tests.servers import on_server

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 100.0
STOPPED_WITHIN = 30.0
PASSWORD = "demo"
EMAIL = {role: f"{role.lower()}@demo.example" for role in ("Admin", "Sales", "Accounts", "Production")}
# What a shell or the suite may have set for another database, broker or service.
NOT_OURS = {"DATABASE_URL", "CELERY_BROKER_URL", "BROKER_DIR", "KASHFLOW_URL", "TIME_SCALE", "MODE"}


class ServedSandbox(LiveSandbox):
    """The controls of the sandbox that the demo started."""

    def __init__(self, url: str) -> None:
        self.url, self.endpoint = url, f"{url}/api/service.asmx"


class Product:
    """One demo: web server, worker, beat and sandbox; `is_empty` starts it as `make dev` does, without any data."""

    def __init__(self, folder: Path, *, is_empty: bool = False) -> None:
        self.folder, self.is_empty = folder, is_empty
        self.port, self.sandbox_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = ServedSandbox(f"http://127.0.0.1:{self.sandbox_port}")
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.env |= {"MODE": "dev" if is_empty else "demo", "VAR_DIR": str(folder)}
        self.log = folder / "demo.log"
        self._stage: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once the first page can be opened."""
        ports = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port)]
        ports += ["--dev"] if self.is_empty else []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *ports],
            cwd=ROOT, env=self.env, stdout=self.log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        ends = time.monotonic() + READY_WITHIN
        while not self.is_ready():
            assert self.process.poll() is None, f"The demo ended by itself.\n{self.said()}"
            assert time.monotonic() < ends, f"The demo was not ready in time.\n{self.said()}"
            time.sleep(0.1)

    def is_ready(self) -> bool:
        # On a busy machine the first answers are slow; the time limit is `start`'s.
        with suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/health/ready", timeout=5).ok
        return False

    def stage(self, *words: str) -> Any:
        """What `tests.browser.stage` does in this product's database; returns what it said."""
        if self._stage is None:
            command = [sys.executable, "-m", "tests.browser.stage"]
            env = self.env | {"DJANGO_SETTINGS_MODULE": "magmanager.settings"}
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self._stage = subprocess.Popen(command, cwd=ROOT, env=env, **pipes)
        to, back = self._stage.stdin, self._stage.stdout
        assert to and back
        to.write(f"{json.dumps(words)}\n")
        to.flush()
        said = back.readline()
        assert said, "It ended; what it wrote is above."
        return json.loads(said)

    def said(self) -> str:
        """The end of what its processes wrote."""
        return self.log.read_text(errors="replace")[-5000:]

    def stop(self) -> None:
        """Ctrl-C; everything it started must end with it."""
        if self._stage is not None:
            self._stage.communicate(timeout=STOPPED_WITHIN)
        ended_before = self.process.poll() is not None
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOPPED_WITHIN)
        finally:
            left = self.children()
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert not ended_before, f"The demo ended before it was stopped.\n{self.said()}"
        assert left == [], f"These outlived the demo: {left}\n{self.said()}"

    def children(self) -> list[int]:
        """Processes that carry this demo's folder in their environment (empty where there is no /proc)."""
        mark = f"VAR_DIR={self.folder}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes():
                    found.append(int(process.name))
        return found


class OwnServers:
    """A database on the suite's PostgreSQL and an empty database of its Redis, both gone afterwards."""

    def __init__(self, database_url: str, broker_url: str) -> None:
        self.server, self.name = database_url, f"mm_browser_{uuid4().hex[:8]}"
        self.broker_server = broker_url

    def make(self) -> dict[str, str]:
        """The environment that names them."""
        on_server(self.server, f"CREATE DATABASE {self.name}")
        self.broker = empty_redis(self.broker_server)
        database = urlsplit(self.server)._replace(path=f"/{self.name}").geturl()
        return {"DATABASE_URL": database, "CELERY_BROKER_URL": self.broker}

    def drop(self) -> None:
        on_server(self.server, f"DROP DATABASE {self.name} WITH (FORCE)")
        redis.Redis.from_url(self.broker).flushdb()


def empty_redis(server: str) -> str:
    """The address of a database in which nothing is: another worker's messages must not come here."""
    for n in range(15, 0, -1):
        url = urlsplit(server)._replace(path=f"/{n}").geturl()
        if redis.Redis.from_url(url).dbsize() == 0:
            return url
    raise AssertionError("Every database of this Redis has something in it.")

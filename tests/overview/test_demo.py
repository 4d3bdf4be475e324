"""`manage.py demo`, the real thing: it serves, logs people in, keeps its data, and leaves nothing running."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from tests.ports import free_port

PATIENCE = 90
OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "BROKER_DIR", "KASHFLOW_URL")


class Demo:
    """One started demo; `var` is the folder of its data, which names its processes too."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.web, self.sandbox = free_port(), free_port()
        self.log = var / "demo.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command(self.web, self.sandbox, var),
                cwd=settings.BASE_DIR,
                env=environment("demo"),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text: str) -> str:
        """The log, once `text` is in it."""
        until = time.monotonic() + PATIENCE
        while text not in (log := self.log.read_text()):
            assert self.process.poll() is None, log
            assert time.monotonic() < until, log
            time.sleep(0.1)
        return log

    def end(self, number: signal.Signals) -> int:
        """Sends the signal and waits for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left(self) -> list[str]:
        """Command lines of processes of this demo that are still there."""
        return [
            line
            for line in command_lines()
            if str(self.var) in line or f":{self.web}" in line or f"={self.sandbox}" in line
        ]

    def is_gone(self) -> bool:
        """Whether nothing is left, after waiting for it."""
        until = time.monotonic() + PATIENCE / 3
        while self.left() and time.monotonic() < until:
            time.sleep(0.1)
        return not self.left() and is_free(self.web) and is_free(self.sandbox)


def command(web: int, sandbox: int, var: Path) -> list[str]:
    return [sys.executable, "manage.py", "demo", f"--port={web}", f"--sandbox-port={sandbox}", f"--var={var}"]


def environment(mode: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OURS} | {"MODE": mode}


def command_lines() -> Iterator[str]:
    """Every process's command line; one that has ended but was not waited for has none."""
    if not Path("/proc/self/cmdline").exists():
        listed = subprocess.run(
            ["ps", "-e", "-ww", "-o", "args="], capture_output=True, text=True, check=True
        )
        yield from listed.stdout.splitlines()
        return
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield process.read_text(errors="replace").replace("\0", " ")


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


class Person:
    """Somebody with a browser that keeps cookies."""

    def __init__(self, address: str) -> None:
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def get(self, path: str) -> tuple[str, str]:
        """The address a page was found at, and the page."""
        with self.opener.open(self.address + path, timeout=30) as reply:
            return reply.geturl(), reply.read().decode()

    def log_in(self, email: str, password: str) -> str:
        """The address that logging in leads to."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/login/")[1])
        assert token
        fields = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
        with self.opener.open(
            self.address + "/login/", urllib.parse.urlencode(fields).encode(), timeout=30
        ) as reply:
            return reply.geturl()


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[list[Demo]]:
    """Demos started in a test; none outlives it."""
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
        assert demo.is_gone(), demo.left()


@pytest.mark.timeout(240)
def test_it_starts_serves_stops_and_starts_again_with_its_data_and_leaves_no_process(
    demos: list[Demo], tmp_path: Path
) -> None:
    demos.append(demo := Demo(tmp_path))
    log = demo.wait_for("Ctrl-C stops everything")
    assert "accounts@demo.example" in log and f"http://localhost:{demo.sandbox}/" in log

    person = Person(f"http://127.0.0.1:{demo.web}")
    assert person.get("/clients/")[0].startswith(f"{person.address}/login/")
    assert "/login/" in person.log_in("accounts@demo.example", "wrong")
    assert person.log_in("accounts@demo.example", "demo") == f"{person.address}/"
    _, page = person.get("/clients/")
    assert "Blue Gate Media" in page

    ledger = Person(f"http://127.0.0.1:{demo.sandbox}")
    before = json.loads(ledger.get("/sandbox/state")[1])
    assert before["company"]["CompanyName"] == "Marches & Wye Media Ltd"
    assert len(before["invoices"]) > 200

    demo.wait_for("worker")
    assert demo.end(signal.SIGINT) == 0
    assert demo.is_gone(), demo.left()

    demos.append(again := Demo(tmp_path))
    log = again.wait_for("Ctrl-C stops everything")
    assert "bookings" not in log
    assert json.loads(Person(f"http://127.0.0.1:{again.sandbox}").get("/sandbox/state")[1]) == before
    # When one process dies, all stop.
    pid = re.search(r"sandbox started \(pid=(\d+)\)", log)
    assert pid
    os.kill(int(pid[1]), signal.SIGKILL)
    assert again.process.wait(PATIENCE) == 1
    assert again.is_gone(), again.left()


@pytest.mark.soak
def test_all_stop_when_their_parent_is_killed(demos: list[Demo], tmp_path: Path) -> None:
    demos.append(killed := Demo(tmp_path))
    killed.wait_for("Ctrl-C stops everything")
    killed.process.kill()
    killed.process.wait(PATIENCE)
    assert killed.is_gone(), killed.left()


@pytest.mark.parametrize("busy", ["web", "sandbox"])
def test_a_busy_port_is_one_clear_line(tmp_path: Path, busy: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = (port, free_port()) if busy == "web" else (free_port(), port)
        done = subprocess.run(
            command(*ports, tmp_path),
            cwd=settings.BASE_DIR,
            env=environment("demo"),
            capture_output=True,
            text=True,
        )
    name = "PORT" if busy == "web" else "SANDBOX_PORT"
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"CommandError: Port {port} is in use. Stop what uses it, or choose another one: {name}={port + 10}"
    )
    assert list(tmp_path.iterdir()) == []


def test_production_starts_no_demo(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": "k" * 60,
        "FIELD_ENCRYPTION_KEYS": "one:" + "A" * 43 + "=",
        "ALLOWED_HOSTS": "publisher.example",
    }
    done = subprocess.run(
        command(free_port(), free_port(), tmp_path),
        cwd=settings.BASE_DIR,
        env=environment("production") | secrets,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "production refuses it" in done.stderr
    assert list(tmp_path.iterdir()) == []

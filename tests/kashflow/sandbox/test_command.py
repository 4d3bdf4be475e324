"""`manage.py kashflow_sandbox` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "manage.py", "kashflow_sandbox", "--port", "0"]
# No database answers there: the sandbox has to do without.
ENVIRONMENT = os.environ | {"MODE": "test", "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}


@contextmanager
def running(state: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*COMMAND, "--state", str(state), *more], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[3]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_when_told(tmp_path: Path, sign: signal.Signals) -> None:
    with running(tmp_path / "ledger.sqlite3", "--latency", "1") as (process, url):
        assert b"Westvale Magazines Ltd" in urlopen(url).read()
        assert b'"latency_ms": 1' in urlopen(f"{url}sandbox/state").read()
        process.send_signal(sign)
        assert process.wait(10) == 0


def test_the_state_file_outlives_it(tmp_path: Path) -> None:
    state = tmp_path / "ledger.sqlite3"
    with running(state) as (process, url):
        urlopen(f"{url}customers/50001/delete", data=b"").read()
        process.kill()
    with running(state) as (_, url):
        page = urlopen(url).read()
    assert b"Hillside" not in page
    assert b"Teme Valley Kitchens" in page


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    arguments = [*COMMAND, "--state", str(tmp_path / "ledger.sqlite3"), "--with-parent"]
    starter = f"import subprocess, sys; p = subprocess.Popen({arguments!r}); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith("KashFlow sandbox at")
    parent.kill()
    parent.wait()
    # The child holds the other end of the pipe: it reads as ended when the child is gone.
    started = time.monotonic()
    assert parent.stdout.read() == ""
    assert time.monotonic() - started < 10
    parent.stdout.close()
    assert parent.stdin is not None
    parent.stdin.close()

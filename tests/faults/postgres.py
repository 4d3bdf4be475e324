"""A PostgreSQL server of a test's own, as installed: with fsync, and killed as a power cut would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2

from tests.ports import free_port

# It refuses to run as root.
KEEPER = "postgres"


def programs() -> Path | None:
    """Where `initdb` and `postgres` are; None where there is no server."""
    found = [Path(one).parent for one in [shutil.which("initdb")] if one]
    found += [one.parent for one in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    return found[0] if found else None


class Postgres:
    """Listens at `url`; what was committed is still there after `kill` and `start`."""

    def __init__(self) -> None:
        bin_ = programs()
        assert bin_, "there is no PostgreSQL server here"
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._bin = bin_
        self._as: dict[str, Any] = {"user": KEEPER, "group": KEEPER} if os.geteuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="postgres"))
        if self._as:
            shutil.chown(self._folder, KEEPER, KEEPER)
        self._run("initdb", "-D", str(self._folder / "data"), "-U", "postgres", "-A", "trust")
        self.start()

    def _run(self, name: str, *words: str) -> None:
        command = [str(self._bin / name), *words]
        subprocess.run(
            command, check=True, capture_output=True, cwd=self._folder, extra_groups=[], **self._as
        )

    def start(self) -> None:
        """Starts it, lets it recover, and waits until it answers."""
        options = ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._folder / "data"), *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                extra_groups=[],
                **self._as,
            )
        ends = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < ends, (self._folder / "log").read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(psycopg2.OperationalError), closing(psycopg2.connect(self.url)):
            return True
        return False

    def kill(self) -> None:
        """`kill -9` to all its processes: each of its children leads a session of its own."""
        os.kill(self._process.pid, signal.SIGSTOP)
        for pid in [*children(self._process.pid), self._process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        if self._process.poll() is None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def children(parent: int) -> list[int]:
    """The pids of the processes that `parent` started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # What follows the name in brackets: state, parent.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found

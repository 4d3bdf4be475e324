"""Real Celery workers without the seconds that their imports take: forked from a process that has everything loaded.

`python -m tests.soak.nursery` starts a worker for each line it reads and answers with its pid.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

from tests.faults.house import ROOT, House


class Nursery:
    """Starts workers of a house; they are killed by pid."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.nursery", str(house.folder)],
            cwd=ROOT,
            env=house.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def worker(self) -> int:
        """The pid of a new one."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("worker\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=10)


def _serve(folder: Path) -> None:
    from magmanager.celery import app

    # Whoever is killed leaves nothing to be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    app.loader.import_default_modules()
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become_a_worker(folder)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become_a_worker(folder: Path) -> None:
    from magmanager.celery import app

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(folder / f"worker-{os.getpid()}.log", os.O_CREAT | os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(number, stream)
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    try:
        app.worker_main(["worker", "-P", "threads", "-c", "4", "-n", f"{uuid.uuid4().hex}@here", *quiet])
    finally:
        os._exit(0)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

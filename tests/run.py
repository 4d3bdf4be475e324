"""Runs the whole suite: on SQLite with the embedded broker, and beside it on PostgreSQL with Redis where they are named.

The last lines say what could not be run and why.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]


def environment(**more: str) -> dict[str, str]:
    """This process's environment in test mode, with its own database and broker."""
    ours = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**ours, "MODE": "test", **more}


def start(name: str, args: list[str], env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """One run of the suite, its output kept in `log` until it is over."""
    print(f"Running the suite on {name}.", flush=True)
    return subprocess.Popen(
        [*PYTEST, *args], cwd=ROOT, env=env, stdout=log.open("wb"), stderr=subprocess.STDOUT
    )


def main(args: list[str]) -> int:
    """Exit code 0 only when every run passed."""
    (ROOT / "var").mkdir(exist_ok=True)
    database, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    began, failed = time.monotonic(), False
    with tempfile.TemporaryDirectory() as folder:
        runs = {"SQLite and the embedded broker": (environment(), Path(folder, "sqlite.log"))}
        if database and redis:
            pair = environment(DATABASE_URL=database, CELERY_BROKER_URL=redis)
            runs["PostgreSQL and Redis"] = (pair, Path(folder, "postgresql.log"))
        started = [(name, start(name, args, env, log), log) for name, (env, log) in runs.items()]
        for name, process, log in started:
            failed = process.wait() != 0 or failed
            print(f"\n--- {name}\n{log.read_text(errors='replace')}", flush=True)
    if not (database and redis):
        print("Not run: PostgreSQL and Redis; name them in TEST_DATABASE_URL and TEST_REDIS_URL.")
    if browser() is None:
        print("Not run: the tests in a browser; install chromium-headless-shell or Chromium.")
    print(f"{'FAILED' if failed else 'Passed'} after {time.monotonic() - began:.0f} seconds.")
    return int(failed)


def browser() -> str | None:
    """Where Chromium is, or None."""
    from tests.browsers import find_chromium

    return find_chromium()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))

"""Runs the whole suite: on SQLite with the embedded broker, and on PostgreSQL with Redis where they are named.

Two runs go side by side, since most machines have two cores. The last lines say what could not be run and why.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
NO_TEST_CHOSEN = 5
# What touches neither database nor broker, or brings its own, says the same on every pair: once is enough.
ONCE = (
    "tests/architecture",
    "tests/common",
    "tests/kashflow/gateway",
    "tests/kashflow/sandbox",
    "tests/overview/test_demo.py",
    *(REST := ("tests/faults", "tests/proof")),
    "tests/browser/test_screens.py",
    "tests/browser/test_bad_input.py",
    "tests/browser/test_fresh_install.py",
    "tests/clients/customer_codes",
)


@dataclass
class Run:
    """One run of the suite: what it is called, pytest's arguments, its environment."""

    name: str
    args: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def passes(self, chosen: list[str], folder: str) -> bool:
        """Runs it with the person's own arguments and prints its output when it is over."""
        log = Path(folder, f"{self.name}.log")
        command = [*PYTEST, *self.args, *chosen]
        with log.open("wb") as output:
            code = subprocess.run(
                command, cwd=ROOT, env=environment(**self.env), stdout=output, stderr=subprocess.STDOUT
            ).returncode
        print(f"\n--- {self.name}\n{log.read_text(errors='replace')}", flush=True)
        return code in (0, NO_TEST_CHOSEN)


def environment(**more: str) -> dict[str, str]:
    """This process's environment in test mode, with its own database and broker."""
    ours = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**ours, "MODE": "test", **more}


def all_runs(folder: str) -> list[Run]:
    """The runs, the longest first: two are always under way, and the short ones fill what is left."""

    def on_sqlite(name: str, args: list[str], file: str) -> Run:
        return Run(f"SQLite, {name}", args, {"TEST_SQLITE_FILE": f"{folder}/{file}.sqlite3"})

    journey = [f"tests/browser/test_{what}.py" for what in ("keyboard", "journey", "fresh_install")]
    other = ["tests/browser", *(f"--ignore={path}" for path in journey)]
    left_out = [f"--ignore={path}" for path in ("tests/browser", *REST)]
    found = [
        on_sqlite("with the embedded broker", left_out, "all"),
        on_sqlite("screens in the browser", other, "screens"),
        on_sqlite("faults and proofs", list(REST), "faults"),
        on_sqlite("the journey in the browser", journey, "journey"),
    ]
    database, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if database and redis:
        left_out = [f"--ignore={path}" for path in ONCE]
        env = {"DATABASE_URL": database, "CELERY_BROKER_URL": redis}
        found.insert(1, Run("PostgreSQL and Redis", left_out, env))
    return found


def second_pair() -> Run | None:
    """What lasts too long for every day, on PostgreSQL and Redis; None where they are not named."""
    database, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if not (database and redis):
        return None
    env = {"DATABASE_URL": database, "CELERY_BROKER_URL": redis}
    return Run("PostgreSQL and Redis, faults and proofs", list(REST), env)


def rest() -> int:
    """The faults and proofs on the second pair: `.ci/run` asks for them behind `make test`."""
    run = second_pair()
    if run is None:
        print("Not run: faults and proofs on PostgreSQL and Redis; name them in the environment.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return int(not run.passes([], folder))


def main(chosen: list[str]) -> int:
    """Exit code 0 only when every run passed. `chosen` are more arguments for pytest, such as `-m soak`."""
    if chosen == ["--rest"]:
        return rest()
    (ROOT / "var").mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        passed = all(list(pool.map(lambda run: run.passes(chosen, folder), all_runs(folder))))
    say_what_was_left_out()
    print(f"{'Passed' if passed else 'FAILED'} after {time.monotonic() - began:.0f} seconds.")
    return int(not passed)


def say_what_was_left_out() -> None:
    """Names what this machine could not run."""
    from tests.browsers import find_chromium

    if not (os.environ.get("TEST_DATABASE_URL") and os.environ.get("TEST_REDIS_URL")):
        print("Not run: PostgreSQL and Redis; name them in TEST_DATABASE_URL and TEST_REDIS_URL.")
    if find_chromium() is None:
        print("Not run: the tests in a browser; install chromium-headless-shell or Chromium.")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))

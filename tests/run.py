"""Runs the whole suite: on SQLite with the embedded broker, and on PostgreSQL with Redis where they are named.

Three runs go side by side: two keep two processors at work while one waits, for a browser or for the time of a fault.
The last lines say what could not be run and why.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests import tables
from tests.browsers import find_chromium

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q"]
NO_TEST_CHOSEN = 5
SIDE_BY_SIDE = 3
# What takes a run of its own: shares of about the same size, so that two processors are at work until the end.
TRANSFERS, INVOICING = "tests/invoicing/transfer", "tests/invoicing"
# What needs processes of its own for minutes: on SQLite with the embedded broker in `make test`, but for the few rows
# that only PostgreSQL can show (`only_on_postgresql`).
LONG = ("tests/faults", "tests/proof")
# Where a database of another kind is met first: locks, and SQL that is written out.
BOTH = ("tests/concurrency", "tests/common/test_rows.py")
# Every page's SQL and the whole journey, which `--rest` repeats on the second pair though its folder runs once.
AGAIN = ("tests/architecture/test_addresses.py", "tests/browser/test_journey.py")
# The look of every page in both themes and widths: it changes seldom and takes a minute, so it is measured before a
# landing, in `--rest`. What people do on the pages stays in `make test`.
LOOK = ("-m", "look", "tests/browser", "tests/common")
# What touches neither database nor broker, or brings its own, says the same on every pair: once is enough.
ONCE = (
    "tests/architecture",
    "tests/common",
    "tests/kashflow/gateway",
    "tests/kashflow/sandbox",
    "tests/overview/test_demo.py",
    "tests/settings_app/test_production.py",
    "tests/browser",
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
        if "TEST_SQLITE_FILE" in self.env:
            tables.copy_to(Path(self.env["TEST_SQLITE_FILE"]))
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
    """The runs of `make test`, the longest and the one that waits most first: the short ones end together."""
    left_out = [f"--ignore={path}" for path in ("tests/browser", INVOICING, *LONG)]
    return [
        on_sqlite(folder, "in the browser", ["tests/browser"]),
        on_sqlite(folder, "transfers", [TRANSFERS]),
        on_sqlite(folder, "all else", left_out),
        on_sqlite(folder, "faults", ["tests/faults"]),
        on_sqlite(folder, "invoicing", [INVOICING, f"--ignore={TRANSFERS}"]),
        on_sqlite(folder, "proofs", ["tests/proof"]),
        *on_second_pair("where they differ", [*BOTH, *only_on_postgresql()]),
    ]


def on_sqlite(folder: str, name: str, args: list[str]) -> Run:
    """A run on SQLite and the embedded broker, with a file of its own in `folder`."""
    file = f"{folder}/{name.replace(' ', '_')}.sqlite3"
    return Run(f"SQLite, {name}", ["--reuse-db", *args], {"TEST_SQLITE_FILE": file})


@cache
def only_on_postgresql() -> tuple[str, ...]:
    """The rows of the fault matrix that nothing but PostgreSQL can show: SQLite leaves them out (`@on_postgres`).

    `-m soak` chooses the long ones among them as it does everywhere.
    """
    found = []
    for file in sorted((ROOT / "tests" / "faults").glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "on_postgres" in map(ast.unparse, node.decorator_list):
                found.append(f"{file.relative_to(ROOT)}::{node.name}")
    if not found:
        raise LookupError("no test of tests/faults is marked @on_postgres any more")
    return tuple(found)


def on_second_pair(name: str, args: list[str]) -> list[Run]:
    """A run on PostgreSQL and Redis, in a database of its own; none where they are not named."""
    server, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if not (server and redis):
        return []
    url = urlsplit(server)
    database = url._replace(path=f"{url.path}_{name.replace(' ', '_')}").geturl()
    return [
        Run(f"PostgreSQL and Redis, {name}", args, {"DATABASE_URL": database, "CELERY_BROKER_URL": redis})
    ]


def rest(folder: str) -> list[Run]:
    """What `make test` leaves: the look, and the rest of the suite on the second pair. `.ci/run` asks for it."""
    left_out = [f"--ignore={path}" for path in (*ONCE, *BOTH, *LONG)]
    return [
        *on_second_pair("the rest", left_out),
        on_sqlite(folder, "the look", list(LOOK)),
        *on_second_pair("pages and the journey", list(AGAIN)),
        *on_second_pair("faults and proofs", list(LONG)),
    ]


def main(chosen: list[str]) -> int:
    """Exit code 0 only when every run passed. `chosen` are more arguments for pytest, such as `-m soak`, or `--rest`."""
    (ROOT / "var").mkdir(exist_ok=True)
    began, makes = time.monotonic(), all_runs
    if chosen[:1] == ["--rest"]:
        chosen, makes = chosen[1:], rest
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        os.environ[tables.TEMPLATE] = f"{folder}/tables.sqlite3"
        tables.make(Path(os.environ[tables.TEMPLATE]))
        passed = all(list(pool.map(lambda run: run.passes(chosen, folder), makes(folder))))
    say_what_was_left_out(makes is rest)
    print(f"{'Passed' if passed else 'FAILED'} after {time.monotonic() - began:.0f} seconds.")
    return int(not passed)


def say_what_was_left_out(is_rest: bool) -> None:
    """Names what this machine could not run, and what is run before a landing only."""
    if not is_rest:
        print("Left for before a landing: the look of every page, and the rest on PostgreSQL; see .ci/run.")
    if not (os.environ.get("TEST_DATABASE_URL") and os.environ.get("TEST_REDIS_URL")):
        print("Not run: PostgreSQL and Redis; name them in TEST_DATABASE_URL and TEST_REDIS_URL.")
    if find_chromium() is None:
        print("Not run: the tests in a browser; install chromium-headless-shell or Chromium.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.bench`: on SQLite, or on PostgreSQL where DATABASE_URL names one. Exit code 1 where a *must* is missed.

BENCH_SIZE=L makes the big publisher 16 times as big and takes longer. Words such as `lists` choose what is measured;
the results are written when everything was.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import tests.mode  # noqa: F401  (first: it sets the mode before the settings are read)

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results.md"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, environment(Path(folder)):
        import django

        django.setup()
        from tests.bench.run import run

        logs_to(Path(folder, "log"))
        return run(Path(folder), RESULTS, sys.argv[1:])


@contextmanager
def environment(folder: Path) -> Iterator[None]:
    """A place of its own for everything that is written."""
    url = os.environ.get("DATABASE_URL", "")
    ours = {
        "DJANGO_SETTINGS_MODULE": "magmanager.settings",
        "VAR_DIR": str(folder),
        "CELERY_BROKER_URL": "filesystem://localhost/",
        "KASHFLOW_URL": "http://127.0.0.1/",
    }
    if not url.startswith("postgres"):
        ours["DATABASE_URL"] = f"sqlite:///{folder / 'unused.sqlite3'}"
    with patch.dict(os.environ, ours):
        yield


def logs_to(path: Path) -> None:
    """Log lines are written as ever, for they are part of the cost, but not onto the screen."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(path.open("a"))


if __name__ == "__main__":
    sys.exit(main())

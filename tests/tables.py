"""A migrated SQLite database to begin with: a run of the suite makes one, where each process would migrate for seconds."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "TEST_SQLITE_TEMPLATE"


def make(path: Path) -> None:
    """Migrates a new database at `path`."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    env = {**os.environ, "MODE": "test", "DATABASE_URL": f"sqlite:///{path}"}
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def copy_to(path: Path) -> None:
    """Begins the database at `path` with the tables of the run; leaves it alone where no run made any."""
    if template := os.environ.get(TEMPLATE):
        copy(Path(template), path)


def copy(source: Path, path: Path) -> None:
    """The whole of another SQLite file at `path`, what its log holds included."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(path)) as here:
        there.backup(here)

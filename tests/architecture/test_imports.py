"""Imports point down: the floors of docs/architecture.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_no_import_points_up() -> None:
    # A process of its own: the linter sets up logging anew, which other tests listen to.
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr

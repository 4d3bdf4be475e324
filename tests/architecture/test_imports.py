"""Imports point down: the floors of docs/architecture.md."""

from __future__ import annotations

from importlinter.cli import lint_imports


def test_no_import_points_up() -> None:
    assert lint_imports(cache_dir=None) == 0

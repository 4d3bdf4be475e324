"""docs/reliability.md names for every row of the fault matrix the tests that show it, or why there is none yet."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
ROW = re.compile(r"^\| (F-\d\d) \| ([^|]+) \| ([^|]+) \|$", re.M)
NAMED = re.compile(r"`([^`]+\.py)::(\w+)`( \(soak\))?")
LAST = 75
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


@cache
def functions(path: str) -> dict[str, bool]:
    """The tests of a file under `tests/`, and whether each is left to `make soak`."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {
        node.name: any(ast.unparse(mark) == "pytest.mark.soak" for mark in node.decorator_list)
        for node in found
    }


def test_every_row_is_listed_once_and_in_order() -> None:
    assert [row for row, _fault, _tests in ROWS] == [f"F-{n:02}" for n in range(1, LAST + 1)]


@pytest.mark.parametrize(("row", "tests"), [(row, tests) for row, _fault, tests in ROWS])
def test_every_test_named_there_is_there(row: str, tests: str) -> None:
    named = NAMED.findall(tests)
    assert named or re.search(r"not yet: \w+", tests), f"{row} has neither a test nor a reason"
    for path, name, soak in named:
        assert functions(path).get(name) == bool(soak), f"{row}: {path}::{name}{soak}"


def test_every_test_named_after_a_row_is_listed_under_it() -> None:
    listed = {
        (row, f"{path}::{name}") for row, _fault, tests in ROWS for path, name, _ in NAMED.findall(tests)
    }
    for file in sorted((TESTS / "faults").glob("test_*.py")):
        for name in functions(f"faults/{file.name}"):
            for number in re.findall(r"(?:^test|_)_?f(\d\d)(?=_)", name):
                assert (f"F-{number}", f"faults/{file.name}::{name}") in listed

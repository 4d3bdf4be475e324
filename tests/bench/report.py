"""The table: what was measured, what it is compared with, and what that means."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = ("job", "measured", "limit", "ratio", "must", "aim", "verdict")
INTRODUCTION = """# Benchmarks

Written by `make bench`. Each row measures the product and its limit side by side in the same run, so that the
ratio holds on any machine; the seconds belong to the machine named below each heading. *Must* fails the run, *aim*
is what can be reached. The publisher has {small} clients and bookings (small) and {big} (big).
"""


@dataclass(frozen=True)
class Row:
    """One comparison. `ratio` is measured ÷ limit, or a plain count; None where there is no such bound."""

    job: str
    measured: str
    limit: str
    ratio: float
    must: float | None
    aim: float | None

    @property
    def is_missed(self) -> bool:
        return self.must is not None and self.ratio > self.must

    @property
    def verdict(self) -> str:
        if self.is_missed:
            return "**missed**"
        if self.aim is None:
            return "ok"
        return "aim reached" if self.ratio <= self.aim else "ok, aim not reached"

    def cells(self) -> list[str]:
        bounds = ["–" if bound is None else f"{bound:g}" for bound in (self.must, self.aim)]
        return [self.job, self.measured, self.limit, f"{self.ratio:.3g}", *bounds, self.verdict]


def compared(
    job: str, seconds: float, limit: float, name: str, *, must: float | None, aim: float | None = None
) -> Row:
    """A row of two durations in seconds; `name` says what the limit is."""
    return Row(job, spelled(seconds), f"{spelled(limit)} {name}", seconds / limit, must, aim)


def spelled(seconds: float) -> str:
    """Seconds, or milliseconds below one."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def machine() -> str:
    """What this ran on, in one line."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} × {model}, {platform.system()}, Python {platform.python_version()}{load}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def write(path: Path, *, database: str, facts: str, sizes: dict[str, str], rows: Sequence[Row]) -> None:
    """Replaces the section of `database` in the file and keeps the other one's."""
    kept = _sections(path)
    kept[database] = f"{dt.date.today():%d %B %Y}. {facts}\n\n{table(rows)}\n"
    path.parent.mkdir(exist_ok=True)
    body = "\n".join(f"## {name}\n\n{text}" for name, text in sorted(kept.items(), reverse=True))
    path.write_text(f"{INTRODUCTION.format(**sizes)}\n{body}")


def _sections(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    parts = path.read_text().split("\n## ")[1:]
    return {name.strip(): f"{text.strip()}\n" for name, _, text in (part.partition("\n") for part in parts)}

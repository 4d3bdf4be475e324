"""`python -m tests.soak [--seconds N] [--seed N]`: the table of every configuration; exit code 1 where one is not clean."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import count
from typing import Any

from tests.faults.house import ROOT
from tests.soak.plan import Configuration, configurations

# Half the time they wait, so more of them than processors.
AT_ONCE = 4
WRONG = ("duplicates", "lost", "unrecorded", "pence", "foreign")
HEADS = {
    "name": "configuration (numbers, account)",
    "invoices": "invoices",
    "calls": "calls",
    "faulty": "faulty calls",
    "kills": "kills",
    "duplicates": "duplicates",
    "lost": "lost",
    "unrecorded": "unrecorded",
    "pence": "pence off",
    "foreign": "foreign changed",
    "seconds": "seconds",
}


def main() -> int:
    asked = _asked()
    print(f"Seed {asked.seed}; SEED={asked.seed} repeats it.", flush=True)
    with ThreadPoolExecutor(asked.at_once) as pool:
        rows = list(pool.map(_row, _chosen(asked)))
    total = {name: sum(row[name] for row in rows) for name in HEADS if name != "name"}
    print(_table([*rows, {"name": "all", **total}]))
    return int(any(total[name] for name in WRONG))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=0, help="go on for so long; once through without")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--size", type=float, default=1, help="so many times the usual invoices and kills")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="houses side by side")
    parser.add_argument("--only", default="", help="configurations whose name has this")
    return parser.parse_args()


def _chosen(asked: argparse.Namespace) -> Iterator[Configuration]:
    """Once through, or again and again with further seeds until the seconds are over."""
    ends = time.monotonic() + asked.seconds
    for round_ in count():
        for one in configurations(asked.seed + round_, asked.size):
            if asked.only not in one.name or (asked.seconds and time.monotonic() > ends):
                continue
            yield one
        if not asked.seconds or time.monotonic() > ends:
            return


def _row(configuration: Configuration) -> dict[str, Any]:
    """One configuration in a process of its own; where that fails, everything of it counts as lost."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.one", json.dumps(asdict(configuration))],
        cwd=ROOT,
        env={**os.environ, "MODE": "test"},
        capture_output=True,
        text=True,
        check=False,
    )
    nothing = dict.fromkeys(HEADS, 0) | {"lost": configuration.invoices}
    found = json.loads(done.stdout) if done.returncode == 0 else nothing | {"problems": [done.stderr[-2000:]]}
    row = {**found, "name": configuration.name}
    print(_table([row]).splitlines()[-1], *row["problems"], sep="\n  ", flush=True)
    return row


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [list(HEADS.values()), ["---"] + ["---:"] * (len(HEADS) - 1)]
    lines += [[f"{row[name]:,}" if name != "name" else row[name] for name in HEADS] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())

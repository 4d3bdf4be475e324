"""`python -m tests.soak [--seconds N] [--seed N]`: the table of every configuration; exit code 1 where one is not clean.

With `--seconds` random lives go on beside the houses, and both end soon after that time: no house is begun any more, and in
those there are nothing new is raised, broken or killed. What they have in hand comes to rest, which takes two or three
minutes: their settle wait alone is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from tests.faults.house import ROOT
from tests.soak.plan import Configuration
from tests.soak.turns import houses, side_by_side

# Half the time they wait, so more of them than processors.
AT_ONCE = 4
# With --seconds: so small that in ten minutes most configurations have their turn.
SMALL = 0.1
LIVES = "tests/proof/test_anything.py::test_lives_for_as_long_as_told"
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
    size = asked.size or (SMALL if asked.seconds else 1)
    with ThreadPoolExecutor(1) as beside:
        lives = beside.submit(_lives, asked.seconds, asked.seed) if asked.seconds else None
        found = houses(asked.seed, size, seconds=asked.seconds, only=asked.only)
        rows = side_by_side(found, _row, at_once=asked.at_once)
    total = {name: sum(row[name] for row in rows) for name in HEADS if name != "name"}
    print(_table([*rows, {"name": "all", **total}]))
    are_well = lives is None or lives.result()
    return int(any(total[name] for name in WRONG) or not are_well)


def _lives(seconds: float, seed: int) -> bool:
    """Random lives of a publisher for so long; whether the oracle was content. What it says comes out at the end."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "soak", "-s", LIVES],
        cwd=ROOT,
        env={**os.environ, "MODE": "test", "SECONDS": str(seconds), "SEED": str(seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    # Where it failed, all of it: the steps are there.
    lines = (
        done.stdout.splitlines()
        if done.returncode
        else [line for line in done.stdout.splitlines() if " lives" in line]
    )
    said = "\n".join(lines)
    print(f"\nRandom lives, SEED={seed}:\n{said}", flush=True)
    return done.returncode == 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=0, help="go on for so long; once through without")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument(
        "--size", type=float, help=f"times the usual invoices and kills; {SMALL} with --seconds"
    )
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="houses side by side")
    parser.add_argument("--only", default="", help="configurations whose name has this")
    return parser.parse_args()


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

"""Somebody types our next number into KashFlow between our look and our create: what each account then makes of it.

`python -m tests.soak.window`. Where the account overwrites, this is the one case that the protocol cannot prevent.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.house import ROOT, House
from tests.sandboxes import LiveSandbox

INVOICES = 10
LONGEST_WINDOW = 2.0
# What the account does, whose numbers, and what must come of every invoice that met a typed one: its state here, its
# documents there, what is left of theirs.
CASES: tuple[tuple[dict[str, str], str, tuple[str, int, int]], ...] = (
    ({"duplicate_number": "refuse"}, "ours", ("conflict", 0, 1)),
    ({"duplicate_number": "next"}, "ours", ("review", 1, 1)),
    ({"numbering": "assign"}, "ours", ("review", 1, 1)),
    ({"duplicate_number": "duplicate"}, "ours", ("review", 1, 1)),
    ({"duplicate_number": "overwrite"}, "ours", ("verified", 1, 0)),
    ({"duplicate_number": "overwrite"}, "kashflow", ("verified", 1, 1)),
)


def main() -> int:
    """Prints the table; 1 where something else came of it, or a window was longer than two seconds."""
    print("| account | numbers | state here, ours there, theirs left | times | longest window, s |")
    print("| --- | --- | --- | ---: | ---: |")
    found = [_case(n) for n in range(len(CASES))]
    return int(not all(found))


def _case(n: int) -> bool:
    command = [sys.executable, "-m", "tests.soak.window", str(n)]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    account, numbers, wanted = CASES[n]
    for outcome, times in told["outcomes"]:
        print(f"| {' '.join(account.values())} | {numbers} | {outcome} | {times} | {told['window']:.2f} |")
    only_that = [outcome for outcome, _times in told["outcomes"]] == [", ".join(map(str, wanted))]
    return only_that and told["window"] <= LONGEST_WINDOW


def one(n: int) -> dict[str, Any]:
    """One case, each of its invoices with a typed one in its way."""
    account, numbers, _wanted = CASES[n]
    with tempfile.TemporaryDirectory() as folder:
        sandbox = LiveSandbox(Path(folder))
        house = House(
            Path(folder), sandbox, f"sqlite:///{folder}/house.sqlite3", "filesystem://", time_scale="1"
        )
        os.environ.update(house.env)
        try:
            outcomes = _outcomes(sandbox, account, numbers)
        finally:
            sandbox.stop()
    return outcomes


def _outcomes(sandbox: LiveSandbox, account: dict[str, str], numbers: str) -> dict[str, Any]:
    import django

    django.setup()
    from tests.soak.typist import Typist

    typist = Typist(sandbox, numbers)
    sandbox.settings(**account)
    found: Counter[str] = Counter()
    for _ in range(INVOICES):
        outcome = typist.meet()
        if outcome is None:
            break
        found[", ".join(map(str, outcome))] += 1
    return {"outcomes": list(found.items()), "window": _longest_window(sandbox)}


def _longest_window(sandbox: LiveSandbox) -> float:
    """Seconds from a look's arrival to that of its create."""
    looked: dict[str, dt.datetime] = {}
    longest = 0.0
    for call in sandbox.log():
        at = dt.datetime.fromisoformat(call["at"])
        if call["operation"] in ("GetInvoice", "GetInvoicesByDateRange"):
            looked["last"] = at
        elif call["operation"] == "InsertInvoice" and "last" in looked:
            longest = max(longest, (at - looked["last"]).total_seconds())
    return longest


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    sys.stdout.write(json.dumps(one(int(sys.argv[1]))))

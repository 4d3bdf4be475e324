"""A process of its own that makes creates and says what each cost: `python -m tests.faults.weighing URL COUNT`.

Prints a list of one object for each: the code of how it ended, seconds, and by how many bytes the process grew at
its height. Linux only: other systems do not let a process forget its height.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import GatewayError
from kashflow.gateway.transport import Transport
from tests.kashflow.gateway.test_requests import INVOICE

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main(url: str, count: int) -> None:
    gateway = Gateway(Transport(url), "demo", "demo")
    # What is loaded and built with the first call is no matter of the reply's.
    gateway.get_company_details()
    print(json.dumps([_weighed(gateway) for _ in range(count)]))


def _weighed(gateway: Gateway) -> dict[str, Any]:
    FORGET.write_text("5")
    before, began = _bytes("VmRSS"), perf_counter()
    try:
        gateway.insert_invoice(INVOICE)
        ended = "ok"
    except GatewayError as error:
        ended = error.code
    seconds = perf_counter() - began
    return {"ended": ended, "seconds": seconds, "grown": _bytes("VmHWM") - before}


def _bytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(), re.M)
    assert found, f"there is no {name}"
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

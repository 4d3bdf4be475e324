"""How long a transfer waits before the next try: seconds, with a jitter that is the same on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

from kashflow.gateway.errors import GatewayError, RateLimited

FIRST_WAIT = 30.0
LONGEST_WAIT = 3600.0
JITTER = 0.2


def backoff(seed: Any, tries: int) -> float:
    """Seconds before try number `tries` + 1: doubled each time up to an hour, ± 20 % so that rows spread."""
    wait = min(FIRST_WAIT * 2 ** max(tries - 1, 0), LONGEST_WAIT)
    digest = hashlib.sha256(f"{seed}:{tries}".encode()).digest()
    return wait * (1 + JITTER * (digest[0] / 127.5 - 1))


def wait_after(error: GatewayError | None, seed: Any, tries: int) -> float:
    """Seconds to wait after `error`: what KashFlow asked for, at most an hour, else the backoff."""
    asked = error.retry_after if isinstance(error, RateLimited) else None
    return backoff(seed, tries) if asked is None else min(max(asked, 1.0), LONGEST_WAIT)

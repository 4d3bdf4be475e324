"""Whether the wall clock can be trusted: a waiting time is only over if the clock did not jump meanwhile."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from magmanager.common.models import ClockReading

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def has_jumped(tolerance: float) -> bool:
    """Whether, since this was last asked, the machine was restarted or its wall clock was set.

    Set means moved against the monotonic clock by over `tolerance` seconds; a machine that slept counts too.
    Each machine is asked for itself, because a monotonic clock means nothing on another one.
    """
    ahead = time.time() - time.monotonic()
    reading, is_new = ClockReading.objects.get_or_create(boot=_boot(), defaults={"ahead_seconds": ahead})
    if is_new:
        return True
    before, reading.ahead_seconds = reading.ahead_seconds, ahead
    reading.save()
    return abs(ahead - before) > tolerance


def _boot() -> str:
    """What names this boot of this machine; the machine's name where the system does not tell."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return platform.node()[:64]

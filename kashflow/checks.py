"""What is refused at start-up: times that break the transfer protocol, an endpoint that is not safe."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from kashflow import limits
from kashflow.gateway.transport import Transport


@checks.register("kashflow")
def times_hold_together(**_: Any) -> list[checks.CheckMessage]:
    """The inequalities of transfer.md, Running it."""
    return [checks.Error(fault, id="kashflow.E001") for fault in limits.times().faults()]


@checks.register("kashflow")
def endpoint_is_safe(**_: Any) -> list[checks.CheckMessage]:
    """https, or this machine."""
    try:
        Transport(settings.KASHFLOW_URL)
    except ValueError as error:
        return [checks.Error(str(error), hint="Set KASHFLOW_URL.", id="kashflow.E002")]
    return []

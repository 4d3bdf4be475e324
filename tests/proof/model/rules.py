"""The rules of the protocol, each of which can be switched off, and the accounts it meets."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

from kashflow.limits import Times

Taken = Literal["refuse", "overwrite", "duplicate"]


@dataclass(frozen=True)
class Rules:
    """transfer.md rule by rule. With all of them on, the model is the product."""

    look_before_create: bool = True
    failed_read_is_not_absent: bool = True
    taken_number_is_a_conflict: bool = True
    intent_before_the_call: bool = True
    one_create_is_one_request: bool = True
    send_deadline: bool = True
    token: bool = True
    settle_wait: bool = True
    settle_starts_at_discovery: bool = True
    clock_jump_starts_settle_again: bool = True
    two_kinds_of_read: bool = True
    both_reads_until_numbers_are_proved: bool = True
    one_create_at_a_time: bool = True
    unswept_counts_as_held: bool = True
    restore_outlasts_calls: bool = True

    def without(self, name: str) -> Rules:
        """All rules but this one."""
        return replace(self, **{name: False})


ALL = Rules()
NAMES = [field.name for field in fields(Rules)]


@dataclass(frozen=True)
class Setting:
    """One account, its strategy, and how many invoices and workers there are."""

    numbers_are_ours: bool = True
    # Gives its own number whatever it is asked for; such an account never proves ours.
    assigns: bool = False
    # What it does with a number that is taken.
    taken: Taken = "overwrite"
    invoices: int = 1
    workers: int = 2
    rules: Rules = ALL

    @property
    def is_serial(self) -> bool:
        """As `claims.is_serial`; that an account that honours is proved at once leaves more to go wrong."""
        return not self.numbers_are_ours or self.assigns

    def __str__(self) -> str:
        numbers = "ours" if self.numbers_are_ours else "theirs"
        return f"{numbers}-{'assign' if self.assigns else 'honour'}-{self.taken}-{self.invoices}"


# One tick of the model is one lease. What must be over is rounded down, what may still happen is rounded up;
# the send deadline, a look and a create are far shorter than a tick.
_TICK = Times().lease
LEASE = 1
LATE = math.ceil(Times().late_commit / _TICK)
SETTLE = math.floor(Times().settle / _TICK)

"""The reason that an auditor will ask for: cancelling and crediting demand one."""

from __future__ import annotations

from magmanager.common.errors import DomainError

LENGTH = 200


class ReasonMissing(DomainError):
    """A number that is cancelled or credited needs its why."""

    code = "reason_missing"


def reason_of(text: str, why: str) -> str:
    """`text` on one line, at most LENGTH characters. Raises ReasonMissing with `why` where it is empty."""
    reason = " ".join(text.split())
    if not reason:
        raise ReasonMissing(why, field="reason")
    return reason[:LENGTH]

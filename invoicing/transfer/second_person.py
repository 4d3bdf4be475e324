"""Linking above an amount of System Defaults takes two people: the first proposes it, somebody else links (ASVS 2.3.5).

A proposal is of one document as it was seen. It ends with every move of its transfer (record.py), and counts for nothing
once the document changed or its proposer may not link any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from invoicing.models import Transfer
from invoicing.transfer import acts, adoption
from magmanager.common.errors import NotAllowed
from magmanager.common.permissions import may
from settings_app.models import SystemDefaults, User


class SecondPersonNeeded(NotAllowed):
    """Who proposed a link may not confirm it."""

    code = "second_person_needed"


@dataclass(frozen=True)
class Proposal:
    """Who proposed to link which document: its `number` in KashFlow, and `seen`, its fingerprint."""

    by: User
    number: int
    seen: str


def is_needed(transfer: Transfer) -> bool:
    """Whether its total, either way, is above the amount. Equal to it needs nobody; no amount, nobody ever."""
    limit = SystemDefaults.current().second_person_above
    return limit is not None and abs(transfer.invoice.total) > limit


def columns(kept: dict[str, Any], by: User) -> dict[str, Any]:
    """The columns of a proposal to link `kept`."""
    return {"proposed": {"by": by.pk, "number": kept["number"], "seen": adoption.fingerprint(kept)}}


def proposal(transfer: Transfer) -> Proposal | None:
    """What waits for a second person; None where nothing does."""
    said = transfer.proposed
    if not said or not is_needed(transfer):
        return None
    if said["seen"] not in map(adoption.fingerprint, adoption.documents(transfer)):
        return None
    by = User.objects.get(pk=said["by"])
    return Proposal(by, said["number"], said["seen"]) if may(by, f"invoicing.{acts.ADOPT}") else None


def refuse_same(proposed: Proposal, by: User) -> None:
    """Raises SecondPersonNeeded."""
    if proposed.by == by:
        raise SecondPersonNeeded(
            f"You proposed linking it to number {proposed.number} yourself, so nothing was changed. Above the amount "
            "in System Defaults a link takes two people: ask somebody else to confirm it on the Transfer desk."
        )

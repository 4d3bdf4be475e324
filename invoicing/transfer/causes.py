"""Why a transfer stopped, in a person's words: what happened, and what was or was not done there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from invoicing.transfer import mapping
from invoicing.transfer.mapping import Difference
from invoicing.transfer.verdict import Changed, NumberTaken, Probable, Several, Verdict
from kashflow.gateway.records import Invoice as Document


def cause(text: str, code: str, **columns: Any) -> dict[str, Any]:
    """The columns that keep a cause: `text` for people, `code` for its fix, and further ones."""
    return {"last_cause": text, "cause_code": code, **columns}


def seen(found: Document, unequal: Sequence[Difference] = ()) -> dict[str, Any]:
    """KashFlow's document as it was read just now."""
    return {**mapping.kept(found, unequal), "read_at": timezone.now().isoformat()}


def of_verdict(verdict: Verdict, number: int) -> tuple[str, dict[str, Any]]:
    """What stopped invoice `number`, and KashFlow's document as it is kept beside it."""
    if isinstance(verdict, NumberTaken):
        whose = verdict.found.customer_name or "another customer"
        cause = f"Number {number} is already used in KashFlow, by a document for {whose}."
        return f"{cause} Nothing was sent or changed there.", seen(verdict.found)
    if isinstance(verdict, Probable):
        cause = (
            f"KashFlow has number {verdict.found.number} for the same customer, date and amount. "
            "It was probably typed by hand. Nothing was sent."
        )
        return cause, seen(verdict.found)
    if isinstance(verdict, Changed):
        unequal = "; ".join(map(str, verdict.differences))
        return f"It is in KashFlow, but changed. {unequal}.", seen(verdict.found, verdict.differences)
    if isinstance(verdict, Several):
        numbers = ", ".join(str(one.number) for one in verdict.found)
        cause = f"KashFlow has it {len(verdict.found)} times, as numbers {numbers}. Delete the extra ones."
        return cause, {
            "numbers": [one.number for one in verdict.found],
            "documents": list(map(seen, verdict.found)),
        }
    raise TypeError(f"{verdict} needs no explaining")

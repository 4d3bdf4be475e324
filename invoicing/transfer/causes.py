"""Why a transfer stopped, in a person's words: what happened, and what was or was not done there."""

from __future__ import annotations

from typing import Any

from invoicing.transfer import mapping
from invoicing.transfer.verdict import Changed, NumberTaken, Probable, Several, Verdict


def cause(text: str, code: str, **columns: Any) -> dict[str, Any]:
    """The columns that keep a cause: `text` for people, `code` for its fix, and further ones."""
    return {"last_cause": text, "cause_code": code, **columns}


def of_verdict(verdict: Verdict, number: int) -> tuple[str, dict[str, Any]]:
    """What stopped invoice `number`, and KashFlow's document as it is kept beside it."""
    if isinstance(verdict, NumberTaken):
        whose = verdict.found.customer_name or "another customer"
        cause = f"Number {number} is already used in KashFlow, by a document for {whose}."
        return f"{cause} Nothing was sent or changed there.", mapping.kept(verdict.found)
    if isinstance(verdict, Probable):
        cause = (
            f"KashFlow has number {verdict.found.number} for the same customer, date and amount. "
            "It was probably typed by hand. Nothing was sent."
        )
        return cause, mapping.kept(verdict.found)
    if isinstance(verdict, Changed):
        unequal = "; ".join(map(str, verdict.differences))
        return f"It is in KashFlow, but changed. {unequal}.", mapping.kept(verdict.found, verdict.differences)
    if isinstance(verdict, Several):
        numbers = ", ".join(str(one.number) for one in verdict.found)
        cause = f"KashFlow has it {len(verdict.found)} times, as numbers {numbers}. Delete the extra ones."
        return cause, {"numbers": [one.number for one in verdict.found]}
    raise TypeError(f"{verdict} needs no explaining")

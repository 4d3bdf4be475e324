"""What a look at an invoice's payments in KashFlow means for one of ours. Pure: no query, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from invoicing.transfer.mapping import REFERENCE_LENGTH, Difference, marker_of, unequal
from kashflow.gateway.records import Payment
from magmanager.common.money import to_penny


@dataclass(frozen=True)
class Absent:
    """No payment of ours there, and none that could be it."""


@dataclass(frozen=True)
class Ours:
    """Our payment, by its code or by the number KashFlow gave it."""

    found: Payment


@dataclass(frozen=True)
class Changed:
    """Ours, and no longer what was recorded here."""

    found: Payment
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Several:
    """Our code on more than one payment."""

    found: tuple[Payment, ...]


@dataclass(frozen=True)
class Probable:
    """Not ours, and of the same day and amount: most likely the same money, typed there by hand."""

    found: Payment


Verdict = Absent | Ours | Changed | Several | Probable


def pay_note(note: str, code: str) -> str:
    """PayNote: what was noted, cut to leave room for the whole code. KashFlow publishes no length for it."""
    return f"{note[: REFERENCE_LENGTH - len(code) - 1].strip()} {code}".strip()


def judge(
    sent: Payment, found: Iterable[Payment], *, known_id: int | None = None, issued: Collection[str] = ()
) -> Verdict:
    """What the payments `found` on its invoice mean for the one we want there.

    `known_id` is the number KashFlow once gave it: it stays ours with its note rewritten. `issued` are the codes
    of other payments recorded here; those are never taken for this one.
    """
    code, there = marker_of(sent.note), {one.payment_id: one for one in found}.values()
    ours = [one for one in there if marker_of(one.note) == code or one.payment_id == known_id]
    if len(ours) > 1:
        return Several(tuple(ours))
    if ours:
        differs = differences(sent, ours[0])
        return Changed(ours[0], tuple(differs)) if differs else Ours(ours[0])
    others = (one for one in there if marker_of(one.note) not in issued and _is_alike(sent, one))
    alike = next(others, None)
    return Probable(alike) if alike else Absent()


def differences(sent: Payment, found: Payment) -> list[Difference]:
    """Everything in which KashFlow's payment is not what was sent, to the penny."""
    pairs = [
        ("Amount", sent.amount, to_penny(found.amount)),
        ("Date", sent.pay_date, found.pay_date),
        ("Payment method", sent.method_id, found.method_id),
        ("Bank account", sent.account_id, found.account_id),
    ]
    return list(unequal(pairs))


def _is_alike(sent: Payment, found: Payment) -> bool:
    return (sent.amount, sent.pay_date) == (to_penny(found.amount), found.pay_date)

"""Bringing a list KashFlow keeps and our rows together, in few queries however long the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from kashflow.models import Code, LedgerAccount

Found = dict[int, dict[str, Any]]
"""What KashFlow has, by its id: the columns of the row, among them its name."""

BATCH = 500
NAME_LENGTH = 200
MOVED = "moved to another account code"


@dataclass(frozen=True)
class Counts:
    """What a merge did. `back` were gone before; `total` is how many KashFlow has."""

    total: int = 0
    added: int = 0
    renamed: int = 0
    moved: int = 0
    back: int = 0
    gone: int = 0
    # What became of each code that changed: its text and what happened, as kept under the run.
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> list[str]:
        """What changed: "3 added", "1 renamed", "2 no longer in KashFlow"; empty where nothing did."""
        said = {
            "added": self.added,
            "renamed": self.renamed,
            MOVED: self.moved,
            "back in KashFlow": self.back,
        }
        said["no longer in KashFlow"] = self.gone
        return [f"{count} {what}" for what, count in said.items() if count]


def sentence(*parts: tuple[Counts, str]) -> str:
    """The result of a sync from each list's counts and noun; the first noun is said only without a change.

    "3 added, 1 renamed" · "1 renamed; 4 inventory codes added" · "3 bank accounts, no change".
    """
    (first, noun), *others = parts
    said = [", ".join(first.words)] if first.words else []
    for counts, other in others:
        if counts.words:
            number, _, rest = counts.words[0].partition(" ")
            said.append(", ".join([f"{plural(int(number), other)} {rest}", *counts.words[1:]]))
    return "; ".join(said) or f"{plural(first.total, noun)}, no change"


def plural(count: int, noun: str) -> str:
    """1 bank account, 3 bank accounts."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def merge(rows: QuerySet[Any], account: LedgerAccount, found: Found) -> Counts:
    """Makes `rows` of `account` say what `found` says. What is not found is marked as gone, never deleted."""
    found = {key: {**values, "name": _name(key, values["name"])} for key, values in found.items()}
    ours: dict[int, Code] = {row.kashflow_id: row for row in rows}
    new = [
        rows.model(ledger_account=account, kashflow_id=key, **found[key])
        for key in found.keys() - ours.keys()
    ]
    changed = [ours[key] for key in found.keys() & ours.keys() if _differs(ours[key], found[key])]
    gone = [row for key, row in ours.items() if key not in found and row.gone_at is None]
    renamed = sum(row.gone_at is None and _is_renamed(row, found[row.kashflow_id]) for row in changed)
    moved = {
        row.kashflow_id for row in changed if row.gone_at is None and _is_moved(row, found[row.kashflow_id])
    }
    back = sum(row.gone_at is not None for row in changed)
    before = {row.kashflow_id: (str(row), row.gone_at is not None) for row in changed}
    _write(rows, new, changed, gone, found)
    notes = tuple(_notes(new, changed, gone, before, moved))
    return Counts(len(found), len(new), renamed, len(moved), back, len(gone), notes)


def _notes(
    new: list[Any], changed: list[Any], gone: list[Any], before: dict[int, tuple[str, bool]], moved: set[int]
) -> Iterator[tuple[str, str]]:
    """A line for each code that is new, has another text, came back or went; none for what people cannot see."""
    for row in sorted(new, key=str):
        yield str(row)[:200], "Added"
    for row in changed:
        old, was_gone = before[row.kashflow_id]
        if was_gone:
            yield str(row)[:200], "Back in KashFlow"
        elif old != str(row):
            yield str(row)[:200], f"Renamed, was {old}"[:300]
        if row.kashflow_id in moved:
            yield str(row)[:200], MOVED.capitalize()
    for row in gone:
        yield str(row)[:200], "No longer in KashFlow"


def _write(rows: QuerySet[Any], new: list[Any], changed: list[Any], gone: list[Any], found: Found) -> None:
    """Adds and changes in one kind of statement: an UPDATE with a CASE for each row takes a minute for 5,000."""
    for row in changed:
        row.pk = None  # It is found by its account and KashFlow's id.
        for name, value in {**found[row.kashflow_id], "gone_at": None}.items():
            setattr(row, name, value)
    if new or changed:
        columns = [name.removesuffix("_id") for name in next(iter(found.values()))]
        rows.model.objects.bulk_create(
            [*new, *changed],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["ledger_account", "kashflow_id"],
            update_fields=[*columns, "gone_at"],
        )
    now = timezone.now()
    for start in range(0, len(gone), BATCH):
        keys = [row.pk for row in gone[start : start + BATCH]]
        rows.model.objects.filter(pk__in=keys).update(gone_at=now)


def _name(key: int, name: str) -> str:
    return " ".join(name.split())[:NAME_LENGTH] or f"Unnamed ({key})"


def _differs(row: Code, values: dict[str, Any]) -> bool:
    return row.gone_at is not None or any(getattr(row, name) != value for name, value in values.items())


def _is_renamed(row: Code, values: dict[str, Any]) -> bool:
    return any(getattr(row, name) != values[name] for name in ("name", "code") if name in values)


def _is_moved(row: Any, values: dict[str, Any]) -> bool:
    """An inventory code under another account code: publications that use it have to choose again."""
    return "account_code_id" in values and row.account_code_id != values["account_code_id"]

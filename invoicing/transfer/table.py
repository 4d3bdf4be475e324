"""The state table as a page of documentation, made from `states` so that it cannot differ from the code."""

from __future__ import annotations

from collections.abc import Iterable

from invoicing.transfer.states import MOVES, TERMINAL, WORD_OF, WORDS, State

HEAD = """# The states of a transfer

Made by `manage.py transfer_states --write` from `invoicing/transfer/states.py`; a test compares the two.
A move that is not in this table does not exist. Each one is a single
conditional `UPDATE … WHERE id AND epoch AND state`.
"""


def page() -> str:
    """The whole page, as Markdown."""
    moves = [(move.source.name, move.event.value, move.target.name, move.note) for move in MOVES]
    words = [
        (WORDS[word], ", ".join(state.name for state in State if WORD_OF.get(state) == word) or "no row")
        for word in WORDS
    ]
    ends = ", ".join(state.name for state in State if state in TERMINAL)
    return "\n".join(
        [
            HEAD,
            *_table(("from", "event", "to", "note"), moves),
            "",
            f"Terminal: {ends}.",
            "",
            "## What staff see",
            "",
            *_table(("words", "states"), words),
            "",
        ]
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines]

"""What the parts of Settings › KashFlow and My Details show, computed once for whole pages and for htmx."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kashflow import answer, buttons, connections, syncs
from kashflow.answer import Answer
from kashflow.buttons import Button
from kashflow.door import stored_refusal
from kashflow.merging import MOVED
from kashflow.models import Connection
from magmanager.common.models import Run, RunItem
from magmanager.common.permissions import may


@dataclass(frozen=True)
class Card:
    """The connection as it stands. `tone` is on-good, on-bad or empty; `owner` is whose saved login it is."""

    title: str
    sentence: str = ""
    tone: str = ""
    icon: str = "plug-connected"
    owner: str = ""
    username: str = ""
    at: datetime | None = None
    help_anchor: str = ""
    can_check: bool = False


def connection_card(by: Any, given: Answer | None = None) -> Card:
    """The state of the login that `by` works with; `given` is the answer they were just given."""
    try:
        connection = connections.login_for(by)
    except connections.NoLogin as error:
        return Card("No KashFlow login is saved", error.message)
    if given is None:
        given = _last_answer(connection)
    if given is None:
        return _card(
            "Not checked yet",
            "Press Check Connection to see whether KashFlow takes the saved login.",
            connection,
        )
    if given.ok:
        return _card(
            f"Connected to KashFlow as {connection.ledger_account.name}",
            "",
            connection,
            "on-good",
            "circle-check",
        )
    card = _card(given.title, given.sentence, connection, "on-bad", "alert-triangle")
    return Card(**{**vars(card), "at": given.at, "help_anchor": given.help_anchor})


def _card(
    title: str, sentence: str, connection: Connection, tone: str = "", icon: str = "plug-connected"
) -> Card:
    owner = connection.user.name
    return Card(
        title, sentence, tone, icon, owner, connection.username, connection.checked_at, can_check=True
    )


def _last_answer(connection: Connection) -> Answer | None:
    """What KashFlow said last about a saved login; None where it was never asked."""
    if connection.refusal:
        refused = answer.refused(stored_refusal(connection))
        return Answer(**{**vars(refused), "at": connection.refused_at})
    return answer.connected(connection.ledger_account.name, "") if connection.checked_at else None


@dataclass(frozen=True)
class SyncRow:
    """A button with its last run. `tone` and `icon` say how that one ended, `help_anchor` leads to its refusal.

    An app above may say in its own words what it is doing (`doing`), how far it is (`done`), how it ended
    (`summary`), that it never ran (`never`), and where to look at it (`url`).
    """

    button: Button
    run: Run | None
    tone: str
    icon: str
    may_start: bool
    help_anchor: str = ""
    changes: tuple[RunItem, ...] = ()
    has_more: bool = False
    doing: str = "Reading from KashFlow"
    done: int = 0
    summary: str = ""
    url_label: str = "Open the run"
    never: str = "Never synced"
    url: str = ""

    @property
    def is_running(self) -> bool:
        """Waiting or at work; one that is paused says why and can be pressed again."""
        return self.run is not None and self.run.state in (Run.State.WAITING, Run.State.RUNNING)

    @property
    def at_work(self) -> str:
        """How far it is, in words."""
        if self.run is None or self.run.state == Run.State.WAITING:
            return "Waiting for a worker"
        done = self.done or self.run.done
        if self.run.total:
            return f"{self.doing}, {done:,} of {self.run.total:,}"
        return f"{self.doing}, {done:,} so far" if done else self.doing


Rows = Callable[[Any], list[SyncRow]]
_MORE: list[Rows] = []


def add_rows(rows: Rows) -> None:
    """Rows that an app above adds to the Sync card, in its `ready()`; `rows` is called with the person who looks at it."""
    if rows not in _MORE:
        _MORE.append(rows)


def sync_card(by: Any, asked: Collection[str] = ()) -> dict[str, Any]:
    """What the Sync card shows: `syncs`, the rows that are offered, and `live`, the kinds that run now.

    `moved` are the rows of the kinds `asked` for, as they are now.
    """
    shown = buttons.offered()
    last = buttons.last_runs([button.kind for button in shown])
    rows = [_sync_row(button, last.get(button.kind), by) for button in shown]
    rows += [row for more in _MORE for row in more(by)]
    return {
        "syncs": rows,
        "live": [row.button.kind for row in rows if row.is_running],
        "moved": [row for row in rows if row.button.kind in asked],
    }


def _sync_row(button: Button, run: Run | None, by: Any) -> SyncRow:
    summary = run.summary if run else ""
    tone, icon = sign_of(run, needs_a_look="no longer" in summary or MOVED in summary)
    changes, has_more = syncs.changes_of(run) if run and run.is_over else ([], False)
    anchor = answer.anchor_of(run.cause) if run and run.cause else ""
    return SyncRow(button, run, tone, icon, may(by, button.verb), anchor, tuple(changes), has_more)


def sign_of(run: Run | None, *, needs_a_look: bool) -> tuple[str, str]:
    """The tone and the icon of how a run ended."""
    if run is None or run.state in (Run.State.WAITING, Run.State.RUNNING):
        return "text-2", "clock"
    if run.state in (Run.State.FAILED, Run.State.PAUSED):
        return "tone-bad", "alert-triangle"
    return ("tone-warn", "alert-circle") if needs_a_look else ("tone-good", "circle-check")

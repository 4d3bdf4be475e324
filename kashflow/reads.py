"""Runs that read KashFlow: a press makes the run, a worker reads everything and only then writes, in one transaction.

A failed read changes nothing and ends the run with its sentence. The rows say what there is to do, so a message that
is lost, doubled or late does no harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from kashflow import answer
from kashflow.connections import login_for, office_login
from kashflow.gateway.errors import ConnectionOff, GatewayError
from kashflow.limits import times
from kashflow.models import Connection
from magmanager.common import runs
from magmanager.common.models import Run
from magmanager.common.permissions import allow, may
from settings_app.models import SystemDefaults, User

Writing = Callable[[], str]
"""Writes what was read, inside a transaction, and returns the result in a sentence."""


@dataclass(frozen=True)
class Read:
    """A kind of reading run: its button, the permission it needs, and what reads; `read` raises GatewayError."""

    kind: str
    title: str
    verb: str
    read: Callable[[Run, Connection], Writing]


def request(what: Read, *, by: User) -> Run:
    """The run of a press, or the one under way. Raises NotAllowed and NoLogin."""
    allow(by, what.verb)
    return _start(what, by, login_for(by))


def request_unasked(what: Read, *, unless_within: timedelta = timedelta(0)) -> Run | None:
    """The run that nobody pressed for, under the office login; None where there is none that works.

    Two beats, or one that was started again, ask twice: nothing is begun `unless_within` so long of the last one.
    """
    login = office_login()
    if login is None or login.refusal or not SystemDefaults.current().uses_kashflow:
        return None
    since = timezone.now() - unless_within
    lately = Run.objects.filter(kind=what.kind, by=None, connection_id=login.pk, started_at__gt=since)
    return lately.first() or _start(what, None, login)


def _start(what: Read, by: User | None, login: Connection) -> Run:
    key = f"{what.kind}:{login.ledger_account_id}"
    return runs.start(kind=what.kind, title=what.title, by=by, connection_id=login.pk, only_one=key)


def last_run(kind: str) -> Run | None:
    """The latest run of a kind."""
    return Run.objects.select_related("by").filter(kind=kind).first()


def carry(what: Read, run_id: uuid.UUID) -> Run | None:
    """Does the work of one run that waits and returns it; None where somebody else has it or it is over."""
    run = Run.objects.select_related("by").filter(pk=run_id, kind=what.kind).first()
    if run is None or not runs.take(run):
        return None
    connection = _login_of(run)
    if connection is None:
        summary = (
            "The KashFlow login was forgotten, so nothing was read. Save one in My Details and try again."
        )
        runs.finish(run, summary=summary, failed=True, cause="no_login")
    elif run.by and not may(run.by, what.verb):
        # A right that was taken away since the press counts.
        summary = (
            f"{run.by} may not do this any more, so nothing was read. Somebody who may can press the button."
        )
        runs.finish(run, summary=summary, failed=True, cause="not_allowed")
    else:
        _carry(what, run, connection)
    run.refresh_from_db()
    return run


def _carry(what: Read, run: Run, connection: Connection) -> None:
    try:
        write = what.read(run, connection)
    except GatewayError as error:
        runs.finish(run, summary=_failure(error)[:300], failed=True, cause=error.code)
        return
    with transaction.atomic():
        # A run that was given to another worker meanwhile writes nothing.
        if runs.finish(run, summary=""):
            Run.objects.filter(pk=run.pk).update(summary=write()[:300])


def _login_of(run: Run) -> Connection | None:
    if run.connection_id is None:
        return None
    saved = Connection.objects.select_related("ledger_account", "user")
    return saved.filter(pk=run.connection_id).first()


def _failure(error: GatewayError) -> str:
    """A refused login says itself what to do; after anything else the button is pressed again."""
    if isinstance(error, ConnectionOff):
        return error.sentence
    title = answer.refused(error).title
    return f"{title}, so nothing was changed here. Press the button again in a few minutes."


def forgotten(kinds: Collection[str]) -> list[Run]:
    """Runs nobody works at: never woken, or their worker died. A dead one's run waits again."""
    before = timezone.now() - timedelta(seconds=times().lease)
    Run.objects.filter(kind__in=kinds, state=Run.State.RUNNING, touched_at__lt=before).update(
        state=Run.State.WAITING, done=0, touched_at=timezone.now()
    )
    return list(Run.objects.filter(kind__in=kinds, state=Run.State.WAITING))

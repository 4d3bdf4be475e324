"""Runs that read KashFlow: what the press, the worker and the sweep of each of them have in common.

The rows say what there is to do, so a message that is lost, doubled or late does no harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from kashflow import answer
from kashflow.connections import SWITCHED, login_for, office_login
from kashflow.gateway.errors import ConnectionOff, GatewayError
from kashflow.limits import times
from kashflow.models import Connection
from magmanager.common import runs
from magmanager.common.models import Run
from magmanager.common.permissions import allow, may
from settings_app.models import AuditEntry, SystemDefaults, User

FORGOTTEN = "The KashFlow login was forgotten, so nothing was read. Save one in My Details and try again."
NOT_ALLOWED = "{} may not do this any more, so nothing was read. Somebody who may can press the button."


def request(kind: str, title: str, verb: str, *, by: User) -> Run:
    """The run of a press, or the one under way. Raises NotAllowed and NoLogin."""
    allow(by, verb)
    return _start(kind, title, login_for(by), by)


def request_unasked(kind: str, title: str, *, unless_within: timedelta = timedelta(0)) -> Run | None:
    """The run that nobody pressed for, under the office login; None where there is none that works.

    Two beats, or one that was started again, ask twice: the last run is returned that began within
    `unless_within`.
    """
    login = office_login()
    if login is None or login.refusal or not SystemDefaults.current().uses_kashflow:
        return None
    since = timezone.now() - unless_within
    lately = Run.objects.filter(kind=kind, by=None, connection_id=login.pk, started_at__gt=since)
    return lately.first() or _start(kind, title, login, None)


def _start(kind: str, title: str, login: Connection, by: User | None) -> Run:
    key = f"{kind}:{login.ledger_account_id}"
    return runs.start(kind=kind, title=title, by=by, connection_id=login.pk, only_one=key)


def last_run(kind: str) -> Run | None:
    """The latest run of a kind."""
    return Run.objects.select_related("by").filter(kind=kind).first()


def of_these_books(kind: str) -> QuerySet[Run]:
    """Runs of a kind that were asked for since another KashFlow account was last made the current one.

    A login goes with its person to the other account, so the login of a run does not say whose books it read.
    """
    switched = AuditEntry.objects.filter(event=SWITCHED, at__gte=OuterRef("started_at"))
    return Run.objects.filter(~Exists(switched), kind=kind)


def begin(run_id: uuid.UUID, verbs: Mapping[str, str]) -> tuple[Run, Connection] | None:
    """Takes a run that waits, with the login it works under. `verbs` has the permission each kind of run needs.

    None where somebody else has it or it is over, and where its presser may not any more or its login is gone:
    then it ends with that reason. A right that was taken away since the press counts.
    """
    run = Run.objects.select_related("by").filter(pk=run_id, kind__in=verbs).first()
    if run is None or not runs.take(run):
        return None
    connection = _login_of(run)
    if run.by and not may(run.by, verbs[run.kind]):
        runs.finish(run, summary=NOT_ALLOWED.format(run.by), failed=True, cause="not_allowed")
    elif connection is None:
        runs.finish(run, summary=FORGOTTEN, failed=True, cause="no_login")
    else:
        return run, connection
    return None


def _login_of(run: Run) -> Connection | None:
    if run.connection_id is None:
        return None
    saved = Connection.objects.select_related("ledger_account", "user")
    return saved.filter(pk=run.connection_id).first()


def fail(run: Run, error: GatewayError) -> None:
    """Ends a run that could not be read to the end and has changed nothing.

    A refused login says itself what to do; after anything else the button is pressed again.
    """
    words = error.sentence
    if not isinstance(error, ConnectionOff):
        title = answer.refused(error).title
        words = f"{title}, so nothing was changed here. Press the button again in a few minutes."
    runs.finish(run, summary=words[:300], failed=True, cause=error.code)


def forgotten(kinds: Collection[str]) -> list[Run]:
    """Runs nobody works at: never woken, or their worker died. A dead one's run waits again."""
    before = timezone.now() - timedelta(seconds=times().lease)
    Run.objects.filter(kind__in=kinds, state=Run.State.RUNNING, touched_at__lt=before).update(
        state=Run.State.WAITING, done=0, touched_at=timezone.now()
    )
    return list(Run.objects.filter(kind__in=kinds, state=Run.State.WAITING))

"""*Match from KashFlow*: the customers are read over the API, then laid beside our clients like a file's."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from clients.customer_codes.reading import CODE, BadLine, FoundCustomer, tidy
from clients.matches.lists import VERB, store
from clients.models import CodeMatch
from kashflow import answer
from kashflow.connections import login_for
from kashflow.gateway.errors import ConnectionOff, GatewayError
from kashflow.gateway.records import Customer
from kashflow.limits import times
from kashflow.models import Connection
from kashflow.services import get_gateway
from magmanager.common import runs
from magmanager.common.models import Run
from magmanager.common.permissions import allow, may
from settings_app.models import User

KIND = "match_customers"
NOBODY = uuid.UUID(int=0)
TELL_EVERY = 200
UNUSABLE = "A customer needs a name and a code of letters and digits, at most 20."


def match_from_kashflow(*, by: User) -> Run:
    """Asks for the customers to be read. Raises NoLogin."""
    allow(by, VERB)
    connection = login_for(by)
    return runs.start(
        kind=KIND,
        title="Match from KashFlow",
        by=by,
        connection_id=connection.pk,
        only_one=f"{KIND}:{connection.ledger_account_id}",
    )


def last_run() -> Run | None:
    """The latest reading."""
    return Run.objects.select_related("by").filter(kind=KIND).first()


def carry(run_id: uuid.UUID) -> None:
    """Does the work of one reading that waits; nothing where somebody else has it or it is over."""
    run = Run.objects.select_related("by").filter(pk=run_id, kind=KIND).first()
    if run is None or run.by is None or not runs.take(run):
        return
    saved = Connection.objects.select_related("ledger_account", "user")
    connection = saved.filter(pk=run.connection_id).first() if run.connection_id else None
    if connection is None or not may(run.by, VERB):
        told = (
            "The login or the right to do this is gone, so nothing was read. Press Match from KashFlow again."
        )
        runs.finish(run, summary=told, failed=True, cause="no_login")
        return
    try:
        customers, bad = _read(run, connection)
    except GatewayError as error:
        runs.finish(run, summary=_failure(error)[:300], failed=True, cause=error.code)
        return
    with transaction.atomic():
        # Together, so that a worker that dies leaves both undone and none is stored twice.
        store(by=run.by, customers=customers, bad=bad, source=CodeMatch.Source.KASHFLOW)
        runs.finish(run, summary=f"{len(customers):,} customers read from KashFlow.")


def forgotten() -> list[Run]:
    """Readings nobody works at: never woken, or their worker died. A dead one's run waits again."""
    before = timezone.now() - timedelta(seconds=times().lease)
    Run.objects.filter(kind=KIND, state=Run.State.RUNNING, touched_at__lt=before).update(
        state=Run.State.WAITING, done=0, touched_at=timezone.now()
    )
    return list(Run.objects.filter(kind=KIND, state=Run.State.WAITING))


def _read(run: Run, connection: Connection) -> tuple[list[FoundCustomer], list[BadLine]]:
    found: list[FoundCustomer] = []
    bad: list[BadLine] = []
    gateway = get_gateway(connection, by=run.by, purpose=run.title)
    for n, customer in enumerate(gateway.get_customers(), start=1):
        if CODE.fullmatch(customer.code) and tidy(customer.name):
            found.append(_found(customer))
        else:
            bad.append(BadLine(n, f"{customer.code} {customer.name}"[:120], UNUSABLE))
        if n % TELL_EVERY == 0:
            runs.progress(run, done=n)
    return found, bad


def _found(customer: Customer) -> FoundCustomer:
    return FoundCustomer(
        line=0,
        code=customer.code,
        name=tidy(customer.name)[:200],
        email=customer.email[:254],
        postcode=customer.postcode[:12],
        phone=customer.telephone[:40],
        customer_id=customer.customer_id,
    )


def _failure(error: GatewayError) -> str:
    if isinstance(error, ConnectionOff):
        return error.sentence
    return f"{answer.refused(error).title}, so nothing was read. Press the button again in a few minutes."

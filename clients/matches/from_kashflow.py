"""*Match from KashFlow*: the customers are read over the API, then laid beside our clients like a file's."""

from __future__ import annotations

import uuid

from django.db import transaction

from clients.customer_codes.reading import CODE, BadLine, FoundCustomer, tidy
from clients.matches.lists import VERB, store
from clients.models import CodeMatch
from kashflow import reads
from kashflow.gateway.errors import GatewayError
from kashflow.gateway.records import Customer
from kashflow.models import Connection
from kashflow.services import get_gateway
from magmanager.common import runs
from magmanager.common.models import Run
from settings_app.models import User

KIND = "match_customers"
NOBODY = uuid.UUID(int=0)
TELL_EVERY = 200
UNUSABLE = "A customer needs a name and a code of letters and digits, at most 20."


def match_from_kashflow(*, by: User) -> Run:
    """Asks for the customers to be read. Raises NoLogin."""
    return reads.request(KIND, "Match from KashFlow", VERB, by=by)


def last_run() -> Run | None:
    """The latest reading."""
    return reads.last_run(KIND)


def carry(run_id: uuid.UUID) -> None:
    """Does the work of one reading that waits; nothing where somebody else has it or it is over."""
    begun = reads.begin(run_id, {KIND: VERB})
    if begun is None:
        return
    run, connection = begun
    if run.by is None:
        return
    try:
        customers, bad = _read(run, connection)
    except GatewayError as error:
        reads.fail(run, error)
        return
    with transaction.atomic():
        # Together, so that a worker that dies leaves both undone and none is stored twice.
        store(by=run.by, customers=customers, bad=bad, source=CodeMatch.Source.KASHFLOW)
        runs.finish(run, summary=f"{len(customers):,} customers read from KashFlow.")


def forgotten() -> list[Run]:
    """Readings nobody works at."""
    return reads.forgotten([KIND])


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

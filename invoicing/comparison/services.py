"""Comparing our books with KashFlow's: changes nothing in either (transfer.md; product.md, KashFlow 10 to 12)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

from django.db import transaction
from django.db.models import QuerySet

from invoicing.comparison.judging import Finding
from invoicing.comparison.walking import Walk
from invoicing.models import LedgerDifference
from kashflow import reads
from kashflow.gateway.errors import GatewayError
from kashflow.services import get_gateway
from magmanager.common import runs
from magmanager.common.models import Run
from settings_app.models import User

Kind = LedgerDifference.Kind
VERB, KIND, TITLE = "invoicing.compare_ledgers", "compare_ledgers", "Compare with KashFlow"
# What only waits to be transferred comes last: a batch of it would hide the rest.
WORST_FIRST = [Kind.EXTRA, Kind.DELETED, Kind.EDITED, Kind.PENNY, Kind.PAID, Kind.MISSING]
EQUAL = "No difference: both books agree to the penny."


def compare_ledgers(*, by: User) -> Run:
    """Asks for a comparison; the caller wakes a worker. Raises NoLogin."""
    return reads.request(KIND, TITLE, VERB, by=by)


def compare_unasked(*, unless_within: dt.timedelta = dt.timedelta(0)) -> Run | None:
    """The comparison of the night or the command, under the office login; None where no login works."""
    return reads.request_unasked(KIND, TITLE, unless_within=unless_within)


def carry(run_id: uuid.UUID) -> Run | None:
    """Does one comparison that waits and returns it as it ended; None where somebody else has it."""
    begun = reads.begin(run_id, {KIND: VERB})
    if begun is None:
        return None
    run, connection = begun
    gateway = get_gateway(connection, by=run.by, purpose=TITLE)
    walk = Walk(connection.ledger_account, gateway, tell=lambda seen: runs.progress(run, done=seen))
    try:
        found = sorted(walk.findings(), key=lambda one: (WORST_FIRST.index(one.kind), one.number))
    except GatewayError as error:
        reads.fail(run, error)
    else:
        _write(run, found, walk.seen)
    run.refresh_from_db()
    return run


def latest() -> Run | None:
    """The newest comparison with the current books that has a result."""
    return reads.of_these_books(KIND).select_related("by").filter(state=Run.State.FINISHED).first()


def differences() -> QuerySet[LedgerDifference]:
    """What it found: only the newest comparison's differences are kept."""
    return LedgerDifference.objects.filter(run__in=reads.of_these_books(KIND))


def _write(run: Run, found: list[Finding], seen: int) -> None:
    """Keeps what was found in place of what the last comparison found; nothing where the run is over by now."""
    with transaction.atomic():
        if not runs.finish(run, summary=_sentence(Counter(one.kind for one in found), seen)[:300]):
            return
        LedgerDifference.objects.exclude(run=run).delete()
        LedgerDifference.objects.bulk_create([_row(run, one) for one in found], batch_size=500)


def _row(run: Run, one: Finding) -> LedgerDifference:
    return LedgerDifference(
        run=run,
        kind=one.kind,
        invoice_id=one.invoice_id,
        number=one.number,
        kashflow_dbid=one.dbid,
        company=one.company[:200],
        what=one.what[:300],
    )


def _sentence(counts: Counter[LedgerDifference.Kind], seen: int) -> str:
    looked = f"{seen:,} of KashFlow's documents were looked at."
    if not counts:
        return f"{EQUAL} {looked}"
    parts = [
        f"{counts[kind]:,} {kind.label[0].lower()}{kind.label[1:]}" for kind in WORST_FIRST if counts[kind]
    ]
    return f"{', '.join(parts)}. {looked}"

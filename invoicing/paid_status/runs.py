"""*Update Invoice Paid Status*: a run over every invoice that is not paid to the penny, or was paid again there
(product.md, KashFlow 6 and 11).

The views and the beat wake a worker; what there is to do is in the run's row.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from invoicing.models import Invoice, PaidReading
from invoicing.paid_status.reading import Seen, ask_for_all
from invoicing.paid_status.writing import Change, write
from kashflow import answer, reads
from kashflow.gateway.errors import ConnectionOff, GatewayError
from kashflow.models import Connection, LedgerAccount
from kashflow.services import get_gateway
from magmanager.common import runs
from magmanager.common.errors import DomainError
from magmanager.common.models import Run
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import SystemDefaults, User

KIND = "update_paid_status"
VERB = "invoicing.update_paid_status"
TITLE = "Update Invoice Paid Status"
A_NIGHT = timedelta(hours=12)
# Read, then written together: what a kill or a refusal costs is at most so many to be read anew.
CHUNK = 200
Paid = Invoice.Paid


class PackageOff(DomainError):
    """KashFlow is not the accounts package."""

    code = "package_off"


def update_paid_status(*, by: User) -> Run:
    """A run that asks KashFlow what is paid, or the one under way; the caller wakes `tasks.update_paid_status`.

    Raises NotAllowed, PackageOff, NoLogin.
    """
    allow(by, VERB)
    refuse_without_package()
    return reads.request(KIND, TITLE, VERB, by=by)


def update_at_night() -> Run | None:
    """The same under the office login, once a night; None where there is none that works, or KashFlow is off."""
    return reads.request_unasked(KIND, TITLE, unless_within=A_NIGHT)


def refuse_without_package() -> None:
    """Raises PackageOff while KashFlow is not the accounts package."""
    if not SystemDefaults.current().uses_kashflow:
        raise PackageOff(
            "KashFlow is not the accounts package, so KashFlow was not asked. Choose it in System Defaults."
        )


def carry(run_id: uuid.UUID) -> None:
    """Does the work of one run that waits; nothing where somebody else has it or it is over."""
    if begun := reads.begin(run_id, {KIND: VERB}):
        _carry(*begun)


def forgotten() -> list[Run]:
    """Updates nobody works at; a dead worker's run reads anew."""
    return reads.forgotten([KIND])


def _carry(run: Run, login: Connection) -> None:
    """What was read stays written if the rest fails: each invoice stands for itself."""
    told = Told()
    at = timezone.now()
    try:
        gateway = get_gateway(login, by=run.by, purpose=TITLE)
        total, seen = ask_for_all(gateway, login.ledger_account)
        runs.progress(run, done=0, total=total)
        _write_all(run, login.ledger_account, seen, told, at)
    except GatewayError as error:
        _end(run, login.ledger_account, told, why_not=failure(error, told.changed), cause=error.code)
        return
    if not told.unclear:
        _mark_read(login.ledger_account, at)
    _end(run, login.ledger_account, told)


def _write_all(run: Run, account: LedgerAccount, seen: Iterator[Seen], told: Told, at: datetime) -> None:
    while chunk := list(islice(seen, CHUNK)):
        told.hear(chunk, write(account, chunk, at=at))
        runs.progress(run, done=told.read)


def _mark_read(account: LedgerAccount, at: datetime) -> None:
    """KashFlow was asked about all of `account` at `at`; a later moment that is there already stays."""
    reading, _ = PaidReading.objects.get_or_create(ledger_account=account, client=None)
    older = PaidReading.objects.filter(Q(read_at=None) | Q(read_at__lt=at), pk=reading.pk)
    older.update(read_at=at)


def failure(
    error: GatewayError, changed: int, again: str = "Press the button again in a few minutes."
) -> str:
    """A refused login says itself what to do; after anything else it is asked `again`."""
    so_far = f" {changed} changed before that." if changed else ""
    if isinstance(error, ConnectionOff):
        return f"{error.sentence}{so_far}"
    what = "so the rest was left as it was" if changed else "so nothing was changed here"
    return f"{answer.refused(error).title}, {what}.{so_far} {again}"


def _end(run: Run, account: LedgerAccount, told: Told, *, why_not: str = "", cause: str = "") -> None:
    summary = why_not or told.sentence()
    with transaction.atomic():
        if runs.finish(run, summary=summary[:300], failed=bool(why_not), cause=cause):
            runs.note(run, told.notes)
            audit.record("paid_status.updated", account, by=run.by, after={"result": summary})


class Told:
    """What a run came to, for its result."""

    def __init__(self) -> None:
        self.read = self.changed = self.unclear = self.to_look_at = 0
        self.became: Counter[str] = Counter()
        self.notes: list[tuple[str, str]] = []

    def hear(self, seen: list[Seen], changes: list[Change]) -> None:
        """Counts a chunk."""
        self.read += len(seen)
        self.unclear += sum(one.verdict is None for one in seen)
        self.to_look_at += sum(bool(one.verdict and one.verdict.flag) for one in seen)
        self.changed += len(changes)
        self.became.update(change.state for change in changes if change.state != change.before)
        self.notes += [(str(change.number), _note(change)) for change in changes]
        self.notes += [(str(one.ours.number), UNREAD) for one in seen if one.verdict is None]

    def sentence(self) -> str:
        """41 paid, 3 part paid, 1 needs a look."""
        parts = [(self.became[state], WORDS[state]) for state in WORDS]
        parts.append((self.to_look_at, "needs a look" if self.to_look_at == 1 else "need a look"))
        parts.append((self.unclear, "could not be read and stayed as they were"))
        said = ", ".join(f"{count:,} {words}" for count, words in parts if count)
        return said or f"No change, {self.read:,} invoice{'' if self.read == 1 else 's'} looked at"


# What the result says of an invoice that stayed as it was.
UNREAD = "could not be read"
WORDS = {Paid.PAID: "paid", Paid.PART: "part paid", Paid.OVER: "overpaid", Paid.UNPAID: "unpaid again"}


def _note(change: Change) -> str:
    if change.flag:
        return f"needs a look: {Invoice.PaymentFlag(change.flag).label.lower()}"
    return WORDS[Paid(change.state)] if change.state != change.before else "payments changed"

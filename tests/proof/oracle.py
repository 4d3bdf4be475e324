"""The oracle of the lives: what must be true of our rows and KashFlow's books, at any moment and at rest.

It reads both sides as they are stored and shares no code with what sends and compares. `tests/oracle.py` judges what another
process told, at rest and without people; what both ask is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from invoicing.models import Invoice, NumberCounter, Transfer, TransferAttempt
from invoicing.transfer.states import NEEDS_YOU, State
from kashflow.models import ApiCall, CallSlot
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests import oracle as rows
from tests.proof import documents, errands, told
from tests.proof.documents import Books, Document
from tests.proof.publisher import FIRST_NUMBER, PASSWORD, Publisher

TEXTS = {
    ApiCall: ("request_xml", "response_xml", "detail", "purpose"),
    TransferAttempt: ("what", "outcome"),
    Run: ("title", "summary", "cause"),
    AuditEntry: ("object_label", "before", "after"),
    Transfer: ("last_cause", "found"),
}


class Broken(AssertionError):
    """Something that must be true is not."""


class Oracle:
    """Remembers what must not change: other people's documents, what was written of attempts, every marker there was."""

    def __init__(self, publisher: Publisher, logged: Callable[[], str] = str) -> None:
        self._publisher = publisher
        self._logged = logged
        self._theirs: dict[int, Document] = {}
        self._attempts: dict[Any, dict[str, Any]] = {}
        self._markers: set[str] = set()

    def at_any_time(self) -> Books:
        """Even in the middle of things: never two, nothing of others touched, no gap. Returns KashFlow's books."""
        books = Books(self._publisher)
        self._nothing_twice(books)
        self._nothing_that_is_nobodys(books)
        self._nothing_of_others_touched(books)
        _no_gap()
        self._no_attempt_rewritten()
        return books

    def after_restore(self) -> None:
        """Attempts that the backup does not know are forgotten with it."""
        there = set(TransferAttempt.objects.values_list("pk", flat=True))
        self._attempts = {pk: attempt for pk, attempt in self._attempts.items() if pk in there}

    def at_rest(self) -> None:
        """Lets everything come to rest and compares the books, to the penny."""
        self._publisher.come_to_rest()
        books = self.at_any_time()
        for transfer in Transfer.objects.select_related("invoice", "ledger_account", "payment"):
            faults = documents.faults if transfer.kind == Transfer.Kind.CREATE else errands.faults
            for fault in faults(transfer, books):
                raise Broken(f"{transfer.kind} {transfer.invoice.number}, {transfer.state}: {fault}")
        self._nothing_left_out(books)
        _sums_are_equal(books)
        _nothing_is_held()
        for fault in told.faults(self._publisher, books):
            raise Broken(fault)
        self._no_password()

    def _nothing_twice(self, books: Books) -> None:
        ours = set(Invoice.objects.values_list("marker", flat=True)) | self._publisher.requested
        twice = {marker: count for marker, count in books.counted().items() if count > 1 and marker in ours}
        if twice:
            raise Broken(f"In KashFlow more than once: {twice}")
        if doubled := errands.doubled(books):
            raise Broken(f"Done in KashFlow more than once: {doubled}")

    def _nothing_that_is_nobodys(self, books: Books) -> None:
        """What looks like one of ours is, or was before a backup was restored."""
        self._markers |= set(Invoice.objects.values_list("marker", flat=True))
        for document in books.documents:
            marker = rows.marker_of(document)
            if rows.looks_like_ours(marker) and marker not in self._markers:
                raise Broken(f"A document carries a marker of no invoice: {document}")

    def _nothing_of_others_touched(self, books: Books) -> None:
        hands = self._publisher.bookkeeper
        by_hand = hands.changed | hands.deleted | hands.paid_on
        now = books.by_dbid
        for dbid, before in self._theirs.items():
            if dbid not in by_hand and dbid not in books.linked and now.get(dbid) != before:
                raise Broken(f"A document that is not ours was changed: {before} is now {now.get(dbid)}")
        ours = set(Invoice.objects.values_list("marker", flat=True))
        self._theirs = {
            dbid: one
            for dbid, one in now.items()
            if rows.marker_of(one) not in ours and dbid not in by_hand | set(books.linked)
        }

    def _no_attempt_rewritten(self) -> None:
        now = rows.attempts()
        for fault in rows.rewritten(self._attempts, now):
            raise Broken(fault)
        self._attempts = now

    def _nothing_left_out(self, books: Books) -> None:
        for invoice in Invoice.objects.filter(state=Invoice.State.RAISED).select_related("credits"):
            asked_for = (invoice.credits or invoice).marker in self._publisher.requested
            is_due = invoice.credits is None or errands.is_there(invoice.credits)
            if asked_for and is_due and not invoice.transfers.exists():
                raise Broken(f"{invoice.kind} {invoice.number} was asked for and has no transfer")
            if not asked_for and invoice.marker in books.by_marker:
                raise Broken(f"{invoice.kind} {invoice.number} is in KashFlow though nobody asked for it")

    def _no_password(self) -> None:
        if PASSWORD in self._logged():
            raise Broken("The log contains the password")
        for model, columns in TEXTS.items():
            for row in model._default_manager.values_list(*columns):
                if PASSWORD in str(row):
                    raise Broken(f"{model.__name__} contains the password: {row}")


def _sums_are_equal(books: Books) -> None:
    """Of all that was sent and is there as it was sent."""
    pairs = [
        (transfer.invoice.total, document)
        for transfer in documents.verified()
        if (document := books.of(transfer)) and not books.is_by_hand(document)
    ]
    ours = sum((total for total, _document in pairs), Decimal(0))
    theirs = sum((documents.total_of(document) for _total, document in pairs), Decimal(0))
    if ours != theirs:
        raise Broken(f"{ours} were sent, KashFlow has {theirs}")


def _no_gap() -> None:
    """Numbers are left out only where `after_restore` lifted the counter above KashFlow's highest, and said so."""
    lifts = AuditEntry.objects.filter(event="next_number.changed").values_list("before", "after")
    lifted = {n for was, now in lifts for n in range(was["next_number"], now["next_number"])}
    numbers = Counter(Invoice.objects.values_list("number", flat=True))
    wanted = range(FIRST_NUMBER, NumberCounter.objects.get().next_number)
    if numbers != Counter(number for number in wanted if number not in lifted):
        raise Broken(f"The numbers have a gap: {sorted(numbers.elements())}")


def _nothing_is_held() -> None:
    now = timezone.now()
    leased = Transfer.objects.filter(state__in=[State.VERIFIED, *NEEDS_YOU], lease_until__gt=now)
    waiting = errands.waiting()
    unfinished = Run.objects.filter(kind__startswith="transfer", finished_at=None)
    unfinished = unfinished.exclude(run_transfers__transfer__in=waiting)
    slots = CallSlot.objects.exclude(holder=None)
    for what, found in (("lease", leased), ("run", unfinished), ("call slot", slots)):
        if found.exists():
            raise Broken(f"At rest, and still a {what} is held: {list(found.values())}")

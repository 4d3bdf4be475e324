"""The oracle: what must be true of our rows and KashFlow's books, in one place for every test of the proof.

It reads both sides as they are stored and shares no code with what sends and compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.forms.models import model_to_dict
from django.utils import timezone

from clients.models import CustomerLink
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer, TransferAttempt
from invoicing.transfer.states import NEEDS_YOU, State
from kashflow.models import ApiCall, CallSlot, LedgerAccount
from magmanager.common.models import Run
from settings_app.models import AuditEntry
from tests.proof.publisher import FIRST_NUMBER, PASSWORD, Publisher

Document = dict[str, Any]
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
    """Remembers what must not change: other people's documents, and what was written of attempts."""

    def __init__(self, publisher: Publisher, logged: Callable[[], str] = str) -> None:
        self._publisher = publisher
        self._logged = logged
        self._theirs: dict[int, Document] = {}
        self._attempts: dict[int, dict[str, Any]] = {}

    def at_any_time(self) -> list[Document]:
        """Even in the middle of things: never two, nothing of others touched, no gap. Returns the documents."""
        documents = self._publisher.sandbox.invoices()
        self._nothing_twice(documents)
        self._nothing_of_others_touched(documents)
        _no_gap()
        self._no_attempt_rewritten()
        return documents

    def after_restore(self) -> None:
        """Attempts that the backup does not know are forgotten with it."""
        there = set(TransferAttempt.objects.values_list("pk", flat=True))
        self._attempts = {pk: attempt for pk, attempt in self._attempts.items() if pk in there}

    def at_rest(self) -> None:
        """Lets everything come to rest and compares the books, to the penny."""
        self._publisher.come_to_rest()
        documents = self.at_any_time()
        by_marker = {_marker(document): document for document in documents}
        for transfer in Transfer.objects.select_related("invoice", "ledger_account"):
            document = by_marker.get(transfer.invoice.marker)
            for fault in _faults_of(transfer, document, documents):
                raise Broken(f"Invoice {transfer.invoice.number}, {transfer.state}: {fault}")
        self._nothing_left_out(by_marker)
        _sums_are_equal(by_marker)
        _nothing_is_held()
        self._no_password()

    def _nothing_twice(self, documents: list[Document]) -> None:
        ours = set(Invoice.objects.values_list("marker", flat=True)) | self._publisher.requested
        counts = Counter(_marker(document) for document in documents)
        twice = {marker: count for marker, count in counts.items() if count > 1 and marker in ours}
        if twice:
            raise Broken(f"In KashFlow more than once: {twice}")

    def _nothing_of_others_touched(self, documents: list[Document]) -> None:
        ours = set(Invoice.objects.values_list("marker", flat=True))
        now = {one["InvoiceDBID"]: one for one in documents}
        for dbid, before in self._theirs.items():
            if now.get(dbid) != before:
                raise Broken(f"A document that is not ours was changed: {before} is now {now.get(dbid)}")
        self._theirs = {dbid: one for dbid, one in now.items() if _marker(one) not in ours}

    def _no_attempt_rewritten(self) -> None:
        now = {attempt.pk: model_to_dict(attempt) for attempt in TransferAttempt.objects.all()}
        for pk, before in self._attempts.items():
            if now.get(pk) != before:
                raise Broken(f"An attempt was rewritten: {before} is now {now.get(pk)}")
        self._attempts = now

    def _nothing_left_out(self, by_marker: dict[str, Document]) -> None:
        for invoice in Invoice.objects.filter(state=Invoice.State.RAISED):
            was_asked_for = invoice.marker in self._publisher.requested
            if was_asked_for and not invoice.transfers.exists():
                raise Broken(f"Invoice {invoice.number} was asked for and has no transfer")
            if not was_asked_for and invoice.marker in by_marker:
                raise Broken(f"Invoice {invoice.number} is in KashFlow though nobody asked for it")

    def _no_password(self) -> None:
        if PASSWORD in self._logged():
            raise Broken("The log contains the password")
        for model, columns in TEXTS.items():
            for row in model._default_manager.values_list(*columns):
                if PASSWORD in str(row):
                    raise Broken(f"{model.__name__} contains the password: {row}")


def _marker(document: Document) -> str:
    return str(document["CustomerReference"]).rpartition(" ")[2]


def _faults_of(transfer: Transfer, document: Document | None, documents: list[Document]) -> Iterator[str]:
    """What is wrong with one transfer at rest."""
    if transfer.state in (State.CANCELLED, State.DO_NOT_SEND):
        if document is not None:
            yield "it is in KashFlow all the same"
    elif transfer.state == State.VERIFIED:
        yield from _untruths(transfer, document) if document else ["it is not in KashFlow"]
    elif transfer.state not in NEEDS_YOU:
        yield "it did not come to rest"
    elif not _needs_a_person(transfer, document, documents):
        yield f"nothing there needs a person: {transfer.last_cause}"


def _needs_a_person(transfer: Transfer, document: Document | None, documents: list[Document]) -> bool:
    """Our document is not as it should be, or our number is on somebody else's."""
    number = transfer.invoice.number
    is_taken = any(one["InvoiceNumber"] == number and one is not document for one in documents)
    return is_taken or (document is not None and any(_differences(transfer, document)))


def _untruths(transfer: Transfer, document: Document) -> Iterator[str]:
    """In what a VERIFIED transfer is not true."""
    invoice = transfer.invoice
    yield from _differences(transfer, document)
    known = (transfer.kashflow_number, transfer.kashflow_dbid, transfer.verified_total)
    there = (document["InvoiceNumber"], document["InvoiceDBID"], round(invoice.total * 100))
    if known != there:
        yield f"number, id and total are {there}, known are {known}"


def _differences(transfer: Transfer, document: Document) -> Iterator[str]:
    """In what KashFlow's document is not the invoice."""
    invoice = transfer.invoice
    customer = CustomerLink.objects.get(client=invoice.payer, ledger_account=transfer.ledger_account)
    pairs = {
        # Not known here where a restored backup adopts a document whose customer it does not know.
        "customer": (customer.customer_id or document["CustomerID"], document["CustomerID"]),
        "net": (invoice.amount, Decimal(document["NetAmount"])),
        "VAT": (invoice.vat_amount, Decimal(document["VATAmount"])),
        "date": (f"{invoice.invoice_date:%Y-%m-%d}", document["InvoiceDate"][:10]),
        "lines": (
            [_line(line) for line in invoice.lines.order_by("sort")],
            [_their_line(line) for line in sorted(document["Lines"], key=lambda line: line["Sort"])],
        ),
    }
    if transfer.ledger_account.numbering == LedgerAccount.Numbering.OURS:
        pairs["number"] = (invoice.number, document["InvoiceNumber"])
    return (
        f"{name}: {ours} here, {theirs} there" for name, (ours, theirs) in pairs.items() if ours != theirs
    )


def _line(line: InvoiceLine) -> tuple[object, ...]:
    return line.description, Decimal(line.quantity), line.rate, line.vat_percent, line.vat_amount


def _their_line(line: Document) -> tuple[object, ...]:
    amounts = (Decimal(line[name]) for name in ("Quantity", "Rate", "VatRate", "VatAmount"))
    return line["Description"], *amounts


def _sums_are_equal(by_marker: dict[str, Document]) -> None:
    sent = Invoice.objects.filter(transfers__state=State.VERIFIED)
    ours = sum((invoice.total for invoice in sent), Decimal(0))
    there = (by_marker[invoice.marker] for invoice in sent)
    theirs = sum((Decimal(one["NetAmount"]) + Decimal(one["VATAmount"]) for one in there), Decimal(0))
    if ours != theirs:
        raise Broken(f"{ours} were sent, KashFlow has {theirs}")


def _no_gap() -> None:
    """Numbers are left out only where `after_restore` lifted the counter above KashFlow's highest, and said so."""
    lifts = AuditEntry.objects.filter(event="next_number.changed").values_list("before", "after")
    lifted = {n for was, now in lifts for n in range(was["next_number"], now["next_number"])}
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    wanted = range(FIRST_NUMBER, NumberCounter.objects.get().next_number)
    if numbers != [number for number in wanted if number not in lifted]:
        raise Broken(f"The numbers have a gap: {numbers}")


def _nothing_is_held() -> None:
    now = timezone.now()
    leased = Transfer.objects.filter(state__in=[State.VERIFIED, *NEEDS_YOU], lease_until__gt=now)
    unfinished = Run.objects.filter(kind="transfer", finished_at=None)
    slots = CallSlot.objects.exclude(holder=None)
    for what, found in (("lease", leased), ("run", unfinished), ("call slot", slots)):
        if found.exists():
            raise Broken(f"At rest, and still a {what} is held: {list(found.values())}")

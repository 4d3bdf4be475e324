"""What the product tells people of KashFlow's books, with everything at rest: the comparison, and what is paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Sum

from invoicing import tasks
from invoicing.comparison import services as comparison
from invoicing.models import Invoice, LedgerDifference, Payment, Transfer
from invoicing.paid_status import runs
from magmanager.common.models import Run
from tests.proof import errands
from tests.proof.documents import Books, Document, given_up, unlike, verified
from tests.proof.publisher import Publisher

Kind = LedgerDifference.Kind
ABOUT_THE_DOCUMENT = {Kind.DELETED, Kind.EDITED, Kind.PENNY}


def faults(publisher: Publisher, books: Books) -> Iterator[str]:
    """Where what is told is not what is there."""
    by = publisher.decisions.by
    paid, compared = runs.update_paid_status(by=by), comparison.compare_ledgers(by=by)
    tasks.update_paid_status(str(paid.pk))
    tasks.compare(str(compared.pk))
    for run in Run.objects.filter(pk__in=[paid.pk, compared.pk]).exclude(state=Run.State.FINISHED):
        yield f"{run.title} did not finish: {run.summary}"
    told: defaultdict[int | None, set[str]] = defaultdict(set)
    for invoice_id, kind in LedgerDifference.objects.values_list("invoice", "kind"):
        told[invoice_id].add(kind)
    for transfer in given_up():
        if books.is_forgotten(transfer) and Kind.EXTRA not in told[transfer.invoice_id]:
            yield f"{transfer.invoice.kind} {transfer.invoice.number} is in KashFlow all the same, and nobody is told"
    for transfer in verified():
        document = books.of(transfer)
        for fault in _of_one(transfer, document, told[transfer.invoice_id], books):
            yield f"{transfer.invoice.kind} {transfer.invoice.number}, {transfer.invoice.state}: {fault}"


def _of_one(transfer: Transfer, document: Document | None, kinds: set[str], books: Books) -> Iterator[str]:
    invoice = transfer.invoice
    is_cancelled = invoice.state == Invoice.State.CANCELLED
    about = kinds & ABOUT_THE_DOCUMENT
    if document is None:
        voids_nothing = invoice.is_voiding and _is_gone(invoice.credits, books)
        if not is_cancelled and not voids_nothing and about != {Kind.DELETED}:
            yield f"it is gone in KashFlow, and told is {kinds or 'nothing'}"
        return
    differs = unlike(transfer, document, books)
    if bool(differs) != bool(about & {Kind.EDITED, Kind.PENNY}) or Kind.DELETED in about:
        yield f"it differs in {differs or 'nothing'}, and told is {kinds or 'nothing'}"
    if is_cancelled and invoice.kind == Invoice.Kind.INVOICE:
        yield from errands.not_voided(invoice, document, is_told=Kind.EXTRA in kinds)
    elif invoice.kind == Invoice.Kind.INVOICE and not is_cancelled and not differs:
        yield from _paid(invoice, document)


def _is_gone(invoice: Invoice | None, books: Books) -> bool:
    return not any(books.of(one) for one in verified().filter(invoice=invoice))


def _paid(invoice: Invoice, document: Document) -> Iterator[str]:
    """KashFlow's amount and what was recorded here and is not there yet."""
    here = Payment.objects.filter(invoice=invoice, removed_at=None, in_kashflow_at=None)
    wanted = Decimal(document["AmountPaid"]) + (here.aggregate(sum=Sum("amount"))["sum"] or 0)
    if invoice.paid_amount != wanted:
        yield f"{invoice.paid_amount} are paid of it here ({invoice.payment_flag or 'no flag'}), in truth {wanted}"

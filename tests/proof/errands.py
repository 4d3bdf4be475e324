"""What follows a document into KashFlow: credit notes set off, deletions, payments; and what voids a cancelled invoice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Q, QuerySet

from invoicing.models import Invoice, Payment, Transfer
from invoicing.transfer.states import NEEDS_YOU, TERMINAL, State
from tests.proof.documents import Books, Document, total_of
from tests.proof.publisher import under_way

Kind = Transfer.Kind


def waiting() -> QuerySet[Transfer]:
    """Those that wait for a document which needs a person."""
    return Transfer.objects.exclude(state__in=[*TERMINAL, *NEEDS_YOU]).exclude(
        pk__in=under_way().values("pk")
    )


def is_there(invoice: Invoice) -> bool:
    """Whether we say that KashFlow has it."""
    return invoice.transfers.filter(kind=Kind.CREATE, state=State.VERIFIED).exists()


def doubled(books: Books) -> list[str]:
    """The payments of ours, and the credit notes set off, that KashFlow has more than once."""
    codes = set(Payment.objects.values_list("code", flat=True))
    paid = [payment for document in books.documents for payment in document["Payments"]]
    counted = Counter(code for one in paid if (code := str(one["PayNote"]).rpartition(" ")[2]) in codes)
    counted.update(one["PayNote"] for one in paid if str(one["PayNote"]).startswith("Credit note "))
    return [what for what, count in counted.items() if count > 1]


def faults(transfer: Transfer, books: Books) -> Iterator[str]:
    """What is wrong with one errand at rest."""
    if transfer.state == State.VERIFIED:
        yield from DONE[transfer.kind](transfer, books)
    elif transfer.state in NEEDS_YOU:
        if not _needs_a_person(transfer, books):
            yield f"nothing there needs a person: {transfer.last_cause}"
    elif under_way().filter(pk=transfer.pk).exists():
        yield "it did not come to rest"


def _of(invoice: Invoice | None, books: Books) -> Document | None:
    created = Transfer.objects.filter(kind=Kind.CREATE, invoice=invoice).select_related("invoice").first()
    return books.of(created) if created else None


def _set_off(transfer: Transfer, books: Books) -> Iterator[str]:
    """The credit note was used up for its invoice, which has it as a payment: once each, whatever else was paid."""
    note, invoice = _of(transfer.invoice, books), _of(transfer.invoice.credits, books)
    credit = -transfer.invoice.total
    if note and (found := _payments(note, "Applied to invoice ")) != [-credit]:
        yield f"the credit note was set off as {found}"
    if note and invoice and not books.is_by_hand(note):
        found = _payments(invoice, f"Credit note {note['InvoiceNumber']}")
        if found != [credit]:
            yield f"its invoice has {found} of it"


def _payments(document: Document, note: str) -> list[Decimal]:
    """The amounts of those that begin so."""
    return [Decimal(one["PayAmount"]) for one in document["Payments"] if str(one["PayNote"]).startswith(note)]


def _deleted(transfer: Transfer, books: Books) -> Iterator[str]:
    if _of(transfer.invoice, books):
        yield "the document is still there"


def _recorded(transfer: Transfer, books: Books) -> Iterator[str]:
    payment, document = transfer.payment, _of(transfer.invoice, books)
    assert payment
    if document is None:
        return
    found = [one for one in document["Payments"] if str(one["PayNote"]).endswith(payment.code)]
    if [Decimal(one["PayAmount"]) for one in found] != [payment.amount]:
        yield f"KashFlow has {found} of it"


DONE = {"apply": _set_off, "delete": _deleted, "payment": _recorded}


def _needs_a_person(transfer: Transfer, books: Books) -> bool:
    """Somebody touched one of the documents it is about, or more is paid there than it leaves room for."""
    about = [transfer.invoice, transfer.invoice.credits]
    found = [_of(one, books) for one in about if one]
    ids = {one["InvoiceDBID"] for one in found if one}
    by_hand = books.hands.changed | books.hands.paid_on | set(books.linked)
    if None in found or ids & by_hand:
        return True
    return transfer.kind != Kind.PAYMENT and any(_is_too_full(one, transfer.invoice.total) for one in found)


def _is_too_full(document: Document | None, total: Decimal) -> bool:
    return document is not None and abs(total_of(document) - _paid(document)) < abs(total)


def _paid(document: Document) -> Decimal:
    return Decimal(document["AmountPaid"])


def not_voided(invoice: Invoice, document: Document, *, is_told: bool) -> Iterator[str]:
    """Where the document of a cancelled invoice counts in KashFlow still: something has to be about it, and it is told."""
    rest = total_of(document) - _paid(document)
    if rest <= 0:
        return
    voids = Q(invoice__credits=invoice) | Q(invoice=invoice, kind=Kind.DELETE)
    # What voids it needs a person, waits for that, or was given up by one; or the document was made worth more since.
    if (
        not Transfer.objects.filter(voids).exclude(state=State.VERIFIED).exists()
        and total_of(document) <= invoice.total
    ):
        yield f"it is cancelled, and {rest} of it is open in KashFlow"
    if not is_told:
        yield f"it is cancelled, {rest} of it is open in KashFlow, and nobody is told"

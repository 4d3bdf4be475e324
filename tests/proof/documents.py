"""KashFlow's documents beside our transfers that create them: what is wrong with one at rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from clients.models import CustomerLink
from invoicing.models import Invoice, InvoiceLine, Transfer
from invoicing.transfer.states import NEEDS_YOU, NOT_GOING, Event, State
from kashflow.models import LedgerAccount
from tests.oracle import marker_of
from tests.proof.publisher import Publisher, under_way

Document = dict[str, Any]


class Books:
    """KashFlow's documents as they are now, and what people did to them by hand."""

    def __init__(self, publisher: Publisher) -> None:
        self.documents: list[Document] = publisher.sandbox.invoices()
        self.hands, self.decisions = publisher.bookkeeper, publisher.decisions
        self.was_restored = publisher.was_restored

    @cached_property
    def by_dbid(self) -> dict[int, Document]:
        return {one["InvoiceDBID"]: one for one in self.documents}

    @cached_property
    def by_marker(self) -> dict[str, Document]:
        return {marker_of(one): one for one in self.documents}

    @cached_property
    def linked(self) -> dict[int, str]:
        """The markers of the invoices that somebody linked to a document, by its id."""
        found = Transfer.objects.filter(kind=Transfer.Kind.CREATE).exclude(accepted={})
        return {
            dbid: marker for dbid, marker in found.values_list("kashflow_dbid", "invoice__marker") if dbid
        }

    def counted(self) -> Counter[str]:
        """How many documents each marker has: it carries it, or carried it until somebody wiped it, or was linked."""
        ids = {one["InvoiceDBID"]: {marker_of(one)} for one in self.documents}
        for dbid, marker in [*self.hands.wiped.items(), *self.linked.items()]:
            if dbid in ids:
                ids[dbid].add(marker)
        return Counter(marker for markers in ids.values() for marker in markers)

    def of(self, transfer: Transfer) -> Document | None:
        """The document of a transfer: by the id that we know, else by its marker."""
        if transfer.kashflow_dbid:
            return self.by_dbid.get(transfer.kashflow_dbid)
        return self.by_marker.get(transfer.invoice.marker)

    def is_forgotten(self, transfer: Transfer) -> bool:
        """Whether it was sent after the backup that was restored, and given up here before anybody met it there.

        docs/reliability.md, What is assumed: the comparison tells it.
        """
        was_begun = transfer.attempts.filter(outcome=Event.INTENT.name.lower()).exists()
        return self.was_restored and not was_begun and bool(self.counted()[transfer.invoice.marker])

    def is_by_hand(self, document: Document) -> bool:
        """Whether somebody changed it there."""
        return document["InvoiceDBID"] in self.hands.changed


def given_up() -> QuerySet[Transfer]:
    """What was cancelled, or is not to be sent."""
    found = Transfer.objects.filter(kind=Transfer.Kind.CREATE, state__in=NOT_GOING)
    return found.select_related("invoice")


def verified() -> QuerySet[Transfer]:
    found = Transfer.objects.filter(kind=Transfer.Kind.CREATE, state=State.VERIFIED)
    return found.select_related("invoice", "ledger_account")


def total_of(document: Document) -> Decimal:
    return Decimal(document["NetAmount"]) + Decimal(document["VATAmount"])


def faults(transfer: Transfer, books: Books) -> Iterator[str]:
    """What is wrong with one transfer at rest."""
    document, state = books.of(transfer), transfer.state
    if state in (State.CANCELLED, State.DO_NOT_SEND):
        is_left = state == State.DO_NOT_SEND and transfer.invoice.marker in books.decisions.left
        if books.counted()[transfer.invoice.marker] and not is_left and not books.is_forgotten(transfer):
            yield "it is in KashFlow all the same"
    elif state == State.VERIFIED:
        yield from _of_verified(transfer, document, books)
    elif state in NEEDS_YOU:
        if not _needs_a_person(transfer, document, books):
            yield f"nothing there needs a person: {transfer.last_cause}"
    elif under_way().filter(pk=transfer.pk).exists():
        yield "it did not come to rest"


def _of_verified(transfer: Transfer, document: Document | None, books: Books) -> Iterator[str]:
    if document is None:
        errand = Transfer.objects.filter(invoice=transfer.invoice, kind=Transfer.Kind.DELETE)
        if (
            transfer.kashflow_dbid not in books.hands.deleted
            and not errand.filter(state=State.VERIFIED).exists()
        ):
            yield "it is not in KashFlow"
    elif not books.is_by_hand(document):
        yield from unlike(transfer, document, books)
        if transfer.verified_total != round(transfer.invoice.total * 100):
            yield f"its total is known as {transfer.verified_total} pence"


def _needs_a_person(transfer: Transfer, document: Document | None, books: Books) -> bool:
    """Our document is not as it should be, our number is on somebody else's, or one there looks like it."""
    number = transfer.invoice.number
    others = [one for one in books.documents if one is not document]
    if any(one["InvoiceNumber"] == number or _is_alike(transfer, one) for one in others):
        return True
    return document is not None and any(unlike(transfer, document, books))


def _is_alike(transfer: Transfer, document: Document) -> bool:
    """A document without a marker, and the same customer, day and money."""
    invoice = transfer.invoice
    link = CustomerLink.objects.filter(client=invoice.payer, ledger_account=transfer.ledger_account).first()
    wanted = (link and link.customer_id, f"{invoice.invoice_date}", invoice.amount, invoice.vat_amount)
    there = (document["CustomerID"], document["InvoiceDate"][:10], *_money(document))
    known = Invoice.objects.filter(marker=marker_of(document)).exists()
    return wanted == there and not known


def unlike(transfer: Transfer, document: Document, books: Books) -> list[str]:
    """In what KashFlow's document is not what we say it is: the invoice, or what somebody linked."""
    kept = books.decisions.kept.get(document["InvoiceDBID"])
    if transfer.accepted and kept:
        return _unequal(_of_kept(kept), _head(document))
    here = _of_invoice(transfer, document)
    there = _head(document) | {
        "marker": marker_of(document),
        "lines": [_their_line(line) for line in sorted(document["Lines"], key=lambda line: line["Sort"])],
    }
    return _unequal(here, there)


def _unequal(here: Document, there: Document) -> list[str]:
    return [f"{name}: {here[name]} here, {there[name]} there" for name in here if here[name] != there[name]]


def _of_invoice(transfer: Transfer, document: Document) -> Document:
    invoice = transfer.invoice
    customer = CustomerLink.objects.get(client=invoice.payer, ledger_account=transfer.ledger_account)
    are_ours = transfer.ledger_account.numbering == LedgerAccount.Numbering.OURS
    return {
        "number": invoice.number if are_ours else transfer.kashflow_number or document["InvoiceNumber"],
        "marker": invoice.marker,
        # Not known here where a restored backup adopts a document whose customer it does not know.
        "customer": customer.customer_id or document["CustomerID"],
        "date": f"{invoice.invoice_date:%Y-%m-%d}",
        "net": invoice.amount,
        "VAT": invoice.vat_amount,
        "lines": [_line(line) for line in invoice.lines.order_by("sort")],
    }


def _of_kept(kept: Document) -> Document:
    return {
        "number": kept["number"],
        "customer": kept["customer_id"],
        "date": kept["date"],
        "net": Decimal(kept["amount"]),
        "VAT": Decimal(kept["vat_amount"]),
        "reference": kept["reference"],
    }


def _head(document: Document) -> Document:
    net, vat = _money(document)
    return {
        "number": document["InvoiceNumber"],
        "customer": document["CustomerID"],
        "date": document["InvoiceDate"][:10],
        "net": net,
        "VAT": vat,
        "reference": document["CustomerReference"],
    }


def _money(document: Document) -> tuple[Decimal, Decimal]:
    return Decimal(document["NetAmount"]), Decimal(document["VATAmount"])


def _line(line: InvoiceLine) -> tuple[object, ...]:
    return line.description, Decimal(line.quantity), line.rate, line.vat_percent, line.vat_amount


def _their_line(line: Document) -> tuple[object, ...]:
    amounts = (Decimal(line[name]) for name in ("Quantity", "Rate", "VatRate", "VatAmount"))
    return line["Description"], *amounts

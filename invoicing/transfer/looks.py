"""Looking into KashFlow for a document of ours: by its number, its id, or its marker in a list.

Every function here reads only, and raises the gateway's errors: a failed read is never "absent".
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from invoicing.models import Invoice
from invoicing.transfer.mapping import marker_of
from invoicing.transfer.verdict import Absent, Verdict, is_alike, judge
from invoicing.transfer.work import Work
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NoRecord, NotFound

A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Look:
    """What was found, the monotonic moment the answer was in, and the customer that was looked under."""

    verdict: Verdict
    at: float
    customer_id: int

    @property
    def is_absent(self) -> bool:
        return isinstance(self.verdict, Absent)

    def age(self) -> float:
        """Seconds since the answer."""
        return time.monotonic() - self.at

    def answers(self, work: Work) -> bool:
        """Whether it still asks the right question: lists depend on the customer, our number does not."""
        return work.numbers_are_ours or self.customer_id == work.document.customer_id


def look(work: Work) -> Look:
    """The one look before a create: our number, or where KashFlow numbers its own, our marker in the lists.

    Until our numbers are proved, a list must agree that it is absent: after restoring a backup it may be there
    under a number that KashFlow gave it.
    """
    if not work.numbers_are_ours:
        return _judged(work, in_lists(work))
    try:
        found = [work.gateway.get_invoice(work.document.number)]
    except NotFound as error:
        # An empty record says less than a refusal that says so: there too a list must agree.
        is_sure = work.account.numbers_proved and not isinstance(error, NoRecord)
        # A list takes its time, and it is the number that must not be older than the send deadline: read once more.
        found = [] if is_sure else [*_by_marker(work), *by_number(work.gateway, work.document.number)]
    return _judged(work, found)


def look_twice(work: Work) -> Look:
    """Reads of different kinds: by number and by marker, or by marker in two lists; and what was once known."""
    known = known_before(work)
    ids = [document.dbid for document in known]
    if not work.numbers_are_ours:
        return _judged(work, [*in_lists(work), *known], ids)
    found = by_number(work.gateway, work.document.number)
    return _judged(work, [*found, *_by_marker(work), *known], ids)


def by_number(gateway: Gateway, number: int) -> list[records.Invoice]:
    """The document under `number`, if there is one."""
    try:
        return [gateway.get_invoice(number)]
    except NotFound:
        return []


def known_before(work: Work) -> list[records.Invoice]:
    """The document KashFlow once had for this transfer, by its id or the number it gave, whatever it says now.

    Without this, one that was renumbered and lost its reference there would count as absent and be doubled.
    """
    transfer = work.transfer
    if transfer.kashflow_dbid:
        try:
            return [work.gateway.get_invoice_by_id(transfer.kashflow_dbid)]
        except NotFound:
            return []
    number = transfer.kashflow_number
    if number is None or number == work.document.number:
        return []
    return [found for found in by_number(work.gateway, number) if is_alike(work.document, found)]


def in_lists(work: Work) -> list[records.Invoice]:
    """What concerns us in the customer's list (where the customer is known) and in the day's."""
    own = in_customers_list(work) if work.document.customer_id else []
    return [*own, *in_days_list(work)]


def in_customers_list(work: Work) -> list[records.Invoice]:
    """What concerns us among the customer's documents."""
    return list(_relevant(work.document, work.gateway.get_invoices_for_customer(work.document.customer_id)))


def in_days_list(work: Work) -> list[records.Invoice]:
    """What concerns us around the invoice's date: whether KashFlow's range includes its last day is not sure."""
    day = work.transfer.invoice.invoice_date
    around = work.gateway.get_invoices_by_date_range(day - A_DAY, day + A_DAY)
    return list(_relevant(work.document, around))


def _by_marker(work: Work) -> list[records.Invoice]:
    return in_customers_list(work) if work.document.customer_id else in_days_list(work)


def _relevant(sent: records.Invoice, documents: Iterable[records.Invoice]) -> Iterator[records.Invoice]:
    """What carries our marker, and where KashFlow numbers its own, what looks like ours: lists are long."""
    marker = marker_of(sent.reference)
    for document in documents:
        if marker_of(document.reference) == marker or (not sent.number and is_alike(sent, document)):
            yield document


def _judged(work: Work, found: list[records.Invoice], known: list[int] | None = None) -> Look:
    answered_at = time.monotonic()
    sent = work.document
    verdict = judge(sent, found, issued=_issued(sent, found), known=known or ())
    return Look(verdict, answered_at, sent.customer_id)


def _issued(sent: records.Invoice, found: list[records.Invoice]) -> set[str]:
    """The markers among `found` that are other invoices' of ours."""
    others = {marker_of(document.reference) for document in found} - {marker_of(sent.reference), ""}
    if not others:
        return set()
    return set(Invoice.objects.filter(marker__in=others).values_list("marker", flat=True))

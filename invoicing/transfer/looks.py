"""Looking into KashFlow for a document of ours: by its number, and by its marker in the customer's or the
day's list.

Every function here reads only, and raises the gateway's errors: a failed read is never "absent".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from invoicing.transfer.mapping import marker_of
from invoicing.transfer.verdict import Absent, Verdict, is_alike, judge
from invoicing.transfer.work import Work
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotFound
from kashflow.gateway.records import Invoice


@dataclass(frozen=True)
class Look:
    """What was found, and the monotonic moment at which KashFlow's answer was in."""

    verdict: Verdict
    at: float

    @property
    def is_absent(self) -> bool:
        return isinstance(self.verdict, Absent)

    def age(self) -> float:
        """Seconds since the answer."""
        return time.monotonic() - self.at


def look(work: Work) -> Look:
    """The one look before a create: our number, or where KashFlow numbers its own, our marker in both
    lists."""
    found = by_number(work.gateway, work.document.number) if work.numbers_are_ours else in_lists(work)
    return _judged(work, found)


def look_twice(work: Work) -> Look:
    """Two reads of different kinds: by number and by marker, or by marker in two lists."""
    if not work.numbers_are_ours:
        return _judged(work, in_lists(work))
    document = work.document
    by_marker = in_customers_list(work) if document.customer_id else in_days_list(work)
    return _judged(work, [*by_number(work.gateway, document.number), *by_marker])


def by_number(gateway: Gateway, number: int) -> list[Invoice]:
    """The document under `number`, if there is one."""
    try:
        return [gateway.get_invoice(number)]
    except NotFound:
        return []


def in_lists(work: Work) -> list[Invoice]:
    """What concerns us in the customer's list (where the customer is known) and in the day's."""
    own = in_customers_list(work) if work.document.customer_id else []
    return [*own, *in_days_list(work)]


def in_customers_list(work: Work) -> list[Invoice]:
    return list(_relevant(work.document, work.gateway.get_invoices_for_customer(work.document.customer_id)))


def in_days_list(work: Work) -> list[Invoice]:
    day = work.transfer.invoice.invoice_date
    return list(_relevant(work.document, work.gateway.get_invoices_by_date_range(day, day)))


def _relevant(sent: Invoice, documents: Iterable[Invoice]) -> Iterator[Invoice]:
    """Only what carries our marker, and where KashFlow numbers its own, what looks like ours: lists are
    long."""
    marker = marker_of(sent.reference)
    for document in documents:
        if marker_of(document.reference) == marker or (not sent.number and is_alike(sent, document)):
            yield document


def _judged(work: Work, found: Iterable[Invoice]) -> Look:
    answered_at = time.monotonic()
    return Look(judge(work.document, found), answered_at)

"""What a look into KashFlow means, and what the failure of a create means. Pure: tables, no query, no clock.

design: transfer.md, States and What an answer means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from invoicing.transfer.mapping import Difference, header_differences, marker_of
from invoicing.transfer.states import Event
from kashflow.gateway import errors
from kashflow.gateway.records import Invoice


@dataclass(frozen=True)
class Absent:
    """No document of ours, and nobody else has our number."""


@dataclass(frozen=True)
class Ours:
    """Our document, by its marker."""

    found: Invoice


@dataclass(frozen=True)
class NumberTaken:
    """Our number is on somebody else's document."""

    found: Invoice


@dataclass(frozen=True)
class Probable:
    """No marker, but the same customer, totals and date: most likely typed by hand."""

    found: Invoice


@dataclass(frozen=True)
class Changed:
    """Our marker on a document that is no longer what we sent, or under another number."""

    found: Invoice
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Several:
    """Our marker on more than one document."""

    found: tuple[Invoice, ...]


Verdict = Absent | Ours | NumberTaken | Probable | Changed | Several

EVENTS: dict[type[Verdict], Event] = {
    Ours: Event.FOUND_OURS,
    NumberTaken: Event.NUMBER_TAKEN,
    Probable: Event.FOUND_PROBABLE,
    Changed: Event.FOUND_CHANGED,
    Several: Event.FOUND_CHANGED,
}


def judge(
    sent: Invoice, found: Iterable[Invoice], *, issued: Collection[str] = (), known: Collection[int] = ()
) -> Verdict:
    """What the documents that a look gave mean for the one we want to send.

    `sent.number` is 0 where KashFlow numbers its own: no number can be taken then, and a document that looks
    like ours is probable under any number. `sent.customer_id` is 0 while the customer is not known there:
    nothing can be probable. `issued` are the markers of our other invoices among `found`: a bookkeeper's
    reference can have a marker's shape, so the shape alone does not say that we made it. `known` are the ids
    of documents KashFlow once named as this one: they stay ours with their reference wiped.
    """
    documents = list({document.dbid: document for document in found}.values())
    marker = marker_of(sent.reference)
    ours = [one for one in documents if marker_of(one.reference) == marker or one.dbid in known]
    if len(ours) > 1:
        return Several(tuple(ours))
    if ours:
        return _compared(sent, ours[0])
    return _others(sent, documents, issued)


def _compared(sent: Invoice, found: Invoice) -> Ours | Changed:
    unequal = header_differences(sent, found)
    return Changed(found, tuple(unequal)) if unequal else Ours(found)


def _others(
    sent: Invoice, documents: list[Invoice], issued: Collection[str]
) -> Absent | NumberTaken | Probable:
    candidates = [document for document in documents if not sent.number or document.number == sent.number]
    for document in candidates:
        if is_alike(sent, document) and marker_of(document.reference) not in issued:
            return Probable(document)
    return NumberTaken(candidates[0]) if sent.number and candidates else Absent()


def is_alike(sent: Invoice, found: Invoice) -> bool:
    """Whether a document has the customer, date and amounts of the one we want to send."""
    return (
        bool(sent.customer_id)
        and (sent.customer_id, sent.invoice_date) == (found.customer_id, found.invoice_date)
        and (sent.net_amount, sent.vat_amount) == (found.net_amount, found.vat_amount)
    )


# The first class that fits decides. What is not here may or may not have been carried out.
CREATE_FAILURES: tuple[tuple[type[errors.GatewayError], Event], ...] = (
    (errors.SendDeadlineMissed, Event.DEADLINE_MISSED),
    (errors.NotSent, Event.NOT_SENT),
    (errors.RateLimited, Event.NOT_SENT),
    (errors.ConnectionOff, Event.CONNECTION_OFF),
    (errors.EnvelopeInvalid, Event.REFUSED),
    (errors.EnvelopeRefused, Event.REFUSED),
    (errors.Refused, Event.REFUSED),
)


def classify(error: errors.GatewayError) -> Event:
    """What the failure of a create means. Anything unknown is UNCERTAIN: never a reason to send again by
    itself."""
    return next((event for kind, event in CREATE_FAILURES if isinstance(error, kind)), Event.UNCERTAIN)

"""Asking KashFlow what is paid: two lists, then only what they do not settle. Reads only.

A list that fails, breaks off or names a document twice raises; nothing was learned then. What cannot be read of a
single invoice leaves that invoice as it is and the others go on.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from invoicing.paid_status import ours as our_documents
from invoicing.paid_status import recent
from invoicing.paid_status.verdict import Flag, Missing, Ours, Verdict, judge, needs_payments
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import ConnectionOff, GatewayError, NotFound, NotSent, RateLimited, Unknown
from kashflow.models import LedgerAccount

log = logging.getLogger(__name__)

# From so many of one month on, a list of the month is read instead of each.
LIST_FROM = 5
# So many in a row that cannot be read: KashFlow is not well, and a thousand more calls would not help it.
UNCLEAR_IN_A_ROW = 5

Documents = Mapping[int, records.Invoice]


class Seen(NamedTuple):
    """What was seen of one of ours; no verdict where it could not be read."""

    ours: Ours
    verdict: Verdict | None


def ask_for_all(gateway: Gateway, account: LedgerAccount) -> tuple[int, Iterator[Seen]]:
    """How many of `account` there are to tell of, and what KashFlow says of each. Raises GatewayError."""
    here = {one.dbid: one for one in our_documents.to_ask_about(account)}
    unpaid = _listed(gateway.get_invoices_unpaid())
    # Paid here, and unpaid there again: a payment was taken away.
    here |= {one.dbid: one for one in our_documents.with_ids(account, unpaid.keys() - here.keys())}
    here |= {one.dbid: one for one in recent.paid_again(gateway, account)}
    left = [one for dbid, one in here.items() if dbid not in unpaid]
    found = {dbid: unpaid[dbid] for dbid in here if dbid in unpaid} | _of_full_months(gateway, left)
    return len(here), _each(gateway, here.values(), found)


def ask_for_customer(gateway: Gateway, here: list[Ours], customer_id: int) -> Iterator[Seen]:
    """What KashFlow says of `here`, all of one customer. Raises GatewayError."""
    return _each(gateway, here, _listed(gateway.get_invoices_for_customer(customer_id)))


def ask_for_each(gateway: Gateway, here: list[Ours]) -> Iterator[Seen]:
    """What KashFlow says of `here`, whoever's they are there. Raises GatewayError."""
    return _each(gateway, here, _of_full_months(gateway, here))


def _each(gateway: Gateway, here: Iterable[Ours], found: Documents) -> Iterator[Seen]:
    in_a_row = 0
    for one in here:
        try:
            verdict = _looked_at(gateway, one, found.get(one.dbid))
        except (ConnectionOff, NotSent, RateLimited):
            raise
        except GatewayError as error:
            log.info("What is paid of invoice %s could not be read: %s", one.number, error)
            in_a_row += 1
            if in_a_row == UNCLEAR_IN_A_ROW:
                raise
            yield Seen(one, None)
        else:
            in_a_row = 0
            yield Seen(one, verdict)


def _looked_at(gateway: Gateway, ours: Ours, listed: records.Invoice | None) -> Verdict:
    verdict = _judged(gateway, ours, listed or _one(gateway, ours))
    if verdict.flag != Flag.DOES_NOT_ADD_UP:
        return verdict
    # Somebody may have been paying between the two reads: once more, close together.
    return _judged(gateway, ours, _one(gateway, ours))


def _judged(gateway: Gateway, ours: Ours, found: records.Invoice | Missing) -> Verdict:
    if isinstance(found, Missing) or not needs_payments(ours, found):
        return judge(ours, found)
    verdict = judge(ours, found)
    return verdict if verdict.flag == Flag.EDITED else judge(ours, found, payments_of(gateway, found.number))


def payments_of(gateway: Gateway, number: int) -> list[records.Payment]:
    """The payments of the document with this number. Raises GatewayError, Unknown where one is there twice."""
    found = list(gateway.get_invoice_payments(number))
    if len({one.payment_id for one in found}) != len(found):
        raise Unknown("GetInvoicePayment", "a payment is in the list twice")
    return found


def _one(gateway: Gateway, ours: Ours) -> records.Invoice | Missing:
    """By its id, and where that says *not there*, by its number: two reads of different kinds."""
    try:
        return gateway.get_invoice_by_id(ours.dbid)
    except NotFound:
        pass
    try:
        instead = gateway.get_invoice(ours.kashflow_number)
    except NotFound:
        return Missing()
    if instead.dbid == ours.dbid:
        raise Unknown("GetInvoiceByID", "it is not there by its id, and it is there by its number")
    return Missing(instead)


def _of_full_months(gateway: Gateway, left: list[Ours]) -> dict[int, records.Invoice]:
    """The documents of those that no list had so far, from lists of the months in which many of them are."""
    by_month: dict[tuple[int, int], list[dt.date]] = defaultdict(list)
    for one in left:
        by_month[one.invoice_date.year, one.invoice_date.month].append(one.invoice_date)
    wanted = {one.dbid for one in left}
    found: dict[int, records.Invoice] = {}
    for days in by_month.values():
        if len(days) >= LIST_FROM:
            listed = _listed(gateway.get_invoices_by_date_range(min(days), max(days)))
            found |= {dbid: listed[dbid] for dbid in wanted & listed.keys()}
    return found


def _listed(documents: Iterable[records.Invoice]) -> dict[int, records.Invoice]:
    """A whole list by id, without the lines nobody asks for. Raises Unknown where a document is in it twice."""
    found: dict[int, records.Invoice] = {}
    for document in documents:
        if document.dbid in found:
            raise Unknown("GetInvoices", f"document {document.number} is in the list twice")
        found[document.dbid] = replace(document, lines=())
    return found

"""Invoices that are paid here and were paid again in KashFlow: no list of what is unpaid shows them. Reads only.

One list of payments, page by page, for any number of invoices. A payment carries the day on which it was made, not
the one on which it was typed in, so the list begins well before the last reading. One dated further back is seen when
its client's Financial tab is opened, and by the comparison.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils import timezone

from invoicing.models import PaidReading, PaymentObservation, Transfer
from invoicing.paid_status import ours as our_documents
from invoicing.paid_status.verdict import Ours
from kashflow.gateway import records
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import Unknown
from kashflow.models import LedgerAccount
from magmanager.common import many
from magmanager.common.money import to_penny

# How long after its day a payment is typed in at the latest, and how long before it.
LATE = dt.timedelta(days=60)
# Somebody may be recording payments between the count and the pages: so many times, close together.
TRIES = 2

# PayID and pounds: an amount that was changed is another payment.
Known = tuple[int | None, Decimal]


def paid_again(gateway: Gateway, account: LedgerAccount) -> list[Ours]:
    """Invoices of `account` paid here, with a payment there that we have not read. Raises GatewayError."""
    there: dict[int, set[Known]] = defaultdict(set)
    for one in _payments(gateway, *_days(account)):
        there[one.invoice_number].add((one.payment_id, to_penny(one.amount)))
    paid = our_documents.paid_with_numbers(account, there)
    known = _known(account, [one.invoice_id for one in paid])
    return [one for one in paid if there[one.kashflow_number] - known[one.invoice_id]]


def _days(account: LedgerAccount) -> tuple[dt.date, dt.date]:
    """LATE before everything was read last, until LATE from now."""
    today = timezone.localdate()
    read = PaidReading.objects.filter(ledger_account=account, client=None, read_at__isnull=False).first()
    since = timezone.localdate(read.read_at) if read and read.read_at else today
    return min(since, today) - LATE, today + LATE


def _payments(gateway: Gateway, start: dt.date, end: dt.date) -> list[records.Payment]:
    """Raises Unknown where a page is missing or repeated."""
    for _ in range(TRIES):
        count = gateway.get_invoice_payments_count_for_date_range(start, end)
        found = list(_pages(gateway, start, end, count))
        if len({one.payment_id for one in found}) == len(found) == count:
            return found
    raise Unknown("GetInvoicePaymentsByDateRange", f"{len(found)} payments in the pages, {count} counted")


def _pages(gateway: Gateway, start: dt.date, end: dt.date, count: int) -> Iterator[records.Payment]:
    """Until an empty page; a page more than there are payments would be one that is repeated."""
    for page in range(1, count + 2):
        found = list(gateway.get_invoice_payments_by_date_range(start, end, page))
        if not found:
            return
        yield from found


def _known(account: LedgerAccount, invoice_ids: Iterable[int]) -> dict[int, set[Known]]:
    """By invoice id: what was read of it last, and what was recorded here and sent."""
    known: dict[int, set[Known]] = defaultdict(set)
    among = many.among(invoice_ids)
    read = PaymentObservation.objects.filter(
        ledger_account=account, invoice__in=among, payments__isnull=False
    )
    for invoice, payments in read.order_by("pk").values_list("invoice_id", "payments"):
        known[invoice] = {(one["id"], Decimal(one["amount"])) for one in payments or ()}
    sent = Transfer.objects.filter(
        ledger_account=account, payment__invoice__in=among, payment__in_kashflow_at__isnull=False
    )
    for invoice, theirs, pounds in sent.values_list("invoice_id", "kashflow_payment_id", "payment__amount"):
        known[invoice].add((theirs, pounds))
    return known

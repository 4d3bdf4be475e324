"""*As of*: when KashFlow was last asked about an invoice, though a row that stayed the same was not written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from clients.models import Client
from invoicing.models import Invoice, PaidReading, Transfer
from invoicing.transfer.states import State


def of_client(client: Client) -> dt.datetime | None:
    """When KashFlow was last asked about everything of `client`; None where it never was."""
    return _newest(None, _readings([client.pk]).values())


def of_all() -> dt.datetime | None:
    """When KashFlow was last asked about all invoices; None where it never was."""
    return _readings([]).get(None)


def of_invoice(invoice: Invoice, transfer: Transfer | None) -> dt.datetime | None:
    """When KashFlow was last asked about `invoice`, whose `transfer` is the one into the current account."""
    sent_at = transfer.verified_at if transfer and transfer.state == State.VERIFIED else None
    if sent_at is None:
        return invoice.paid_as_of
    asked = _readings([invoice.payer_id])
    if invoice.paid_state == Invoice.Paid.PAID and not invoice.payment_flag:
        # The reading of all asks about what is not paid to the penny, or flagged; what got there has its own moment.
        asked.pop(None, None)
    return _newest(invoice.paid_as_of, (at for at in asked.values() if at > sent_at))


def _readings(client_ids: Iterable[int]) -> dict[int | None, dt.datetime]:
    """By client id, and None of all invoices: when the current account was last asked."""
    rows = PaidReading.objects.filter(
        Q(client__in=list(client_ids)) | Q(client=None),
        ledger_account__is_current=True,
        read_at__isnull=False,
    )
    return {client: at for client, at in rows.values_list("client_id", "read_at") if at}


def _newest(first: dt.datetime | None, others: Iterable[dt.datetime]) -> dt.datetime | None:
    return max([*([first] if first else []), *others], default=None)

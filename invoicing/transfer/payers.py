"""The customers a batch needs, looked for together: one list call where many payers are unknown there."""

from __future__ import annotations

import logging

from django.db.models import QuerySet

from clients import customers
from clients.models import Client, CustomerLink
from invoicing.models import Transfer
from invoicing.transfer import claims
from invoicing.transfer.states import State
from invoicing.transfer.work import Work
from kashflow.gateway.errors import GatewayError
from kashflow.models import LedgerAccount

log = logging.getLogger(__name__)


def prepare(account: LedgerAccount) -> int:
    """Looks for the unknown payers of what is due, from 21 on, and returns how many were found.

    A failure is left to each transfer's own look.
    transfer.md, The other writes: one list call where more than 20 payers are unlinked, else one call each.
    """
    if _fewer_than_a_list(account):
        return 0
    unknown = _unknown_payers(account)
    if unknown.count() < customers.LIST_FROM:
        return 0
    first = claims.due(account).filter(state=State.READY).order_by("invoice__number").first()
    if first is None:
        return 0
    links = [customers.want(payer, account) for payer in unknown]
    try:
        work = Work.on(first)
        return customers.resolve_many(links, connection=work.login, by=work.by)
    except GatewayError as error:
        log.info("The payers of %s could not be looked for together: %s", account, error)
        return 0


def _fewer_than_a_list(account: LedgerAccount) -> bool:
    """The cheap half of the question, which every lane asks: of all that waits, due or not."""
    waiting = Transfer.objects.filter(ledger_account=account, state=State.READY)
    unknown = waiting.exclude(invoice__payer__in=_looked_for(account).values("client"))
    return unknown.values("invoice__payer").distinct()[: customers.LIST_FROM].count() < customers.LIST_FROM


def _looked_for(account: LedgerAccount) -> QuerySet[CustomerLink]:
    to_be_read = [CustomerLink.State.WANTED, CustomerLink.State.LINKED]
    links = CustomerLink.objects.filter(ledger_account=account)
    return links.exclude(state__in=to_be_read, read_at=None)


def _unknown_payers(account: LedgerAccount) -> QuerySet[Client]:
    """Payers of what is due without a link, or with one whose customer nobody looked for or read yet."""
    due = claims.due(account).filter(state=State.READY)
    payers = Transfer.objects.filter(pk__in=due.values("pk")).values("invoice__payer")
    return (
        Client.objects.filter(pk__in=payers)
        .exclude(pk__in=_looked_for(account).values("client"))
        .select_related("agency")
    )

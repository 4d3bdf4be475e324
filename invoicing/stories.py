"""What is worth saying of a transfer that went well: nothing, where it was created and read back like most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from clients.models import CustomerLink
from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer.states import Event, State

# After one of these nobody knew whether KashFlow had it.
DOUBTS = {event.name.lower() for event in (Event.UNCERTAIN, Event.LEASE_EXPIRED, Event.DEADLINE_MISSED)}
FOUND, LINKED, PROVED = (
    event.name.lower() for event in (Event.FOUND_OURS, Event.ADOPTED, Event.ABSENT_PROVED)
)


def stories(transfers: Sequence[Transfer]) -> dict[object, str]:
    """A sentence by transfer id, for those of `transfers` (with their invoices) that are in KashFlow and had one."""
    done = [transfer for transfer in transfers if transfer.state == State.VERIFIED]
    outcomes: dict[object, set[str]] = defaultdict(set)
    tried = TransferAttempt.objects.filter(transfer__in=done).order_by()
    for transfer_id, outcome in tried.values_list("transfer_id", "outcome"):
        outcomes[transfer_id].add(outcome)
    customers = _created_first(done)
    told = {each.pk: [*_way(outcomes[each.pk]), *customers.get(each.pk, [])] for each in done}
    return {pk: ". ".join(sentences) for pk, sentences in told.items() if sentences}


def _way(outcomes: set[str]) -> list[str]:
    if LINKED in outcomes:
        return ["Linked to the document that was there"]
    if FOUND in outcomes:
        return ["Found after a lost reply, not sent twice" if outcomes & DOUBTS else "It was there already"]
    return ["Sent again once KashFlow was seen not to have it"] if PROVED in outcomes else []


def _created_first(done: Sequence[Transfer]) -> dict[object, list[str]]:
    """For the first invoice of a customer that was created on its way."""
    payers = {transfer.invoice.payer_id for transfer in done}
    links = CustomerLink.objects.filter(client__in=payers, how=CustomerLink.How.CREATED)
    made = {(link.client_id, link.ledger_account_id): link for link in links.exclude(linked_at=None)}
    told: dict[object, list[str]] = {}
    for transfer in sorted(done, key=lambda each: each.verified_at or each.requested_at):
        link = made.get((transfer.invoice.payer_id, transfer.ledger_account_id))
        if link and link.linked_at and transfer.verified_at:
            if transfer.requested_at <= link.linked_at <= transfer.verified_at:
                told[transfer.pk] = [f"New customer {link.code} created first"]
            del made[transfer.invoice.payer_id, transfer.ledger_account_id]
    return told

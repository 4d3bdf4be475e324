"""What is worth saying of a transfer: who asked for it, and of one that went well how, unless like most."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from clients.models import CustomerLink
from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer.states import Event, State
from magmanager.common.models import Run
from settings_app.models import User

# A press writes its transfers and its run in one transaction, thousands of them within this time.
PRESS = dt.timedelta(minutes=1)
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


@dataclass(frozen=True)
class Asked:
    """Who asked for a transfer, and the owner of the KashFlow login it goes under; None where that is not known."""

    by: User | None
    login_of: User | None


def who_asked(transfer: Transfer | None) -> Asked | None:
    """Who asked for `transfer` and whose login it has; one query where it was read with its invoice and login."""
    if transfer is None:
        return None
    return Asked(_asked_by(transfer), transfer.connection.user if transfer.connection else None)


def _asked_by(transfer: Transfer) -> User | None:
    """Whoever pressed when it was asked for; what went at once was asked for by who raised or cancelled it."""
    at_the_press = (transfer.requested_at, transfer.requested_at + PRESS)
    # A later recheck or retry is a run as well, and stands in the history with its own person.
    before = TransferAttempt.objects.filter(transfer=transfer.pk, at__lt=OuterRef("started_at"))
    presses = Run.objects.select_related("by").filter(
        ~Exists(before),
        run_transfers__transfer__invoice=transfer.invoice_id,
        run_transfers__transfer__payment=transfer.payment_id,
        started_at__range=at_the_press,
    )
    if run := presses.order_by("started_at").first():
        return run.by
    if transfer.kind == Transfer.Kind.DELETE:
        return transfer.invoice.cancelled_by
    return transfer.invoice.by


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

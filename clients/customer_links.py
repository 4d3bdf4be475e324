"""The rows that say which KashFlow customer a client is: reading and conditionally writing them. No call is made here.

A link made here or in `clients.linking` remembers what our client was that day (`known`): what differs from
it later was changed here, and only that is sent, so nothing the bookkeeper wrote is overwritten.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from clients import kashflow_mapping as mapping
from clients.models import Client, Contact, CustomerLink
from kashflow.gateway.errors import ConnectionOff, GatewayError, NotSent, RateLimited
from kashflow.gateway.records import Customer
from magmanager.common import many, rows
from settings_app import audit
from settings_app.models import User

# Nothing is wrong with the one customer that was asked for.
AWAY = (ConnectionOff, NotSent, RateLimited)
State, How = CustomerLink.State, CustomerLink.How
# KashFlow gives an id once. Where it comes again, its books are not the ones the other client was linked in.
ANOTHERS = (
    "KashFlow's customer {} has the KashFlow ID or the number of one that another client is linked to. Were KashFlow's "
    "books restored or emptied? Compare both clients with KashFlow, then choose this one's customer."
)


def link_to(
    link: CustomerLink,
    customer: Customer,
    now: mapping.Values,
    *,
    by: User | None,
    how: str = "",
    customer_id: int = 0,
) -> CustomerLink:
    """Links a wanted link to `customer`, which holds or was given `now`; as it is then, whoever was quicker.

    One that was there counts as created here, its reply lost, where it is what we would have created; else as found.
    Where another client has that customer, a person has to look.
    """
    how = how or (How.CREATED if mapping.is_as_created(now, customer) else How.FOUND)
    moment = timezone.now()
    values = {
        "code": customer.code,
        "customer_id": customer_id or customer.customer_id,
        "how": how,
        "by": by,
        "linked_at": moment,
        "read_at": moment,
        "known": now,
        "theirs": mapping.held(customer),
        "candidates": [],
        "cause": "",
    }
    try:
        with transaction.atomic():
            if keep(link, State.WANTED, state=State.LINKED, **values):
                audit.record("customer.linked", link, by=by, after={"kashflow_id": customer.code, "how": how})
    except IntegrityError:
        return stop(link, ANOTHERS.format(customer.code))
    return fresh(link)


def propose(link: CustomerLink, likely: list[mapping.Values]) -> bool:
    """Lets a person choose. False where somebody stored a code meanwhile: what was found may be that one."""
    who = likely[0]
    found = f"{who['code']} {who['name']} ({who['why']})"
    cause = f"KashFlow has a likely customer: {found}. Say whether it is this one."
    same = CustomerLink.objects.filter(pk=link.pk, state=State.WANTED, code=link.code)
    return same.update(state=State.MATCH, candidates=likely, cause=cause[:300], read_at=timezone.now()) == 1


def stop(link: CustomerLink, cause: str) -> CustomerLink:
    """Lets a person look, for the reason `cause`; the link as it is then."""
    keep(link, link.state, state=State.MATCH, candidates=[], cause=cause[:300])
    return fresh(link)


def refused(link: CustomerLink, error: GatewayError) -> None:
    """Keeps what KashFlow answered instead; of a linked customer not that KashFlow cannot be asked just now."""
    if link.state == State.WANTED or not isinstance(error, AWAY):
        keep(link, link.state, cause=error.sentence[:300], cause_code=error.code)


def was_refused_so(link: CustomerLink, error: GatewayError) -> bool:
    """Whether the try before this one ended with the same refusal."""
    return (link.cause, link.cause_code) == (error.sentence[:300], error.code)


def keep(link: CustomerLink, was: str, **values: Any) -> bool:
    """Writes `values` where the link is in state `was` and the one that was loaded; whether it was."""
    # linked_at: a person may have linked another customer while this one was being read.
    same = CustomerLink.objects.filter(pk=link.pk, state=was, linked_at=link.linked_at)
    return same.update(**values) == 1


def fresh(link: CustomerLink) -> CustomerLink:
    """The link as it is now, with its client and account."""
    return CustomerLink.objects.select_related("client", "ledger_account").get(pk=link.pk)


def free(link: CustomerLink, found: list[tuple[Customer, str]]) -> list[mapping.Values]:
    """The likely customers that are not another client's, nor one a person said it is not."""
    taken = _refused(link) | _holders(link, found).keys()
    return [mapping.candidate(customer, why) for customer, why in found if customer.customer_id not in taken]


def held_by_others(link: CustomerLink, found: list[tuple[Customer, str]]) -> list[mapping.Values]:
    """The likely customers that are another client's, with that client's name: the same company typed in twice?"""
    holders, refused = _holders(link, found), _refused(link)
    return [
        mapping.candidate(customer, f"{why}; linked to {holders[customer.customer_id]}")
        for customer, why in found
        if customer.customer_id in holders.keys() - refused
    ]


def _holders(link: CustomerLink, found: list[tuple[Customer, str]]) -> dict[int, str]:
    ids = [customer.customer_id for customer, _ in found]
    others = CustomerLink.objects.filter(
        ledger_account_id=link.ledger_account_id, customer_id__in=ids
    ).exclude(pk=link.pk)
    return {held: name for held, name in others.values_list("customer_id", "client__name") if held}


def _refused(link: CustomerLink) -> set[int]:
    """Those a person said it is not."""
    return {one["customer_id"] for one in link.candidates} if link.state == State.WANTED else set()


# --- Reading ------------------------------------------------------------------------------------------------


def values_of(client: Client) -> mapping.Values:
    """What KashFlow is told about `client` today."""
    receiver = max(rows.find(Contact, client=client), key=_rank, default=None)
    return mapping.values(client, receiver)


def values_of_many(clients: Collection[Client]) -> dict[int, mapping.Values]:
    """The same of many clients, by their ids, in one query."""
    contacts = _contacts([client.pk for client in clients])
    return {client.pk: mapping.values(client, contacts.get(client.pk)) for client in clients}


def changes_of(link: CustomerLink) -> mapping.Values:
    """What was changed here since it was last sent, or since the client was linked."""
    return mapping.changed(values_of(link.client), link.known)


def _contacts(client_ids: Collection[int]) -> dict[int, Contact]:
    """Who receives the invoices of each client."""
    found = Contact.objects.filter(client__in=many.among(client_ids))
    # The last one of a client stays, so the best comes last.
    return {contact.client_id: contact for contact in sorted(found, key=_rank)}


def _rank(contact: Contact) -> tuple[bool, bool, int]:
    """The higher, the sooner it receives the invoices: the one for accounts, the primary one, the first."""
    return contact.is_accounts, contact.is_primary, -contact.pk

"""A person decides which KashFlow customer a client is (product.md, KashFlow 8).

No call is made here: the customer is read at first use, and what was changed here since the link was made is sent
then (`clients.customer_links`). The payer is meant: the agency, where the client has one.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clients.customer_links import values_of
from clients.customers import want
from clients.models import Client, CustomerLink
from kashflow.models import LedgerAccount
from magmanager.common.errors import DomainError, Gone
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

VERB = "clients.link_customer"
# KashFlow refuses special characters in a customer's code.
CODE = re.compile(r"[A-Za-z0-9]{1,20}")
State = CustomerLink.State


class CodeUnusable(DomainError):
    """What was typed cannot be a KashFlow ID, or is the one there is."""

    code = "code_unusable"


class CustomerTaken(DomainError):
    """Another client has this customer."""

    code = "customer_taken"


class CustomerBeingCreated(DomainError):
    """A worker may be creating the customer in this moment."""

    code = "customer_being_created"


class LinkInUse(DomainError):
    """Invoices went to the linked customer, so the link stays."""

    code = "link_in_use"


def link_customer(*, by: User, client: Client, account: LedgerAccount, customer_id: int) -> CustomerLink:
    """Links the payer of `client` to the proposed customer with KashFlow's `customer_id`.

    Raises Gone where it is not proposed (any more), CustomerTaken where another client has it.
    """
    allow(by, VERB)
    link = _waiting(client, account)
    chosen = next((one for one in link.candidates if one["customer_id"] == customer_id), None)
    if chosen is None:
        raise Gone(
            "This customer is not one of those proposed for this client, so nothing was linked. "
            "Choose one of those below."
        )
    return _link(link, by, code=chosen["code"], customer_id=customer_id)


def create_customer_anyway(*, by: User, client: Client, account: LedgerAccount) -> CustomerLink:
    """None of those proposed: the payer gets a customer of its own with the next look at KashFlow.

    Those refused stay in `candidates`, so that they are not proposed again. Raises Gone where nothing waits.
    """
    allow(by, VERB)
    link = _waiting(client, account)
    # A code kept for the customer may be on its way to KashFlow; one of an earlier link is that customer's.
    code = None if link.how else link.code
    unlinked: dict[str, Any] = {
        "customer_id": None,
        "how": "",
        "by": None,
        "linked_at": None,
        "used_at": None,
        "known": {},
        "theirs": {},
    }
    values = {"state": State.WANTED, "code": code, "cause": "", "read_at": timezone.now(), **unlinked}
    refused = ", ".join(one["code"] for one in link.candidates)
    return _write(link, by, "customer.create_anyway", values, after={"refused": refused})


def link_by_code(*, by: User, client: Client, account: LedgerAccount, code: str) -> CustomerLink:
    """Links the payer to the customer with the typed KashFlow ID `code`; its CustomerID is read at first use.

    Also changes a link no invoice went to yet. Raises CodeUnusable and CustomerTaken beside the field,
    CustomerBeingCreated, LinkInUse, Gone.
    """
    allow(by, VERB)
    code = code.strip()
    link = want(client.payer, account)
    _refuse_code(link, code)
    _refuse_settled(link)
    if other := _holder(link, code=code, customer_id=None):
        raise _taken(other, code)
    return _link(link, by, code=code, customer_id=None)


# --- Refusing -----------------------------------------------------------------------------------------------


def _waiting(client: Client, account: LedgerAccount) -> CustomerLink:
    link = CustomerLink.objects.filter(client=client.payer, ledger_account=account).first()
    if link is None or link.state != State.MATCH:
        raise _changed()
    return link


def _refuse_code(link: CustomerLink, code: str) -> None:
    if not CODE.fullmatch(code):
        raise CodeUnusable(
            "A KashFlow ID has letters and digits only, at most 20. Copy it from the customer in KashFlow.",
            field="code",
        )
    if link.state == State.LINKED and (link.code or "").upper() == code.upper():
        raise CodeUnusable(f"This client is linked to {link.code} already.", field="code")


def _refuse_settled(link: CustomerLink) -> None:
    if link.state == State.LINKED and link.used_at:
        raise LinkInUse(
            f"Invoices of this client went to {link.code} in KashFlow, so the link stays. "
            "A link can be changed until its first invoice is sent; correct the customer itself in KashFlow.",
            field="code",
        )
    if link.state == State.WANTED and link.code:
        raise CustomerBeingCreated(
            f"Customer {link.code} is being created in KashFlow for this client, so nothing was linked. "
            "Wait until it is linked, then change the link here.",
            field="code",
        )


def _holder(link: CustomerLink, *, code: str, customer_id: int | None) -> CustomerLink | None:
    """Another client's link with this code, however written, or with this customer."""
    others = CustomerLink.objects.select_related("client").filter(ledger_account_id=link.ledger_account_id)
    others = others.exclude(pk=link.pk)
    same_customer = others.filter(customer_id=customer_id).first() if customer_id else None
    return same_customer or others.filter(code__iexact=code).first()


def _taken(other: CustomerLink | None, code: str) -> CustomerTaken:
    whose = other.client.name if other else "another client"
    return CustomerTaken(
        f"{code} belongs to {whose} here, so nothing was linked. A KashFlow customer is one client only: "
        "choose another one.",
        field="code",
        link=reverse("clients:details", args=[other.client_id]) if other else "",
        link_label=f"Look at {whose}",
    )


def _changed() -> Gone:
    return Gone(
        "The link of this client changed meanwhile: somebody else decided, or KashFlow was read. "
        "Nothing of yours was saved; look at what it is now."
    )


# --- Writing ------------------------------------------------------------------------------------------------


def _link(link: CustomerLink, by: User, *, code: str, customer_id: int | None) -> CustomerLink:
    values: dict[str, Any] = {
        "state": State.LINKED,
        "code": code,
        "customer_id": customer_id,
        "how": CustomerLink.How.BY_HAND,
        "by": by,
        "linked_at": timezone.now(),
        "read_at": None,
        "used_at": None,
        "known": values_of(link.client),
        "theirs": {},
        "candidates": [],
        "cause": "",
    }
    after = {"kashflow_id": code, "how": CustomerLink.How.BY_HAND.value}
    try:
        return _write(link, by, "customer.linked", values, after=after)
    except IntegrityError as error:
        raise _taken(_holder(link, code=code, customer_id=customer_id), code) from error


@transaction.atomic
def _write(
    link: CustomerLink, by: User, event: str, values: dict[str, Any], *, after: dict[str, str]
) -> CustomerLink:
    """Writes where the row is as it was read, with its line in the audit log. Raises Gone otherwise."""
    seen = ("state", "code", "customer_id", "linked_at", "read_at", "used_at")
    same = CustomerLink.objects.filter(pk=link.pk, **{name: getattr(link, name) for name in seen})
    if same.update(**values) != 1:
        raise _changed()
    before = {"kashflow_id": link.code or "", "state": str(link.state)}
    link = CustomerLink.objects.select_related("client").get(pk=link.pk)
    audit.record(event, link, by=by, before=before, after=after)
    return link

"""What Details says of a client's KashFlow customer: how it is linked, or what is missing and what mends it.

After sentence 13 of product.md (KashFlow): the client itself says why its KashFlow ID does not appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from clients import kashflow_mapping as mapping
from clients.customers import is_settled
from clients.models import Client, CustomerLink
from kashflow.answer import anchor_of
from kashflow.connections import current_account, office_login
from kashflow.door import stored_refusal
from kashflow.gateway.errors import EnvelopeRefused, Refused
from kashflow.models import Connection, LedgerAccount
from settings_app.models import SystemDefaults

# Only what was sent and answered tells more.
LOGGED = (Refused.code, EnvelopeRefused.code)
LOOKS_ALIKE = "A customer in KashFlow looks like this client; somebody has to say which."

NOT_USABLE = (
    "The office login may not be used any more: its owner was deactivated or may not save a login. "
    "Nothing is created or read in the background until another one is chosen."
)


@dataclass(frozen=True)
class Card:
    """`client` is the payer, whose customer this is; `missing` a sentence, with `url` to what mends it."""

    client: Client
    link: CustomerLink | None = None
    missing: str = ""
    url: str = ""
    url_label: str = ""

    @property
    def is_linked(self) -> bool:
        return self.link is not None and self.link.state == CustomerLink.State.LINKED

    @property
    def different(self) -> list[tuple[str, str]]:
        """What the bookkeeper has otherwise in KashFlow, as it was last read; it is left as it is."""
        return mapping.different(self.link.known, self.link.theirs) if self.link and self.is_linked else []

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The customers of KashFlow a person chooses from."""
        return self.link.candidates if self.link and self.is_waiting else []

    @property
    def is_waiting(self) -> bool:
        """Whether the link waits for a person."""
        return self.link is not None and self.link.state == CustomerLink.State.MATCH

    @property
    def can_change(self) -> bool:
        """Whether a KashFlow ID may be typed: not once invoices went there, nor while one is being created."""
        if self.link is None or self.is_waiting:
            return True
        return self.link.used_at is None if self.is_linked else not self.link.code

    @property
    def is_decided(self) -> bool:
        """Whether a person decided and no invoice was sent since: one that waited for it has to be sent again."""
        if self.link is None or self.is_waiting or self.link.used_at:
            return False
        return self.link.how == CustomerLink.How.BY_HAND if self.is_linked else bool(self.link.candidates)


def card_of(client: Client) -> Card | None:
    """The card of `client`; None where KashFlow is not the accounts package."""
    if not SystemDefaults.current().uses_kashflow:
        return None
    payer, account = client.payer, current_account()
    link, login = _link(payer, account), office_login()
    return _without_login(payer, link, account) if login is None else _card(payer, link, login)


def _link(payer: Client, account: LedgerAccount | None) -> CustomerLink | None:
    if account is None:
        return None
    return CustomerLink.objects.select_related("by").filter(client=payer, ledger_account=account).first()


def _without_login(payer: Client, link: CustomerLink | None, account: LedgerAccount | None) -> Card:
    """Nobody's login may be used in the background: none is saved, or the office login's owner may not any more."""
    if account is not None and account.office_login_id:
        return Card(
            client=payer,
            link=link,
            missing=NOT_USABLE,
            url=reverse("kashflow:settings"),
            url_label="Choose another in Settings › KashFlow",
        )
    return Card(
        client=payer,
        link=link,
        missing="No KashFlow login is saved, so nothing can be created or read there.",
        url=reverse("my_details"),
        url_label="Save a login in My Details",
    )


def _card(payer: Client, link: CustomerLink | None, login: Connection) -> Card:
    if link is None:
        does_it = "next booking or invoice" if _has_booked(payer) else "first booking"
        return Card(client=payer, missing=f"Not created in KashFlow yet: the {does_it} does that.")
    if link.state == CustomerLink.State.LINKED:
        return _linked(payer, link)
    if login.refusal:
        return Card(
            client=payer,
            link=link,
            missing="Not created yet, because KashFlow refused the saved login. "
            + stored_refusal(login).sentence,
            url=f"{reverse('kashflow:help')}#{anchor_of(login.refusal)}",
            url_label="How to mend it",
        )
    if link.state == CustomerLink.State.MATCH:
        return Card(
            client=payer,
            link=link,
            missing=LOOKS_ALIKE if link.candidates else link.cause or LOOKS_ALIKE,
        )
    waiting = "Being created in KashFlow. It is tried again by itself until KashFlow answers."
    return Card(client=payer, link=link, missing=link.cause or waiting, **_page(link))


def _linked(payer: Client, link: CustomerLink) -> Card:
    """What KashFlow refused of a change made here is told until it is taken or changed back."""
    if not link.cause or is_settled(link):
        return Card(client=payer, link=link)
    changed = "What was changed here is not in KashFlow yet. " if link.read_at else ""
    return Card(client=payer, link=link, missing=changed + link.cause, **_page(link))


def _page(link: CustomerLink) -> dict[str, str]:
    """Where the cause of a link is mended: its line of the help, or what was said in the API log."""
    if not link.cause:
        return {}
    if anchor := anchor_of(link.cause_code):
        return {"url": f"{reverse('kashflow:help')}#{anchor}", "url_label": "How to mend it"}
    return {"url": reverse("kashflow:api_log"), "url_label": "API log"} if link.cause_code in LOGGED else {}


def _has_booked(payer: Client) -> bool:
    """Whether it or a client it pays for booked: before KashFlow was chosen, where there is no link."""
    booked = Client.objects.filter(first_booked_at__isnull=False)
    return booked.filter(Q(pk=payer.pk) | Q(agency=payer)).exists()

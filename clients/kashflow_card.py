"""What Details says of a client's KashFlow customer: how it is linked, or what is missing and what mends it.

After sentence 13 of product.md (KashFlow): the client itself says why its KashFlow ID does not appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from clients.models import Client, CustomerLink
from kashflow.answer import anchor_of
from kashflow.door import stored_refusal
from kashflow.models import LedgerAccount
from settings_app.models import SystemDefaults

LOOKS_ALIKE = "A customer in KashFlow looks like this client; somebody has to say which."


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
    payer = client.payer
    account = LedgerAccount.objects.select_related("office_login").filter(is_current=True).first()
    if account is None or account.office_login is None:
        return Card(
            client=payer,
            link=_link(payer, account),
            missing="No KashFlow login is saved, so nothing can be created or read there.",
            url=reverse("my_details"),
            url_label="Save a login in My Details",
        )
    return _card(payer, _link(payer, account), account)


def _link(payer: Client, account: LedgerAccount | None) -> CustomerLink | None:
    if account is None:
        return None
    return CustomerLink.objects.select_related("by").filter(client=payer, ledger_account=account).first()


def _card(payer: Client, link: CustomerLink | None, account: LedgerAccount) -> Card:
    if link is None:
        return Card(client=payer, missing="Not created in KashFlow yet: the first booking does that.")
    if link.state == CustomerLink.State.LINKED:
        return Card(client=payer, link=link)
    if account.office_login and account.office_login.refusal:
        return Card(
            client=payer,
            link=link,
            missing="Not created yet, because KashFlow refused the saved login. "
            + stored_refusal(account.office_login).sentence,
            url=f"{reverse('kashflow:help')}#{anchor_of(account.office_login.refusal)}",
            url_label="How to mend it",
        )
    if link.state == CustomerLink.State.MATCH:
        return Card(
            client=payer,
            link=link,
            missing=LOOKS_ALIKE if link.candidates else link.cause or LOOKS_ALIKE,
        )
    waiting = "Being created in KashFlow. It is tried again by itself until KashFlow answers."
    return Card(client=payer, link=link, missing=link.cause or waiting)

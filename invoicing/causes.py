"""Where what stopped a transfer or a run is mended: from the code of a cause to a page."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from invoicing.models import Transfer
from invoicing.transfer import pauses


class Link(NamedTuple):
    """A link with its words."""

    url: str
    label: str


MY_DETAILS = ("my_details", "My Details")
KASHFLOW = ("kashflow:settings", "Settings › KashFlow")
ENABLING = ("kashflow:help", "Enabling the API in KashFlow")
PAGES = {
    pauses.CONNECTION_OFF: MY_DETAILS,
    pauses.SWITCHED_OFF: MY_DETAILS,
    "wrong_login": MY_DETAILS,
    "no_login": MY_DETAILS,
    "account_locked": MY_DETAILS,
    "access_forbidden": MY_DETAILS,
    "api_disabled": ENABLING,
    "ip_not_listed": ENABLING,
    pauses.ACCOUNT_PAUSED: KASHFLOW,
    "other_number": KASHFLOW,
    "not_sendable": KASHFLOW,
}


def page_of(code: str) -> Link | None:
    """The page on which cause `code` is mended; None where there is nothing to open."""
    if code not in PAGES:
        return None
    name, label = PAGES[code]
    return Link(reverse(name), label)


def page_of_transfer(transfer: Transfer) -> Link | None:
    """As `page_of`; what is wrong with a customer is mended at the client."""
    if transfer.cause_code == "customer_unresolved":
        return Link(reverse("clients:details", args=[transfer.invoice.payer_id]), "Look at the client")
    return page_of(transfer.cause_code)

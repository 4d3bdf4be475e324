"""Where what stopped a transfer or a run is mended: from the code of a cause to a page."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from invoicing.models import Transfer
from invoicing.transfer import pauses
from kashflow.answer import anchor_of
from kashflow.models import Connection
from magmanager.common.models import Run


class Link(NamedTuple):
    """A link with its words."""

    url: str
    label: str


MY_DETAILS = ("my_details", "My Details")
KASHFLOW = ("kashflow:settings", "Settings › KashFlow")
PAGES = {
    pauses.CONNECTION_OFF: MY_DETAILS,
    pauses.SWITCHED_OFF: MY_DETAILS,
    "no_login": MY_DETAILS,
    pauses.ACCOUNT_PAUSED: KASHFLOW,
    "other_number": KASHFLOW,
    "not_sendable": KASHFLOW,
    "payment_no_bank": KASHFLOW,
    "payment_not_mapped": ("kashflow:payment_methods", "Settings › Payment Methods"),
}


def page_of(code: str) -> Link | None:
    """The page on which cause `code` is mended; None where there is nothing to open.

    What KashFlow refuses leads to its own line of the help, which says what to press there and here.
    """
    if anchor := anchor_of(code):
        return Link(f"{reverse('kashflow:help')}#{anchor}", "How to mend it")
    if code not in PAGES:
        return None
    name, label = PAGES[code]
    return Link(reverse(name), label)


def pages_of_run(run: Run) -> list[Link]:
    """Where what stopped a whole run is mended: the page, and for a refused login its line of the help."""
    codes = [run.cause]
    if run.cause == pauses.CONNECTION_OFF and run.connection_id:
        codes += Connection.objects.filter(pk=run.connection_id).values_list("refusal", flat=True)
    return [page for code in codes if (page := page_of(code))]


def page_of_transfer(transfer: Transfer) -> Link | None:
    """As `page_of`; what is wrong with a customer is mended at the client."""
    if transfer.cause_code == "customer_unresolved":
        return Link(reverse("clients:details", args=[transfer.invoice.payer_id]), "Look at the client")
    return page_of(transfer.cause_code)

"""The links of the top bar: which there are, and which of them this person is shown."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from magmanager.common.permissions import may


class Entry(NamedTuple):
    """A link of the top bar: its word, the name of its URL, and the verb that opens it (None: everyone's)."""

    label: str
    url_name: str
    verb: str | None


class Link(NamedTuple):
    """An entry as a template shows it; `active` where the page shown lies under it."""

    label: str
    url: str
    active: bool


NAV = (
    Entry("Home", "home", None),
    Entry("Publications", "bookings:issues_on_sale", "publications.view_publications"),
    Entry("Clients", "clients:list", "clients.view_clients"),
    Entry("Bookings", "bookings:list", "bookings.view_bookings"),
    Entry("Flat plan", "bookings:flat_plan_list", "bookings.view_bookings"),
    Entry("Invoicing", "invoicing:to_invoice", "invoicing.view_invoices"),
    Entry("Reports", "invoicing:reports", "invoicing.view_reports"),
)
# Beside the words: what the icons at the right lead to.
TOOLS = {
    "search": Entry("Search", "search", None),
    "bell": Entry("Notifications", "notifications", None),
    "gear": Entry("Settings", "settings:index", "settings_app.view_settings"),
    "my_details": Entry("My Details", "my_details", None),
    "log_out": Entry("Log out", "account_logout", None),
}


def navigation(request: HttpRequest) -> dict[str, object]:
    """Template variables `nav` (links in order) and `tools` (links by name); both empty for a stranger.

    An entry is left out where its URL name does not resolve or the person does not hold its verb.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "tools": {}}
    tools = {name: link for name, entry in TOOLS.items() if (link := _link(entry, request))}
    return {"nav": [link for entry in NAV if (link := _link(entry, request))], "tools": tools}


def _link(entry: Entry, request: HttpRequest) -> Link | None:
    if entry.verb and not may(request.user, entry.verb):
        return None
    try:
        url = reverse(entry.url_name)
    except NoReverseMatch:
        return None
    return Link(entry.label, url, _section(url) == _section(request.path))


def _section(path: str) -> str:
    """The first part of an address: /invoicing/to-invoice/ and /invoicing/invoiced/ are one section."""
    return path.strip("/").partition("/")[0]

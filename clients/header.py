"""The head of every page of one client: name, badges, facts and the tabs this person may open."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from clients.kashflow_card import card_of
from clients.models import Client
from magmanager.common.permissions import may
from settings_app.models import User


class Tab(NamedTuple):
    """A tab: its word, the name of its URL, and the verb that opens it. Upper floors bring theirs by name."""

    label: str
    url_name: str
    verb: str


TABS = (
    Tab("Details", "clients:details", "clients.view_clients"),
    Tab("Contacts", "clients:contacts", "clients.view_clients"),
    Tab("Bookings", "bookings:client", "bookings.view_bookings"),
    Tab("Artwork", "bookings:client_artwork", "bookings.view_bookings"),
    Tab("Financial", "invoicing:client", "invoicing.view_invoices"),
    Tab("Timeline", "client_timeline", "clients.view_clients"),
)


def header(client: Client, by: User, *, active: str) -> dict[str, Any]:
    """Template variables for clients/client_base.html; `active` is the label of the tab shown."""
    contacts = list(client.contacts.all())
    card = card_of(client)
    return {
        "client": client,
        "contacts": contacts,
        "card": card,
        "title": client.name,
        "badges": _badges(client, card),
        "facts": _facts(client, contacts),
        "tabs": _tabs(client, by, active, {"Contacts": len(contacts)}),
    }


def _badges(client: Client, card: Any) -> list[dict[str, str]]:
    badges = [{"word": str(client.status(timezone.localdate()).label)}]
    if client.is_agency:
        badges.append({"word": "Agency"})
    if card and card.is_linked:
        badges.append({"word": f"KashFlow {card.link.code}", "tone": "tone-good", "icon": "link"})
    elif card:
        badges.append({"word": "Not linked", "tone": "tone-warn", "icon": "unlink"})
    return badges


def _facts(client: Client, contacts: list[Any]) -> list[dict[str, str]]:
    primary = contacts[0] if contacts else None
    facts = [
        ("", str(primary or "")),
        ("phone", client.phone or (primary.phone if primary else "")),
        ("mail", client.email or (primary.email if primary else "")),
        ("user", str(client.salesperson or "")),
        ("building", f"paid by {client.agency}" if client.agency else ""),
    ]
    return [{"icon": icon, "text": text} for icon, text in facts if text]


def _tabs(client: Client, by: User, active: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    tabs = []
    for tab in TABS:
        try:
            url = reverse(tab.url_name, args=[client.pk])
        except NoReverseMatch:
            continue
        if may(by, tab.verb):
            count = counts.get(tab.label, "")
            tabs.append({"label": tab.label, "url": url, "count": count, "active": tab.label == active})
    return tabs

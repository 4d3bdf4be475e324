"""Settings: every page of it in groups, each link with its current value."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clients.match_page import linked_counts
from invoicing.models import NumberCounter
from kashflow.connections import current_account
from kashflow.models import ApiCall
from kashflow.panels import connection_card
from kashflow.payment_methods import mapped_counts
from magmanager.common.permissions import may
from magmanager.common.templatetags.formats import moment
from magmanager.common.views import Verb
from publications.models import MiscellaneousItem, Publication
from settings_app.models import SystemDefaults, User


class Value(NamedTuple):
    """What a setting is now; `tone` and `icon` where it is good or needs someone."""

    text: str
    tone: str = "text-2"
    icon: str = ""


class Entry(NamedTuple):
    """A page of Settings: `verb` opens it, `value` is what it is now; `package`: only with KashFlow."""

    label: str
    about: str
    icon: str
    url_name: str
    verb: str
    value: Callable[[User], Value]
    package: bool = False


class Link(NamedTuple):
    """An entry as the page shows it."""

    label: str
    about: str
    icon: str
    url: str
    value: Value


def _defaults(by: User) -> Value:
    defaults = SystemDefaults.current()
    if not defaults.uses_kashflow:
        return Value("No accounts package")
    return Value(f"KashFlow · account codes {'on' if defaults.use_account_codes else 'off'}")


def _number(by: User) -> Value:
    return Value(f"Next number {NumberCounter.objects.get(pk=1).next_number}")


def _connection(by: User) -> Value:
    card = connection_card(by)
    if card.tone == "on-good":
        return Value("Connected", "tone-good", "circle-check")
    return Value(card.title, "tone-bad" if card.tone else "tone-warn", "alert-triangle")


def _last_call(by: User) -> Value:
    last = ApiCall.objects.values_list("at", flat=True).first()
    return Value(f"Last call {moment(last)}" if last else "No calls yet")


def _linked(by: User) -> Value:
    linked, booked = linked_counts(current_account())
    return Value(f"{linked:,} of {booked:,} clients with bookings linked")


def _titles(by: User) -> Value:
    return Value(f"{Publication.objects.filter(is_active=True).count()} active")


def _items(by: User) -> Value:
    return Value(f"{MiscellaneousItem.objects.filter(is_enabled=True).count()} enabled")


def _methods(by: User) -> Value:
    mapped, enabled = mapped_counts(current_account())
    if not SystemDefaults.current().uses_kashflow:
        return Value(f"{enabled} enabled")
    return Value(f"{mapped} of {enabled} mapped")


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Settings",
        (
            Entry(
                "System Defaults",
                "Accounts package, account codes",
                "adjustments-horizontal",
                "settings:system_defaults",
                "settings_app.change_system_defaults",
                _defaults,
            ),
            Entry(
                "API log",
                "Every exchange with KashFlow, kept for 90 days",
                "list-search",
                "kashflow:api_log",
                "kashflow.view_api_log",
                _last_call,
                package=True,
            ),
        ),
    ),
    (
        "Accounts",
        (
            Entry(
                "Company Details",
                "Registered office, VAT, payment terms, next invoice number",
                "building",
                "settings:company",
                "settings_app.change_company",
                _number,
            ),
            Entry(
                "Payment Methods",
                "How clients pay",
                "credit-card",
                "kashflow:payment_methods",
                "settings_app.change_payment_methods",
                _methods,
            ),
            Entry(
                "KashFlow",
                "Connection, sync of codes",
                "link",
                "kashflow:settings",
                "kashflow.view_kashflow",
                _connection,
                package=True,
            ),
            Entry(
                "Customer codes",
                "Which KashFlow customer each client is",
                "arrows-right-left",
                "clients:customer_codes",
                "clients.match_customer_codes",
                _linked,
                package=True,
            ),
        ),
    ),
    (
        "Publications & Bookings",
        (
            Entry(
                "Publications",
                "Titles, their issues, prices and codes",
                "books",
                "publications:settings",
                "publications.change_publication",
                _titles,
            ),
            Entry(
                "Miscellaneous items",
                "What is sold beside page space",
                "package",
                "publications:items",
                "publications.change_publication",
                _items,
            ),
        ),
    ),
)


class ViewSettings(Verb):
    """The index; a page this person may not open is not on it."""

    verb = "settings_app.view_settings"

    def get(self, request: HttpRequest) -> HttpResponse:
        groups = [(name, links) for name, entries in GROUPS if (links := _links(entries, self.by))]
        return render(request, "overview/settings_index.html", {"groups": groups})


def _links(entries: tuple[Entry, ...], by: User) -> list[Link]:
    uses_kashflow = SystemDefaults.current().uses_kashflow
    return [
        Link(entry.label, entry.about, entry.icon, reverse(entry.url_name), entry.value(by))
        for entry in entries
        if may(by, entry.verb) and (uses_kashflow or not entry.package)
    ]

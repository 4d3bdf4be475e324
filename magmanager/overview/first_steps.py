"""The first steps of a new house, on its admin's Home until the first invoice is raised: what is done, what is next."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from clients.models import Client, CustomerLink
from invoicing.models import Invoice, NumberCounter
from kashflow.models import AccountCode, Connection
from magmanager.common.permissions import may
from publications.models import Issue, Publication
from settings_app.models import SystemDefaults, User


class Step(NamedTuple):
    """One thing to set up, where, and whether it is done."""

    label: str
    url: str
    is_done: bool


def first_steps(by: User) -> list[Step]:
    """What there is to set up, in its order; nothing for who may not, and once the house is at work."""
    if not may(by, "settings_app.change_system_defaults") or Invoice.objects.exists():
        return []
    uses = SystemDefaults.current().uses_kashflow
    steps = [("Choose the accounts package", "settings:system_defaults", uses)]
    if uses:
        steps += [
            ("Check Connection, and save your login", "my_details", Connection.objects.exists()),
            (
                "Match customer codes",
                "clients:customer_codes",
                CustomerLink.objects.filter(state="linked").exists(),
            ),
            ("Sync bank accounts and codes", "kashflow:settings", AccountCode.objects.exists()),
        ]
    counter = NumberCounter.objects.get(pk=1)
    steps += [
        ("Set the next invoice number", "settings:company", counter.next_number > 1),
        ("Add a publication with its prices", "publications:settings", Publication.objects.exists()),
        ("Add its issues", "publications:settings", Issue.objects.exists()),
        ("Add the first client", "clients:add", Client.objects.exists()),
    ]
    found = [Step(label, reverse(name), is_done) for label, name, is_done in steps]
    return [] if all(step.is_done for step in found) else found

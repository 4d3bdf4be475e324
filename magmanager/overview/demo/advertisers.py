"""Clients and their contacts. Each is made from its index alone, so none need be kept in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import TypeVar

from clients.models import Category, Client, Contact, Section
from magmanager.overview.demo import values
from magmanager.overview.demo.plan import Plan, at
from magmanager.overview.demo.rows import chunks
from magmanager.overview.demo.words import (
    AGENCIES,
    ESTATES,
    FIRST_NAMES,
    PLACES,
    STREETS,
    SURNAMES,
    TOWNS,
    TRADES,
    Trade,
)
from settings_app.models import User

CHUNK = 1000
# Prime, and about 0.618 of the number of names: stepping by it meets each name once, neighbours far apart.
STEP = 4079
_NAMES = len(TRADES) * (len(PLACES) + len(SURNAMES))
DELIVERY = {"email": 78, "post": 14, "by_hand": 6, "other": 2}
PERIODS = {"per_issue": 62, "monthly": 34, "quarterly": 4}
TERMS: dict[int | None, int] = {None: 80, 14: 8, 60: 8, 7: 4}

Value = TypeVar("Value")


class Advertisers:
    """The clients of a plan by index; the row of index n has the primary key n + 1."""

    def __init__(self, plan: Plan, sales: list[User]) -> None:
        self.plan = plan
        self.sales = sales
        sections, categories = {trade.section for trade in TRADES}, {trade.category for trade in TRADES}
        self.sections = {name: Section.objects.create(name=name) for name in sorted(sections)}
        self.categories = {name: Category.objects.create(name=name) for name in sorted(categories)}
        self.client = lru_cache(maxsize=4096)(self._client)

    def add_all(self) -> None:
        """Writes clients, contacts and categories, agencies first."""
        through = Client.categories.through
        for numbers in chunks(range(self.plan.clients), CHUNK):
            rows = [self.client(n) for n in numbers]
            Client.objects.bulk_create(rows)
            Contact.objects.bulk_create(contact for n in numbers for contact in self._contacts(n))
            through.objects.bulk_create(
                through(client_id=n + 1, category_id=self.categories[trade.category].pk)
                for n in numbers
                if (trade := self.trade(n))
            )

    def trade(self, n: int) -> Trade | None:
        """What client n does; None for an agency."""
        return None if n < self.plan.agency_count else TRADES[self._name_index(n) % len(TRADES)]

    def _name_index(self, n: int) -> int:
        return (n * STEP + self.plan.seed * 31) % _NAMES

    def _name(self, n: int, chance: Random) -> tuple[str, str]:
        """A company's name in full and as it advertises; once every name was used, a place is added."""
        if n < self.plan.agency_count:
            again, which = divmod(n, len(AGENCIES))
            return f"{AGENCIES[which]}{f' {PLACES[again % len(PLACES)]}' if again else ''} Ltd", ""
        owner, trade = divmod(self._name_index(n), len(TRADES))
        who = PLACES[owner] if owner < len(PLACES) else SURNAMES[owner - len(PLACES)]
        again = n // _NAMES
        short = f"{who} {TRADES[trade].word}" + (f", {PLACES[again % len(PLACES)]}" if again else "")
        form = (
            "" if TRADES[trade].is_charity or again else _form(chance, short, is_family=owner >= len(PLACES))
        )
        return f"{short}{form}", short if form == " Ltd" else ""

    def _client(self, n: int) -> Client:
        plan, chance = self.plan, self.plan.chance("client", n)
        name, short = self._name(n, chance)
        trade, town, is_agency = self.trade(n), chance.choice(TOWNS), n < plan.agency_count
        domain = _domain(short or name)
        delivery = _weighted(chance, DELIVERY)
        managed = not is_agency and chance.random() < 0.12
        estate = chance.random() < 0.2
        return Client(
            pk=n + 1,
            name=name,
            advertising_as=short if chance.random() < 0.5 else "",
            is_agency=is_agency,
            agency_id=chance.randrange(plan.agency_count) + 1 if managed else None,
            address1=f"Unit {chance.randint(1, 40)}"
            if estate
            else f"{chance.randint(1, 120)} {chance.choice(STREETS)}",
            address2=chance.choice(ESTATES) if estate else "",
            town=town.name,
            county=town.county,
            postcode=values.postcode(chance, town.district),
            phone=values.phone(chance),
            email=f"{'accounts' if is_agency else 'office'}@{domain}",
            website=f"https://www.{domain}" if chance.random() < 0.6 else "",
            section=self.sections[trade.section] if trade else None,
            salesperson=chance.choice(self.sales),
            vat_number=values.vat_number(chance)
            if chance.random() < 0.7 and not (trade and trade.is_charity)
            else "",
            is_vat_exempt=bool(trade and trade.is_charity),
            invoice_delivery=delivery,
            invoice_period=_weighted(chance, PERIODS),
            payment_terms_days=_weighted(chance, TERMS),
            is_po_required=chance.random() < 0.06,
            closed_at=at(plan.today.replace(day=1), 10) if self._is_closed(n) else None,
        )

    def _is_closed(self, n: int) -> bool:
        """A prospect in seven said no for good."""
        return n >= self.plan.buyer_count and n % 7 == 3

    def _contacts(self, n: int) -> Iterator[Contact]:
        client, chance = self.client(n), self.plan.chance("contacts", n)
        for place in range(2 if chance.random() < 0.4 else 1):
            first, last = chance.choice(FIRST_NAMES), chance.choice(SURNAMES)
            domain = client.email.partition("@")[2]
            yield Contact(
                client_id=client.pk,
                first_name=first,
                last_name=last,
                email=f"{first}.{last}@{domain}".lower(),
                phone=values.phone(chance),
                is_primary=place == 0,
                is_bookings=place == 0,
                is_artwork=place == 0,
                is_accounts=place == 1,
            )


def _form(chance: Random, name: str, *, is_family: bool) -> str:
    """What stands behind a firm's name, where the name does not end in such a thing by itself."""
    forms = ["", " Ltd"]
    if is_family and "&" not in name and "Company" not in name:
        forms.append(" & Sons")
    return chance.choice(forms)


def _domain(name: str) -> str:
    """An address that cannot exist (RFC 2606), made of the name."""
    plain = re.sub(r" (Ltd|& Sons)$", "", name).lower().replace("é", "e")
    return f"{re.sub(r'[^a-z0-9]+', '', plain)[:40]}.example"


def _weighted(chance: Random, weights: dict[Value, int]) -> Value:
    return chance.choices(list(weights), list(weights.values()))[0]

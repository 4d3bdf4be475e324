"""Questions about many clients."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Q


class ClientQuerySet(models.QuerySet[Any]):
    """A client's status is derived from what is booked, never stored (product.md, Clients)."""

    def active(self, on: dt.date) -> Self:
        """Has a booking in a current or future issue on the day `on`, and is not closed."""
        return self.filter(closed_at__isnull=True, booked_until_on__gte=on)

    def prospects(self) -> Self:
        """Never booked, and not closed."""
        return self.filter(closed_at__isnull=True, first_booked_at__isnull=True)

    def inactive(self, on: dt.date) -> Self:
        """Booked before with nothing ahead on the day `on`, or closed by hand."""
        nothing_ahead = Q(first_booked_at__isnull=False) & (
            Q(booked_until_on__isnull=True) | Q(booked_until_on__lt=on)
        )
        return self.filter(Q(closed_at__isnull=False) | nothing_ahead)

    def agencies(self) -> Self:
        return self.filter(is_agency=True)

    def open(self) -> Self:
        """Not closed by hand."""
        return self.filter(closed_at__isnull=True)

    def matching(self, words: str) -> Self:
        """Every word occurs in the name, advertising-as, a contact, an e-mail, postcode or KashFlow ID."""
        found = self
        for word in words.split():
            found = found.filter(self._mentions(word))
        return found

    def _mentions(self, word: str) -> Q:
        # Subqueries, not joins: a client with three contacts stays one row without a DISTINCT over the table.
        contacts = self.model._meta.get_field("contacts").related_model.objects.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
        )
        links = self.model._meta.get_field("customer_links").related_model.objects.filter(
            code__istartswith=word
        )
        return (
            Q(name__icontains=word)
            | Q(advertising_as__icontains=word)
            | Q(postcode__icontains=word)
            | Q(email__icontains=word)
            | Q(pk__in=links.values("client_id"))
            | Q(pk__in=contacts.values("client_id"))
        )

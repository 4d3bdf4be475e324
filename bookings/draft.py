"""What the page Book adverts stands at while it is filled in: rate card prices and live totals."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from bookings import pricing
from bookings.forms import BookForm
from bookings.models import Booking
from bookings.selectors import on_sale
from clients.models import Client
from magmanager.common.fields import MoneyFormField
from magmanager.common.money import ZERO
from publications.models import AdvertSize, Issue, PremiumPosition, Publication, RateCardEntry
from settings_app.models import CompanyDetails

MOST = 60


@dataclass
class Draft:
    """`typed` is what the address or the form holds so far; what cannot be read counts as not typed yet."""

    client: Client
    typed: QueryDict

    def __post_init__(self) -> None:
        self.publications = list(Publication.objects.filter(is_active=True))
        self.publication = _chosen(self.publications, self.typed.get("publication"))
        self.rates = _rates(self.publication)
        self.size = _chosen([rate.advert_size for rate in self.rates], self.typed.get("advert_size"))
        self.positions = _positions(self.publication)
        self.position = _exactly(self.positions, self.typed.get("position"))
        self.issues = _issues(self.publication)
        self.ticked = self._ticked()
        self.price_typed = self.typed.get("price", str(self.rate))

    @property
    def rate(self) -> Decimal:
        """Rate card price of the size, with the surcharge of the position."""
        found = next((rate.price for rate in self.rates if rate.advert_size == self.size), ZERO)
        return found + (self.position.price if self.position else ZERO)

    def _ticked(self) -> list[int]:
        wanted = self.typed.get("next", "")
        if wanted.isascii() and wanted.isdigit():
            return [issue.pk for issue in self.issues[: min(int(wanted[:3]), MOST)]]
        known = {str(issue.pk): issue.pk for issue in self.issues}
        return [known[pk] for pk in self.typed.getlist("issues") if pk in known]

    def form(self, data: QueryDict | None = None) -> BookForm:
        """The form, empty but for what the draft stands at, or bound to `data`."""
        initial = {
            "key": uuid.uuid4(),
            "client": self.client.pk,
            "publication": self.publication and self.publication.pk,
            "issues": self.ticked,
            "advert_size": self.size and self.size.pk,
            "position": self.position and self.position.pk,
            "price": self.price_typed,
            "discount_percent": self.typed.get("discount_percent", "0"),
            "po_number": self.typed.get("po_number", ""),
        }
        return BookForm(
            data,
            initial=initial,
            issues=Issue.objects.select_related("publication").filter(
                pk__in=[issue.pk for issue in self.issues]
            ),
            sizes=AdvertSize.objects.filter(pk__in=[rate.advert_size_id for rate in self.rates]),
            positions=PremiumPosition.objects.filter(pk__in=[position.pk for position in self.positions]),
        )

    def totals(self) -> pricing.Totals:
        """What the ticked adverts come to; a price or discount that cannot be read counts as nothing."""
        price, percent = _pounds(self.price_typed), _percent(self.typed.get("discount_percent", ""))
        return pricing.totals([price] * len(self.ticked), percent=percent, vat_percent=self.vat_percent)

    @property
    def vat_percent(self) -> Decimal:
        """What this client is charged."""
        rate = CompanyDetails.current().vat_rate
        return Decimal(0) if self.client.payer.is_vat_exempt or rate is None else rate.percent

    def issue_rows(self) -> list[dict[str, Any]]:
        """Each issue with what this client has in it already, and whether it is ticked."""
        booked = _booked(self.client, self.issues)
        return [
            {"issue": issue, "booked": booked.get(issue.pk, []), "is_ticked": issue.pk in self.ticked}
            for issue in self.issues
        ]


def _chosen(options: list[Any], pk: str | None) -> Any:
    return _exactly(options, pk) or (options[0] if options else None)


def _exactly(options: list[Any], pk: str | None) -> Any:
    return next((option for option in options if str(option.pk) == pk), None)


def _rates(publication: Publication | None) -> list[RateCardEntry]:
    rates = RateCardEntry.objects.select_related("advert_size").filter(
        publication=publication, is_enabled=True
    )
    return list(rates.filter(advert_size__is_enabled=True))


def _positions(publication: Publication | None) -> list[PremiumPosition]:
    return list(PremiumPosition.objects.filter(publication=publication, is_enabled=True))


def _issues(publication: Publication | None) -> list[Issue]:
    issues = on_sale(timezone.localdate()).filter(
        publication=publication, on_sale_on__gte=timezone.localdate()
    )
    return list(issues.order_by("on_sale_on")[:MOST])


def _booked(client: Client, issues: list[Issue]) -> Mapping[int, list[str]]:
    bookings = Booking.objects.select_related("advert_size", "miscellaneous_item").filter(
        client=client, issue__in=[issue.pk for issue in issues], state=Booking.State.CONFIRMED
    )
    found: dict[int, list[str]] = {}
    for booking in bookings:
        found.setdefault(booking.issue_id, []).append(str(booking))
    return found


def _pounds(typed: str) -> Decimal:
    try:
        return max(MoneyFormField(required=False).clean(typed) or ZERO, ZERO)
    except ValidationError:
        return ZERO


def _percent(typed: str) -> Decimal:
    try:
        percent = Decimal(typed.strip() or 0)
    except InvalidOperation:
        return Decimal(0)
    return percent if percent.is_finite() and 0 <= percent <= 100 else Decimal(0)

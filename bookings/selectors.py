"""What pages ask of bookings: how issues sell, and what a client has booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from bookings.models import Booking, Instalment
from bookings.pages import PAGE_PARTS, free_pages, in_pages
from magmanager.common.money import ZERO
from publications.models import Issue


@dataclass(frozen=True)
class Sales:
    """How one issue sells: space in 144ths of a page, money in pounds before VAT."""

    issue: Issue
    adverts: int
    parts: int
    revenue: Decimal

    @property
    def target(self) -> Decimal:
        """The issue's own target, else its publication's."""
        return self.issue.sales_target_amount or self.issue.publication.sales_target_amount

    @property
    def percent(self) -> int | None:
        """Revenue as a share of the target; None without a target."""
        return int(100 * self.revenue / self.target) if self.target else None

    @property
    def pages_sold(self) -> str:
        return in_pages(self.parts)

    @property
    def pages_free(self) -> str:
        return free_pages(self.issue.page_count, self.parts)

    @property
    def revenue_width(self) -> int:
        """Of a bar of 100."""
        return min(self.percent or 0, 100)

    @property
    def space_width(self) -> int:
        """Of a bar of 100."""
        return min(100 * self.parts // (self.issue.page_count * PAGE_PARTS), 100)


def on_sale(today: dt.date) -> QuerySet[Issue]:
    """Issues that adverts can still be booked into, or that are still current, on the day `today`."""
    issues = Issue.objects.select_related("publication").filter(is_active=True, publication__is_active=True)
    return issues.filter(is_complete=False, off_sale_on__gt=today)


def sales(issues: Iterable[Issue]) -> list[Sales]:
    """How each of `issues` sells, in their order; one query."""
    issues = list(issues)
    confirmed = Booking.objects.filter(
        issue__in=[issue.pk for issue in issues], state=Booking.State.CONFIRMED
    )
    sums = (
        confirmed.order_by()
        .values("issue")
        .annotate(adverts=Count("pk"), parts=Sum("advert_size__parts"), revenue=Sum("price"))
    )
    found: dict[int, Any] = {row["issue"]: row for row in sums}
    nothing: dict[str, Any] = {"adverts": 0, "parts": 0, "revenue": ZERO}
    return [_sales(issue, found.get(issue.pk, nothing)) for issue in issues]


def _sales(issue: Issue, row: dict[str, Any]) -> Sales:
    return Sales(issue=issue, adverts=row["adverts"], parts=row["parts"] or 0, revenue=row["revenue"] or ZERO)


def with_has_open(bookings: list[Booking]) -> list[Any]:
    """`bookings` with `has_open`: whether a part of the price is still to be invoiced. One query for those few:

    asked of a whole list, PostgreSQL reads every open instalment there is.
    """
    still_open = Instalment.objects.filter(booking__in=bookings, is_open=True)
    ids = set(still_open.values_list("booking_id", flat=True))
    for booking in bookings:
        booking.has_open = booking.pk in ids  # type: ignore[attr-defined]
    return bookings


def invoiced(bookings: QuerySet[Booking], is_invoiced: bool) -> QuerySet[Booking]:
    """Confirmed bookings that are invoiced, here or elsewhere; or those that still have to be."""
    still_open = Instalment.objects.filter(booking=OuterRef("pk"), is_open=True)
    done = ~Exists(still_open) | Q(invoiced_elsewhere_at__isnull=False)
    confirmed = bookings.filter(state=Booking.State.CONFIRMED)
    return confirmed.filter(done) if is_invoiced else confirmed.exclude(done)

"""How issues sell, for Home: what is sold now, what was usual by this day, and revenue by month on sale."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from django.db.models import F, OuterRef, Q, Subquery, Sum, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from bookings.models import Booking
from bookings.selectors import Sales, on_sale, sales
from magmanager.common.money import ZERO, to_penny, total
from publications.models import Issue

SHOWN = 8
AHEAD = dt.timedelta(days=70)
# The pace is the median of a title's last six issues, and is not told from fewer than three.
PAST, FEWEST = 6, 3
MONTHS_BACK, MONTHS_AHEAD = 3, 3


@dataclass(frozen=True)
class Selling:
    """An issue that sells, with the share of its target that is usual by today (0 to 1; None: unknown)."""

    sales: Sales
    usual: Decimal | None

    @property
    def mark(self) -> int | None:
        """Where the tick stands on a bar of 100."""
        return None if self.usual is None or not self.sales.target else min(int(self.usual * 100), 99)

    @property
    def ahead_amount(self) -> Decimal | None:
        """Pounds before the usual pace, negative behind it; None where it is unknown."""
        if self.usual is None or not self.sales.target:
            return None
        return self.sales.revenue - to_penny(self.sales.target * self.usual)

    @property
    def behind_amount(self) -> Decimal:
        """Pounds behind the usual pace; zero where ahead."""
        return max(-(self.ahead_amount or ZERO), ZERO)


@dataclass(frozen=True)
class Deadline:
    """An issue whose copy is due soon, with how many adverts are booked in it."""

    issue: Issue
    adverts: int
    is_today: bool


def near(today: dt.date) -> list[Sales]:
    """How every issue sells that goes on sale, or whose copy is due, in the next weeks; two queries."""
    soon = Q(on_sale_on__range=(today, today + AHEAD)) | Q(
        copy_deadline_at__date__range=_deadlines_between(today)
    )
    return sales(on_sale(today).filter(soon).order_by("on_sale_on", "pk"))


def selling(coming: list[Sales], today: dt.date) -> list[Selling]:
    """The next issues of `coming` to go on sale, by title, with their pace; one query."""
    soon = [one for one in coming if today <= one.issue.on_sale_on <= today + AHEAD][:SHOWN]
    soon.sort(key=lambda one: (one.issue.publication.code, one.issue.on_sale_on))
    history = _history({one.issue.publication_id for one in soon}, today)
    return [Selling(one, _usual(one.issue, history, today)) for one in soon]


def deadlines(coming: list[Sales], today: dt.date) -> list[Deadline]:
    """The copy deadlines of `coming` in the next three weeks, today's first; no query."""
    first, last = _deadlines_between(today)
    due = [
        Deadline(one.issue, one.adverts, on == today)
        for one in coming
        if (at := one.issue.copy_deadline_at) and first <= (on := timezone.localtime(at).date()) <= last
    ]
    return sorted(due, key=lambda one: (one.issue.copy_deadline_at, one.issue.pk))[:SHOWN]


def _deadlines_between(today: dt.date) -> tuple[dt.date, dt.date]:
    return today, today + dt.timedelta(weeks=3)


# --- What is usual by today ---------------------------------------------------------------------------------

# By title: of each past issue its on-sale date, and what was booked on which day.
Takings = list[tuple[dt.date, Decimal]]
History = dict[int, list[tuple[dt.date, Takings]]]


def _history(publications: Iterable[int], today: dt.date) -> History:
    """What the last issues of each title took, day by day."""
    newest_first = Window(RowNumber(), partition_by=F("publication"), order_by=F("on_sale_on").desc())
    past = Issue.objects.filter(publication__in=publications, on_sale_on__lt=today).annotate(
        place=newest_first
    )
    confirmed = Booking.objects.filter(
        issue__in=past.filter(place__lte=PAST).order_by().values("pk"), state=Booking.State.CONFIRMED
    ).order_by()
    days = confirmed.annotate(on=TruncDate("booked_at")).values_list(
        "issue__publication", "issue__on_sale_on", "on"
    )
    found: dict[int, dict[dt.date, Takings]] = defaultdict(lambda: defaultdict(list))
    for title, on_sale_on, on, amount in days.annotate(Sum("price")):
        found[title][on_sale_on].append((on, amount))
    return {title: list(issues.items()) for title, issues in found.items()}


def _usual(issue: Issue, history: History, today: dt.date) -> Decimal | None:
    distance = issue.on_sale_on - today
    shares = []
    for on_sale_on, takings in history.get(issue.publication_id, []):
        final = total(amount for _, amount in takings)
        if final:
            shares.append(total(amount for on, amount in takings if on <= on_sale_on - distance) / final)
    return median(shares) if len(shares) >= FEWEST else None


# --- Revenue by month on sale -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    """A month's revenue before VAT, its targets, and where its bar and target line stand in the chart."""

    month: dt.date
    revenue: Decimal
    target: Decimal
    is_ahead: bool
    is_current: bool
    x: int
    bar_top: int
    bar_height: int
    target_top: int | None


# The chart's drawing: STEP units a month; bars stand on BASE and are at most HEIGHT high.
STEP, HEIGHT, BASE = 66, 138, 150


def months(today: dt.date) -> tuple[list[Month], list[tuple[int, str]]]:
    """Seven months around today, and the lines of the scale as (height, label); one query."""
    first, end = _month(today, -MONTHS_BACK), _month(today, MONTHS_AHEAD + 1)
    revenues, targets = _by_month(first, end)
    top = _round_up(max([*targets.values(), *revenues.values(), ZERO]))
    shown = [_month(today, n) for n in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    drawn = [_drawn(month, n, revenues, targets, top, today) for n, month in enumerate(shown)]
    scale = [(BASE - HEIGHT * step // 4, _short(top * step / 4)) for step in range(5)] if top else []
    return (drawn if top else []), scale


def _drawn(
    month: dt.date,
    n: int,
    revenues: dict[dt.date, Decimal],
    targets: dict[dt.date, Decimal],
    top: Decimal,
    today: dt.date,
) -> Month:
    revenue, target = revenues.get(month, ZERO), targets.get(month, ZERO)
    height = int(HEIGHT * revenue / top) if top else 0
    return Month(
        month=month,
        revenue=revenue,
        target=target,
        is_ahead=month > today,
        is_current=month == today.replace(day=1),
        x=48 + STEP * n,
        bar_top=BASE - height,
        bar_height=height,
        target_top=BASE - int(HEIGHT * target / top) if target and top else None,
    )


def _month(today: dt.date, months: int) -> dt.date:
    years, month = divmod(today.month - 1 + months, 12)
    return dt.date(today.year + years, month + 1, 1)


def _by_month(first: dt.date, end: dt.date) -> tuple[dict[dt.date, Decimal], dict[dt.date, Decimal]]:
    """Revenue and targets of issues on sale from `first` to before `end`, by the first of their month."""
    confirmed = Booking.objects.filter(issue=OuterRef("pk"), state=Booking.State.CONFIRMED).order_by()
    issues = Issue.objects.filter(on_sale_on__gte=first, on_sale_on__lt=end, is_active=True).annotate(
        revenue=Subquery(confirmed.values("issue").annotate(sum=Sum("price")).values("sum"))
    )
    revenues: dict[dt.date, Decimal] = defaultdict(lambda: ZERO)
    targets: dict[dt.date, Decimal] = defaultdict(lambda: ZERO)
    figures = issues.order_by().values_list(
        "on_sale_on", "revenue", "sales_target_amount", "publication__sales_target_amount"
    )
    for on, revenue, target, usual_target in figures:
        revenues[on.replace(day=1)] += revenue or ZERO
        targets[on.replace(day=1)] += target or usual_target
    return revenues, targets


def _round_up(amount: Decimal) -> Decimal:
    """The scale's top: the next of 1, 2, 4, 8 × a power of ten."""
    top = Decimal(1000)
    while top < amount:
        top *= 2 if str(top)[0] != "8" else Decimal("1.25")
    return top if amount else ZERO


def _short(amount: Decimal) -> str:
    """£12.5k for the scale, where exact figures stand below the bars."""
    if amount < 1000:
        return f"£{amount:.0f}" if amount else "0"
    return f"£{amount / 1000:.1f}k".replace(".0k", "k")

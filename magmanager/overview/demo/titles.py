"""The magazines: rate cards, premium positions, miscellaneous items, and every issue."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from magmanager.common.money import to_penny
from magmanager.overview.demo.codes import Codes
from magmanager.overview.demo.plan import Plan, at, months_from
from magmanager.overview.demo.words import MORE_TITLES, TITLES, Title
from publications.models import (
    AdvertSize,
    Issue,
    MiscellaneousItem,
    PremiumPosition,
    Publication,
    RateCardEntry,
)

# Name of the size: (price as a share of a full page, how often it is sold).
SIZES = {
    "Double page spread": ("1.85", 1),
    "Full page": ("1", 12),
    "Half page": ("0.56", 24),
    "Third of a page": ("0.40", 10),
    "Quarter page": ("0.31", 28),
    "Sixth of a page": ("0.22", 8),
    "Eighth page": ("0.17", 14),
    "Sixteenth page": ("0.095", 6),
}
POSITIONS = (("Inside front cover", 2, "0.20"), ("Page 3", 3, "0.10"), ("Back cover", None, "0.25"))
ITEMS = (
    ("Loose insert, per thousand", "Inserted by the printer", "65.00"),
    ("Website banner, one month", "Top of the listings page", "120.00"),
    ("Directory listing", "Name, telephone and one line", "45.00"),
    ("Advert design", "Copy, layout and two rounds of changes", "60.00"),
)
# Of an issue behind us; the rest stays free.
FILLED = 0.8
# Of the bookings; the rest are miscellaneous items and take no space.
ADVERT_SHARE = 0.95
# From how many days before the copy deadline single adverts are booked, and how many days before it most are.
FIRST_DAY, USUAL_DAY = 50, 12
# The rest, more than half, is sold in series, up to so many days ahead (twelve issues or so).
SERIES_SHARE, SERIES_DAYS = 0.62, {"weekly": 90, "monthly": 330, "bi_monthly": 480}


@dataclass
class Shelf:
    """What there is to sell: titles, their prices, and the issues in order of going on sale."""

    titles: list[Publication] = field(default_factory=list)
    sizes: list[AdvertSize] = field(default_factory=list)
    prices: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    positions: dict[int, list[PremiumPosition]] = field(default_factory=lambda: defaultdict(list))
    items: list[MiscellaneousItem] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    # How many adverts each issue is to have, beside `issues`.
    quotas: list[int] = field(default_factory=list)


def titles_of(plan: Plan) -> list[Title]:
    """The three magazines, and others of the same three shapes where the plan is bigger than they are."""
    more = [
        Title(
            f"{river} Valley {TITLES[n % 3].name.split()[-1]}",
            f"{river[:3].upper()}{TITLES[n % 3].code[0]}",
            *TITLES[n % 3][2:],
        )
        for n, river in enumerate(MORE_TITLES)
    ]
    return [*TITLES, *more][: plan.title_count]


def add_shelf(plan: Plan, codes: Codes) -> Shelf:
    """Writes titles, rate cards and issues; returns what the bookings are sold from."""
    shelf = Shelf(sizes=list(AdvertSize.objects.order_by("sort")))
    shelf.items = _add_items(codes)
    titles = titles_of(plan)
    days = sorted((day, n) for n, title in enumerate(titles) for day in days_on_sale(title.interval, plan))
    shelf.quotas = quotas(plan, titles, days)
    for n, title in enumerate(titles):
        usual = [
            quota for quota, (day, of) in zip(shelf.quotas, days, strict=True) if of == n and day < plan.today
        ]
        _add_title(shelf, title, codes, average=sum(usual) / max(1, len(usual)))
    shelf.issues = Issue.objects.bulk_create(_issues(plan, shelf, titles, days), batch_size=500)
    return shelf


def days_on_sale(interval: str, plan: Plan) -> Iterator[dt.date]:
    """Thursdays of a weekly, the third Friday of a monthly, the last Wednesday before a pair of months."""
    day = plan.first_on_sale
    if interval == "weekly":
        day += dt.timedelta(days=(3 - day.weekday()) % 7)
        while day <= plan.last_on_sale:
            yield day
            day += dt.timedelta(days=7)
        return
    while day <= plan.last_on_sale:
        if interval == "monthly":
            yield day + dt.timedelta(days=(4 - day.weekday()) % 7 + 14)
        elif day.month % 2 == 0:
            last = months_from(day, 1) - dt.timedelta(days=1)
            yield last - dt.timedelta(days=(last.weekday() - 2) % 7)
        day = months_from(day, 1)


def quotas(plan: Plan, titles: list[Title], days: list[tuple[dt.date, int]]) -> list[int]:
    """How many bookings each issue gets: even behind us, thinning out ahead, the plan's in all."""
    weights = [titles[n].weight * _fill(plan, titles[n], day) for day, n in days]
    exact = [plan.bookings * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_remainder[: plan.bookings - sum(whole)]:
        whole[n] += 1
    return whole


def _fill(plan: Plan, title: Title, day: dt.date) -> float:
    usual = plan.chance("fill", title.code, day).uniform(0.88, 1.08)
    ahead = (_deadline(day, title.interval).date() - plan.today).days
    series = max(0.0, 1 - max(0, ahead) / SERIES_DAYS[title.interval])
    return usual * (SERIES_SHARE * series + (1 - SERIES_SHARE) * _booked_by(ahead))


def _booked_by(ahead: int) -> float:
    """The share of single adverts booked when the deadline is `ahead` days away: a triangle's tail."""
    if ahead >= FIRST_DAY:
        return 0.0
    if ahead >= USUAL_DAY:
        return (FIRST_DAY - ahead) ** 2 / (FIRST_DAY * (FIRST_DAY - USUAL_DAY))
    return 1 - max(0, ahead) ** 2 / (FIRST_DAY * USUAL_DAY)


def _add_items(codes: Codes) -> list[MiscellaneousItem]:
    return [
        MiscellaneousItem.objects.create(
            name=name,
            description=description,
            price=Decimal(price),
            account_code=codes.other,
            product_code=codes.products["OTH", name],
        )
        for name, description, price in ITEMS
    ]


def _add_title(shelf: Shelf, title: Title, codes: Codes, *, average: float) -> None:
    publication = Publication.objects.create(
        name=title.name,
        code=title.code,
        interval=title.interval,
        page_count=_pages(shelf, average),
        sales_target_amount=_target(title, average),
        account_code=codes.titles[title.code],
    )
    shelf.titles.append(publication)
    for size in shelf.sizes:
        entry = RateCardEntry.objects.create(
            publication=publication,
            advert_size=size,
            price=share_of_page(title, SIZES[size.name][0]),
            product_code=codes.products[title.code, size.name],
        )
        shelf.prices[publication.pk, size.pk] = entry.price
    for name, page, share in POSITIONS:
        price = share_of_page(title, share)
        shelf.positions[publication.pk].append(
            PremiumPosition.objects.create(publication=publication, name=name, page=page, price=price)
        )


def _pages(shelf: Shelf, average: float) -> int:
    """As many pages, four to a sheet, as `average` adverts fill to FILLED."""
    often = [SIZES[size.name][1] for size in shelf.sizes]
    parts = sum(size.parts * n for size, n in zip(shelf.sizes, often, strict=True)) / sum(often)
    sheets = round(average * ADVERT_SHARE * parts / 144 / FILLED / 4)
    return max(8, min(996, 4 * sheets))


def share_of_page(title: Title, share: str) -> Decimal:
    """A share of the price of a full page, in whole five pounds."""
    return to_penny(Decimal(5 * round(title.page_price * Decimal(share) / 5)))


def _target(title: Title, average: float) -> Decimal:
    """About what an issue sells for after discounts, in whole fifty pounds."""
    worth = sum(float(share) * often for share, often in SIZES.values())
    mean = worth / sum(often for _, often in SIZES.values())
    return to_penny(Decimal(50 * round(title.page_price * mean * average * 0.86 / 50)))


def _issues(
    plan: Plan, shelf: Shelf, titles: list[Title], days: list[tuple[dt.date, int]]
) -> Iterator[Issue]:
    own: dict[int, list[dt.date]] = defaultdict(list)
    for day, n in days:
        own[n].append(day)
    for pk, (day, n) in enumerate(days, start=1):
        later = own[n][own[n].index(day) + 1 :][:1]
        off_sale_on = later[0] if later else day + (day - own[n][-2])
        publication, interval = shelf.titles[n], titles[n].interval
        yield Issue(
            pk=pk,
            publication=publication,
            description=_description(day, interval),
            on_sale_on=day,
            off_sale_on=off_sale_on,
            copy_deadline_at=_deadline(day, interval),
            sales_target_amount=publication.sales_target_amount,
            page_count=publication.page_count,
            is_complete=off_sale_on <= plan.today,
        )


def _description(day: dt.date, interval: str) -> str:
    if interval == "weekly":
        return f"{day.day} {day:%B %Y}"
    month = months_from(day, 1)
    return f"{month:%B %Y}" if interval == "monthly" else f"{month:%b}/{months_from(month, 1):%b %Y}"


def _deadline(day: dt.date, interval: str) -> dt.datetime:
    if interval == "weekly":
        return at(day - dt.timedelta(days=3), 12)
    return at(day - dt.timedelta(days=14 if interval == "monthly" else 19), 17)

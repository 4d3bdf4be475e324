"""How big the demo publisher is, where its year stands, and the one source of chance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Plan:
    """What was asked for. Everything made from one plan is the same, row for row."""

    clients: int
    bookings: int
    seed: int
    today: dt.date

    def chance(self, *of: object) -> Random:
        """A generator of its own for one thing ("client", 17): nothing depends on what was made before."""
        return Random("/".join(map(str, (self.seed, *of))))  # noqa: S311  (believable data, no secret)

    @property
    def years_behind(self) -> int:
        """One year for a demo, ten for the sizes that stand for a long life."""
        return max(1, min(10, self.bookings // 10_000))

    @property
    def title_count(self) -> int:
        return max(3, min(20, self.bookings // 100_000))

    @property
    def agency_count(self) -> int:
        return max(2, self.clients // 20)

    @property
    def buyer_count(self) -> int:
        """Clients before this index may have booked; those after it are prospects."""
        return max(self.agency_count + 2, self.clients - self.clients // 10)

    @property
    def newcomer_count(self) -> int:
        """How many of the buyers began only last month."""
        return max(1, min(self.clients // 15, self.buyer_count - self.agency_count - 1))

    @property
    def first_on_sale(self) -> dt.date:
        return months_from(self.today, -12 * self.years_behind)

    @property
    def last_on_sale(self) -> dt.date:
        return self.today + dt.timedelta(days=182)


def months_from(day: dt.date, months: int) -> dt.date:
    """The first of the month that lies `months` after the month of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def at(day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    """A moment in the publisher's own time."""
    return dt.datetime.combine(day, dt.time(hour, minute, second), tzinfo=LONDON)

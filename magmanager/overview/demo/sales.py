"""Bookings: series that clients take in an issue and the ones after it, until each issue has its quota."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from random import Random

from bookings.models import Booking, BookingSet, Instalment
from bookings.pricing import price_after_discount
from clients.models import Client
from magmanager.overview.demo.advertisers import Advertisers
from magmanager.overview.demo.plan import Plan, at, months_from
from magmanager.overview.demo.rows import chunks
from magmanager.overview.demo.titles import ADVERT_SHARE, FIRST_DAY, SIZES, USUAL_DAY, Shelf
from magmanager.overview.demo.values import uid
from publications.models import AdvertSize, Issue, PremiumPosition

CHUNK = 500
# Issues in a series: (how often it is sold, discount in percent).
SERIES = {1: (62, 0), 3: (20, 5), 6: (12, 10), 12: (6, 15)}
# Bookings a client makes in a month in which it advertises at all.
BOOKINGS_A_MONTH = 1.2
# At most so much of all clients advertises at any one time.
BUSY_SHARE = 0.85
CANCELLED_SHARE, NEWCOMER_SHARE = 0.01, 0.1
Series = tuple[BookingSet, list[Booking]]


class Sales:
    """Sells the shelf to the advertisers, oldest issue first."""

    def __init__(self, plan: Plan, shelf: Shelf, advertisers: Advertisers) -> None:
        self.plan = plan
        self.shelf = shelf
        self.advertisers = advertisers
        self.left = list(shelf.quotas)
        self.parts_left = [issue.page_count * 144 for issue in shelf.issues]
        self.premium_taken: set[tuple[int, int]] = set()
        self.places: dict[int, list[int]] = defaultdict(list)
        for place, issue in enumerate(shelf.issues):
            self.places[issue.publication_id].append(place)

    def add_all(self) -> None:
        """Writes booking sets, bookings and their one instalment each."""
        keys = count(1)
        for series in chunks(self._all(), CHUNK):
            lines = [line for _, lines in series for line in lines]
            for line in lines:
                line.pk = next(keys)
            BookingSet.objects.bulk_create(booking_set for booking_set, _ in series)
            Booking.objects.bulk_create(lines)
            Instalment.objects.bulk_create(
                Instalment(pk=line.pk, booking_id=line.pk, issue_id=line.issue_id, price=line.price)
                for line in lines
            )

    def _all(self) -> Iterator[Series]:
        pk = 0
        for place in range(len(self.shelf.issues)):
            while self.left[place]:
                pk += 1
                yield self._series(pk, place)

    def _series(self, pk: int, place: int) -> Series:
        chance = self.plan.chance("set", pk)
        client = self.advertisers.client(self._buyer(chance, place))
        is_item = chance.random() > ADVERT_SHARE
        length = 1 if is_item else chance.choices(list(SERIES), [often for often, _ in SERIES.values()])[0]
        places = self._places(place, length)
        booking_set = BookingSet(
            pk=pk,
            key=uid(chance),
            client_id=client.pk,
            by=client.salesperson,
            booked_at=self._booked_at(chance, self.shelf.issues[place]),
            po_number=f"{chance.randint(1000, 9999)}"
            if client.is_po_required or chance.random() < 0.12
            else "",
        )
        discount = Decimal(SERIES[length][1])
        if is_item:
            return booking_set, [self._item(chance, booking_set, client, places[0])]
        size = self._size(chance)
        return booking_set, [self._advert(chance, booking_set, client, one, size, discount) for one in places]

    def _buyer(self, chance: Random, place: int) -> int:
        """A client of the time: a window moves over those who ever book, and the first of them stay.

        The last few came lately: they are not invoiced and not in KashFlow yet.
        """
        first, last = self.plan.agency_count, self.plan.buyer_count - self.plan.newcomer_count
        if (
            self.shelf.issues[place].on_sale_on >= months_from(self.plan.today, -1)
            and chance.random() < NEWCOMER_SHARE
        ):
            return last + chance.randrange(self.plan.newcomer_count)
        months = max(1, (self.plan.last_on_sale - self.plan.first_on_sale).days / 30)
        busy = self.plan.bookings / months / BOOKINGS_A_MONTH
        window = max(1, min(int((last - first) * BUSY_SHARE), round(busy)))
        start = first + round((last - first - window) * place / len(self.shelf.issues))
        if chance.random() < 0.3:
            return first + chance.randrange(max(1, window // 4))
        return start + chance.randrange(window)

    def _places(self, place: int, length: int) -> list[int]:
        """The issue and those of the same title after it that still want bookings; one is taken from each."""
        own = self.places[self.shelf.issues[place].publication_id]
        wanted = own[own.index(place) :][:length]
        taken = [one for one in wanted if self.left[one]]
        for one in taken:
            self.left[one] -= 1
        return taken

    def _booked_at(self, chance: Random, issue: Issue) -> dt.datetime:
        """Some weeks before the copy deadline, and never later than yesterday."""
        deadline = issue.copy_deadline_at.date() if issue.copy_deadline_at else issue.on_sale_on
        latest = min(deadline, self.plan.today - dt.timedelta(days=1))
        return at(
            latest - dt.timedelta(days=int(chance.triangular(0, FIRST_DAY, USUAL_DAY))),
            chance.randint(9, 16),
            chance.randrange(60),
        )

    def _size(self, chance: Random) -> AdvertSize:
        return chance.choices(self.shelf.sizes, [SIZES[size.name][1] for size in self.shelf.sizes])[0]

    def _fitting(self, place: int, wanted: AdvertSize) -> AdvertSize | None:
        """The size asked for, else the biggest one there is still room for; None where the issue is full."""
        room = [size for size in self.shelf.sizes if size.parts <= min(wanted.parts, self.parts_left[place])]
        return max(room, key=lambda size: size.parts, default=None)

    def _position(self, chance: Random, place: int, size: AdvertSize) -> PremiumPosition | None:
        if size.name != "Full page" or chance.random() > 0.4:
            return None
        for position in self.shelf.positions[self.shelf.issues[place].publication_id]:
            if (place, position.pk) not in self.premium_taken:
                self.premium_taken.add((place, position.pk))
                return position
        return None

    def _advert(
        self,
        chance: Random,
        of: BookingSet,
        client: Client,
        place: int,
        wanted: AdvertSize,
        discount: Decimal,
    ) -> Booking:
        size = self._fitting(place, wanted)
        if size is None:
            return self._item(chance, of, client, place)
        position = self._position(chance, place, size)
        issue = self.shelf.issues[place]
        list_price = self.shelf.prices[issue.publication_id, size.pk] + (position.price if position else 0)
        line = self._line(of, client, issue, list_price, discount)
        line.advert_size, line.position = size, position
        if chance.random() < CANCELLED_SHARE and issue.on_sale_on > of.booked_at.date():
            line.state, line.cancelled_at = Booking.State.CANCELLED, of.booked_at + dt.timedelta(hours=3)
        else:
            self.parts_left[place] -= size.parts
        return line

    def _item(self, chance: Random, of: BookingSet, client: Client, place: int) -> Booking:
        item = chance.choice(self.shelf.items)
        line = self._line(of, client, self.shelf.issues[place], item.price or Decimal(0), Decimal(0))
        line.miscellaneous_item = item
        return line

    def _line(
        self, of: BookingSet, client: Client, issue: Issue, list_price: Decimal, discount: Decimal
    ) -> Booking:
        return Booking(
            booking_set=of,
            client_id=client.pk,
            issue=issue,
            advertising_as=client.advertising_as,
            list_price=list_price,
            discount_percent=discount,
            price=price_after_discount(list_price, discount),
            po_number=of.po_number,
            salesperson=client.salesperson,
            booked_at=of.booked_at,
        )

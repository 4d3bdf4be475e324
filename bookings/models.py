"""What was sold: booking sets, their lines, and the instalments each line is billed in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bookings.querysets import InstalmentQuerySet
from clients.models import Client
from magmanager.common.fields import MoneyField
from publications.models import AdvertSize, Issue, MiscellaneousItem, PremiumPosition


class BookingSet(models.Model):
    """What was booked together; one PO number by default."""

    # The page's own key: a second press of *Book* with the same key books nothing twice.
    key = models.UUIDField(unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="booking_sets")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField()
    po_number = models.CharField("PO number", max_length=40, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.client}, {self.booked_at:%d %b %Y}"


class Booking(models.Model):
    """One advert (or miscellaneous item) in one issue at one price."""

    class State(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        CANCELLED = "cancelled", "Cancelled"

    booking_set = models.ForeignKey(BookingSet, on_delete=models.PROTECT, related_name="bookings")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="bookings")
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="bookings")
    advert_size = models.ForeignKey(
        AdvertSize, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    miscellaneous_item = models.ForeignKey(
        MiscellaneousItem, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    position = models.ForeignKey(
        PremiumPosition, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    advertising_as = models.CharField(max_length=100, blank=True)
    list_price = MoneyField()
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    # What is billed before VAT: list price less discount, to the penny.
    price = MoneyField()
    po_number = models.CharField("PO number", max_length=40, blank=True)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.CONFIRMED)
    booked_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    invoiced_elsewhere_at = models.DateTimeField(null=True)
    invoiced_elsewhere_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        permissions = [
            ("view_bookings", "View bookings"),
            ("book_adverts", "Book adverts"),
            ("cancel_booking", "Cancel a booking"),
        ]
        indexes = [
            models.Index(fields=["issue", "client"], name="booking_of_an_issue"),
            models.Index(F("client"), F("id").desc(), name="booking_of_a_client"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(advert_size__isnull=False, miscellaneous_item__isnull=True)
                | Q(advert_size__isnull=True, miscellaneous_item__isnull=False),
                name="booking_is_advert_or_item",
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="booking_discount_0_to_100",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0) & Q(list_price__gte=0), name="booking_price_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", cancelled_at__isnull=True)
                | Q(state="cancelled", cancelled_at__isnull=False),
                name="booking_cancelled_has_moment",
            ),
            # NULL positions never collide: most adverts have none.
            models.UniqueConstraint(
                fields=["issue", "position"],
                condition=Q(state="confirmed"),
                name="booking_position_once_per_issue",
            ),
            models.CheckConstraint(
                condition=Q(invoiced_elsewhere_at__isnull=True) | ~Q(invoiced_elsewhere_reason=""),
                name="booking_invoiced_elsewhere_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.advert_size or self.miscellaneous_item)


class Instalment(models.Model):
    """A part of a booking's price that is billed once. A booking normally has one, 1 of 1.

    `is_open` is what a batch picks from; the floor above closes it through `bookings.services` in the transaction that
    puts it on an invoice line, and opens it again when that invoice is cancelled.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="instalments")
    # Copied from the booking, so that the pick of a batch reads one narrow index.
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="+")
    sequence = models.PositiveSmallIntegerField(default=1)
    of = models.PositiveSmallIntegerField(default=1)
    price = MoneyField()
    is_open = models.BooleanField(default=True)

    objects = InstalmentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["booking_id", "sequence"]
        indexes = [
            models.Index(fields=["issue", "id"], name="instalment_open_by_issue", condition=Q(is_open=True))
        ]
        constraints = [
            models.UniqueConstraint(fields=["booking", "sequence"], name="instalment_once_per_booking"),
            models.CheckConstraint(
                condition=Q(sequence__gte=1, sequence__lte=F("of")), name="instalment_sequence_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking} {self.sequence} of {self.of}"

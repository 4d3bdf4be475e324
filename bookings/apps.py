"""Floor 4: space sold in an issue."""

from magmanager.common import floors
from magmanager.common.permissions import ADMIN, EVERYONE, SALES


class BookingsConfig(floors.FloorConfig):
    name = "bookings"
    grants = {"view_bookings": EVERYONE, "book_adverts": (ADMIN, SALES), "cancel_booking": (ADMIN, SALES)}

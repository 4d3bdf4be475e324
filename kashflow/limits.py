"""How long things may take, in seconds (transfer.md, Running it); in tests TIME_SCALE shrinks all alike."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from kashflow.gateway.transport import Limits


@dataclass(frozen=True)
class Times:
    """Seconds. `margin` and `late_commit` are what the start-up check measures the others against."""

    connect: float = 5
    read: float = 30
    create: float = 75
    send_deadline: float = 2
    lease: float = 180
    settle: float = 600
    between_looks: float = 30
    sweep: float = 60
    margin: float = 60
    # A create that KashFlow carries out after we hung up was still seen there within this.
    late_commit: float = 330

    def scaled(self, factor: float) -> Times:
        """All of them multiplied by `factor`."""
        return Times(**{name: seconds * factor for name, seconds in vars(self).items()})

    def faults(self) -> list[str]:
        """What breaks the protocol: a lease that ends in a create, a settle wait below a late commit."""
        found = []
        if self.send_deadline + self.create + self.margin > self.lease:
            found.append("The lease must outlast the send deadline, a create and a minute.")
        if self.settle < self.late_commit:
            found.append("The settle wait must be at least 330 seconds.")
        return found


def times() -> Times:
    """The times of this installation, in seconds."""
    return Times().scaled(settings.TIME_SCALE)


def of_gateway() -> Limits:
    """The times that a transport keeps."""
    now = times()
    return Limits(connect=now.connect, read=now.read, create=now.create, send_deadline=now.send_deadline)

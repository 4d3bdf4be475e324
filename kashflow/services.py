"""The one door to KashFlow: everything above this app that talks to it starts with `get_gateway`."""

from __future__ import annotations

import threading
import uuid
from typing import cast

from django.conf import settings

from kashflow import limits
from kashflow.door import Door, SwitchedOff
from kashflow.encryption import CannotDecrypt
from kashflow.gateway.client import Gateway
from kashflow.gateway.transport import Transport
from kashflow.models import Connection
from settings_app.models import User

__all__ = ["SwitchedOff", "get_gateway"]

_of_thread = threading.local()


def get_gateway(connection: Connection, *, by: User | None, purpose: str) -> Gateway:
    """KashFlow as the saved login `connection` sees it; `purpose` ("Invoice 10431") stands in the API log.

    Every call takes a call slot, raises ConnectionOff without HTTP while the login or its account is switched
    off, is recorded, and switches the login off where KashFlow refuses it. `connect()` takes
    the next call's slot. Raises SwitchedOff where the stored password cannot be read.
    """
    try:
        password = connection.unseal()
    except CannotDecrypt as error:
        raise SwitchedOff(detail=f"{error} Type it again in My Details and save it.") from error
    door = Door(_wire(connection), connection, by=by, purpose=purpose)
    return Gateway(cast(Transport, door), connection.username, password, door.observe)


def _wire(connection: Connection) -> Transport:
    """This thread's open way for this login: a new TLS session per call would double a transfer's time."""
    wires: dict[tuple[uuid.UUID, str, limits.Times], Transport] = _of_thread.__dict__.setdefault("wires", {})
    key = (connection.pk, settings.KASHFLOW_URL, limits.times())
    if key not in wires:
        wires[key] = Transport(settings.KASHFLOW_URL, limits.of_gateway())
    return wires[key]

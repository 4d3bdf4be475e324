"""What the tests of clients share."""

from __future__ import annotations

import pytest

from clients.models import Client
from tests import factories


@pytest.fixture
def house(db: None) -> dict[str, Client]:
    """KashFlow is on, nobody has saved a login yet; a few clients, two of one name."""
    factories.kashflow_on()
    names = ("Golden Valley Oak Frames", "Aylestone Motors Ltd", "Wye Valley Cleaning", "Penyard Roofing")
    found = {name: factories.client_row(name=name, email="", postcode="") for name in names}
    found["twin"] = factories.client_row(name="Wye Valley Cleaning Ltd", email="", postcode="")
    return found

"""Premium positions on Publications › Defaults: changed, added, switched off; never deleted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from magmanager.common.errors import NotAllowed
from publications import positions
from publications.models import PremiumPosition, Publication
from settings_app.models import AuditEntry
from tests import factories

Login = Callable[..., Any]


@pytest.fixture
def title(db: None) -> Publication:
    """A title with one premium position."""
    made = factories.publication(name="Wye Valley Living")
    PremiumPosition.objects.create(publication=made, name="Page 3", page=3, price=Decimal("85.00"))
    return made


def sent(title: Publication, **new: str) -> dict[str, str]:
    """The card as the page would send it back, with what was typed into its last row."""
    typed = {"positions": "save", "position-new-is_enabled": "on"}
    for one in title.premium_positions.all():
        values = {"is_enabled": "on", "name": one.name, "page": one.page or "", "price": one.price}
        typed |= {f"position-{one.pk}-{name}": str(value) for name, value in values.items()}
    return typed | {f"position-new-{name}": value for name, value in new.items()}


def address(title: Publication) -> str:
    return f"/settings/publications/{title.pk}/defaults/"


def stored() -> list[tuple[str, int | None, Decimal, bool]]:
    return list(PremiumPosition.objects.values_list("name", "page", "price", "is_enabled"))


def test_a_stranger_and_the_wrong_role_change_nothing(
    title: Publication, stranger: Browser, as_role: Login
) -> None:
    typed = sent(title, name="Page 5", price="80")
    assert stranger.post(address(title), typed)["Location"].startswith("/login/")
    browser = as_role("Accounts")
    assert browser.post(address(title), typed).status_code == 403
    with pytest.raises(NotAllowed):
        positions.change_positions(by=browser.person, publication=title, positions=[])
    assert stored() == [("Page 3", 3, Decimal("85.00"), True)]


def test_one_is_changed_and_one_added(title: Publication, as_role: Login) -> None:
    browser = as_role("Admin")
    assert "Premium positions" in browser.get(address(title)).content.decode()
    known = title.premium_positions.get()
    typed = sent(title, name="Back cover", page="32", price="1,150.00") | {f"position-{known.pk}-price": "90"}
    del typed[f"position-{known.pk}-is_enabled"]
    assert browser.post(address(title), typed).status_code == 302
    assert stored() == [
        ("Page 3", 3, Decimal("90.00"), False),
        ("Back cover", 32, Decimal("1150.00"), True),
    ]
    audit = AuditEntry.objects.get()
    assert audit.event == "publication.positions_changed"
    assert audit.before == {"Page 3": "Page 3, page 3, on, 85.00", "Back cover": ""}
    assert audit.after["Back cover"] == "Back cover, page 32, on, 1150.00"
    assert 'value="1,150.00"' in browser.get(address(title)).content.decode()


def test_the_empty_row_adds_nothing(title: Publication, as_role: Login) -> None:
    assert as_role("Admin").post(address(title), sent(title)).status_code == 302
    assert len(stored()) == 1 and not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ({"name": "", "price": "80"}, "This field is required"),
        ({"name": "Page 5", "price": "-1"}, "greater than or equal to 0"),
        ({"name": "Page 5", "page": "0"}, "greater than or equal to 1"),
        ({"name": "Page 3", "price": "1"}, "Two premium positions have the same name"),
    ],
)
def test_bad_input_is_told_kept_and_changes_nothing(
    title: Publication, as_role: Login, new: dict[str, str], told: str
) -> None:
    page = as_role("Admin").post(address(title), sent(title, **new))
    text = page.content.decode()
    assert page.status_code == 200 and told in text
    assert all(f'value="{value}"' in text for value in new.values() if value)
    assert len(stored()) == 1 and not AuditEntry.objects.exists()


def test_a_position_of_another_title_is_left_alone(title: Publication, as_role: Login) -> None:
    other = factories.publication(name="Hereford Week", code="HW")
    theirs = PremiumPosition.objects.create(publication=other, name="Page 5", page=5, price=1)
    typed = sent(title) | {f"position-{theirs.pk}-name": "Taken", f"position-{theirs.pk}-price": "0"}
    as_role("Admin").post(address(title), typed)
    theirs.refresh_from_db()
    assert (theirs.name, theirs.price) == ("Page 5", 1)

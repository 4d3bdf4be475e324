"""Premium positions of a title: pages that cost extra (product.md, Publications › Defaults)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import F

from magmanager.common.fields import MoneyFormField, SendableTexts
from magmanager.common.money import ZERO
from magmanager.common.permissions import allow
from magmanager.common.widgets import MoneyInput, SwitchInput
from publications.models import PremiumPosition, Publication
from publications.services import NameTaken
from settings_app import audit
from settings_app.models import User


@dataclass(frozen=True)
class Position:
    """What a premium position is to be; without an id it is a new one. `price` is added, in pounds."""

    position_id: int | None
    name: str
    page: int | None
    price: Decimal
    is_enabled: bool


def change_positions(*, by: User, publication: Publication, positions: Iterable[Position]) -> None:
    """Sets the title's premium positions, and adds those without an id. Raises NameTaken.

    None is deleted: bookings hold it. One that is switched off is offered no more.
    """
    allow(by, "publications.change_publication")
    try:
        with transaction.atomic():
            row = Publication.objects.select_for_update().get(pk=publication.pk)
            known = {one.pk: one for one in row.premium_positions.all()}
            before, after = {}, {}
            for wanted in positions:
                new = PremiumPosition(publication=row)
                one = new if wanted.position_id is None else known[wanted.position_id]
                was = "" if one is new else _said(one)
                one.name, one.page = wanted.name, wanted.page
                one.price, one.is_enabled = wanted.price, wanted.is_enabled
                if (now := _said(one)) != was:
                    one.save()
                    before[one.name], after[one.name] = was, now
            if after:
                audit.record("publication.positions_changed", row, by=by, before=before, after=after)
    except IntegrityError as error:
        raise NameTaken("Two premium positions have the same name. Choose a different one.") from error


def _said(one: PremiumPosition) -> str:
    page = f"page {one.page}" if one.page else "no page"
    return f"{one.name}, {page}, {'on' if one.is_enabled else 'off'}, {one.price:.2f}"


class PositionForm(SendableTexts, forms.Form):
    """One premium position; the last row is empty and adds one."""

    is_enabled = forms.BooleanField(label="Enabled", required=False, widget=SwitchInput)
    name = forms.CharField(label="Name", max_length=60)
    page = forms.IntegerField(label="Page", required=False, min_value=1, max_value=999)
    price = MoneyFormField(label="Extra price", min_value=0, required=False, widget=MoneyInput)

    def __init__(self, typed: Any, *, position: PremiumPosition | None = None) -> None:
        names = ("is_enabled", "name", "page", "price")
        initial = {name: getattr(position, name) for name in names} if position else {"is_enabled": True}
        super().__init__(
            typed,
            prefix=f"position-{position.pk if position else 'new'}",
            initial=initial,
            empty_permitted=position is None,
            use_required_attribute=False,
        )
        self.position = position

    @property
    def is_left_empty(self) -> bool:
        """The last row, where nobody typed into it."""
        return self.position is None and not self.cleaned_data.get("name")

    def has_changed(self) -> bool:
        """A new row counts from its name or price on; its switch alone is no position."""
        return self.position is not None or bool({"name", "page", "price"} & set(self.changed_data))

    @property
    def wanted(self) -> Position:
        """What was typed."""
        typed = self.cleaned_data
        number = self.position.pk if self.position else None
        return Position(number, typed["name"], typed["page"], typed.get("price") or ZERO, typed["is_enabled"])


def forms_of(publication: Publication, typed: Any = None) -> list[PositionForm]:
    """A form for each position of the title and one for another."""
    # Those without a page last: the databases disagree about where nothing sorts.
    known = publication.premium_positions.order_by(F("page").asc(nulls_last=True), "name")
    return [*(PositionForm(typed, position=one) for one in known), PositionForm(typed)]

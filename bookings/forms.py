"""What is typed to book adverts, and how lists of bookings are filtered."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.utils import timezone

from bookings.services import Line
from clients.models import Client
from magmanager.common.fields import MoneyFormField, SendableTexts
from magmanager.common.money import ZERO
from magmanager.common.widgets import MoneyInput, SearchInput, SwitchInput
from publications.models import AdvertSize, Issue, PremiumPosition, Publication
from settings_app.models import User

# The issue filter lists what people look at; an older issue is still reached by its address.
BACK, AHEAD = dt.timedelta(days=120), dt.timedelta(days=200)


class IssueField(forms.ModelChoiceField):
    """An issue, listed under its publication."""

    def grouped(self, chosen: str) -> list[Any]:
        """The choices: recent and coming issues by publication, and the one that is chosen."""
        today = timezone.localdate()
        near = Issue.objects.filter(on_sale_on__range=(today - BACK, today + AHEAD))
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            near = near | Issue.objects.filter(pk=int(chosen))
        issues = near.select_related("publication").order_by(
            "publication__name", "publication_id", "on_sale_on"
        )
        return [("", self.empty_label), *_by_publication(issues)]


def _by_publication(issues: Any) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    for title, some in groupby(issues, key=lambda issue: issue.publication.name):
        yield title, [(issue.pk, issue.description) for issue in some]


class BookingFilters(forms.Form):
    """The filter bar of Bookings."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=SearchInput("Client, PO number", attrs={"autofocus": True}),
    )
    publication = forms.ModelChoiceField(
        Publication.objects.all(), required=False, empty_label="All publications"
    )
    issue = IssueField(Issue.objects.all(), required=False, empty_label="All issues")
    salesperson = forms.ModelChoiceField(
        User.objects.filter(is_active=True), required=False, empty_label="All salespeople"
    )
    invoiced = forms.ChoiceField(
        choices=[("", "Invoiced or not"), ("no", "To be invoiced"), ("yes", "Invoiced")], required=False
    )
    cancelled = forms.BooleanField(label="Cancelled too", required=False, widget=SwitchInput)
    client = forms.ModelChoiceField(Client.objects.only("name"), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["issue"]
        field.widget.choices = field.grouped(self.data.get("issue", ""))


class ClientBookingFilters(forms.Form):
    """The filter bar of a client's Bookings tab."""

    publication = forms.ModelChoiceField(
        Publication.objects.all(), required=False, empty_label="All publications"
    )
    invoiced = BookingFilters.base_fields["invoiced"]
    cancelled = BookingFilters.base_fields["cancelled"]


class BookForm(SendableTexts, forms.Form):
    """Book adverts: one client, one publication, several issues, one size and price."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    client = forms.ModelChoiceField(Client.objects.all(), widget=forms.HiddenInput)
    publication = forms.ModelChoiceField(Publication.objects.filter(is_active=True), empty_label=None)
    issues = forms.ModelMultipleChoiceField(
        Issue.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "No issue is ticked. Tick the issues the advert is to be in.",
            "invalid_choice": "One of the ticked issues is no longer on sale. Look at what is ticked now.",
        },
    )
    advert_size = forms.ModelChoiceField(AdvertSize.objects.none(), label="Advert size", empty_label=None)
    position = forms.ModelChoiceField(
        PremiumPosition.objects.none(), required=False, empty_label="No preference"
    )
    price = MoneyFormField(label="Price of each", min_value=ZERO, widget=MoneyInput())
    discount_percent = forms.DecimalField(
        label="Discount %", required=False, min_value=0, max_value=100, decimal_places=2, max_digits=5
    )
    po_number = forms.CharField(label="PO number", required=False, max_length=40)

    def __init__(self, *args: Any, issues: Any, sizes: Any, positions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["issues"].queryset = issues
        fields["advert_size"].queryset = sizes
        fields["position"].queryset = positions
        fields["discount_percent"].widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num"})

    def lines(self) -> list[Line]:
        """The adverts a valid form asks for."""
        values = self.cleaned_data
        return [
            Line(
                issue=issue,
                advert_size=values["advert_size"],
                position=values["position"],
                list_price=values["price"],
                discount_percent=values["discount_percent"] or Decimal(0),
            )
            for issue in values["issues"]
        ]

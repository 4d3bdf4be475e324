"""What is asked for where an invoice is cancelled or credited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils import timezone

from invoicing import credits
from invoicing.credits import MoreThanLeft, Part
from invoicing.forms import near
from invoicing.models import InvoiceLine
from invoicing.reasons import LENGTH
from magmanager.common.fields import MoneyFormField
from magmanager.common.money import ZERO, total
from magmanager.common.templatetags.formats import pounds
from magmanager.common.widgets import DayInput

WRONG_AMOUNT = {
    "required": "Say how much of it, or untick the line.",
    "invalid": "Enter an amount in pounds, such as 85.50.",
    "max_decimal_places": "Enter pounds and pence, such as 85.50.",
}
NOT_A_DATE = "Enter a date, such as 23/11/2026."


class CancelForm(forms.Form):
    """The reason, which stays with the number."""

    reason = forms.CharField(
        label="Reason",
        max_length=LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={
            "required": "Say why it is cancelled: the number stays in the list, and an auditor will ask."
        },
    )


@dataclass(frozen=True)
class Row:
    """A line of the invoice on the page: what is left of it, its tick, its amount field."""

    part: Part
    field: forms.BoundField | None
    is_ticked: bool

    @property
    def line(self) -> InvoiceLine:
        return self.part.line

    @property
    def problem(self) -> str:
        """What is wrong with its amount; "" while nothing is."""
        return str(self.field.errors[0]) if self.field and self.field.errors else ""


class CreditForm(forms.Form):
    """Which lines are credited and how much of each; amounts are pounds before VAT, prefilled with what is left."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    expected_total = forms.DecimalField(widget=forms.HiddenInput, max_digits=12, decimal_places=2)
    reason = forms.CharField(
        label="Reason",
        max_length=LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why it is credited: the reason is kept with the credit note."},
    )
    credit_date = forms.DateField(
        label="Date",
        widget=DayInput,
        error_messages={"required": "Choose the date of the credit note.", "invalid": NOT_A_DATE},
    )

    def __init__(
        self, data: QueryDict | None = None, *, lines: Sequence[InvoiceLine], not_before: dt.date
    ) -> None:
        day = max(timezone.localdate(), not_before)
        super().__init__(data, initial={"key": uuid4(), "credit_date": day}, use_required_attribute=False)
        self.left = {line.pk: credits.left(line) for line in lines}
        # A part of the page that was asked for again carries what is ticked too.
        self.ticked = set(data.getlist("line")) if data else {str(pk) for pk in self.open_ids}
        for pk in self.open_ids:
            self.fields[f"amount_{pk}"] = self._amount_field(self.left[pk], str(pk) in self.ticked)

    def _amount_field(self, rest: Part, is_ticked: bool) -> forms.Field:
        """What is typed beside a line without a tick is kept, and not looked at."""
        field: forms.Field = forms.CharField(required=False, max_length=40, initial=rest.amount)
        if is_ticked:
            field = MoneyFormField(initial=rest.amount, error_messages=WRONG_AMOUNT)
        field.widget.attrs.update({
            "aria-label": f"Credit of {rest.line.description}",
            "autocomplete": "off",
            "inputmode": "decimal",
            "class": "num",
        })  # fmt: skip
        return field

    def clean_credit_date(self) -> dt.date:
        return near(self.cleaned_data["credit_date"], "Choose the date of the credit note.")

    @property
    def open_ids(self) -> list[int]:
        """The lines of which something is left to credit."""
        return [pk for pk, rest in self.left.items() if rest.amount]

    @property
    def rows(self) -> list[Row]:
        return [
            Row(rest, self[f"amount_{pk}"] if rest.amount else None, str(pk) in self.ticked)
            for pk, rest in self.left.items()
        ]

    def amounts(self) -> dict[int, Decimal]:
        """Pounds before VAT by line, of the ticked lines, as they were typed; what can't be read is left out."""
        found = {}
        for pk in self.open_ids:
            amount = self._typed(f"amount_{pk}") if str(pk) in self.ticked else None
            if amount is not None:
                found[pk] = amount
        return found

    def clean(self) -> dict[str, Any]:
        """An amount that goes too far is said together with what else is wrong.

        Alone it is the service's to refuse: a second press of the same page finds nothing left, and is no error.
        """
        for pk, amount in self.amounts().items() if self.errors else ():
            try:
                credits.part(self.left[pk].line, amount)
            except MoreThanLeft as error:
                self.add_error(error.field, error.message)
        return self.cleaned_data

    def add_error(self, field: str | None, error: Any) -> None:
        """An amount that goes too far is said in few words: they stand in its column, beside what is left."""
        super().add_error(field, self._too_far().get(field or "", error))

    def _too_far(self) -> dict[str, str]:
        """What to say of each ticked amount that is not between nothing and what is left, by its field."""
        return {
            f"amount_{pk}": _range(self.left[pk].amount, amount)
            for pk, amount in self.amounts().items()
            if not _is_between(amount, self.left[pk].amount)
        }

    def parts(self) -> list[Part]:
        """What the credit note would take back, with its VAT; an amount that goes too far counts as nothing."""
        found = []
        for pk, amount in self.amounts().items():
            with suppress(MoreThanLeft):
                found.append(credits.part(self.left[pk].line, amount))
        return found

    def totals(self) -> dict[str, Decimal | int]:
        """The figures beside the lines, in pounds; nothing signed."""
        parts = [part for part in self.parts() if part.amount]
        amount, vat = total(part.amount for part in parts), total(part.vat_amount for part in parts)
        return {"count": len(parts), "amount": amount, "vat_amount": vat, "total": amount + vat}

    def _typed(self, name: str) -> Decimal | None:
        field = self.fields[name]
        value: Any = self[name].value()
        try:
            return field.clean(value)
        except forms.ValidationError:
            return None


def _is_between(amount: Decimal, rest: Decimal) -> bool:
    return min(ZERO, rest) <= amount <= max(ZERO, rest)


def _range(rest: Decimal, amount: Decimal) -> str:
    """At most what is left; below nothing, or of a negative line, both ends."""
    if rest > 0 and amount > 0:
        return f"At most {pounds(rest)} is left."
    return f"From {pounds(min(ZERO, rest))} to {pounds(max(ZERO, rest))}."

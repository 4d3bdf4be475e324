"""Model and form fields for money: integer pence in the database, `Decimal` pounds in Python."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

from magmanager.common.money import MAX_AMOUNT, PENNY, from_pence, to_pence


class MoneyField(models.BigIntegerField):
    """Pounds as `Decimal`, stored as integer pence: a DecimalField is a float on SQLite, so sums would drift."""

    description = "Pounds and pence"
    # What the type checker's plugin reads: assigned and read as pounds.
    _pyi_private_set_type: Decimal | int | str | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: int | None, *_: Any) -> Decimal | None:
        return None if value is None else from_pence(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            return Decimal(str(value)).quantize(PENNY)
        except InvalidOperation as error:
            raise ValidationError("Enter an amount in pounds, for example 385.00.") from error

    def get_prep_value(self, value: Any) -> int | None:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return to_pence(Decimal(str(value)))

    @property
    def validators(self) -> list[Any]:
        # IntegerField's own compare pounds with the column's limits in pence.
        return [validators.MinValueValidator(-MAX_AMOUNT), validators.MaxValueValidator(MAX_AMOUNT)]

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return models.Field.formfield(self, **{"form_class": MoneyFormField, **kwargs})


THOUSANDS = re.compile(r"-?\s*\d{1,3}(,\d{3})+(\.\d*)?")


class MoneyFormField(forms.DecimalField):
    """Typed pounds: `385`, `1,240.00` and `£85.50` are all read; a fraction of a penny is refused.

    So is a comma that parts no thousands: `12,50` meant twelve pounds and fifty pence, and would be read as 1,250.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 12)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = value.replace("£", "").replace("−", "-").strip()
            if "," in value and not THOUSANDS.fullmatch(value):
                raise forms.ValidationError(
                    "Type pence after a point, as in 12.50; a comma parts thousands, as in 1,250.00.",
                    code="comma",
                )
            value = value.replace(",", "")
        return super().to_python(value)


# What no XML can carry (XML 1.0, Char), so that KashFlow could not be told it; no keyboard has them either.
UNSENDABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def refuse_unsendable(text: object) -> None:
    """A validator: raises ValidationError for control characters, which come in with something that was pasted."""
    if isinstance(text, str) and UNSENDABLE.search(text):
        raise forms.ValidationError(
            "It has a character that cannot be printed, pasted in perhaps. Delete it and type that part anew.",
            code="unsendable",
        )


class SendableTexts(forms.BaseForm):
    """A form whose texts go to KashFlow sooner or later: what could not be sent is refused where it is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators.append(refuse_unsendable)

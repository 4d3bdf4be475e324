"""Form controls of the house. The template django/forms/field.html lays each out by its type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms


class MoneyInput(forms.TextInput):
    """An amount in pounds: £ in the box, figures right, the number keys on a phone."""

    template_name = "django/forms/widgets/money.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """1,445.00 for an amount that is known; what was typed stays as it was typed."""
        return f"{value:,.2f}" if isinstance(value, Decimal) else super().format_value(value)


class SwitchInput(forms.CheckboxInput):
    """On or off, drawn as a switch."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"role": "switch", **(attrs or {})})


class SearchInput(forms.TextInput):
    """A search with its magnifying glass; `placeholder` says what is searched."""

    input_type = "search"
    template_name = "django/forms/widgets/search.html"

    def __init__(self, placeholder: str = "", attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"placeholder": placeholder, "autocomplete": "off", **(attrs or {})})


class DayInput(forms.DateInput):
    """A day, chosen with the browser's own calendar, which reads and writes 2026-11-23."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

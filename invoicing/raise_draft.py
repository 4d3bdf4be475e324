"""What Create invoice stands at while it is filled in: what is ticked and typed, and the document it would make."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.forms.formsets import BaseFormSet
from django.http import QueryDict
from django.utils import timezone

from clients.models import Client
from invoicing import adhoc
from invoicing.adhoc import Wanted
from invoicing.documents import Document
from invoicing.financial import Ready, ready
from invoicing.forms import ids_in, number_in
from invoicing.raise_forms import LineForm, LineForms, RaiseForm
from kashflow.connections import current_account
from magmanager.common.errors import DomainError
from magmanager.common.money import from_pence
from settings_app.models import SystemDefaults

# Bookings beyond these are reached once these are invoiced, or through To Invoice.
SHOWN = 200
PREFIX = "line"


@dataclass
class Draft:
    """`typed` is what the page posted, None where it is opened; `ticked` are instalment ids."""

    client: Client
    typed: QueryDict | None = None
    ticked: Collection[int] = ()

    def __post_init__(self) -> None:
        if self.typed is not None:
            self.ticked = ids_in(",".join(self.typed.getlist("instalment")))
        self.form = RaiseForm(self.typed)
        self.lines = self._lines()
        self.nothing = ""

    def _lines(self) -> BaseFormSet[LineForm]:
        defaults = SystemDefaults.current()
        with_codes = defaults.uses_kashflow and defaults.use_account_codes
        account = current_account() if with_codes else None
        given = {"account": account, "with_codes": with_codes}
        return LineForms(self._line_data(), prefix=PREFIX, form_kwargs=given)

    def _line_data(self) -> QueryDict | None:
        """What was typed, with one more empty line where that was pressed."""
        if self.typed is None or self.typed.get("press") != "add-line":
            return self.typed
        data, name = self.typed.copy(), f"{PREFIX}-TOTAL_FORMS"
        count = number_in(data.get(name, ""))
        data[name], data[f"{PREFIX}-{count}-quantity"] = str(count + 1), "1"
        return data

    @property
    def is_sound(self) -> bool:
        """Whether everything that was typed can be read."""
        return all([self.form.is_valid(), self.lines.is_valid()])

    @property
    def expected_total(self) -> Decimal:
        """Pounds with VAT that the page showed when the button was pressed."""
        return from_pence(number_in(self.typed.get("expected", "")) if self.typed else 0)

    @property
    def wanted(self) -> Wanted:
        """What is to stand on the invoice: what can be read of it."""
        return Wanted(
            client=self.client,
            invoice_date=self.form.date_shown,
            instalment_ids=self.ticked,
            lines=[form.line for form in self.lines.forms if form.is_valid() and form.has_changed()],
            po_number=self.form.cleaned_data.get("po_number", "") if self.form.is_bound else "",
        )

    @cached_property
    def document(self) -> Document | None:
        """The invoice as it would be raised; None, with `nothing` saying why, where there is none."""
        try:
            return adhoc.preview(self.wanted)
        except DomainError as error:
            self.nothing = error.message
            return None

    @cached_property
    def bookings(self) -> tuple[list[Ready], int]:
        """The bookings to tick, and how many more there are."""
        return ready(self.client, timezone.localdate(), most=SHOWN, ticked=self.ticked)

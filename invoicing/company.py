"""Company Details with the number field, which moves forward only (product.md, KashFlow 2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction

from invoicing.models import Invoice, NumberCounter
from invoicing.models.documents import MAX_NUMBER
from kashflow.connections import office_login
from kashflow.gateway.errors import GatewayError, NotFound
from kashflow.services import get_gateway
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from settings_app import audit, services, views
from settings_app.forms import CompanyForm
from settings_app.models import SystemDefaults, User

FIELD = "next_number"
_REFUSED = ("required", "invalid", "min_value", "max_value")


class NumberRefused(DomainError):
    """The counter cannot go there: back, or on to a number that exists."""

    code = "number_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, field=FIELD)


def change_company(*, by: User, values: dict[str, Any], next_number: int) -> None:
    """Changes Company Details and the next number together. Raises NumberRefused, and nothing is changed."""
    if next_number != NumberCounter.objects.get(pk=1).next_number:
        allow(by, "invoicing.change_next_number")
        _refuse_taken_in_kashflow(next_number, by=by)
    with transaction.atomic():
        services.change_company(by=by, values=values)
        change_next_number(by=by, number=next_number)


def change_next_number(*, by: User, number: int) -> None:
    """Moves the counter forward to `number`; nothing where it is there already. Raises NumberRefused."""
    with transaction.atomic():
        counter = NumberCounter.objects.select_for_update().get(pk=1)
        before = counter.next_number
        if number == before:
            return
        allow(by, "invoicing.change_next_number")
        _refuse_back(number, before)
        _refuse_taken_here(number)
        NumberCounter.objects.filter(pk=1, next_number=before).update(next_number=number)
        audit.record("next_number.changed", counter, by=by, before={FIELD: before}, after={FIELD: number})


def _refuse_back(number: int, before: int) -> None:
    if number < before:
        raise NumberRefused(
            f"The next invoice number is {before} and moves forward only: {number} may be in use. "
            f"Enter {before} or a higher number."
        )


def _refuse_taken_here(number: int) -> None:
    highest = Invoice.objects.filter(number__gte=number).values_list("number", flat=True).first()
    if highest is not None:
        raise NumberRefused(f"Invoice {highest} exists already. Enter {highest + 1} or a higher number.")


def _refuse_taken_in_kashflow(number: int, *, by: User) -> None:
    """Looks the number up where KashFlow is linked. A failed read is not "free" (transfer.md)."""
    connection = office_login() if SystemDefaults.current().uses_kashflow else None
    if connection is None or not 1 <= number <= MAX_NUMBER:
        return
    try:
        get_gateway(connection, by=by, purpose="Next invoice number").get_invoice(number)
    except NotFound:
        return
    except GatewayError as error:
        raise NumberRefused(
            f"KashFlow could not be asked whether it has {number} already. {error.sentence}"
        ) from error
    raise NumberRefused(
        f"KashFlow has an invoice {number} already. "
        "Enter a number higher than any in KashFlow, so that none meets another."
    )


class CompanyWithNumberForm(CompanyForm):
    """Company Details and the number the next invoice gets."""

    next_number = forms.IntegerField(
        label="Next invoice number",
        min_value=1,
        max_value=MAX_NUMBER,
        help_text="Moves forward only. Credit notes use the same numbers.",
        error_messages=dict.fromkeys(_REFUSED, f"Enter a whole number from 1 to {MAX_NUMBER:,}."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[FIELD].initial = NumberCounter.objects.get(pk=1).next_number


class ChangeCompany(views.ChangeCompany):
    """Company Details as people see it."""

    form_class = CompanyWithNumberForm

    def change(self, form: CompanyForm) -> None:
        values = dict(form.cleaned_data)
        change_company(by=self.by, next_number=values.pop(FIELD), values=values)

"""Company Details with the number field, which moves forward only (product.md, KashFlow 2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from invoicing.models import NumberCounter
from invoicing.models.documents import MAX_NUMBER
from invoicing.next_number import (
    FIELD,
    VERB,
    Asked,
    ask,
    change_next_number,
    highest_in_kashflow,
    refuse_number,
)
from magmanager.common.permissions import allow
from magmanager.common.toasts import toast
from magmanager.common.views import Verb
from settings_app import services, views
from settings_app.forms import CompanyForm
from settings_app.models import SystemDefaults, User

_REFUSED = ("required", "invalid", "min_value", "max_value")
DIGITS_ONLY = f"Enter a whole number from 1 to {MAX_NUMBER:,}, in digits only"
NO_PREFIX = "KashFlow's invoice numbers have no prefix"


def change_company(*, by: User, values: dict[str, Any], next_number: int) -> Asked | None:
    """Changes Company Details and the next number together; what KashFlow said of a new number, else None.

    Raises NumberRefused, and nothing is changed then.
    """
    asked = None
    before = NumberCounter.objects.get(pk=1).next_number
    if next_number != before:
        allow(by, VERB)
        # What is known here needs no call, and tells the better reason.
        refuse_number(next_number, before=before)
        asked = ask(next_number, by=by)
    with transaction.atomic():
        services.change_company(by=by, values=values)
        change_next_number(by=by, number=next_number, is_checked=bool(asked and asked.is_checked))
    return asked


class CompanyWithNumberForm(CompanyForm):
    """Company Details and the number the next invoice gets."""

    next_number = forms.IntegerField(
        label="Next invoice number",
        min_value=1,
        max_value=MAX_NUMBER,
        help_text="Moves forward only. Credit notes use the same numbers.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[FIELD].initial = NumberCounter.objects.get(pk=1).next_number
        why = f": {NO_PREFIX}." if SystemDefaults.current().uses_kashflow else "."
        self.fields[FIELD].error_messages |= dict.fromkeys(_REFUSED, f"{DIGITS_ONLY}{why}")


class ChangeCompany(views.ChangeCompany):
    """Company Details as people see it."""

    form_class = CompanyWithNumberForm
    template_name = "invoicing/company_form.html"

    def change(self, form: CompanyForm) -> None:
        values = dict(form.cleaned_data)
        asked = change_company(by=self.by, next_number=values.pop(FIELD), values=values)
        if asked and asked.why_not:
            told = f"{asked.why_not} Whether KashFlow has it already is checked before the first transfer."
            toast(self.request, "The number is saved, but not checked.", level=messages.WARNING, detail=told)

    def context(self) -> dict[str, Any]:
        counter = NumberCounter.objects.get(pk=1)
        uses = SystemDefaults.current().uses_kashflow
        return {"unchecked": counter.unchecked_number if uses else None, "uses_kashflow": uses}


class HighestNumber(Verb):
    """What stands beside the field: KashFlow's highest number of the last 13 months. Asked for by a post: it calls."""

    verb = VERB
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if not SystemDefaults.current().uses_kashflow:
            return render(request, "kashflow/switched_off.html")
        highest, why_not = highest_in_kashflow(by=self.by)
        following = NumberCounter.objects.get(pk=1).next_number
        context = {
            "highest": highest,
            "why_not": why_not,
            "at": timezone.now(),
            "is_behind": highest is not None and highest >= following,
        }
        is_part = bool(request.htmx)  # type: ignore[attr-defined]
        name = "invoicing/_highest_number.html" if is_part else "invoicing/highest_number.html"
        return render(request, name, context)

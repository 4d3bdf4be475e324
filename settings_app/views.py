"""Settings pages of this floor. Company Details is finished above it: its number field is invoicing's."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from settings_app import services
from settings_app.forms import CompanyForm, SystemDefaultsForm
from settings_app.models import CompanyDetails, SystemDefaults


class ChangeSystemDefaults(Verb):
    """System Defaults: the accounts package and its switches."""

    verb = "settings_app.change_system_defaults"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(SystemDefaultsForm(instance=SystemDefaults.current()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SystemDefaultsForm(request.POST, instance=SystemDefaults.current())
        if form.is_valid():
            with refusals(form):
                services.change_system_defaults(by=self.by, **form.cleaned_data)
                toast(request, "System Defaults updated.")
                return redirect("settings:system_defaults")
        return self._page(form)

    def _page(self, form: SystemDefaultsForm) -> HttpResponse:
        return render(self.request, "settings_app/system_defaults_form.html", {"form": form})


class ChangeCompany(Verb):
    """Company Details; the roof mounts invoicing's extension of it."""

    verb = "settings_app.change_company"
    form_class: type[CompanyForm] = CompanyForm
    template_name = "settings_app/company_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(self.form_class(instance=CompanyDetails.current()))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST, instance=CompanyDetails.current())
        if form.is_valid():
            with refusals(form):
                self.change(form)
                toast(request, "Company Details updated.")
                return redirect("settings:company")
        return self._page(form)

    def change(self, form: CompanyForm) -> None:
        """The one domain call."""
        services.change_company(by=self.by, values=form.cleaned_data)

    def context(self) -> dict[str, Any]:
        """What the floor above shows beside its fields."""
        return {}

    def _page(self, form: CompanyForm) -> HttpResponse:
        return render(self.request, self.template_name, {"form": form, **self.context()})

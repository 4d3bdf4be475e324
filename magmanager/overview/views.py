"""Home: what sells, what is due, who must act."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from magmanager.common.permissions import may
from magmanager.overview import money_due, selling, who_must_act
from magmanager.overview.first_steps import first_steps
from settings_app.models import SystemDefaults


class Home(View):
    """The start page of everybody; each part only for those whose role may see it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        coming, (months, scale) = selling.near(today), selling.months(today)
        context = {
            "today": today,
            "selling": selling.selling(coming, today),
            "months": months,
            "scale": scale,
            "deadlines": selling.deadlines(coming, today),
            **_money_and_transfers(request.user, today),
        }
        due = context.get("due")
        if not (due and due.owed_amount):
            context["first_steps"] = first_steps(request.user)  # type: ignore[arg-type]
        return render(request, "overview/home.html", context)


def _money_and_transfers(by: Any, today: dt.date) -> dict[str, Any]:
    """What those see who may open invoices; the light is everybody's."""
    context: dict[str, Any] = {}
    may_see = may(by, "invoicing.view_invoices")
    if may_see:
        context["due"] = money_due.due(today)
    if SystemDefaults.current().uses_kashflow:
        account = who_must_act.account()
        context["light"] = who_must_act.light(account)
        if may_see:
            context["waiting"] = who_must_act.waiting(account)
    return context

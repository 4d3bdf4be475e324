"""Settings › API log: every exchange with KashFlow, what for, by whom, how it ended, and its texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from lxml import etree

from kashflow import api_log, outcomes
from kashflow.models import ApiCall
from magmanager.common.exports import csv_response
from magmanager.common.views import FilteredList, Verb
from magmanager.common.widgets import DayInput, SearchInput
from settings_app import audit
from settings_app.models import SystemDefaults, User

LIST = ("id", "at", "operation", "milliseconds", "outcome", "detail", "purpose", "by__name")
HEAD = ("When", "For", "Operation", "Milliseconds", "Outcome", "KashFlow said", "By")


class ApiLogFilters(forms.Form):
    """The filter bar of the API log."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=SearchInput("Invoice, client, operation, answer", attrs={"autofocus": True}),
    )
    outcome = forms.ChoiceField(choices=[("", "Any outcome"), *outcomes.GROUPS.items()], required=False)
    by = forms.ModelChoiceField(User.objects.all(), required=False, empty_label="By anyone")
    since = forms.DateField(label="From", required=False, widget=DayInput)
    until = forms.DateField(label="To", required=False, widget=DayInput)


def narrowed(rows: QuerySet[ApiCall], wanted: dict[str, Any]) -> QuerySet[ApiCall]:
    """The calls that pass the filters `wanted`; days are the office's."""
    if "outcome" in wanted:
        rows = rows.filter(outcome__in=outcomes.codes(wanted["outcome"]))
    if "by" in wanted:
        rows = rows.filter(by=wanted["by"])
    if "since" in wanted:
        rows = rows.filter(at__gte=_midnight(wanted["since"]))
    if "until" in wanted:
        rows = rows.filter(at__lt=_midnight(wanted["until"] + dt.timedelta(days=1)))
    for word in wanted.get("q", "").split():
        anywhere = Q(purpose__icontains=word) | Q(operation__icontains=word) | Q(detail__icontains=word)
        rows = rows.filter(anywhere)
    return rows


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class ViewApiLog(FilteredList):
    """The log, newest first. It stays open with the package switched off: it is history."""

    verb = "kashflow.view_api_log"
    template_name = "kashflow/api_log.html"
    table_template_name = "kashflow/_api_log_table.html"
    filter_form = ApiLogFilters
    order: ClassVar[tuple[str, ...]] = ("-id",)
    noun = ("call", "calls")

    def rows(self) -> QuerySet[Any]:
        return ApiCall.objects.values(*LIST)

    def narrow(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        return narrowed(rows, wanted)

    def decorate(self, rows: list[Any]) -> list[Any]:
        return [{**row, **_read(row["outcome"])} for row in rows]

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        return {
            "kept_days": api_log.KEPT_DAYS,
            "asked": self.request.GET.urlencode(),
            "uses_kashflow": SystemDefaults.current().uses_kashflow,
        }


class ViewApiCall(Verb):
    """One exchange with its request and answer, as they were masked when they were kept."""

    verb = "kashflow.view_api_log"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        call = ApiCall.objects.select_related("by", "ledger_account").filter(pk=pk).first()
        if call is None:
            raise Http404(f"The API log keeps {api_log.KEPT_DAYS} days, and this call is not in it.")
        texts = [("Request", pretty(call.request_xml)), ("Answer", pretty(call.response_xml))]
        context = {"call": call, "texts": texts, **_read(call.outcome)}
        return render(request, "kashflow/api_call.html", context)


class ExportApiLog(Verb):
    """*Export CSV*: the list as it is filtered; that it left the house is in the audit log."""

    verb = "kashflow.view_api_log"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = ApiLogFilters(request.GET)
        form.is_valid()
        wanted = {name: value for name, value in form.cleaned_data.items() if value}
        filters = {name: str(value) for name, value in wanted.items()}
        audit.record("api_log.exported", self.by, by=self.by, after=filters)
        rows = narrowed(ApiCall.objects.order_by("-id"), wanted).values(*LIST)
        return csv_response("kashflow-api-log", HEAD, _cells(rows))


def _cells(rows: QuerySet[Any, Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows.iterator(chunk_size=1_000):
        when = timezone.localtime(row["at"]).strftime("%Y-%m-%d %H:%M:%S")
        ended = outcomes.outcome(row["outcome"]).word
        yield (
            when, row["purpose"], row["operation"], row["milliseconds"], ended, row["detail"], row["by__name"] or "",
        )  # fmt: skip


def _read(code: str) -> dict[str, str]:
    """The outcome of a row in words, with its sign."""
    ended = outcomes.outcome(code)
    icon, tone = outcomes.SIGNS[ended.group]
    return {"word": ended.word, "icon": icon, "tone": tone}


def pretty(xml: str) -> str:
    """The text with its elements one under the other; as it came where it is cut or is no XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        root = etree.fromstring(xml.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return xml
    return etree.tostring(root, pretty_print=True, encoding="unicode").strip()

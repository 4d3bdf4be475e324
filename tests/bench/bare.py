"""The least a Django list can be: one query, one loop in a template, behind a login, with Django's own middleware."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from bookings.models import Booking
from clients.models import Client
from invoicing.models import Invoice

PAGE = 50
# What `startproject` gives.
SETTINGS: dict[str, Any] = {
    "ROOT_URLCONF": "tests.bench.bare",
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": ["tests/bench/templates"],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
}


def clients() -> QuerySet[Any]:
    return (
        Client.objects.filter(closed_at=None)
        .order_by("name", "pk")
        .values_list(
            "name", "agency__name", "town", "postcode", "salesperson__name", "booked_until_on", "oldest_due_on",
            "balance_amount",
        )
    )  # fmt: skip


def bookings() -> QuerySet[Any]:
    return (
        Booking.objects.filter(state="confirmed")
        .order_by("-pk")
        .values_list(
            "booked_at", "client__name", "issue__publication__name", "issue__description", "advert_size__name",
            "position__name", "salesperson__name", "price",
        )
    )  # fmt: skip


def invoices() -> QuerySet[Any]:
    return Invoice.objects.order_by("-number").values_list(
        "number", "invoice_date", "company_name", "delivery", "period", "item_count", "amount", "vat_amount",
        "emailed_at", "paid_state",
    )  # fmt: skip


LISTS = {"/clients/": clients, "/bookings/": bookings, "/invoicing/invoiced/": invoices}


def bare_list(request: HttpRequest) -> HttpResponse:
    rows = LISTS[request.path]()[:PAGE]
    return render(request, "bare_list.html", {"title": request.path, "rows": rows})


urlpatterns = [path(address.lstrip("/"), bare_list) for address in LISTS]

"""Pages of bookings: the list, Book adverts, a client's Bookings tab, cancelling, and the issues on sale."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from bookings import selectors, services
from bookings.draft import Draft
from bookings.forms import BookForm, BookingFilters, ClientBookingFilters
from bookings.models import Booking
from clients import tasks
from clients.header import header
from clients.models import Client
from magmanager.common.errors import DomainError
from magmanager.common.permissions import may
from magmanager.common.toasts import toast
from magmanager.common.views import FilteredList, Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults

BOOKINGS = Booking.objects.select_related(
    "client", "issue__publication", "advert_size", "miscellaneous_item", "position", "salesperson"
)
SHOWN_CLIENTS = 12
# *Select next 3 / 6 / 12* issues.
SERIES = (3, 6, 12)


class BookingList(FilteredList):
    """Every booking, newest first."""

    verb = "bookings.view_bookings"
    template_name = "bookings/booking_list.html"
    table_template_name = "bookings/_booking_table.html"
    filter_form = BookingFilters
    order: ClassVar[tuple[str, ...]] = ("-pk",)
    noun = ("booking", "bookings")

    def rows(self) -> QuerySet[Booking]:
        return BOOKINGS.all()

    def narrow(self, rows: QuerySet[Booking], wanted: dict[str, Any]) -> QuerySet[Booking]:
        if "cancelled" not in wanted:
            rows = rows.filter(state=Booking.State.CONFIRMED)
        if "publication" in wanted:
            rows = rows.filter(issue__publication=wanted["publication"])
        for name in ("issue", "salesperson", "client"):
            if name in wanted:
                rows = rows.filter(**{name: wanted[name]})
        if "invoiced" in wanted:
            rows = selectors.invoiced(rows, wanted["invoiced"] == "yes")
        for word in wanted.get("q", "").split():
            rows = rows.filter(
                Q(client__name__icontains=word)
                | Q(advertising_as__icontains=word)
                | Q(po_number__istartswith=word)
            )
        return rows

    def decorate(self, rows: list[Booking]) -> list[Any]:
        return selectors.with_has_open(rows)

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        return {"only_client": wanted.get("client")}


class ClientBookings(BookingList):
    """The Bookings tab of a client, what is furthest ahead first."""

    template_name = "bookings/client_bookings.html"
    table_template_name = "bookings/_client_booking_table.html"
    filter_form = ClientBookingFilters  # type: ignore[assignment]
    order = ("-issue__on_sale_on", "-pk")

    def rows(self) -> QuerySet[Booking]:
        return super().rows().filter(client=self.kwargs["pk"])

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        return {**super().page_context(rows), "may_cancel": may(self.by, "bookings.cancel_booking")}

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        client = get_object_or_404(
            Client.objects.select_related("agency", "salesperson"), pk=self.kwargs["pk"]
        )
        return header(client, self.by, active="Bookings")


class BookAdverts(Verb):
    """Book adverts: whom for, then where, what and at which price. htmx asks for parts of the same page."""

    verb = "bookings.book_adverts"

    def get(self, request: HttpRequest) -> HttpResponse:
        client = _client(request.GET.get("client", ""))
        if client is None:
            return self.choose_client(request)
        draft = Draft(client, request.GET)
        return self.page(request, draft, draft.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        client = _client(request.POST.get("client", ""))
        if client is None:
            return self.choose_client(request)
        draft = Draft(client, request.POST)
        form = draft.form(request.POST)
        if form.is_valid():
            with refusals(form):
                booked = services.book_adverts(
                    by=self.by,
                    key=form.cleaned_data["key"],
                    client=client,
                    lines=form.lines(),
                    po_number=form.cleaned_data["po_number"],
                )
                if SystemDefaults.current().uses_kashflow:
                    wake(tasks.resolve_wanted)
                toast(request, f"{_adverts(booked.bookings.count())} booked for {client}.")
                return redirect("bookings:client", client.pk)
        return self.page(request, draft, form)

    def page(self, request: HttpRequest, draft: Draft, form: BookForm) -> HttpResponse:
        totals = draft.totals()
        context = {
            "draft": draft,
            "form": form,
            "client": draft.client,
            "issues": draft.issue_rows(),
            "totals": totals,
            "series": SERIES,
            "action": f"Book {_adverts(totals.count)}" if totals.count else "Book adverts",
        }
        return render(request, "bookings/book_adverts.html", context)

    def choose_client(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "")[:100]
        found = Client.objects.open().matching(words.replace("\x00", ""))
        context = {"words": words, "found": found.only("name", "town", "advertising_as")[: SHOWN_CLIENTS + 1]}
        return render(request, "bookings/book_adverts_client.html", {**context, "most": SHOWN_CLIENTS})


def _client(pk: str) -> Client | None:
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    return Client.objects.select_related("agency").filter(pk=int(pk)).first()


def _adverts(count: int) -> str:
    return "1 advert" if count == 1 else f"{count} adverts"


class BookingCancel(Verb):
    """Asks once more, then cancels a booking that is not invoiced."""

    verb = "bookings.cancel_booking"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        booking = get_object_or_404(BOOKINGS, pk=pk)
        return render(request, "bookings/booking_cancel.html", {"booking": booking})

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        booking = get_object_or_404(BOOKINGS, pk=pk)
        try:
            services.cancel_booking(booking, by=self.by)
        except DomainError as error:
            return render(
                request, "bookings/booking_cancel.html", {"booking": booking, "refused": error.message}
            )
        toast(request, f"{booking} in {booking.issue} cancelled.")
        return redirect("bookings:client", booking.client_id)


class IssuesOnSale(Verb):
    """Publications: the issues on sale, how full they are and what they bring."""

    verb = "publications.view_publications"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        issues = selectors.on_sale(today).order_by("publication__name", "on_sale_on")
        context = {"sales": selectors.sales(issues), "now": timezone.now()}
        return render(request, "bookings/issues_on_sale.html", context)

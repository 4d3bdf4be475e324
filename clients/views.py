"""Pages of clients: the list, a new one, and the tabs Details and Contacts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clients import linking, services, tasks
from clients.forms import (
    CandidateForm,
    ClientFilters,
    ClientForm,
    ContactForm,
    FirstContactForm,
    KashFlowIdForm,
)
from clients.header import header
from clients.models import Client, Contact, CustomerLink
from kashflow.connections import current_account
from kashflow.models import LedgerAccount
from magmanager.common import paging
from magmanager.common.permissions import allow, may
from magmanager.common.toasts import toast
from magmanager.common.views import FilteredList, Verb, refusals
from magmanager.common.wake import wake
from settings_app.models import SystemDefaults

CLIENTS = Client.objects.select_related("agency", "salesperson")
GOES_ON = "An invoice that waited for this goes on by itself within a minute."
COLUMNS = (
    "name",
    "advertising_as",
    "is_agency",
    "agency__name",
    "town",
    "postcode",
    "salesperson__name",
    "closed_at",
    "booked_until_on",
    "balance_amount",
    "oldest_due_on",
)


class ClientList(FilteredList):
    """Clients, by tabs of their status."""

    verb = "clients.view_clients"
    template_name = "clients/client_list.html"
    table_template_name = "clients/_client_table.html"
    filter_form = ClientFilters
    order = ("name", "pk")
    noun = ("client", "clients")

    def rows(self) -> QuerySet[Client]:
        return CLIENTS.only(*COLUMNS)

    def narrow(self, rows: QuerySet[Client], wanted: dict[str, Any]) -> QuerySet[Client]:
        tab = wanted.get("tab", "all")
        # Closed clients are left out of *All*, but a search finds them.
        rows = rows if tab == "all" and "q" in wanted else self.tabs(rows)[tab]
        if "q" in wanted:
            rows = rows.matching(wanted["q"])  # type: ignore[attr-defined]
        if "salesperson" in wanted:
            rows = rows.filter(salesperson=wanted["salesperson"])
        if "section" in wanted:
            rows = rows.filter(section=wanted["section"])
        if "overdue" in wanted:
            rows = rows.filter(oldest_due_on__lt=timezone.localdate())
        return rows

    def tabs(self, rows: Any) -> dict[str, QuerySet[Client]]:
        today = timezone.localdate()
        return {
            "all": rows.open(),
            "active": rows.active(today),
            "prospects": rows.prospects(),
            "inactive": rows.inactive(today),
            "agencies": rows.open().agencies(),
        }

    def decorate(self, rows: list[Client]) -> list[Any]:
        today = timezone.localdate()
        contacts = _primary_contacts(rows)
        links, managed = _links(rows), _managed_counts(rows)
        return [
            {
                "client": client,
                "contact": contacts.get(client.pk, ""),
                "link": links.get(client.agency_id or client.pk),
                "managed": managed.get(client.pk, 0),
                "overdue_days": _days_over(client, today),
            }
            for client in rows
        ]

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        return {**super().page_context(rows), "uses_kashflow": SystemDefaults.current().uses_kashflow}

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        counts = paging.counts(**self.tabs(Client.objects.all()))
        tabs = [
            {
                "label": tab.capitalize(),
                "url": f"{self.request.path}?tab={tab}",
                "count": str(count),
                "active": tab == wanted.get("tab", "all"),
            }
            for tab, count in counts.items()
        ]
        return {"tabs": tabs, "may_add": may(self.request.user, "clients.add_client")}


def _primary_contacts(clients: list[Client]) -> dict[int, Contact]:
    contacts = Contact.objects.filter(client__in=[client.pk for client in clients], is_primary=True)
    return {contact.client_id: contact for contact in contacts.only("client", "first_name", "last_name")}


def _links(clients: list[Client]) -> dict[int, CustomerLink]:
    payers = [client.agency_id or client.pk for client in clients]
    links = CustomerLink.objects.filter(client__in=payers, state="linked", ledger_account__is_current=True)
    return {link.client_id: link for link in links.only("client", "code")}


def _managed_counts(clients: list[Client]) -> dict[int, int]:
    agencies = Client.objects.filter(agency__in=[client.pk for client in clients])
    return dict(agencies.order_by().values_list("agency").annotate(Count("pk")))


def _days_over(client: Client, today: Any) -> int:
    return max((today - client.oldest_due_on).days, 0) if client.oldest_due_on else 0


class ClientAdd(Verb):
    """A new client with its primary contact."""

    verb = "clients.add_client"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = ClientForm(instance=Client(salesperson=self.by))
        return self.page(request, form, FirstContactForm(prefix="contact"))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ClientForm(request.POST, instance=Client())
        contact = FirstContactForm(request.POST, prefix="contact")
        if all([form.is_valid(), contact.is_valid()]):
            with refusals(form):
                values = contact.cleaned_data if any(contact.cleaned_data.values()) else None
                client = services.add_client(by=self.by, values=form.cleaned_data, contact=values)
                toast(request, f"{client} added.")
                return redirect("clients:details", client.pk)
        return self.page(request, form, contact)

    def page(self, request: HttpRequest, form: ClientForm, contact: FirstContactForm) -> HttpResponse:
        return render(request, "clients/client_add.html", {"form": form, "contact_form": contact})


class ClientDetail(Verb):
    """The short address of a client leads to its Details."""

    verb = "clients.view_clients"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect("clients:details", get_object_or_404(Client.objects.only("pk"), pk=pk).pk)


class ClientDetails(Verb):
    """The Details tab; whoever may change clients saves here."""

    verb = "clients.view_clients"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = get_object_or_404(CLIENTS, pk=pk)
        return self.page(request, client, ClientForm(instance=client))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        allow(request.user, "clients.change_client")
        client = get_object_or_404(CLIENTS, pk=pk)
        # The form writes on its own copy: the page's head goes on showing what is saved.
        form = ClientForm(request.POST, instance=get_object_or_404(Client, pk=pk))
        if form.is_valid():
            revision = form.cleaned_data["revision"] or 0
            with refusals(form):
                changed = services.change_client(
                    client, by=self.by, revision=revision, values=form.cleaned_data
                )
                toast(request, "Changes saved." if changed else "Nothing had changed.")
                return redirect("clients:details", pk)
        return self.page(request, client, form)

    def page(self, request: HttpRequest, client: Client, form: ClientForm, **more: Any) -> HttpResponse:
        newer = _renew_revision(form, client)
        may_change = may(request.user, "clients.change_client")
        if not may_change:
            for field in form.fields.values():
                field.disabled = True
        context = header(client, self.by, active="Details")
        extra = {
            "form": form,
            "may_change": may_change,
            "newer": newer,
            "invoices_go_to": _invoices_go_to(context),
            "may_link": may(request.user, "clients.link_customer"),
            "code_form": KashFlowIdForm(),
            "decision": None,
            **more,
        }
        return render(request, "clients/client_details.html", {**context, **extra})


def _renew_revision(form: ClientForm, client: Client) -> list[Any]:
    """After a refused save the form stands on the newest revision; returns what others changed meanwhile."""
    typed = form.data.get("revision", "") if form.is_bound else ""
    if not (typed.isascii() and typed.isdigit()) or int(typed) >= client.revision:
        return []
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["revision"] = str(client.revision)  # type: ignore[index]
    labels = {name: field.label for name, field in form.fields.items()}
    return [
        {"by": entry.by, "at": entry.at, "label": labels.get(name, name), "now": now}
        for entry in services.changes_since(client, int(typed))
        for name, now in entry.after.items()
    ]


def _invoices_go_to(context: dict[str, Any]) -> str:
    contacts: list[Contact] = context["contacts"]
    found = next((contact for contact in contacts if contact.is_accounts), contacts[0] if contacts else None)
    return f"Invoices go to {found}." if found else "Nobody is named to receive invoices: add a contact."


class DecideCustomer(ClientDetails):
    """What is pressed on the KashFlow card; a refusal shows the page again with its reason on the card."""

    verb = "clients.link_customer"
    http_method_names = ["post"]
    form_class: ClassVar[type[Form]] = Form
    # What the card calls the form when it is shown again.
    form_name: ClassVar[str] = "decision"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        client = get_object_or_404(CLIENTS, pk=pk)
        account = current_account()
        if account is None or not SystemDefaults.current().uses_kashflow:
            toast(request, "Nothing was linked: KashFlow is not in use here.", level=messages.ERROR)
            return redirect("clients:details", pk)
        form = self.form_class(request.POST)
        if form.is_valid():
            with refusals(form):
                toast(request, self.decide(client, account, form.cleaned_data), detail=GOES_ON)
                return redirect("clients:details", pk)
        return self.page(request, client, ClientForm(instance=client), **{self.form_name: form})

    def decide(self, client: Client, account: LedgerAccount, values: dict[str, Any]) -> str:
        """Makes the domain call; what came of it."""
        raise NotImplementedError


class LinkCustomer(DecideCustomer):
    """One of the proposed customers is this client."""

    form_class = CandidateForm

    def decide(self, client: Client, account: LedgerAccount, values: dict[str, Any]) -> str:
        link = linking.link_customer(by=self.by, client=client, account=account, **values)
        return f"{link.client} is {link.code} in KashFlow."


class CreateCustomerAnyway(DecideCustomer):
    """None of the proposed customers is: a new one is created, by a worker at once or by the next transfer."""

    def decide(self, client: Client, account: LedgerAccount, values: dict[str, Any]) -> str:
        link = linking.create_customer_anyway(by=self.by, client=client, account=account)
        wake(tasks.resolve_customer, link.pk)
        return f"A new customer is created in KashFlow for {link.client}."


class LinkByCode(DecideCustomer):
    """The KashFlow ID is typed by hand."""

    form_class = KashFlowIdForm
    form_name = "code_form"

    def decide(self, client: Client, account: LedgerAccount, values: dict[str, Any]) -> str:
        link = linking.link_by_code(by=self.by, client=client, account=account, **values)
        return f"{link.client} is {link.code} in KashFlow."


class ContactList(Verb):
    """The Contacts tab: every contact, and the form for one of them or a new one."""

    verb = "clients.view_clients"

    def get(self, request: HttpRequest, pk: int, contact_pk: int | None = None) -> HttpResponse:
        client = get_object_or_404(CLIENTS, pk=pk)
        contact = get_object_or_404(Contact, client=client, pk=contact_pk) if contact_pk else None
        initial = {"is_primary": not client.contacts.exists()} if contact is None else {}
        return self.page(request, client, ContactForm(instance=contact, initial=initial), contact)

    def page(
        self, request: HttpRequest, client: Client, form: Form | Any, contact: Contact | None
    ) -> HttpResponse:
        context = header(client, self.by, active="Contacts")
        extra = {"form": form, "edited": contact, "may_change": may(request.user, "clients.change_contacts")}
        return render(request, "clients/client_contacts.html", {**context, **extra})


class ContactSave(ContactList):
    """Adds a contact, or saves the one at `contact_pk`."""

    verb = "clients.change_contacts"

    def post(self, request: HttpRequest, pk: int, contact_pk: int | None = None) -> HttpResponse:
        client = get_object_or_404(CLIENTS, pk=pk)
        contact = get_object_or_404(Contact, client=client, pk=contact_pk) if contact_pk else None
        form = ContactForm(request.POST, instance=Contact(client=client, pk=contact_pk))
        if form.is_valid():
            with refusals(form):
                saved = services.save_contact(client, by=self.by, values=form.cleaned_data, contact=contact)
                toast(request, f"{saved} saved.")
                return redirect("clients:contacts", pk)
        return self.page(request, client, form, contact)


class ContactDelete(Verb):
    """Deletes a contact."""

    verb = "clients.change_contacts"

    def post(self, request: HttpRequest, pk: int, contact_pk: int) -> HttpResponse:
        contact = get_object_or_404(Contact, client=pk, pk=contact_pk)
        services.delete_contact(contact, by=self.by)
        toast(request, f"{contact} deleted.")
        return redirect(reverse("clients:contacts", args=[pk]))

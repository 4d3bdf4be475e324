"""Clients, their contacts, and which KashFlow customer each one is."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from clients.querysets import ClientQuerySet
from kashflow.models import LedgerAccount
from magmanager.common.fields import MoneyField


class Section(models.Model):
    """The trade a client is in; drives the advertisers' index."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        default_permissions = ()
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A finer grain than the section; a client may have several."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        default_permissions = ()
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Client(models.Model):
    """An advertiser, a prospect or an agency. KashFlow calls it a customer."""

    class Delivery(models.TextChoices):
        EMAIL = "email", "E-mail"
        POST = "post", "Post"
        BY_HAND = "by_hand", "By hand"
        OTHER = "other", "Other"

    class InvoicePeriod(models.TextChoices):
        PER_ISSUE = "per_issue", "Per issue"
        MONTHLY = "monthly", "Monthly"
        QUARTERLY = "quarterly", "Quarterly"
        HALF_YEARLY = "half_yearly", "Half-yearly"
        YEARLY = "yearly", "Yearly"

    class Status(models.TextChoices):
        """Derived, never stored (product.md, Clients)."""

        ACTIVE = "active", "Active"
        PROSPECT = "prospect", "Prospect"
        INACTIVE = "inactive", "Inactive"
        CLOSED = "closed", "Closed"

    name = models.CharField("company name", max_length=100)
    advertising_as = models.CharField("advertising as", max_length=100, blank=True)
    is_agency = models.BooleanField("this is an agency", default=False)
    agency = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="managed_clients",
        verbose_name="agency",
    )
    address1 = models.CharField("address", max_length=100, blank=True)
    address2 = models.CharField("address, second line", max_length=100, blank=True)
    town = models.CharField(max_length=60, blank=True)
    county = models.CharField(max_length=60, blank=True)
    postcode = models.CharField(max_length=12, blank=True)
    country_code = models.CharField("country", max_length=2, default="GB")
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField("e-mail", blank=True)
    website = models.URLField(max_length=200, blank=True)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, null=True, blank=True, related_name="clients"
    )
    categories = models.ManyToManyField(Category, blank=True, related_name="clients")
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="clients",
        verbose_name="assigned salesperson",
    )
    vat_number = models.CharField("VAT number", max_length=20, blank=True)
    is_vat_exempt = models.BooleanField("VAT exempt", default=False)
    invoice_delivery = models.CharField(
        "invoice delivery", max_length=10, choices=Delivery.choices, default=Delivery.EMAIL
    )
    invoice_period = models.CharField(
        "invoice period", max_length=12, choices=InvoicePeriod.choices, default=InvoicePeriod.PER_ISSUE
    )
    payment_terms_days = models.PositiveSmallIntegerField("payment terms in days", null=True, blank=True)
    is_po_required = models.BooleanField("PO number required", default=False)
    notes = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)
    # Counts the changes; saving over a change one has not seen is refused by it.
    revision = models.PositiveIntegerField(default=1, editable=False)

    # Written by the floors above in their own transactions, so that status and lists need no upper table.
    first_booked_at = models.DateTimeField(null=True, editable=False)
    booked_until_on = models.DateField(null=True, editable=False)
    balance_amount = MoneyField(default=0, editable=False)
    oldest_due_on = models.DateField(null=True, editable=False)

    objects = ClientQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["name", "pk"]
        permissions = [
            ("view_clients", "View clients"),
            ("add_client", "Add a client"),
            ("change_client", "Change a client"),
            ("change_contacts", "Change contacts"),
        ]
        indexes = [
            models.Index(F("name"), F("id"), name="client_by_name"),
            models.Index(Lower("postcode"), name="client_by_postcode"),
            models.Index(fields=["booked_until_on"], name="client_by_booked_until"),
            models.Index(
                fields=["oldest_due_on"],
                name="client_by_oldest_due",
                condition=Q(oldest_due_on__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="client_has_name"),
            models.CheckConstraint(
                condition=Q(agency__isnull=True) | Q(is_agency=False), name="client_agency_has_no_agency"
            ),
            models.CheckConstraint(condition=~Q(agency=F("id")), name="client_is_not_own_agency"),
            models.CheckConstraint(
                condition=Q(payment_terms_days__isnull=True) | Q(payment_terms_days__lte=365),
                name="client_terms_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(booked_until_on__isnull=True) | Q(first_booked_at__isnull=False),
                name="client_booked_until_needs_first_booking",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def payer(self) -> Client:
        """Who gets the customer record and the invoices: the agency where there is one."""
        return self.agency or self

    @property
    def outward_postcode(self) -> str:
        """HR9 of HR9 5QT: enough to know the place."""
        return self.postcode.partition(" ")[0]

    def status(self, on: dt.date) -> Status:
        """What the client is on the day `on`, by what is booked; as `ClientQuerySet` tells many."""
        if self.closed_at:
            return self.Status.CLOSED
        if self.first_booked_at is None:
            return self.Status.PROSPECT
        is_ahead = self.booked_until_on is not None and self.booked_until_on >= on
        return self.Status.ACTIVE if is_ahead else self.Status.INACTIVE


class Contact(models.Model):
    """A person at a client, by what they are asked about."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contacts")
    first_name = models.CharField(max_length=60, blank=True)
    last_name = models.CharField(max_length=60, blank=True)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=40, blank=True)
    is_primary = models.BooleanField("primary contact", default=False)
    is_accounts = models.BooleanField("receives invoices", default=False)
    is_artwork = models.BooleanField("artwork", default=False)
    is_bookings = models.BooleanField("bookings", default=False)

    class Meta:
        default_permissions = ()
        ordering = ["-is_primary", "last_name", "first_name"]
        indexes = [models.Index(Lower("email"), name="contact_by_email")]
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(is_primary=True), name="contact_one_primary_per_client"
            ),
            models.CheckConstraint(condition=~Q(first_name="", last_name=""), name="contact_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def asked_about(self) -> list[str]:
        """What this contact is for, in words."""
        roles = {
            "everything": self.is_primary,
            "invoices": self.is_accounts,
            "artwork": self.is_artwork,
            "bookings": self.is_bookings,
        }
        return [word for word, is_so in roles.items() if is_so]


class CustomerLink(models.Model):
    """Which KashFlow customer a client is, in one ledger account. Its code is the *KashFlow ID* on screen.

    The code is stored before the customer is created, so a lost reply is found again by it (transfer.md, The other writes).
    """

    class State(models.TextChoices):
        WANTED = "wanted", "To be created in KashFlow"
        MATCH = "match", "A likely match waits for a person"
        LINKED = "linked", "Linked"

    class How(models.TextChoices):
        CREATED = "created", "Created from here"
        FOUND = "found", "Found in KashFlow"
        CSV = "csv", "Customer code match"
        API = "api", "Match from KashFlow"
        BY_HAND = "by_hand", "Chosen by hand"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="customer_links")
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="customer_links")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WANTED)
    # NULL, not empty: codes are unique, and many clients have none yet.
    code = models.CharField("KashFlow ID", max_length=20, null=True)  # noqa: DJ001
    customer_id = models.IntegerField(null=True)
    how = models.CharField(max_length=10, choices=How.choices, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    linked_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    # When the first invoice went to this customer; from then on the link is not changed by hand.
    used_at = models.DateTimeField(null=True)
    # The values last sent or read, by our field name: what differs from them was changed here, and only that is sent.
    known = models.JSONField(default=dict)
    # The customer as KashFlow had it when it was last read or written, by the same names; for people to compare.
    theirs = models.JSONField(default=dict)
    # Likely existing customers a person chooses from: [{"code", "customer_id", "name", "postcode", "email", "why"}].
    # While the link is WANTED: those a person said it is not.
    candidates = models.JSONField(default=list)
    cause = models.CharField(max_length=300, blank=True)
    # What KashFlow's error was ("refused"), for the page that mends it; it means something only beside a cause.
    cause_code = models.CharField(max_length=40, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("link_customer", "Link a client to a KashFlow customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "ledger_account"], name="link_one_per_client_and_account"
            ),
            models.UniqueConstraint(fields=["ledger_account", "code"], name="link_code_once_per_account"),
            models.UniqueConstraint(
                fields=["ledger_account", "customer_id"], name="link_customer_once_per_account"
            ),
            models.CheckConstraint(
                condition=~Q(state="linked") | Q(code__isnull=False, linked_at__isnull=False),
                name="link_linked_has_code",
            ),
        ]

    def __str__(self) -> str:
        return self.code or "Not linked"

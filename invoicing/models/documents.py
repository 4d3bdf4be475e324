"""Documents and their numbers. An issued document never changes its money; triggers see to it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bookings.models import Instalment
from clients.models import Client
from kashflow.models import AccountCode, LedgerAccount, ProductCode
from magmanager.common.fields import MoneyField
from publications.models import Issue

# KashFlow's InvoiceNumber is xs:int.
MAX_NUMBER = 2**31 - 1


def _between(start: int, column: str, end: str) -> Q:
    """Whether `column` lies between `start` and the column `end`, whichever of the two is greater."""
    rising = Q(**{f"{end}__gte": start, f"{column}__gte": start, f"{column}__lte": F(end)})
    return rising | Q(**{f"{end}__lt": start, f"{column}__lte": start, f"{column}__gte": F(end)})


class NumberCounter(models.Model):
    """The next invoice number, taken in the transaction that raises the invoice; credit notes share it."""

    next_number = models.PositiveIntegerField()
    # The number that was set while KashFlow could not be asked; asked for before the first transfer.
    unchecked_number = models.PositiveIntegerField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("change_next_number", "Change the next invoice number")]
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="counter_is_one_row"),
            models.CheckConstraint(
                condition=Q(next_number__gte=1, next_number__lte=MAX_NUMBER), name="counter_fits_kashflow"
            ),
        ]

    def __str__(self) -> str:
        return str(self.next_number)


class Batch(models.Model):
    """Invoices raised together by one press."""

    # The preview's own key: a second press with the same key opens the batch that was raised.
    key = models.UUIDField(unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    invoice_count = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Batch of {self.invoice_count}"


class Invoice(models.Model):
    """One document to one payer, as it was issued: number, address, lines and totals are frozen."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT_NOTE = "credit_note", "Credit note"

    class State(models.TextChoices):
        RAISED = "raised", "Raised"
        CANCELLED = "cancelled", "Cancelled"

    class Paid(models.TextChoices):
        UNPAID = "unpaid", "Unpaid"
        PART = "part", "Part paid"
        PAID = "paid", "Paid"
        OVER = "over", "Overpaid"

    class PaymentFlag(models.TextChoices):
        DOES_NOT_ADD_UP = "does_not_add_up", "Payments don't add up"
        PAID_DISAGREES = "paid_disagrees", "Paid mark disagrees"
        GONE = "gone", "Gone in KashFlow"
        EDITED = "edited", "Edited in KashFlow"
        REUSED = "reused", "Number used again"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Ten Crockford base32 characters of `uid`, at the end of KashFlow's CustomerReference, the same for ever.
    marker = models.CharField(max_length=10, unique=True)
    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INVOICE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RAISED)
    # Of a credit note: the invoice it takes back from, and why. A voiding one was made by cancelling that invoice.
    credits = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credit_notes")
    credit_reason = models.CharField(max_length=200, blank=True)
    is_voiding = models.BooleanField(default=False)
    payer = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="invoices")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="invoices")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    invoice_date = models.DateField()
    due_on = models.DateField()
    # As printed: later changes of the client do not change what was sent.
    company_name = models.CharField(max_length=100)
    address = models.JSONField(default=list)
    vat_number = models.CharField(max_length=20, blank=True)
    po_number = models.CharField(max_length=60, blank=True)
    delivery = models.CharField(max_length=10, choices=Client.Delivery.choices)
    period = models.CharField(max_length=12, choices=Client.InvoicePeriod.choices)
    item_count = models.PositiveSmallIntegerField()
    amount = MoneyField()
    vat_amount = MoneyField()
    total = MoneyField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    cancelled_reason = models.CharField(max_length=200, blank=True)
    emailed_at = models.DateTimeField(null=True)
    # The account its transfer was last asked for; beside the transfer itself, so that a list needs no second table.
    wanted_in = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # All that settles it: KashFlow's payments, and what was recorded here and is not there yet.
    paid_amount = MoneyField(default=0)
    paid_state = models.CharField(max_length=8, choices=Paid.choices, default=Paid.UNPAID)
    # What KashFlow said last and when; a row that stays the same keeps its moment (PaidReading has the newer one).
    kashflow_paid_amount = MoneyField(default=0)
    paid_as_of = models.DateTimeField(null=True)
    # What of KashFlow's answer a person has to look at, and in words what to do.
    payment_flag = models.CharField(max_length=20, choices=PaymentFlag.choices, blank=True)
    payment_flag_text = models.CharField(max_length=400, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-number"]
        permissions = [
            ("view_invoices", "View invoices"),
            ("raise_batch", "Raise a batch of invoices"),
            ("raise_invoice", "Raise an invoice for a client"),
            ("cancel_invoice", "Cancel an invoice"),
            ("raise_credit_note", "Raise a credit note"),
            ("raise_again", "Cancel an invoice and raise it again"),
        ]
        indexes = [
            models.Index(F("payer"), F("number").desc(), name="invoice_of_a_payer"),
            models.Index(F("invoice_date"), F("number").desc(), name="invoice_by_date"),
            # For the count of unpaid ones; SQLite does not use a partial index for values given as parameters.
            models.Index(fields=["paid_state", "state"], name="invoice_by_paid_state"),
            models.Index(fields=["wanted_in", "state"], name="invoice_by_wanted"),
            models.Index(fields=["payment_flag"], name="invoice_flagged", condition=~Q(payment_flag="")),
            models.Index(
                fields=["payer", "due_on"],
                name="invoice_open_by_payer",
                condition=Q(state="raised") & ~Q(paid_state__in=["paid", "over"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=MAX_NUMBER), name="invoice_number_fits_kashflow"
            ),
            models.CheckConstraint(
                condition=Q(total=F("amount") + F("vat_amount")), name="invoice_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("invoice_date")), name="invoice_due_not_before_its_date"
            ),
            models.CheckConstraint(condition=Q(item_count__gte=1), name="invoice_has_lines"),
            models.CheckConstraint(
                condition=Q(payment_flag="", payment_flag_text="")
                | ~Q(payment_flag="") & ~Q(payment_flag_text=""),
                name="invoice_payment_flag_has_words",
            ),
            models.CheckConstraint(
                condition=Q(state="raised", cancelled_at__isnull=True)
                | Q(state="cancelled", cancelled_at__isnull=False) & ~Q(cancelled_reason=""),
                name="invoice_cancelled_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", credits__isnull=True, is_voiding=False)
                | Q(kind="credit_note", credits__isnull=False, total__lt=0) & ~Q(credit_reason=""),
                name="invoice_credit_note_credits",
            ),
            models.UniqueConstraint(
                fields=["credits"],
                condition=Q(is_voiding=True, state="raised"),
                name="invoice_voided_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)


class InvoiceLine(models.Model):
    """One line as printed and as KashFlow stores it: quantity × rate reproduces the line amount exactly."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    sort = models.PositiveSmallIntegerField()
    instalment = models.ForeignKey(
        Instalment, on_delete=models.PROTECT, null=True, related_name="invoice_lines"
    )
    # False once the invoice was cancelled: the instalment may then be on another line.
    is_live = models.BooleanField(default=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, null=True, related_name="+")
    description = models.CharField(max_length=250)
    quantity = models.PositiveSmallIntegerField(default=1)
    rate = MoneyField()
    list_price = MoneyField()
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    amount = MoneyField()
    vat_percent = models.DecimalField(max_digits=5, decimal_places=2)
    is_vat_exempt = models.BooleanField(default=False)
    vat_amount = MoneyField()
    # Of a line of a credit note: the line it takes back from. Of that one: what was taken back of it so far.
    credited_line = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="credit_lines"
    )
    credited_amount = MoneyField(default=0)
    credited_vat = MoneyField(default=0)
    account_code = models.ForeignKey(AccountCode, on_delete=models.PROTECT, null=True, related_name="+")
    product_code = models.ForeignKey(ProductCode, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        default_permissions = ()
        ordering = ["sort"]
        indexes = [models.Index(fields=["issue", "invoice"], name="line_of_an_issue")]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "sort"], name="line_sort_once_per_invoice"),
            models.UniqueConstraint(
                fields=["instalment"], condition=Q(is_live=True), name="line_instalment_on_one_live_line"
            ),
            models.CheckConstraint(
                condition=Q(amount=F("quantity") * F("rate")), name="line_quantity_times_rate"
            ),
            models.CheckConstraint(
                condition=Q(is_vat_exempt=False) | Q(vat_percent=0, vat_amount=0),
                name="line_exempt_has_no_vat",
            ),
            models.CheckConstraint(
                condition=_between(0, "credited_amount", "amount")
                & _between(0, "credited_vat", "vat_amount"),
                name="line_never_credited_beyond_itself",
            ),
            models.CheckConstraint(
                condition=Q(credited_line__isnull=True) | Q(instalment__isnull=True),
                name="line_of_a_credit_note_has_no_instalment",
            ),
        ]

    def __str__(self) -> str:
        return self.description

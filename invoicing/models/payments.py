"""Money that came in: payments recorded here, and what KashFlow said of an invoice's payments at one moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from clients.models import Client
from invoicing.models.documents import Invoice
from kashflow.models import BankAccount, Connection, LedgerAccount
from magmanager.common.fields import MoneyField
from settings_app.models import PaymentMethod


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Questions about many payments."""

    def counted_here(self) -> PaymentQuerySet:
        """Those that stand in no amount of KashFlow's yet, so that a balance has to take them off itself."""
        return self.filter(removed_at=None, in_kashflow_at=None)


class Payment(models.Model):
    """A payment recorded here. What it says never changes: a wrong one is removed, with a reason, and recorded anew."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    # At the end of KashFlow's PayNote, the same for ever: by it the payment is known again there.
    code = models.CharField(max_length=10, unique=True)
    amount = MoneyField()
    paid_on = models.DateField()
    method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, related_name="+")
    # None: the default bank account of the ledger account it is sent to.
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    # From then on KashFlow's own amounts include it.
    in_kashflow_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    removed_reason = models.CharField(max_length=200, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["paid_on", "pk"]
        permissions = [("record_payment", "Record a payment"), ("transfer_payments", "Transfer Payments")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_above_nothing"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None, removed_reason="")
                | Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removed_reason=""),
                name="payment_removed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(in_kashflow_at=None), name="payment_in_kashflow_stays"
            ),
        ]

    def __str__(self) -> str:
        return f"£{self.amount:,.2f} of {self.paid_on:%d %b %Y}"


class PaymentObservation(models.Model):
    """What KashFlow said of one invoice at one moment, and what was made of it. Append-only.

    One is written where something changed, none where everything was as before.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payment_observations")
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # KashFlow's AmountPaid and Paid; None where the document was not there.
    amount_paid = MoneyField(null=True)
    is_paid = models.BooleanField(null=True)
    # KashFlow's payments: [{"id", "date", "amount", "note", "method", "account"}]; None where they were not read.
    payments = models.JSONField(null=True)
    adds_up = models.BooleanField(default=True)
    flag = models.CharField(max_length=20, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        permissions = [("update_paid_status", "Update Invoice Paid Status")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount_paid}"


class PaidReading(models.Model):
    """When KashFlow was last asked what is paid: of one client, or (client None) of all invoices of the account.

    Rows that did not change keep their own moment, so this one is what *as of* says of them.
    """

    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, related_name="+")
    # The moment before KashFlow was asked, of the last time everything could be read.
    read_at = models.DateTimeField(null=True)
    changed_count = models.PositiveIntegerField(default=0)
    # A refresh that is wanted, by whom and under whose login; None once the answer came.
    wanted_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.SET_NULL, null=True, related_name="+")
    # Why the last one failed, in a person's words, and the code of its fix.
    cause = models.CharField(max_length=300, blank=True)
    cause_code = models.CharField(max_length=40, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["wanted_at"], name="paid_reading_wanted")]
        constraints = [
            models.UniqueConstraint(fields=["ledger_account", "client"], name="paid_reading_once_per_client"),
            models.UniqueConstraint(
                fields=["ledger_account"],
                condition=Q(client=None),
                name="paid_reading_of_all_once_per_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id or 'all'} {self.read_at}"

"""What is written into KashFlow: one row per errand and ledger account, and every attempt beside it (transfer.md, Rows)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from functools import cached_property

from django.db import models
from django.db.models import Q

from invoicing.models.documents import Invoice
from invoicing.models.payments import Payment
from invoicing.transfer.states import State
from kashflow.models import Connection, LedgerAccount
from magmanager.common import rows
from magmanager.common.models import Run


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Questions about many transfers."""

    def documents(self) -> TransferQuerySet:
        """Those that create a document: at most one per invoice and account."""
        return self.filter(kind=Transfer.Kind.CREATE)


class Transfer(models.Model):
    """The written intent to write one thing into one ledger account, exactly once: a document, or what is done to it.

    `invoice` is the document it concerns; of APPLY the credit note, which knows what it credits.
    """

    class Kind(models.TextChoices):
        CREATE = "create", "Create the document"
        APPLY = "apply", "Set the credit note off against its invoice"
        DELETE = "delete", "Delete the document"
        PAYMENT = "payment", "Record a payment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="transfers")
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="transfers")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CREATE)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="transfers")
    state = models.CharField(max_length=12, choices=State.choices(), default=State.READY)
    # The claim token: whoever holds an older epoch touches no row any more.
    epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    ambiguous_since = models.DateTimeField(null=True)
    absent_seen = models.PositiveSmallIntegerField(default=0)
    absent_first_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    kashflow_number = models.IntegerField(null=True)
    kashflow_dbid = models.IntegerField(null=True)
    kashflow_payment_id = models.IntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # In a person's words, and the code of the fix that goes with it.
    last_cause = models.CharField(max_length=300, blank=True)
    cause_code = models.CharField(max_length=40, blank=True)
    # What KashFlow holds where it differs or is somebody else's, for the two documents side by side.
    found = models.JSONField(default=dict)
    # Of a document that a person adopted: what they saw and accepted (transfer/adoption.py).
    accepted = models.JSONField(default=dict)
    # Of a link that waits for a second person: who proposed which document (transfer/second_person.py).
    proposed = models.JSONField(null=True)
    connection = models.ForeignKey(Connection, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    verified_total = models.BigIntegerField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("transfer_invoices", "Transfer to KashFlow"),
            ("recheck", "Recheck a transfer in KashFlow"),
            ("retry", "Retry a transfer at once"),
            ("adopt", "Link a document of KashFlow's to an invoice"),
            ("do_not_send", "Keep an invoice out of KashFlow"),
        ]
        indexes = [
            # SQLite does not use the partial one below for states given as parameters.
            models.Index(fields=["ledger_account", "state"], name="transfer_by_state"),
            models.Index(
                fields=["ledger_account", "not_before"],
                name="transfer_unfinished",
                condition=~Q(state__in=["verified", "do_not_send", "cancelled"]),
            ),
            models.Index(
                fields=["ledger_account"], name="transfer_to_cancel", condition=Q(cancel_requested=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "ledger_account", "kind"],
                condition=~Q(kind="payment"),
                name="transfer_once_per_invoice_account_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="transfer_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["claimed", "sending"]) | Q(lease_until__isnull=False),
                name="transfer_leased_while_held",
            ),
            models.CheckConstraint(
                condition=~Q(state="ambiguous") | Q(ambiguous_since__isnull=False),
                name="transfer_ambiguous_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified", kind="create")
                | Q(kashflow_number__isnull=False, kashflow_dbid__isnull=False),
                name="transfer_verified_has_document",
            ),
            models.UniqueConstraint(
                fields=["ledger_account", "kashflow_dbid"], name="transfer_document_once_per_account"
            ),
            models.UniqueConstraint(
                fields=["payment", "ledger_account"], name="transfer_once_per_payment_and_account"
            ),
            models.UniqueConstraint(
                fields=["ledger_account", "kashflow_payment_id"], name="transfer_payment_once_per_account"
            ),
            models.CheckConstraint(
                condition=Q(kind="payment", payment__isnull=False) | ~Q(kind="payment") & Q(payment=None),
                name="transfer_of_payment_has_it",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified", kind="payment") | Q(kashflow_payment_id__isnull=False),
                name="transfer_verified_has_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.state}"

    @property
    def amount(self) -> Decimal:
        """Pounds it is about: of a payment what came in, else the document's total with VAT."""
        return self.payment.amount if self.payment else self.invoice.total

    @cached_property
    def newest_run(self) -> Run | None:
        """The last press that has it, as it was when first asked for: who answers for it, and what can be resumed."""
        found = [rows.get(Run, one.run_id) for one in rows.find(RunTransfer, transfer=self)]
        return max(found, key=lambda run: run.started_at, default=None)


class TransferAttempt(models.Model):
    """What was tried and what came of it. Append-only."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="attempts")
    epoch = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    phase = models.CharField(max_length=20)
    outcome = models.CharField(max_length=40)
    what = models.CharField(max_length=300)
    by = models.ForeignKey("settings_app.User", on_delete=models.PROTECT, null=True, related_name="+")
    request_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.what


class RunTransfer(models.Model):
    """Which transfers one press of *Transfer to KashFlow* covers; the run's progress is counted from their states."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="run_transfers")
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="run_transfers")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "transfer"], name="run_transfer_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.transfer_id}"

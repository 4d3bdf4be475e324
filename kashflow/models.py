"""What the house keeps of KashFlow: the account a login opens, logins, codes, and every call made."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from kashflow.encryption import EncryptedTextField, decrypt, encrypt
from kashflow.querysets import AccountCodeQuerySet, CodeQuerySet, ProductCodeQuerySet


class LedgerAccount(models.Model):
    """What a login opens, not the login. Codes, customer links and transfers belong to one (transfer.md, Rows)."""

    class Numbering(models.TextChoices):
        OURS = "ours", "Our numbers are sent"
        KASHFLOW = "kashflow", "KashFlow numbers its own"

    class Voiding(models.TextChoices):
        CREDIT = "credit", "Apply a credit note in KashFlow"
        DELETE = "delete", "Delete the unpaid invoice in KashFlow"

    # Company name, VAT number and primary e-mail, normalised: two people's logins can open one account.
    fingerprint = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    numbering = models.CharField(max_length=10, choices=Numbering.choices, default=Numbering.OURS)
    # True once a number that was not the account's highest + 1 came back as sent (transfer.md, Canary).
    numbers_proved = models.BooleanField(default=False)
    paused_reason = models.CharField(max_length=300, blank=True)
    # When this installation was last restored from a backup: what was raised before may be in KashFlow already.
    restored_at = models.DateTimeField(null=True)
    voiding = models.CharField(max_length=10, choices=Voiding.choices, default=Voiding.CREDIT)
    max_calls = models.PositiveSmallIntegerField("calls at once", default=3)
    sales_code = models.ForeignKey(
        "AccountCode",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="sales code",
    )
    bank_account = models.ForeignKey(
        "BankAccount",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="bank account",
    )
    office_login = models.ForeignKey(
        "Connection",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="office login",
    )
    is_current = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_kashflow", "View KashFlow settings"),
            ("change_kashflow_settings", "Change KashFlow settings"),
            ("switch_account", "Say which KashFlow account is the current one"),
            ("resume_account", "Let stopped transfers go on"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_calls__gte=1, max_calls__lte=8), name="ledger_calls_at_once_1_to_8"
            ),
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="ledger_one_is_current"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Connection(models.Model):
    """One person's saved KashFlow login. The password is only ever ciphertext bound to this row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kashflow_connection"
    )
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="connections")
    username = models.CharField(max_length=120)
    sealed_password = EncryptedTextField()
    saved_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    # The code of the refusal that switched this login off ("wrong_login"); no call starts until a person acts.
    refusal = models.CharField(max_length=40, blank=True)
    refusal_detail = models.CharField(max_length=300, blank=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("check_connection", "Check Connection"), ("save_login", "Save Login")]
        constraints = [
            models.CheckConstraint(condition=~Q(username=""), name="connection_has_username"),
            models.CheckConstraint(condition=~Q(sealed_password=""), name="connection_has_password"),
        ]

    def __str__(self) -> str:
        return f"{self.username} ({self.user})"

    def seal(self, password: str) -> None:
        """Keeps `password` encrypted for this row alone."""
        self.sealed_password = encrypt(password, row=f"connection:{self.pk}")

    def unseal(self) -> str:
        """The password. Raises CannotDecrypt."""
        return decrypt(self.sealed_password, row=f"connection:{self.pk}")


class CallSlot(models.Model):
    """One of the places for a call in flight to an account; taken and given back by conditional update."""

    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.CASCADE, related_name="slots")
    n = models.PositiveSmallIntegerField()
    holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["ledger_account", "n"], name="call_slot_once_per_account"),
            models.CheckConstraint(
                condition=Q(holder__isnull=True, lease_until__isnull=True)
                | Q(holder__isnull=False, lease_until__isnull=False),
                name="call_slot_held_with_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ledger_account} {self.n}"


class Code(models.Model):
    """Something KashFlow keeps a list of. Gone ones stay, marked, under whatever uses them."""

    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="%(class)ss")
    kashflow_id = models.IntegerField()
    name = models.CharField(max_length=200)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["ledger_account", "kashflow_id"], name="%(class)s_id_once_per_account"
            )
        ]

    @property
    def shown(self) -> str:
        """What a list offers it as: its text, and whether KashFlow still has it."""
        return f"{self} (no longer in KashFlow)" if self.gone_at else str(self)


class BankAccount(Code):
    """Where payments are banked (GetBankAccounts)."""

    code = models.IntegerField(default=0)

    objects = CodeQuerySet.as_manager()

    class Meta(Code.Meta):
        ordering = ["name"]
        permissions = [("sync_bank_accounts", "Sync Bank Accounts")]

    def __str__(self) -> str:
        return self.name


class AccountCode(Code):
    """A nominal: sales types (GetProducts) and account codes (GetNominalCodesExtended) share one id-space.

    On an invoice line its `kashflow_id` is ChargeType; `code` is what people see, such as 4000.
    """

    code = models.IntegerField()
    is_sales_type = models.BooleanField(default=False)
    is_turnover = models.BooleanField(default=False)

    objects = AccountCodeQuerySet.as_manager()

    class Meta(Code.Meta):
        ordering = ["code", "name"]
        permissions = [
            ("sync_sales_codes", "Sync Sales Codes"),
            ("sync_account_codes", "Sync Accounts Codes"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductCode(Code):
    """A KashFlow sub-product, on screen an inventory code. It belongs to one account code."""

    account_code = models.ForeignKey(AccountCode, on_delete=models.PROTECT, related_name="product_codes")
    code = models.CharField(max_length=60, blank=True)

    objects = ProductCodeQuerySet.as_manager()

    class Meta(Code.Meta):
        ordering = ["code", "name"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class PaymentMethod(Code):
    """How a payment came (GetInvPayMethods)."""

    class Meta(Code.Meta):
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PaymentMethodMapping(models.Model):
    """Which of KashFlow's ways of paying one of the house's is, in one account."""

    ledger_account = models.ForeignKey(
        LedgerAccount, on_delete=models.CASCADE, related_name="method_mappings"
    )
    method = models.ForeignKey("settings_app.PaymentMethod", on_delete=models.CASCADE, related_name="+")
    kashflow_method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["ledger_account", "method"], name="method_mapped_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} is {self.kashflow_method}"


class ApiCall(models.Model):
    """One exchange with KashFlow: what for, how long, what came of it. Credentials are never in it."""

    at = models.DateTimeField()
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    operation = models.CharField(max_length=60)
    milliseconds = models.PositiveIntegerField()
    outcome = models.CharField(max_length=40)
    detail = models.CharField(max_length=300, blank=True)
    purpose = models.CharField(max_length=120, blank=True)
    request_xml = models.TextField(blank=True)
    response_xml = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("view_api_log", "View the API log")]
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="api_call_by_moment"),
            models.Index(fields=["outcome", "-id"], name="api_call_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome}"

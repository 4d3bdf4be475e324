"""Who runs the house and by which rules: users, the company, System Defaults, VAT rates, the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from magmanager.common.fields import MoneyField


class UserManager(BaseUserManager["User"]):
    """Makes people; the e-mail address is their login name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. What they may do comes from their role, a Django group."""

    class Theme(models.TextChoices):
        COMPUTER = "computer", "As this computer"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField("e-mail", max_length=254, unique=True)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.COMPUTER)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        default_permissions = ()
        ordering = ["name"]
        permissions = [("change_own_details", "Change own details")]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_case")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name


class VatRate(models.Model):
    """A VAT rate with its name. Exempt is not the same as zero: KashFlow is told −1 for it."""

    name = models.CharField(max_length=40, unique=True)
    percent = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    is_exempt = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        ordering = ["-percent", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="vat_percent_between_0_and_100"
            ),
            models.CheckConstraint(
                condition=Q(is_exempt=False) | Q(percent=0), name="vat_exempt_charges_nothing"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentMethod(models.Model):
    """How clients pay the house. What it is called in KashFlow is that app's to know."""

    name = models.CharField(max_length=40, unique=True)
    is_enabled = models.BooleanField("enabled", default=True)
    is_direct_debit = models.BooleanField("direct debit", default=False)
    is_standing_order = models.BooleanField("standing order", default=False)

    class Meta:
        default_permissions = ()
        ordering = ["pk"]
        permissions = [("change_payment_methods", "Change Payment Methods")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="payment_method_has_name"),
            models.CheckConstraint(
                condition=Q(is_direct_debit=False) | Q(is_standing_order=False),
                name="payment_method_one_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyDetails(models.Model):
    """The publisher itself; one row."""

    name = models.CharField("company name", max_length=100)
    address1 = models.CharField("address", max_length=100, blank=True)
    address2 = models.CharField("address, second line", max_length=100, blank=True)
    town = models.CharField(max_length=60, blank=True)
    county = models.CharField(max_length=60, blank=True)
    postcode = models.CharField(max_length=12, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField("e-mail", blank=True)
    vat_number = models.CharField("VAT number", max_length=20, blank=True)
    registered_number = models.CharField("company registration number", max_length=20, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField("payment terms in days", default=30)
    vat_rate = models.ForeignKey(
        VatRate, on_delete=models.PROTECT, null=True, verbose_name="VAT rate", related_name="+"
    )

    class Meta:
        default_permissions = ()
        permissions = [("change_company", "Change Company Details")]
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="company_is_one_row"),
            models.CheckConstraint(
                condition=Q(payment_terms_days__lte=365), name="company_terms_within_a_year"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> CompanyDetails:
        """The one row, made on first use."""
        return cls.objects.get_or_create(pk=1, defaults={"name": "MagManager"})[0]


class SystemDefaults(models.Model):
    """The switches of the house; one row."""

    class Package(models.TextChoices):
        NONE = "none", "None"
        KASHFLOW = "kashflow", "KashFlow"

    accounts_package = models.CharField(
        "Accounts Package", max_length=10, choices=Package.choices, default=Package.NONE
    )
    use_account_codes = models.BooleanField("Use Account Codes", default=False)
    # Pounds with VAT; NULL: one person is enough, however much it is.
    second_person_above = MoneyField("linking needs a second person above", null=True, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_settings", "View Settings"),
            ("change_system_defaults", "Change System Defaults"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="system_defaults_is_one_row"),
            models.CheckConstraint(
                condition=Q(second_person_above=None) | Q(second_person_above__gte=0),
                name="system_defaults_second_person_not_below_nothing",
            ),
        ]

    def __str__(self) -> str:
        return "System Defaults"

    @classmethod
    def current(cls) -> SystemDefaults:
        """The one row, made on first use."""
        return cls.objects.get_or_create(pk=1)[0]

    @property
    def uses_kashflow(self) -> bool:
        return self.accounts_package == self.Package.KASHFLOW


class AuditEntry(models.Model):
    """Who did what to which object, when, before and after. Append-only; the database refuses anything else."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    event = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        indexes = [
            models.Index(F("object_type"), F("object_id"), F("id").desc(), name="audit_of_an_object"),
            models.Index(F("event"), F("id").desc(), name="audit_by_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.object_label}".strip()

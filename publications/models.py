"""Publications and their issues, and what space in them costs."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from kashflow.models import AccountCode, ProductCode
from magmanager.common.fields import MoneyField


class Publication(models.Model):
    """A magazine title."""

    class Interval(models.TextChoices):
        WEEKLY = "weekly", "Weekly"
        BI_WEEKLY = "bi_weekly", "Bi-weekly"
        MONTHLY = "monthly", "Monthly"
        BI_MONTHLY = "bi_monthly", "Bi-monthly"
        QUARTERLY = "quarterly", "Quarterly"
        OTHER = "other", "Other"

    name = models.CharField(max_length=80, unique=True)
    code = models.CharField(
        max_length=4,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9]{1,4}$", "Up to four capital letters or digits, such as WVL.")],
    )
    interval = models.CharField(max_length=12, choices=Interval.choices)
    page_count = models.PositiveSmallIntegerField("pages", default=32)
    is_active = models.BooleanField("active", default=True)
    group_code = models.CharField(max_length=10, blank=True)
    sales_target_amount = MoneyField("sales target per issue", default=0)
    # Where lines of this title are booked in KashFlow when Use Account Codes is on.
    account_code = models.ForeignKey(
        AccountCode, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        default_permissions = ()
        ordering = ["name"]
        permissions = [
            ("view_publications", "View publications"),
            ("change_publication", "Change a publication"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(page_count__gte=4, page_count__lte=999), name="publication_pages_4_to_999"
            ),
            models.CheckConstraint(
                condition=Q(sales_target_amount__gte=0), name="publication_target_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Issue(models.Model):
    """One edition of a publication."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="issues")
    description = models.CharField(max_length=40)
    on_sale_on = models.DateField("on-sale date")
    # An issue is current until the next one of its title is on sale.
    off_sale_on = models.DateField("off-sale date")
    copy_deadline_at = models.DateTimeField("copy deadline", null=True, blank=True)
    sales_target_amount = MoneyField("sales target", default=0)
    page_count = models.PositiveSmallIntegerField("pages")
    is_active = models.BooleanField("active", default=True)
    is_complete = models.BooleanField("complete", default=False)

    class Meta:
        default_permissions = ()
        ordering = ["on_sale_on", "publication_id"]
        indexes = [models.Index(F("on_sale_on").desc(), F("id"), name="issue_by_on_sale")]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "on_sale_on"], name="issue_once_per_day_and_publication"
            ),
            models.CheckConstraint(
                condition=Q(off_sale_on__gt=F("on_sale_on")), name="issue_off_sale_after_on_sale"
            ),
            models.CheckConstraint(condition=Q(sales_target_amount__gte=0), name="issue_target_not_negative"),
            models.CheckConstraint(condition=~Q(description=""), name="issue_has_description"),
        ]

    def __str__(self) -> str:
        return self.description


class AdvertSize(models.Model):
    """A size of advert, as a fraction of a page. Enabled sizes are shared by all publications."""

    name = models.CharField(max_length=60, unique=True)
    # 144 parts of a page: sixths, tenths and sixteenths come out well enough, halves and thirds exactly.
    parts = models.PositiveSmallIntegerField("size in 144ths of a page")
    is_enabled = models.BooleanField("enabled", default=True)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        ordering = ["sort", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parts__gte=1, parts__lte=288), name="advert_size_up_to_two_pages"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RateCardEntry(models.Model):
    """What a size costs in a publication, and under which KashFlow product it is booked."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="rate_card")
    advert_size = models.ForeignKey(AdvertSize, on_delete=models.PROTECT, related_name="+")
    is_enabled = models.BooleanField("enabled", default=True)
    price = MoneyField("default price")
    product_code = models.ForeignKey(
        ProductCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="inventory code",
    )

    class Meta:
        default_permissions = ()
        ordering = ["advert_size__sort"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "advert_size"], name="rate_card_size_once_per_publication"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="rate_card_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.publication} {self.advert_size}"


class PremiumPosition(models.Model):
    """A page that costs extra, such as the inside front cover."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="premium_positions")
    name = models.CharField(max_length=60)
    page = models.PositiveSmallIntegerField(null=True, blank=True)
    price = MoneyField("surcharge")
    is_enabled = models.BooleanField("enabled", default=True)

    class Meta:
        default_permissions = ()
        ordering = ["page", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "name"], name="premium_position_once_per_publication"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="premium_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class MiscellaneousItem(models.Model):
    """Something sold that is not page space: an insert, a web listing, a stand."""

    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=200, blank=True)
    price = MoneyField("default price", null=True, blank=True)
    is_vat_exempt = models.BooleanField("VAT exempt", default=False)
    account_code = models.ForeignKey(
        AccountCode, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    product_code = models.ForeignKey(
        ProductCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="inventory code",
    )
    is_enabled = models.BooleanField("enabled", default=True)

    class Meta:
        default_permissions = ()
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

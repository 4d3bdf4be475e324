"""What the latest comparison of our books with KashFlow's found."""

from __future__ import annotations

from django.db import models

from invoicing.models.documents import Invoice
from magmanager.common.models import Run


class LedgerDifference(models.Model):
    """One difference between our documents and KashFlow's. Only the newest comparison's are kept."""

    class Kind(models.TextChoices):
        MISSING = "missing", "Not in KashFlow"
        DELETED = "deleted", "Deleted in KashFlow"
        EDITED = "edited", "Edited in KashFlow"
        PENNY = "penny", "Off by a penny"
        PAID = "paid", "Paid differently"
        EXTRA = "extra", "Only in KashFlow"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="ledger_differences")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # None where nothing here belongs to the document.
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="+")
    number = models.IntegerField(null=True)
    kashflow_dbid = models.IntegerField(null=True)
    company = models.CharField(max_length=200, blank=True)
    what = models.CharField(max_length=300)

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        permissions = [("compare_ledgers", "Compare with KashFlow")]
        indexes = [models.Index(fields=["run", "kind", "id"], name="difference_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.number}"

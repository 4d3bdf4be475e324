"""A list of KashFlow's customers laid beside our clients: what is proposed, what people decided, what was applied."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from clients.models.clients import Client
from kashflow.models import LedgerAccount


class CodeMatch(models.Model):
    """One upload or one reading. Nothing is changed before it is applied, and applying it can be undone."""

    class Source(models.TextChoices):
        FILE = "file", "Uploaded file"
        KASHFLOW = "kashflow", "Read from KashFlow"

    class State(models.TextChoices):
        OPEN = "open", "Being decided"
        APPLIED = "applied", "Applied"
        UNDONE = "undone", "Undone"
        REPLACED = "replaced", "Replaced by another list"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="code_matches")
    source = models.CharField(max_length=10, choices=Source.choices)
    file_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    # Lines that could not be used: [{"line", "text", "why"}].
    bad_lines = models.JSONField(default=list)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("match_customer_codes", "Match customer codes")]
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["ledger_account"], condition=Q(state="open"), name="code_match_one_is_open"
            )
        ]

    def __str__(self) -> str:
        return self.file_name or self.get_source_display()


class CodeMatchRow(models.Model):
    """One of KashFlow's customers and who it may be here."""

    class Kind(models.TextChoices):
        EXACT = "exact", "Exact"
        LIKELY = "likely", "Likely"
        AMBIGUOUS = "ambiguous", "Ambiguous"
        UNMATCHED = "unmatched", "Unmatched"

    class Decision(models.TextChoices):
        NONE = "none", "To be decided"
        LINK = "link", "Link"
        CREATE = "create", "Create client"
        IGNORE = "ignore", "Ignore"

    match = models.ForeignKey(CodeMatch, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, blank=True)
    postcode = models.CharField(max_length=12, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    customer_id = models.IntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    score = models.PositiveSmallIntegerField(default=0)
    # [{"client", "score", "agrees", "differs"}], best first.
    candidates = models.JSONField(default=list)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.NONE)
    client = models.ForeignKey(Client, on_delete=models.SET_NULL, null=True, related_name="+")
    # How the client's link was before it was applied, for *Undo*; None where nothing was changed.
    before = models.JSONField(null=True)
    made_client = models.BooleanField(default=False)
    # Why a decided row was not applied, in a sentence.
    left_out = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        indexes = [models.Index(fields=["match", "kind", "position"], name="code_match_row_by_kind")]
        constraints = [
            models.UniqueConstraint(fields=["match", "position"], name="code_match_row_position_once"),
            models.UniqueConstraint(fields=["match", "code"], name="code_match_row_code_once"),
            models.UniqueConstraint(
                fields=["match", "client"], condition=Q(decision="link"), name="code_match_client_linked_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

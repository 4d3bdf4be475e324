"""Which of the codes KashFlow keeps a field may offer (product.md, KashFlow 6)."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q


class CodeQuerySet(models.QuerySet[Any]):
    """Codes of one account; `chosen` is the key of what stands in the field, which stays choosable when gone."""

    def still_there(self, account: Any, *, chosen: Any = None) -> Self:
        """Those KashFlow still has, and the chosen one: saving a form must not lose it."""
        return self.filter(Q(ledger_account=account, gone_at=None) | Q(pk=chosen))


class AccountCodeQuerySet(CodeQuerySet):
    """Nominals, of which only those that can stand on an invoice line are offered."""

    def offered(self, account: Any, *, chosen: Any = None) -> Self:
        """Sales types and turnover nominals of `account`: the account codes a publication may have."""
        of_sales = Q(is_sales_type=True) | Q(is_turnover=True)
        return self.still_there(account, chosen=chosen).filter(of_sales | Q(pk=chosen))

    def sales_types(self, account: Any, *, chosen: Any = None) -> Self:
        """Sales types of `account`: what its default sales code may be."""
        return self.still_there(account, chosen=chosen).filter(Q(is_sales_type=True) | Q(pk=chosen))


class ProductCodeQuerySet(CodeQuerySet):
    """Inventory codes."""

    def of(self, account_code: Any, *, chosen: Any = None) -> Self:
        """Those under `account_code` that KashFlow still has, and the chosen one; none without an account code."""
        if account_code is None:
            return self.filter(pk=chosen) if chosen else self.none()
        return self.filter(Q(account_code=account_code, gone_at=None) | Q(pk=chosen))

"""Which account and inventory codes a field may offer."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from kashflow.models import AccountCode, LedgerAccount, ProductCode


@pytest.fixture
def account(db: None) -> LedgerAccount:
    """A sales type, a turnover nominal, a cost and a sales type that is gone; and another account's sales type."""
    mine = LedgerAccount.objects.create(fingerprint="mine", name="Mine")
    other = LedgerAccount.objects.create(fingerprint="other", name="Other", is_current=False)
    nominal(mine, 4000, is_sales_type=True, is_turnover=True)
    nominal(mine, 4100, is_turnover=True)
    nominal(mine, 5000)
    nominal(mine, 4900, is_sales_type=True, gone_at=timezone.now())
    nominal(other, 4200, is_sales_type=True)
    return mine


def nominal(account: LedgerAccount, code: int, **values: Any) -> AccountCode:
    return AccountCode.objects.create(
        ledger_account=account, kashflow_id=code, code=code, name="Code", **values
    )


def product(parent: AccountCode, number: int, **values: Any) -> ProductCode:
    return ProductCode.objects.create(
        ledger_account=parent.ledger_account,
        kashflow_id=number,
        account_code=parent,
        code=f"P{number}",
        **values,
    )


@pytest.mark.parametrize(
    ("question", "chosen", "codes"),
    [
        ("offered", None, [4000, 4100]),
        ("offered", 4900, [4000, 4100, 4900]),
        ("offered", 5000, [4000, 4100, 5000]),
        ("sales_types", None, [4000]),
        ("sales_types", 4100, [4000, 4100]),
        ("still_there", None, [4000, 4100, 5000]),
    ],
)
def test_account_codes(question: str, chosen: int | None, codes: list[int], account: LedgerAccount) -> None:
    key = AccountCode.objects.get(code=chosen).pk if chosen else None
    rows = getattr(AccountCode.objects, question)(account, chosen=key)
    assert [row.code for row in rows] == codes


def test_inventory_codes_are_those_under_the_account_code(account: LedgerAccount) -> None:
    display, inserts = AccountCode.objects.get(code=4000), AccountCode.objects.get(code=4100)
    half = product(display, 1)
    gone = product(display, 2, gone_at=timezone.now())
    product(inserts, 3)
    assert list(ProductCode.objects.of(display)) == [half]
    assert list(ProductCode.objects.of(display, chosen=gone.pk)) == [half, gone]
    assert list(ProductCode.objects.of(None)) == []
    assert list(ProductCode.objects.of(None, chosen=gone.pk)) == [gone]

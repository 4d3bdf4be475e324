"""Settings › Payment Methods: the house's own, and what each is in KashFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from kashflow.models import LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.payment_methods import MethodElsewhere, map_payment_methods
from settings_app.models import AuditEntry, PaymentMethod
from tests import factories

PAGE = "/settings/payment-methods/"
SEEDED = ["BACS", "Card", "Cash", "Cheque", "Direct Debit", "Standing Order"]
Login = Callable[..., Any]


@pytest.fixture
def account(db: None) -> LedgerAccount:
    """KashFlow with three ways of paying, one of them gone."""
    factories.kashflow_on()
    account = factories.ledger_account()
    for n, name in enumerate(("BACS", "Credit Card", "Old Cheque")):
        gone = "2026-11-01T00:00Z" if name.startswith("Old") else None
        KashFlowMethod.objects.create(ledger_account=account, kashflow_id=301 + n, name=name, gone_at=gone)
    return account


def typed(**changes: dict[str, str]) -> dict[str, str]:
    """The page as it stands, with `changes` by the name of a method (new for the last row)."""
    sent: dict[str, str] = {}
    for method in [*PaymentMethod.objects.all(), PaymentMethod()]:
        prefix, values = (
            f"method-{method.pk or 'new'}",
            {"name": method.name, "is_enabled": "on" if method.is_enabled else ""},
        )
        values |= {flag: "on" for flag in ("is_direct_debit", "is_standing_order") if getattr(method, flag)}
        values |= changes.get(method.name.lower().replace(" ", "_") or "new", {})
        sent |= {f"{prefix}-{name}": value for name, value in values.items() if value}
    return sent


def test_a_stranger_and_the_wrong_role(account: LedgerAccount, stranger: Browser, as_role: Login) -> None:
    assert stranger.get(PAGE)["Location"].startswith("/login/")
    for role in ("Sales", "Production"):
        assert as_role(role).post(PAGE, typed(cash={"name": "Coins"})).status_code == 403
    assert [method.name for method in PaymentMethod.objects.all()] == SEEDED


def test_methods_are_renamed_switched_off_and_added(db: None, as_role: Login) -> None:
    browser = as_role("Accounts")
    assert "In KashFlow" not in browser.get(PAGE).content.decode()
    browser.post(PAGE, typed(card={"name": "Card terminal"}, cash={"is_enabled": ""}, new={"name": "PayPal"}))
    found = {method.name: method.is_enabled for method in PaymentMethod.objects.all()}
    assert found == {
        "BACS": True,
        "Card terminal": True,
        "Cash": False,
        "Cheque": True,
        "Direct Debit": True,
        "Standing Order": True,
        "PayPal": True,
    }
    events = sorted(AuditEntry.objects.values_list("event", flat=True))
    assert events == ["payment_method.added", "payment_method.changed", "payment_method.changed"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cash": {"name": "BACS"}}, "already exists"),
        ({"cash": {"name": ""}}, "required"),
        ({"direct_debit": {"is_standing_order": "on"}}, "Direct debit or standing order, not both."),
    ],
)
def test_bad_input_changes_nothing(
    account: LedgerAccount, as_role: Login, changes: dict[str, Any], told: str
) -> None:
    page = as_role("Admin").post(PAGE, typed(card={"name": "Terminal"}, **changes)).content.decode()
    assert told in page and 'value="Terminal"' in page
    assert [method.name for method in PaymentMethod.objects.all()] == SEEDED


def test_mapping_is_kept_per_account_and_gone_ones_are_not_offered(
    account: LedgerAccount, as_role: Login
) -> None:
    browser = as_role("Accounts")
    page = browser.get(PAGE).content.decode()
    assert "KashFlow has BACS." in page and "Old Cheque" not in page
    assert not PaymentMethodMapping.objects.exists()
    bacs, card = KashFlowMethod.objects.filter(gone_at=None)
    browser.post(PAGE, typed(bacs={"kashflow_method": str(bacs.pk)}, card={"kashflow_method": str(card.pk)}))
    mapped = {str(one.method): one.kashflow_method for one in PaymentMethodMapping.objects.all()}
    assert mapped == {"BACS": bacs, "Card": card}
    entry = AuditEntry.objects.get(event="payment_methods.mapped")
    assert entry.after == {"BACS": "BACS", "Card": "Credit Card"}
    assert "2 of 6 are mapped" in browser.get("/settings/kashflow/").content.decode()
    assert "2 of 6 mapped" in browser.get("/settings/").content.decode()
    browser.post(PAGE, typed(bacs={"kashflow_method": str(bacs.pk)}))
    assert [str(one.method) for one in PaymentMethodMapping.objects.all()] == ["BACS"]


def test_a_method_of_another_account_is_refused(account: LedgerAccount) -> None:
    other = LedgerAccount.objects.create(fingerprint="other", name="Other", is_current=False)
    theirs = KashFlowMethod.objects.create(ledger_account=other, kashflow_id=1, name="BACS")
    method = PaymentMethod.objects.get(name="BACS")
    with pytest.raises(MethodElsewhere):
        map_payment_methods(by=factories.user("Admin"), account=account, wanted={method.pk: theirs.pk})
    assert not PaymentMethodMapping.objects.exists()

"""What the tests of *Transfer Payments* share: a desk that can pay, pressing, and what came of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from invoicing.models import Invoice, Payment, Transfer
from invoicing.transfer.payments import transfer_payments
from kashflow import syncs
from kashflow.models import BankAccount, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.tasks import sync
from magmanager.common.models import Run
from settings_app.models import PaymentMethod
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.conftest import desk as plain_desk

SETTLE, BETWEEN = 601, 31
__all__ = ["plain_desk"]


@pytest.fixture
def desk(plain_desk: Desk) -> Desk:
    """Bank accounts and payment methods are synced, the default account chosen, the first method mapped."""
    sync(str(syncs.sync_bank_accounts(by=plain_desk.by).pk))
    account = plain_desk.account
    LedgerAccount.objects.filter(pk=account.pk).update(bank_account=BankAccount.objects.first())
    PaymentMethodMapping.objects.create(
        ledger_account=account,
        method=PaymentMethod.objects.filter(is_enabled=True)[0],
        kashflow_method=KashFlowMethod.objects.all()[1],
    )
    return plain_desk


def press(desk: Desk) -> Run:
    """Pressed, and worked off as far as it goes."""
    run = transfer_payments(by=desk.by)
    desk.work()
    run.refresh_from_db()
    return run


def errand(payment: Payment) -> Transfer:
    return Transfer.objects.get(payment=payment)


def there(desk: Desk, invoice: Invoice) -> list[tuple[str, str]]:
    """Amount and note of the payments in KashFlow."""
    return [
        (str(Decimal(one["PayAmount"])), one["PayNote"]) for one in desk.sandbox.payments(desk.dbid(invoice))
    ]


def until_settled(desk: Desk, rounds: int = 5) -> None:
    for _ in range(rounds):
        desk.skip(SETTLE)
        desk.sweep_and_work()

"""The codes of the demo were read from KashFlow one morning: the three finished runs of Settings › KashFlow."""

from __future__ import annotations

import datetime as dt

from kashflow.buttons import BUTTONS
from kashflow.merging import Counts, sentence
from kashflow.models import AccountCode, BankAccount, Connection, PaymentMethod, ProductCode
from magmanager.common.models import Run
from magmanager.overview.demo.plan import Plan, at
from magmanager.overview.demo.values import uid


def add_sync_runs(plan: Plan, login: Connection) -> None:
    """One finished run of each kind, a minute apart, on the day the login was last checked."""
    started_at = at(plan.today - dt.timedelta(days=1), 8, 31)
    for n, (kind, result) in enumerate(_results().items()):
        _add(plan, login, kind, result, started_at + dt.timedelta(minutes=n))


def _results() -> dict[str, str]:
    banks, methods = BankAccount.objects.count(), PaymentMethod.objects.count()
    types, codes = AccountCode.objects.filter(is_sales_type=True).count(), AccountCode.objects.count()
    products = ProductCode.objects.count()
    return {
        "sync_bank_accounts": sentence((_added(banks), "bank account"), (_added(methods), "payment method")),
        "sync_sales_codes": sentence((_added(types), "sales code"), (_added(products), "inventory code")),
        # The sales codes and their products were read by the sync before it.
        "sync_account_codes": sentence((_added(codes - types), "account code")),
    }


def _added(count: int) -> Counts:
    return Counts(total=count, added=count)


def _add(plan: Plan, login: Connection, kind: str, result: str, started_at: dt.datetime) -> None:
    finished_at = started_at + dt.timedelta(seconds=2)
    run = Run.objects.create(
        id=uid(plan.chance("sync", kind)),
        kind=kind,
        title=BUTTONS[kind].label,
        state=Run.State.FINISHED,
        by=login.user,
        connection_id=login.pk,
        finished_at=finished_at,
        summary=result,
    )
    # These two are stamped with now by the model.
    Run.objects.filter(pk=run.pk).update(started_at=started_at, touched_at=finished_at)

"""Reading the codes KashFlow keeps: bank accounts, sales, account, inventory codes (product.md, KashFlow 6).

A press makes a run; a worker carries it: everything is read first, then written in one transaction. A failed
read changes nothing. A code gone from KashFlow is kept and marked, since a publication may stand on it.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction

from kashflow import merging, reads
from kashflow.buttons import BUTTONS
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import GatewayError
from kashflow.gateway.records import NominalCode, SalesType, SalesTypeWithProducts
from kashflow.merging import Found
from kashflow.models import AccountCode, BankAccount, Connection, LedgerAccount, PaymentMethod, ProductCode
from kashflow.services import get_gateway
from magmanager.common import runs
from magmanager.common.models import Run, RunItem
from settings_app import audit
from settings_app.models import User

T = TypeVar("T")
log = logging.getLogger(__name__)
# A fault of ours: said, and not tried again every few minutes by the sweep.
OUR_FAULT = (
    "Something went wrong here, so nothing was changed. It was recorded: tell your administrator, "
    "and press the button again once it is mended."
)
TELL_EVERY = 200
_TURNOVER = re.compile(r"\b(turnover|sales)\b", re.I)
_COST = re.compile(r"\bcosts? of\b", re.I)


Result = tuple[str, tuple[tuple[str, str], ...]]
"""The result as a sentence, and each code that changed with what became of it."""

Writing = Callable[[LedgerAccount], Result]
"""Writes what was read into an account, inside a transaction, and returns the result."""


@dataclass
class Reading:
    """Counts records as they arrive, so that the row on the page moves and nobody takes the run for dead."""

    run: Run
    done: int = 0

    def all(self, records: Iterable[T]) -> list[T]:
        """The whole list; an error on the way leaves nothing half read."""
        return list(self._counted(records))

    def _counted(self, records: Iterable[T]) -> Iterator[T]:
        for record in records:
            self.done += 1
            if self.done % TELL_EVERY == 0:
                runs.progress(self.run, done=self.done)
            yield record


# --- The three buttons --------------------------------------------------------------------------------------


def sync_bank_accounts(*, by: User) -> Run:
    """Asks for the bank accounts and payment methods to be read. Raises NoLogin."""
    return _request("sync_bank_accounts", by=by)


def sync_sales_codes(*, by: User) -> Run:
    """Asks for the sales types and their products to be read. Raises NoLogin."""
    return _request("sync_sales_codes", by=by)


def sync_account_codes(*, by: User) -> Run:
    """Asks for all account codes and inventory codes to be read. Raises NoLogin."""
    return _request("sync_account_codes", by=by)


def _request(kind: str, *, by: User) -> Run:
    return reads.request(kind, BUTTONS[kind].label, BUTTONS[kind].verb, by=by)


SHOWN = 100


def changes_of(run: Run) -> tuple[list[RunItem], bool]:
    """The first SHOWN codes that a sync changed, and whether there are more."""
    items = list(run.items.all()[: SHOWN + 1])
    return items[:SHOWN], len(items) > SHOWN


# --- Carrying a run -----------------------------------------------------------------------------------------


def carry(run_id: uuid.UUID) -> None:
    """Does the work of one run that waits; nothing where somebody else has it or it is over."""
    begun = reads.begin(run_id, {kind: BUTTONS[kind].verb for kind in SYNCS})
    if begun is None:
        return
    run, connection = begun
    try:
        _carry(run, connection)
    except Exception:
        log.exception("The sync %s stopped unexpectedly", run.pk)
        runs.finish(run, summary=OUR_FAULT, failed=True, cause="fault")


def _carry(run: Run, connection: Connection) -> None:
    try:
        gateway = get_gateway(connection, by=run.by, purpose=run.title)
        write = SYNCS[run.kind](gateway, Reading(run))
    except GatewayError as error:
        reads.fail(run, error)
        return
    with transaction.atomic():
        account = LedgerAccount.objects.select_for_update().get(pk=connection.ledger_account_id)
        result, notes = write(account)
        if runs.finish(run, summary=result[:300]):
            runs.note(run, notes)
            audit.record(f"kashflow.{run.kind}", account, by=run.by, after={"result": result})


def forgotten() -> list[Run]:
    """Syncs nobody works at."""
    return reads.forgotten(SYNCS)


# --- What each reads and writes -----------------------------------------------------------------------------


def _read_bank_accounts(gateway: Gateway, reading: Reading) -> Writing:
    banks: Found = {
        one.account_id: {"name": one.name, "code": one.code}
        for one in reading.all(gateway.get_bank_accounts())
    }
    methods: Found = {one.method_id: {"name": one.name} for one in reading.all(gateway.get_inv_pay_methods())}

    def write(account: LedgerAccount) -> Result:
        first = merging.merge(BankAccount.objects.filter(ledger_account=account), account, banks)
        second = merging.merge(PaymentMethod.objects.filter(ledger_account=account), account, methods)
        return merging.sentence(
            (first, "bank account"), (second, "payment method")
        ), first.notes + second.notes

    return write


def _read_sales_codes(gateway: Gateway, reading: Reading) -> Writing:
    types = {one.nominal_id: _sales_type(one) for one in reading.all(gateway.get_products())}
    products = _products(reading.all(gateway.get_products_with_sub_products()))

    def write(account: LedgerAccount) -> Result:
        every = AccountCode.objects.filter(ledger_account=account)
        # Account codes that are no sales types are the other sync's: not seen here does not mean gone.
        mine = every.filter(is_sales_type=True) | every.filter(kashflow_id__in=types)
        first = merging.merge(mine, account, types)
        second = _merge_products(account, products)
        return merging.sentence((first, "sales code"), (second, "inventory code")), first.notes + second.notes

    return write


def _read_account_codes(gateway: Gateway, reading: Reading) -> Writing:
    nominals = [one for one in reading.all(gateway.get_nominal_codes_extended()) if not one.archived]
    full = reading.all(gateway.get_products_with_sub_products())
    codes = {one.nominal_id: _nominal(one) for one in nominals} | {
        one.nominal_id: _sales_type(one) for one in full
    }
    products = _products(full)

    def write(account: LedgerAccount) -> Result:
        first = merging.merge(AccountCode.objects.filter(ledger_account=account), account, codes)
        second = _merge_products(account, products)
        return merging.sentence(
            (first, "account code"), (second, "inventory code")
        ), first.notes + second.notes

    return write


def _sales_type(one: SalesType) -> dict[str, Any]:
    return {"name": one.name, "code": one.code, "is_sales_type": True, "is_turnover": True}


def _nominal(one: NominalCode) -> dict[str, Any]:
    told = f"{one.type_name} · {one.classification_name}"
    is_turnover = bool(_TURNOVER.search(told)) and not _COST.search(told)
    return {"name": one.name, "code": one.code, "is_sales_type": False, "is_turnover": is_turnover}


def _products(full: Iterable[SalesTypeWithProducts]) -> Found:
    return {
        product.product_id: {"name": product.name, "code": product.code[:60], "parent": parent.nominal_id}
        for parent in full
        for product in parent.products
    }


def _merge_products(account: LedgerAccount, products: Found) -> merging.Counts:
    parents = dict(AccountCode.objects.filter(ledger_account=account).values_list("kashflow_id", "pk"))
    # A sales type that came between the two lists is there at the next sync, with its products.
    known = {
        key: {"name": values["name"], "code": values["code"], "account_code_id": parents[values["parent"]]}
        for key, values in products.items()
        if values["parent"] in parents
    }
    return merging.merge(ProductCode.objects.filter(ledger_account=account), account, known)


SYNCS: dict[str, Callable[[Gateway, Reading], Writing]] = {
    "sync_bank_accounts": _read_bank_accounts,
    "sync_sales_codes": _read_sales_codes,
    "sync_account_codes": _read_account_codes,
}
"""For each kind of sync what reads its lists and returns what is to be written."""

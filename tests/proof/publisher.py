"""A publisher at work beside a live KashFlow: what people do, what goes wrong, and time, which is moved by hand.

One thread plays everybody: a worker that is killed raises, a worker that is frozen lets the others work inside it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from clients.customers import resolve_wanted
from clients.linking import CustomerTaken, create_customer_anyway, link_customer
from clients.models import Client, CustomerLink
from invoicing.models import Invoice, NumberCounter, Transfer
from invoicing.restoring import after_restore
from invoicing.transfer import applying, claims, creating, deleting, lanes, outcomes, paying, services
from invoicing.transfer.pauses import AFTER_RESTORE
from invoicing.transfer.services import NothingToTransfer, TransfersStopped
from invoicing.transfer.states import NEEDS_YOU, TERMINAL, Event, State
from kashflow import connections, syncs
from kashflow.account import resume_account
from kashflow.door import Door
from kashflow.gateway.transport import Limits
from kashflow.limits import Times
from kashflow.models import BankAccount, Connection, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.tasks import sync
from magmanager.common.models import ClockReading, Run
from settings_app.models import PaymentMethod
from tests import factories
from tests.invoicing import batches
from tests.proof.bookkeeper import Bookkeeper
from tests.proof.decisions import Decisions
from tests.sandboxes import LiveSandbox

PASSWORD = "Llanthony-Priory-1108"
FIRST_NUMBER = 20_431
LEASE, SETTLE, BETWEEN = Times().lease + 1, Times().settle + 1, Times().between_looks + 1
LATE_COMMIT = Times().late_commit
LOOKS_AGAIN_WITHIN = 3601.0
# What waits by a clock that was set back a day waits a day longer.
A_DAY = 24 * 3600.0
ROUNDS = 40


class Killed(BaseException):
    """The worker's process is gone; no `except Exception` of the product sees it."""


class Publisher:
    """The people, the worker and the clock. `account` is how KashFlow treats numbers: its settings in the sandbox."""

    def __init__(self, patch: pytest.MonkeyPatch, connection: Connection, sandbox: LiveSandbox) -> None:
        self.sandbox = sandbox
        self.account_id = connection.ledger_account_id
        self.requested: set[str] = set()
        self.was_restored = False
        self._late: float | None = None
        self._ahead = 0.0
        self._stop: tuple[str, Event, Callable[[], None]] | None = None
        sandbox.reset("demo")
        sandbox.settings(password=PASSWORD)
        connection.seal(PASSWORD)
        connection.save()
        self.by = factories.user("Accounts")
        self.decisions = Decisions(factories.user("Admin"), sandbox, self.requested)
        self.bookkeeper = Bookkeeper(sandbox)
        self._prepare_payments()
        NumberCounter.objects.update(next_number=FIRST_NUMBER)
        lanes.sweep()
        self._move_clocks(patch)
        self._let_stop(patch)

    def _prepare_payments(self) -> None:
        """KashFlow's bank accounts and payment methods are known, and one of ours is one of theirs."""
        sync(str(syncs.sync_bank_accounts(by=self.decisions.by).pk))
        LedgerAccount.objects.update(bank_account=BankAccount.objects.first())
        PaymentMethodMapping.objects.get_or_create(
            ledger_account=self.account,
            method=PaymentMethod.objects.filter(is_enabled=True)[0],
            defaults={"kashflow_method": KashFlowMethod.objects.all()[1]},
        )

    # --- Seams ----------------------------------------------------------------------------------------------

    def _move_clocks(self, patch: pytest.MonkeyPatch) -> None:
        """The monotonic clock of looks and send deadlines goes with `pass_time`."""
        for module in ("looks", "applying", "deleting", "paying"):
            patch.setattr(f"invoicing.transfer.{module}.time", SimpleNamespace(monotonic=self._monotonic))
        patch.setattr("kashflow.gateway.connection.monotonic", self._monotonic)

    def _monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def _let_stop(self, patch: pytest.MonkeyPatch) -> None:
        record = creating.record

        def stopped(transfer: Transfer, event: Event, **values: Any) -> None:
            self._reach("before", event)
            record(transfer, event, **values)
            self._reach("after", event)

        for module in (creating, applying, deleting, paying, outcomes):
            patch.setattr(module, "record", stopped)
        limits = Door.limits.fget
        assert limits is not None

        def short(door: Door) -> Limits:
            # Who waits for a create that is held would wait 75 seconds.
            return limits(door) if self._late is None else replace(limits(door), create=0.25)

        patch.setattr(Door, "limits", property(short))

    def _reach(self, when: str, event: Event) -> None:
        if self._stop and self._stop[:2] == (when, event):
            act, self._stop = self._stop[2], None
            act()

    # --- People ---------------------------------------------------------------------------------------------

    @property
    def account(self) -> LedgerAccount:
        return LedgerAccount.objects.get(pk=self.account_id)

    def raise_invoices(self, *prices: str, payer: Client | None = None) -> list[Invoice]:
        """One for each price, each for a new client unless `payer` is given; then it is one with all the lines."""
        lines = [factories.booking(payer or factories.client_row(), price=price) for price in prices]
        return list(batches.raised(self.by, lines).invoices.order_by("number"))

    def press(self, invoices: list[Invoice]) -> None:
        """*Transfer to KashFlow*; what the page would refuse is refused."""
        self.requested |= {invoice.marker for invoice in invoices}
        with suppress(NothingToTransfer, TransfersStopped):
            services.request_transfers(by=self.by, invoice_ids=[invoice.pk for invoice in invoices])

    def decide_customers(self) -> bool:
        """A person says who is who by the name, wherever that waits; whether anything was decided.

        Refused is a code that another client holds for the moment: until its own look, which the minute's task makes.
        """
        waiting = list(CustomerLink.objects.filter(state=CustomerLink.State.MATCH).select_related("client"))
        decided, by = 0, factories.user("Admin") if waiting else self.by
        for link in waiting:
            who = {"by": by, "client": link.client, "account": self.account}
            same = [one for one in link.candidates if one["name"] == link.client.name]
            with suppress(CustomerTaken):
                if same:
                    link_customer(**who, customer_id=same[0]["customer_id"])
                else:
                    create_customer_anyway(**who)
                decided += 1
        if decided < len(waiting):
            resolve_wanted()
        return decided > 0

    def mend_login(self) -> None:
        """The admin presses *Check Connection*, which works again, and paused runs are resumed."""
        for login in Connection.objects.exclude(refusal=""):
            connections.mended(login)
        for run in Run.objects.filter(state=Run.State.PAUSED):
            services.resume_run(by=self.by, run=run)

    def mend_account(self) -> None:
        """An admin does what the pause of the account asks for, and lets transfers go on."""
        account = self.account
        if AFTER_RESTORE in account.paused_reason:
            after_restore()
        if account.paused_reason:
            resume_account(by=self.decisions.by, account=account)

    def recheck_all(self) -> None:
        """Whatever needs a person is looked for again, and every payment is asked for."""
        for transfer in Transfer.objects.filter(state__in=NEEDS_YOU):
            self.decisions.recheck(transfer)
        self.decisions.transfer_payments()

    # --- Workers --------------------------------------------------------------------------------------------

    def work(self) -> None:
        """A sweep, then one lane until nothing is due or it is killed."""
        lanes.sweep()
        self.lane()

    def lane(self) -> None:
        with suppress(Killed):
            lanes.carry_due(self.account_id, wake_another=lambda: None, seconds=60)

    def kill(self, when: str, event: Event) -> None:
        """A lane whose process dies at that record, if it comes there."""

        def die() -> None:
            raise Killed

        self._stop = (when, event, die)
        self.work()
        self._stop = None

    def abandon(self) -> None:
        """A worker claims what is next and is gone."""
        for transfer_id in claims.next_ids(self.account)[:1]:
            claims.claim(self.account_id, transfer_id)

    def freeze(self, when: str, event: Event) -> None:
        """A worker that stands still at that record while leases run out and another one does everything."""

        def stand_still() -> None:
            for seconds in (LEASE, SETTLE, BETWEEN):
                self.pass_time(seconds)
                self.work()

        self._stop = (when, event, stand_still)
        self.work()
        self._stop = None

    # --- Time and the outside -------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Lets `seconds` pass; a create that KashFlow still has is carried out before it is too late for it."""
        if self._late is not None:
            self._late += seconds
            if self._late >= LATE_COMMIT:
                self.carry_out_late()
        self._ahead += seconds
        self._move_rows(seconds)

    def jump(self, seconds: float) -> None:
        """The wall clock is set ahead; no time passes."""
        ClockReading.objects.update(ahead_seconds=F("ahead_seconds") - seconds)
        self._move_rows(seconds)

    def _move_rows(self, seconds: float) -> None:
        by = dt.timedelta(seconds=seconds)
        columns = ("not_before", "lease_until", "ambiguous_since", "absent_first_at", "sent_at")
        for transfer in Transfer.objects.all():
            moved = {name: getattr(transfer, name) - by for name in columns if getattr(transfer, name)}
            Transfer.objects.filter(pk=transfer.pk).update(**moved)

    def hold_creates(self) -> None:
        """KashFlow takes creates and leaves them for later, until `carry_out_late`."""
        if self._late is None:
            self.sandbox.hold("InsertInvoice", "received")
            self._late = 0.0

    def carry_out_late(self) -> None:
        """Carries out what was held; returns when that is done."""
        self.sandbox.release()
        self._late = None
        while any(not call["outcome"] for call in self.sandbox.log("InsertInvoice")):
            time.sleep(0.002)

    def back_up(self) -> str:
        """A backup of the product's database: its name."""
        return transaction.savepoint()

    def restore(self, backup: str) -> None:
        """The database is as it was; KashFlow is not. It takes longer than any call."""
        if self._late is not None:
            self.carry_out_late()
        transaction.savepoint_rollback(backup)
        self.was_restored = True

    # --- To the end -----------------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        """Faults stop, people do their part, and everything that was asked for is asked for again where it must be."""
        self.sandbox.no_faults()
        if self._late is not None:
            self.carry_out_late()
        self.mend_account()
        self.mend_login()
        self.press(list(Invoice.objects.filter(marker__in=self.requested)))
        self._until_nothing_moves()
        # What came to need a person on the way, or waited for what did.
        self.recheck_all()
        self._until_nothing_moves()

    def _until_nothing_moves(self) -> None:
        for seconds in self._rounds():
            self.pass_time(seconds)
            self.mend_account()
            self.work()
            if self.decide_customers():
                self.press(list(Invoice.objects.filter(transfers__state__in=NEEDS_YOU)))

    def _rounds(self) -> Iterator[float]:
        """Waits, until nothing is under way any more."""
        for n in range(ROUNDS):
            yield (BETWEEN, SETTLE, LOOKS_AGAIN_WITHIN, A_DAY)[n % 4]
            is_held = CustomerLink.objects.filter(state=CustomerLink.State.MATCH)
            if not under_way().exists() and not is_held.exists():
                return

    def states(self) -> list[State]:
        return [
            State(one) for one in Transfer.objects.order_by("invoice__number").values_list("state", flat=True)
        ]


def under_way() -> QuerySet[Transfer]:
    """The transfers that go on by themselves: all but those that wait for a document which needs a person."""
    there = Transfer.objects.filter(kind=Transfer.Kind.CREATE, state=State.VERIFIED)
    lacks_invoice = Q(~Exists(there.filter(invoice=OuterRef("invoice__credits"))))
    lacks_note = Q(~Exists(there.filter(invoice=OuterRef("invoice"))), kind=Transfer.Kind.APPLY)
    waits = Q(lacks_invoice | lacks_note, state=State.READY, invoice__credits__isnull=False)
    return Transfer.objects.exclude(state__in=[*TERMINAL, *NEEDS_YOU]).exclude(waits)

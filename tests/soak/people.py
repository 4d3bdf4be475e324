"""The people of a soak: they raise and press, type documents into KashFlow, and mend what is said to need them."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from clients import linking
from clients.models import Client, CustomerLink
from invoicing import tasks
from invoicing.models import Invoice, Transfer
from invoicing.transfer import services
from invoicing.transfer.states import NEEDS_YOU, State
from kashflow import account as kashflow_account
from kashflow import connections
from kashflow.connections import fingerprint
from kashflow.limits import times
from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import DomainError
from magmanager.common.wake import wake
from tests import factories, oracle
from tests.faults.house import House
from tests.invoicing.transfer.conftest import FIRST_NUMBER, raised
from tests.soak.plan import Configuration

# So many are pressed at a time, and the next when no more than these wait.
WAVE, WAITING = 40, 60
PAYERS = 12
LONGEST_WAIT = 1.5


class People:
    """The accountants, the admin, and the bookkeeper who types in KashFlow."""

    def __init__(self, configuration: Configuration, house: House, chance: random.Random) -> None:
        self._configuration, self._house, self._chance = configuration, house, chance
        self._ledger = house.sandbox.server.ledger
        self._number = FIRST_NUMBER
        self._wanted = configuration.invoices
        self._planted: dict[int, int] = {}
        self._before: list[dict[str, Any]] = house.sandbox.invoices()
        self._stranger = house.sandbox.state()["customers"][0]["CustomerID"]
        for _ in range(3):
            self._type(0)
        self._furnish()

    def _furnish(self) -> None:
        call_command("migrate", verbosity=0)
        factories.company()
        factories.kashflow_on()
        code = next(one["id"] for one in self._house.sandbox.state()["nominals"] if one["Code"] == 4000)
        account = factories.ledger_account(
            sales_code_id=code,
            numbering=self._configuration.strategy,
            fingerprint=fingerprint(self._house.sandbox.company()),
        )
        self._admin = factories.user("Admin")
        factories.saved_login(account, self._admin)
        self._accountants = [factories.user("Accounts"), factories.user("Accounts")]
        self._payers: list[Client] = [factories.client_row() for _ in range(PAYERS)]

    @property
    def _account(self) -> LedgerAccount:
        return LedgerAccount.objects.get()

    def act(self) -> None:
        """Everything that is to be done now."""
        self._shorten_the_backoff()
        self._mend_the_connection()
        self._choose_the_numbering()
        self._say_who_is_who()
        if not self._is_stopped():
            self._mend()
            self._next_wave()

    def _say_who_is_who(self) -> None:
        """KashFlow said wrongly, twice, that a customer is not there: the admin links the one that is."""
        waiting = CustomerLink.objects.filter(state=CustomerLink.State.MATCH).select_related("client")
        codes = {one["Code"] for one in self._house.sandbox.state()["customers"]} if waiting else set()
        for link in waiting:
            who: dict[str, Any] = {"by": self._admin, "client": link.client, "account": self._account}
            with suppress(DomainError):
                if link.code in codes:
                    linking.link_by_code(code=link.code or "", **who)
                else:
                    linking.create_customer_anyway(**who)

    def have_sent_all(self) -> bool:
        """Whether every invoice was raised, pressed and tried."""
        return self._left == 0 and not Transfer.objects.filter(state__in=["ready", "claimed"]).exists()

    def are_done(self) -> bool:
        """Whether every invoice is in KashFlow for certain."""
        return self._left == 0 and not Transfer.objects.exclude(state="verified").exists()

    @property
    def _left(self) -> int:
        return self._wanted - Invoice.objects.count()

    def raise_no_more(self) -> None:
        """What is there is all there will be."""
        self._wanted = min(self._wanted, Invoice.objects.count())

    # --- Raising and pressing --------------------------------------------------------------------------------

    def _next_wave(self) -> None:
        if not self._left or Transfer.objects.exclude(state__in=["verified"]).count() > WAITING:
            return
        invoices = [self._raise() for _ in range(min(WAVE, self._left))]
        self._type_something(invoices)
        self._press(invoices)

    def _raise(self) -> Invoice:
        number, self._number = self._number, self._number + 1
        pounds = [f"{self._chance.randrange(1, 90_000) / 100:.2f}" for _ in range(self._chance.randint(1, 4))]
        return raised(self._accountants[0], self._chance.choice(self._payers), number, *pounds)

    def _type_something(self, invoices: list[Invoice]) -> None:
        """The bookkeeper's own documents: one under a number we are about to use, one under KashFlow's next."""
        if self._account.numbering == "ours" and self._configuration.numbering == "honour":
            chosen = self._chance.choice(invoices)
            self._planted[chosen.number] = self._type(chosen.number)
        else:
            self._type(0)

    def _type(self, number: int) -> int:
        line = {
            "Quantity": "1",
            "Rate": "99.00",
            "VatRate": "20",
            "VatAmount": "19.80",
            "Description": "Typed",
        }
        dbid = self._ledger.add_invoice(
            [line], InvoiceNumber=number, CustomerID=self._stranger, InvoiceDate="2026-11-20T00:00:00"
        )[1]
        # Kept as the state shows it, since that is what it is compared with.
        self._before.append(next(one for one in self._house.sandbox.invoices() if one["InvoiceDBID"] == dbid))
        return dbid

    def _press(self, invoices: list[Invoice]) -> None:
        by = self._chance.choice(self._accountants)
        try:
            services.request_transfers(by=by, invoice_ids=[one.pk for one in invoices])
        except DomainError:
            # Stopped in between. What has no row yet is pressed with the next mending.
            return
        wake(tasks.work, self._account.pk)

    def _shorten_the_backoff(self) -> None:
        """What failed again and again would wait an hour; no settle wait becomes shorter by this."""
        now = timezone.now()
        settled = Q(state="ambiguous", ambiguous_since__lte=now - dt.timedelta(seconds=times().settle))
        far = Transfer.objects.filter(tries__gt=0, not_before__gt=now + dt.timedelta(seconds=LONGEST_WAIT))
        far.filter(settled | Q(state__in=["ready", "sent"])).update(not_before=now)

    # --- Mending ---------------------------------------------------------------------------------------------

    def _is_stopped(self) -> bool:
        return bool(self._account.paused_reason) or Connection.objects.exclude(refusal="").exists()

    def _mend_the_connection(self) -> None:
        for login in Connection.objects.exclude(refusal=""):
            connections.mended(login)

    def _choose_the_numbering(self) -> None:
        """The admin's choice once the account paused: KashFlow's where it numbers by itself, else ours anew."""
        account = self._account
        if not account.paused_reason:
            return
        keeps_ours = self._configuration.numbering == "honour"
        with transaction.atomic():
            for numbering in ["kashflow", "ours"] if keeps_ours else ["kashflow"]:
                kashflow_account.change_kashflow_settings(
                    by=self._admin, account=account, values={"numbering": numbering}
                )

    def _mend(self) -> None:
        """What needs somebody: the wrong document is deleted in KashFlow, and the invoice is pressed again."""
        needing = list(Transfer.objects.filter(state__in=NEEDS_YOU).select_related("invoice"))
        forgotten = list(Invoice.objects.filter(transfers=None))
        if not needing and not forgotten:
            return
        mine = {
            oracle.marker_of(one): one["InvoiceDBID"]
            for transfer in needing
            for one in self._documents_of(transfer.invoice)
        }
        for transfer in needing:
            for dbid in (
                mine.get(transfer.invoice.marker),
                self._planted.pop(transfer.invoice.number, None),
            ):
                self._delete(dbid)
        self._press([*(transfer.invoice for transfer in needing), *forgotten])

    def _documents_of(self, invoice: Invoice) -> list[dict[str, Any]]:
        with self._ledger.reading() as db:
            found = db.execute(
                'SELECT * FROM invoice WHERE "CustomerReference" LIKE ?', (f"%{invoice.marker}",)
            )
            return [dict(one) for one in found]

    def _delete(self, dbid: int | None) -> None:
        if dbid is not None:
            self._ledger.delete_invoice(dbid)
            self._before = [one for one in self._before if one["InvoiceDBID"] != dbid]

    # --- What came of it -------------------------------------------------------------------------------------

    def row(self) -> dict[str, Any]:
        """The row of the table, without kills and time."""
        logs = list(self._house.folder.glob("*.log"))
        found = oracle.find(
            oracle.product_rows(), self._house.sandbox.invoices(), before=self._before, logs=logs
        )
        log = self._house.sandbox.log()
        customers = [one["Name"] for one in self._house.sandbox.state()["customers"]]
        twice = [payer.name for payer in self._payers if customers.count(payer.name) > 1]
        at_rest = Transfer.objects.filter(state=State.VERIFIED).count()
        return {
            "invoices": Invoice.objects.count(),
            "verified": at_rest,
            "calls": len(log),
            "faulty": sum(bool(call["fault"]) for call in log),
            "duplicates": len(found.duplicates) + len(twice),
            "lost": len(found.lost) + self._wanted - at_rest,
            "unrecorded": len(found.unrecorded) + len(found.untrue) + len(found.unknown) + len(found.leaked),
            "pence": abs(found.pence),
            "foreign": len(found.foreign_changed),
            "problems": [*found.problems, *(f"customer {name} is there twice" for name in twice)][:20],
        }

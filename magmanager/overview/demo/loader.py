"""Loads the demo publisher: everything, or nothing when it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from clients.models import Client
from invoicing.models import Invoice, NumberCounter, Transfer
from kashflow.sandbox.ledger import Ledger
from magmanager.common.errors import DomainError
from magmanager.overview.demo import account, people
from magmanager.overview.demo.advertisers import Advertisers
from magmanager.overview.demo.billing import FIRST_NUMBER, Billing
from magmanager.overview.demo.books import Books
from magmanager.overview.demo.codes import add_codes
from magmanager.overview.demo.customers import Customers
from magmanager.overview.demo.derived import write_derived
from magmanager.overview.demo.plan import Plan
from magmanager.overview.demo.rows import move_sequences_on
from magmanager.overview.demo.sales import Sales
from magmanager.overview.demo.synced import add_sync_runs
from magmanager.overview.demo.titles import ITEMS, SIZES, add_shelf, titles_of
from settings_app import audit
from settings_app.models import CompanyDetails, User

FEWEST_CLIENTS = 5


class NotEmpty(DomainError):
    """There is somebody's data already."""

    code = "not_empty"


def is_empty() -> bool:
    """Whether nobody uses this database yet."""
    return not User.objects.exists() and not Client.objects.exists()


def load(plan: Plan, ledger_path: Path, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Writes the publisher of `plan`, and the sandbox's ledger at `ledger_path`, which *reset* returns to.

    Raises NotEmpty where there are people or clients: demo data is never mixed with anybody's own.
    """
    if not is_empty():
        raise NotEmpty(
            "There is data in this database already, so no demo data was loaded. Use an empty database."
        )
    ledger = Ledger(ledger_path)
    try:
        with transaction.atomic(), ledger.transaction():
            ledger.reset("empty")
            _fill(plan, ledger, tell)
        ledger.save_as_demo()
    finally:
        ledger.close()


def _fill(plan: Plan, ledger: Ledger, tell: Callable[[str], None]) -> None:
    staff = people.add_people()
    company = people.set_company(plan)
    ours = account.add_account(ledger, company)
    logins = account.save_logins(plan, ours, staff)
    codes = add_codes(ledger, ours, titles_of(plan), sizes=list(SIZES), items=[name for name, *_ in ITEMS])
    account.set_defaults(codes)
    add_sync_runs(plan, logins["admin"])
    tell("Publications and issues")
    shelf = add_shelf(plan, codes)
    tell(f"{plan.clients:,} clients")
    advertisers = Advertisers(plan, people.salespeople(staff))
    advertisers.add_all()
    tell(f"{plan.bookings:,} bookings")
    Sales(plan, shelf, advertisers).add_all()
    NumberCounter.objects.update_or_create(pk=1, defaults={"next_number": FIRST_NUMBER})
    customers = Customers(plan, ledger, ours, staff["accounts"])
    tell("Invoices, KashFlow's ledger and payments")
    Billing(plan, staff["accounts"], Books(plan, ledger, codes, customers, logins["accounts"])).add_all()
    write_derived()
    customers.add_others()
    move_sequences_on()
    _record(plan, company)


def _record(plan: Plan, company: CompanyDetails) -> None:
    counts = {"clients": plan.clients, "bookings": plan.bookings, "seed": plan.seed}
    counts |= {"invoices": Invoice.objects.count(), "in_kashflow": Transfer.objects.count()}
    audit.record("demo.loaded", company, by=None, after={name: str(count) for name, count in counts.items()})

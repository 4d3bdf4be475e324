"""`manage.py load_demo`: what it refuses, and the same rows for the same seed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from bookings.models import Booking
from clients.models import Client, Contact
from invoicing.models import Invoice, Transfer
from kashflow.sandbox.ledger import Ledger
from magmanager.overview.demo import sales
from publications.models import Publication
from settings_app.models import User
from tests import factories
from tests.overview.loading import load

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_production_refuses_it(settings: Any, ledger: Path) -> None:
    settings.IN_PRODUCTION = True
    with pytest.raises(CommandError, match="production refuses"):
        load(ledger)
    assert not User.objects.exists()
    assert not ledger.exists()


def test_a_database_in_use_is_left_alone(ledger: Path) -> None:
    factories.user("Sales")
    with pytest.raises(CommandError, match="There is data in this database already"):
        load(ledger)
    assert User.objects.count() == 1
    assert not Client.objects.exists()
    assert not ledger.exists()


def test_if_empty_keeps_what_is_there(ledger: Path) -> None:
    factories.user("Sales")
    load(ledger, if_empty=True)
    assert not Client.objects.exists()
    assert not ledger.exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--clients", "4"), ("--bookings", "none"), ("--today", "22.11.2026")]
)
def test_a_wrong_option_is_named(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=value):
        call_command("load_demo", option, value)
    assert not User.objects.exists()


def test_the_same_seed_makes_the_same_data(tmp_path: Path) -> None:
    with undone():
        load(tmp_path / "first.sqlite3")
        first = everything(tmp_path / "first.sqlite3")
    with undone():
        load(tmp_path / "other.sqlite3", seed=8)
        other = everything(tmp_path / "other.sqlite3")
    load(tmp_path / "second.sqlite3")
    assert everything(tmp_path / "second.sqlite3") == first
    assert {name for name in first if other[name] == first[name]} <= {"titles"}


def everything(path: Path) -> dict[str, list[Any]]:
    """What was made, without the database's own ids and the random Guid that KashFlow gives a document."""
    kept = Ledger(path).contents()
    invoices = [
        {name: value for name, value in one.items() if name not in {"Guid", "PermaLink", "Lines"}}
        for one in kept["invoices"]
    ]
    return {
        "titles": list(Publication.objects.order_by("code").values_list("code", "name", "interval")),
        "clients": list(
            Client.objects.order_by("pk").values_list(
                "name", "postcode", "email", "balance_amount", "oldest_due_on"
            )
        ),
        "contacts": list(
            Contact.objects.order_by("pk").values_list("client_id", "first_name", "last_name", "email")
        ),
        "bookings": list(
            Booking.objects.order_by("pk").values_list("client_id", "issue_id", "price", "booked_at", "state")
        ),
        "invoices": list(
            Invoice.objects.order_by("pk").values_list("number", "marker", "payer_id", "total", "paid_amount")
        ),
        "transfers": list(
            Transfer.objects.order_by("pk").values_list("pk", "invoice_id", "kashflow_dbid", "sent_at")
        ),
        "customers": kept["customers"],
        "documents": invoices,
    }


def test_reset_brings_the_demo_ledger_back(ledger: Path) -> None:
    load(ledger, bookings=50)
    kept = Ledger(ledger)
    before = kept.contents()
    kept.add_customer(Name="Typed by the bookkeeper")
    kept.reset("demo")
    assert kept.contents() == before


@pytest.mark.soak
def test_no_more_bookings_are_held_when_more_are_made(ledger: Path) -> None:
    held = []

    def count_bookings(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "bookings_instalment"'):
            held.append(sum(type(one) is Booking for one in gc.get_objects()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count_bookings):
        load(ledger, bookings=5000)
    assert Booking.objects.count() == 5000
    assert len(held) > 3
    # A chunk is so many series, about two bookings each; the one before is still there until it is replaced.
    assert max(held) < 5 * sales.CHUNK < 5000

"""What `manage.py load_demo` made: rows that obey every rule, the same in KashFlow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, Sum

from bookings.models import Booking, Instalment
from clients.models import Client, CustomerLink
from invoicing import documents
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer
from invoicing.transfer import mapping
from kashflow import syncs
from kashflow.buttons import last_runs
from kashflow.connections import fingerprint
from kashflow.gateway.client import Gateway
from kashflow.gateway.transport import Transport
from kashflow.models import AccountCode, Connection, LedgerAccount, PaymentMethodMapping, ProductCode
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.server import Sandbox
from publications.models import Issue, Publication
from settings_app.models import SystemDefaults
from tests import factories, tables
from tests.overview.loading import TODAY, load

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded_once(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The rows are there for every test of this file, each of which undoes what it changes; the ledger's path."""
    path = tmp_path_factory.mktemp("demo") / "ledger.sqlite3"
    with django_db_blocker.unblock(), transaction.atomic():
        load(path)
        yield path
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loaded_once: Path, db: None, tmp_path: Path) -> Ledger:
    tables.copy(loaded_once, tmp_path / "ledger.sqlite3")
    return Ledger(tmp_path / "ledger.sqlite3")


def pounds(text: object) -> Decimal:
    return Decimal(str(text)).quantize(Decimal("0.01"))


def test_the_counts_are_those_asked_for(loaded: Ledger) -> None:
    assert Client.objects.count() == 24
    assert Booking.objects.count() == Instalment.objects.count() == 500
    assert sorted(Publication.objects.values_list("code", "interval")) == [
        ("HW", "weekly"),
        ("MT", "bi_monthly"),
        ("WVL", "monthly"),
    ]
    span = Issue.objects.aggregate(first=Min("on_sale_on"), last=Max("on_sale_on"))
    assert span["first"] <= dt.date(2025, 11, 30)
    assert span["last"] >= dt.date(2027, 5, 10)


def test_every_constraint_holds_and_numbers_have_no_gap(loaded: Ledger) -> None:
    connection.check_constraints()
    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(10_001, 10_001 + len(numbers)))
    assert NumberCounter.objects.get().next_number == numbers[-1] + 1
    sold = Sum("bookings__advert_size__parts", filter=Q(bookings__state="confirmed"))
    for issue in Issue.objects.annotate(parts=sold):
        assert (issue.parts or 0) <= 144 * issue.page_count


def test_sums_agree_with_kashflow_to_the_penny(loaded: Ledger) -> None:
    theirs = {one["InvoiceNumber"]: one for one in loaded.invoices()}
    transferred = Invoice.objects.filter(transfers__state="verified").prefetch_related("transfers")
    assert len(transferred) == len(theirs) > 100
    for invoice in transferred:
        found, transfer = theirs[invoice.number], invoice.transfers.get()
        assert pounds(found["NetAmount"]) == invoice.amount
        assert pounds(found["VATAmount"]) == invoice.vat_amount
        assert pounds(found["AmountPaid"]) == invoice.paid_amount
        assert bool(found["Paid"]) == (invoice.paid_state == "paid")
        assert (transfer.kashflow_number, transfer.kashflow_dbid) == (invoice.number, found["InvoiceDBID"])
        assert transfer.verified_total == invoice.total * 100
        assert mapping.marker_of(str(found["CustomerReference"])) == invoice.marker


def test_lines_add_up_and_bookings_are_billed_once(loaded: Ledger) -> None:
    sums = InvoiceLine.objects.values("invoice").annotate(
        amount=Sum("amount"), vat=Sum("vat_amount"), n=Count("pk")
    )
    found = {one["invoice"]: (one["amount"], one["vat"], one["n"]) for one in sums}
    assert found == {
        invoice.pk: (invoice.amount, invoice.vat_amount, invoice.item_count)
        for invoice in Invoice.objects.all()
    }
    closed = set(Instalment.objects.filter(is_open=False).values_list("pk", flat=True))
    assert set(InvoiceLine.objects.values_list("instalment_id", flat=True)) == closed


def test_what_clients_store_is_what_the_rows_say(loaded: Ledger) -> None:
    for client in Client.objects.all():
        confirmed = Booking.objects.filter(client=client, state="confirmed")
        facts = confirmed.aggregate(first=Min("booked_at"), until=Max("issue__off_sale_on"))
        unpaid = [one for one in Invoice.objects.filter(payer=client) if one.paid_amount < one.total]
        assert (client.first_booked_at, client.booked_until_on) == (facts["first"], facts["until"])
        assert client.balance_amount == sum(one.total - one.paid_amount for one in unpaid)
        assert client.oldest_due_on == min((one.due_on for one in unpaid), default=None)


def test_last_month_waits_for_the_transfer_and_this_month_for_its_invoices(loaded: Ledger) -> None:
    untransferred = Invoice.objects.filter(transfers=None)
    assert {invoice.invoice_date for invoice in untransferred} == {dt.date(2026, 10, 30)}
    assert set(untransferred.values_list("paid_state", "paid_as_of")) == {("unpaid", None)}
    to_invoice = Instalment.objects.invoiceable().filter(
        issue__on_sale_on__month=11, issue__on_sale_on__year=2026
    )
    preview = documents.preview(list(to_invoice.values_list("pk", flat=True)), TODAY)
    assert len(preview.documents) > 5
    assert preview.held == ()


def test_states_of_payment_and_of_clients_are_mixed(loaded: Ledger) -> None:
    assert set(Invoice.objects.values_list("paid_state", flat=True)) >= {"paid", "unpaid"}
    assert Client.objects.filter(oldest_due_on__lt=TODAY).exists()
    assert Client.objects.active(TODAY).exists() and Client.objects.prospects().exists()
    assert Client.objects.filter(agency__isnull=False).exists()
    linked = set(CustomerLink.objects.values_list("client_id", flat=True))
    assert linked == set(Invoice.objects.exclude(transfers=None).values_list("payer_id", flat=True))
    emails = {str(one["Email"]) for one in loaded.customers()}
    assert Client.objects.prospects().filter(email__in=emails).exists()
    # Whoever is still to be linked is not in KashFlow under another code: their first transfer creates them.
    new = Invoice.objects.exclude(payer__in=linked)
    assert not set(new.values_list("payer__email", flat=True)) & emails


def test_the_demo_logins_open_the_product_and_the_sandbox(loaded: Ledger) -> None:
    roles = {"admin": "Admin", "sales": "Sales", "accounts": "Accounts", "production": "Production"}
    for name, role in roles.items():
        person = authenticate(None, email=f"{name}@demo.example", password="demo")
        assert person is not None and list(person.groups.values_list("name", flat=True)) == [role]
    saved = Connection.objects.select_related("user")
    assert {one.user.email: (one.username, one.unseal()) for one in saved} == {
        "admin@demo.example": ("demo", "demo"),
        "accounts@demo.example": ("demo", "demo"),
    }
    account = LedgerAccount.objects.get(is_current=True)
    assert account.office_login.user.email == "admin@demo.example"
    assert account.slots.count() == 8
    defaults = SystemDefaults.current()
    assert defaults.uses_kashflow and defaults.use_account_codes


def test_kashflow_over_http_reads_what_we_sent(loaded: Ledger) -> None:
    account = LedgerAccount.objects.get()
    sandbox = Sandbox(loaded.path)
    sandbox.start()
    gateway = Gateway(Transport(sandbox.endpoint), "demo", "demo")
    try:
        assert fingerprint(gateway.get_company_details()) == account.fingerprint
        for transfer in Transfer.objects.select_related("invoice").order_by("invoice__number")[:20]:
            customer_id = CustomerLink.objects.get(client=transfer.invoice.payer_id).customer_id
            lines = list(transfer.invoice.lines.select_related("account_code", "product_code"))
            sent = mapping.document(transfer.invoice, lines, account, customer_id=customer_id)
            assert mapping.differences(sent, gateway.get_invoice(transfer.invoice.number)) == []
        codes = {(one.nominal_id, one.code, one.name) for one in gateway.get_nominal_codes_extended()}
        products = {
            (one.product_id, one.code)
            for kind in gateway.get_products_with_sub_products()
            for one in kind.products
        }
    finally:
        gateway.close()
        sandbox.stop()
    assert codes == set(AccountCode.objects.values_list("kashflow_id", "code", "name"))
    assert products == set(ProductCode.objects.values_list("kashflow_id", "code"))


def test_new_rows_follow_the_loaded_ones(loaded: Ledger) -> None:
    last = Client.objects.aggregate(last=Max("pk"))["last"]
    assert factories.client_row().pk > last


def test_every_way_of_paying_is_known_in_kashflow(loaded: Ledger) -> None:
    found = PaymentMethodMapping.objects.values_list("method__name", "kashflow_method__name")
    assert dict(found) == {
        "BACS": "BACS",
        "Card": "Credit Card",
        "Cash": "Cash",
        "Cheque": "Cheque",
        "Direct Debit": "Direct Debit",
        "Standing Order": "BACS",
    }


def test_the_codes_were_synced(loaded: Ledger) -> None:
    found = {kind: (run.state, run.summary, run.by.email) for kind, run in last_runs([*syncs.SYNCS]).items()}
    assert found == {
        "sync_bank_accounts": ("finished", "3 added; 5 payment methods added", "admin@demo.example"),
        "sync_sales_codes": ("finished", found["sync_sales_codes"][1], "admin@demo.example"),
        "sync_account_codes": ("finished", "5 added", "admin@demo.example"),
    }
    types, products = AccountCode.objects.filter(is_sales_type=True).count(), ProductCode.objects.count()
    assert found["sync_sales_codes"][1] == f"{types} added; {products} inventory codes added"

"""Rows for tests: believable defaults, each call a new row, nothing random."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from bookings.models import Booking, BookingSet, Instalment
from clients import matches
from clients.customer_codes.reading import FoundCustomer
from clients.models import Client, CodeMatchRow, Contact
from invoicing.models import Invoice, Payment, Transfer
from invoicing.payments import record_payment
from kashflow.models import AccountCode, ApiCall, CallSlot, Connection, LedgerAccount
from publications.models import AdvertSize, Issue, Publication, RateCardEntry
from settings_app.models import CompanyDetails, PaymentMethod, SystemDefaults, User, VatRate

PASSWORD = "correct horse battery staple"
_next = count(1)


def user(role: str = "Admin", **fields: Any) -> User:
    """A person with `role` (empty: none), password PASSWORD."""
    n = next(_next)
    fields = {"email": f"person{n}@publisher.example", "name": f"Person {n}", **fields}
    person = User.objects.create_user(password=PASSWORD, **fields)
    if role:
        person.groups.add(Group.objects.get(name=role))
    return person


def company(**fields: Any) -> CompanyDetails:
    """The publisher, charging the standard rate."""
    fields = {"name": "Marches & Wye Media Ltd", "vat_rate": VatRate.objects.get(name="Standard"), **fields}
    return CompanyDetails.objects.update_or_create(pk=1, defaults=fields)[0]


def kashflow_on(**fields: Any) -> SystemDefaults:
    """System Defaults with KashFlow as the accounts package."""
    return SystemDefaults.objects.update_or_create(pk=1, defaults={"accounts_package": "kashflow", **fields})[
        0
    ]


def client_row(**fields: Any) -> Client:
    """A client with an address, an e-mail address and a primary contact."""
    n = next(_next)
    fields = {
        "name": f"Client {n} Ltd",
        "address1": f"{n} High Street",
        "town": "Hereford",
        "postcode": "HR1 2AB",
        "email": f"accounts@client{n}.example",
        **fields,
    }
    client = Client.objects.create(**fields)
    Contact.objects.create(
        client=client,
        first_name="Alex",
        last_name=f"Morgan {n}",
        email=client.email,
        is_primary=True,
        is_accounts=True,
    )
    return client


def publication(**fields: Any) -> Publication:
    """A monthly magazine with every advert size on its rate card."""
    n = next(_next)
    title = Publication.objects.create(
        **{"name": f"Magazine {n}", "code": f"M{n % 1000}", "interval": "monthly", "page_count": 32, **fields}
    )
    for size in AdvertSize.objects.all():
        RateCardEntry.objects.create(publication=title, advert_size=size, price=Decimal(size.parts * 5))
    return title


def issue(title: Publication | None = None, *, on_sale_on: dt.date | None = None, **fields: Any) -> Issue:
    """An issue, next month's unless told otherwise."""
    title = title or publication()
    on_sale_on = on_sale_on or dt.date(2026, 12, 18) + dt.timedelta(days=next(_next))
    return Issue.objects.create(
        **{
            "publication": title,
            "description": f"{on_sale_on:%B %Y}",
            "on_sale_on": on_sale_on,
            "off_sale_on": on_sale_on + dt.timedelta(days=28),
            "page_count": title.page_count,
            **fields,
        }
    )


def booking(client: Client | None = None, edition: Issue | None = None, **fields: Any) -> Booking:
    """A confirmed booking of a quarter page at £180.00 with its one open instalment."""
    client, edition = client or client_row(), edition or issue()
    by = fields.pop("by", None) or User.objects.first() or user("Sales")
    now = timezone.now()
    price = Decimal(fields.pop("price", "180.00"))
    booking_set = BookingSet.objects.create(key=uuid.uuid4(), client=client, by=by, booked_at=now)
    fields = {"advert_size": AdvertSize.objects.get(name="Quarter page"), "list_price": price, **fields}
    line = Booking.objects.create(
        booking_set=booking_set, client=client, issue=edition, price=price, booked_at=now, **fields
    )
    Instalment.objects.create(booking=line, issue=edition, price=price)
    Client.objects.filter(pk=client.pk).update(first_booked_at=now, booked_until_on=edition.off_sale_on)
    client.refresh_from_db()
    return line


def ledger_account(*, sales_code_id: int = 880011, **fields: Any) -> LedgerAccount:
    """The current KashFlow account with its call slots and a default sales code, which KashFlow knows by that id."""
    account = LedgerAccount.objects.create(
        **{"fingerprint": uuid.uuid4().hex, "name": "Marches and Wye Media Ltd", **fields}
    )
    CallSlot.objects.bulk_create([CallSlot(ledger_account=account, n=n) for n in range(1, 9)])
    if account.sales_code is None:
        account.sales_code = AccountCode.objects.create(
            ledger_account=account,
            kashflow_id=sales_code_id,
            code=4000,
            name="Advertising",
            is_sales_type=True,
            is_turnover=True,
        )
        account.save()
    return account


def saved_login(
    account: LedgerAccount, by: User, *, username: str = "demo", password: str = "demo"
) -> Connection:
    """A saved KashFlow login; the first one of an account is its office login."""
    connection = Connection(user=by, ledger_account=account, username=username, saved_at=timezone.now())
    connection.seal(password)
    connection.save()
    LedgerAccount.objects.filter(pk=account.pk, office_login=None).update(office_login=connection)
    return connection


def payment(invoice: Invoice, amount: str = "10.00", **fields: Any) -> Payment:
    """A payment of `amount` pounds received for `invoice`, recorded the way the page does."""
    wanted = {
        "by": fields.pop("by", None) or user("Accounts"),
        "key": uuid.uuid4(),
        "amount": Decimal(amount),
        "paid_on": dt.date(2026, 11, 24),
        "method": PaymentMethod.objects.filter(is_enabled=True)[0],
        **fields,
    }
    return record_payment(invoice=invoice, **wanted)


def api_call(**fields: Any) -> ApiCall:
    """A line of the API log."""
    values = {
        "at": timezone.now(), "operation": "GetInvoice", "milliseconds": 240, "outcome": "ok", "purpose": "Invoice 10431",
    }  # fmt: skip
    return ApiCall.objects.create(**{**values, **fields})


def match_row(*names: str, by: User | None = None) -> CodeMatchRow:
    """The first customer of an open list of customers with these names (one, unless told otherwise)."""
    customers = [
        FoundCustomer(n + 2, f"CUST{n:02}", name) for n, name in enumerate(names or ("Kernow Kayaks",))
    ]
    return matches.store(
        by=by or user("Admin"), customers=customers, source="file", file_name="customers.csv"
    ).rows.get(position=0)


def transfer(invoice: Invoice, **fields: Any) -> Transfer:
    """The transfer of `invoice` to the current account, waiting unless told otherwise."""
    account = LedgerAccount.objects.filter(is_current=True).first() or ledger_account()
    fields = {"ledger_account": account, "requested_at": timezone.now(), **fields}
    return Transfer.objects.create(invoice=invoice, **fields)

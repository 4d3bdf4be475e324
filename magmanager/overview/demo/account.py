"""The KashFlow account of the demo: its company in the sandbox, our row of it, and the saved logins."""

from __future__ import annotations

import datetime as dt
import uuid

from kashflow import slots
from kashflow.connections import fingerprint
from kashflow.gateway import records
from kashflow.models import Connection, LedgerAccount, PaymentMethodMapping
from kashflow.models import PaymentMethod as KashFlowMethod
from kashflow.sandbox.ledger import Ledger
from magmanager.overview.demo.codes import Codes
from magmanager.overview.demo.plan import Plan, at
from magmanager.overview.demo.values import uid
from settings_app.models import CompanyDetails, PaymentMethod, User

LOGIN = "demo"
# What the house's ways of paying are called in KashFlow, where the name is another one there.
ELSEWHERE = {"Card": "Credit Card", "Standing Order": "BACS"}


def add_account(ledger: Ledger, company: CompanyDetails) -> LedgerAccount:
    """The current account, known by the same fingerprint that *Save* would take from the sandbox.

    Its numbers count as proved: a year of them came back as sent.
    """
    ledger.set_company(
        CompanyName=company.name,
        Address1=company.address1,
        Address2=company.address2,
        Address3=company.town,
        Address4=company.county,
        Postcode=company.postcode,
        PrimaryEmail=company.email,
        Telephone=company.phone,
        VatRegistered="1",
        VatRegistrationNumber=company.vat_number,
        PaymentTerms=company.payment_terms_days,
    )
    seen = records.CompanyDetails(name=company.name, vat_number=company.vat_number, email=company.email)
    account = LedgerAccount.objects.create(
        name=company.name, fingerprint=fingerprint(seen), numbers_proved=True
    )
    slots.make(account)
    return account


def save_logins(plan: Plan, account: LedgerAccount, people: dict[str, User]) -> dict[str, Connection]:
    """The sandbox's login saved for admin and accounts; the office login is admin's."""
    saved_at = at(plan.first_on_sale - dt.timedelta(days=3), 11)
    logins = {}
    for name in ("admin", "accounts"):
        login = Connection(
            id=_id(plan, name), user=people[name], ledger_account=account, username=LOGIN, saved_at=saved_at
        )
        login.checked_at = at(plan.today - dt.timedelta(days=1), 8, 30)
        login.seal(LOGIN)
        login.save()
        logins[name] = login
    account.office_login = logins["admin"]
    account.save(update_fields=["office_login"])
    return logins


def set_defaults(codes: Codes) -> None:
    """What an admin chose in Settings: the default sales code, the bank account, and each payment method's other name."""
    codes.account.sales_code, codes.account.bank_account = codes.other, codes.bank
    codes.account.save(update_fields=["sales_code", "bank_account"])
    theirs = {one.name: one for one in KashFlowMethod.objects.filter(ledger_account=codes.account)}
    PaymentMethodMapping.objects.bulk_create(
        PaymentMethodMapping(
            ledger_account=codes.account,
            method=method,
            kashflow_method=theirs[ELSEWHERE.get(method.name, method.name)],
        )
        for method in PaymentMethod.objects.order_by("pk")
    )


def _id(plan: Plan, name: str) -> uuid.UUID:
    return uid(plan.chance("login", name))

"""KashFlow's customers: those our payers are linked to, and those the bookkeeper has beside them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from clients import kashflow_mapping as mapping
from clients.models import Client, Contact, CustomerLink
from kashflow.gateway.writing import new_customer_values
from kashflow.models import LedgerAccount
from kashflow.sandbox.ledger import Ledger
from magmanager.overview.demo.plan import Plan
from settings_app.models import User

# Not advertisers of ours: a bookkeeper sells old furniture and lets a room, too.
OTHERS = (
    "Bewell Street Parking",
    "Malthouse Tenants Association",
    "Marches Print Buyers",
    "Sundry Cash Sales",
)


class Customers:
    """Adds customers to the ledger under codes such as KILP01."""

    def __init__(self, plan: Plan, ledger: Ledger, account: LedgerAccount, by: User) -> None:
        self.plan = plan
        self.ledger = ledger
        self.account = account
        self.by = by
        self.stems: Counter[str] = Counter()

    def link(self, payer_ids: set[int], at: dt.datetime) -> dict[int, int | None]:
        """CustomerID of each payer. Who has none yet is created and linked; the first ones came by a CSV."""
        links = CustomerLink.objects.filter(client_id__in=payer_ids)
        how = CustomerLink.How.CREATED if CustomerLink.objects.exists() else CustomerLink.How.CSV
        new = Client.objects.filter(
            pk__in=payer_ids - set(links.values_list("client_id", flat=True))
        ).order_by("pk")
        CustomerLink.objects.bulk_create([self._link(*pair, at, how) for pair in _with_contact(list(new))])
        return dict(links.values_list("client_id", "customer_id"))

    def add_others(self) -> None:
        """Customers nobody linked: prospects whom the bookkeeper knows, and people who never advertise."""
        prospects = Client.objects.filter(first_booked_at=None, is_agency=False, closed_at=None)
        wanted = prospects.filter(pk__gt=self.plan.buyer_count).order_by("pk")[
            : max(3, self.plan.clients // 50)
        ]
        for client, contact in _with_contact(list(wanted)):
            self._add(mapping.values(client, contact), self.plan.first_on_sale)
        for name in OTHERS:
            self._add(
                mapping.values(Client(name=name, town="Hereford", payment_terms_days=30), None),
                self.plan.first_on_sale,
            )

    def _link(self, client: Client, contact: Contact | None, at: dt.datetime, how: str) -> CustomerLink:
        now = mapping.values(client, contact)
        customer_id, code = self._add(now, at.date())
        return CustomerLink(
            client=client,
            ledger_account=self.account,
            state=CustomerLink.State.LINKED,
            code=code,
            customer_id=customer_id,
            how=how,
            by=self.by,
            linked_at=at,
            read_at=at,
            used_at=at,
            known=now,
        )

    def _add(self, now: mapping.Values, on: dt.date) -> tuple[int, str]:
        stem = mapping.code_stem(now["name"])
        self.stems[stem] += 1
        code = f"{stem}{self.stems[stem]:02}"
        elements = new_customer_values(mapping.new_customer(now, code))
        return self.ledger.add_customer(**elements | {"Created": on, "Updated": on, "CurrencyID": 1}), code


def _with_contact(clients: list[Client]) -> Iterator[tuple[Client, Contact | None]]:
    """Each client with the contact who receives invoices, else its primary one."""
    ordered = Contact.objects.filter(client__in=clients).order_by("is_accounts", "is_primary", "-pk")
    last = {contact.client_id: contact for contact in ordered}
    return ((client, last.get(client.pk)) for client in clients)

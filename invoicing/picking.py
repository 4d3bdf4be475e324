"""What can be billed, read from the database for the builder of documents: few queries, however many rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models.functions import Coalesce

from bookings.models import Instalment
from clients.models import Client, Contact
from kashflow.models import AccountCode, LedgerAccount, ProductCode
from publications.models import RateCardEntry
from settings_app.models import CompanyDetails, SystemDefaults


@dataclass(frozen=True)
class House:
    """What the publisher's own settings say about every document."""

    vat_percent: Decimal | None
    is_vat_exempt: bool
    payment_terms_days: int
    uses_kashflow: bool
    uses_account_codes: bool
    ledger_account_id: int | None
    sales_code_id: int | None


@dataclass(frozen=True)
class Code:
    """An account code or inventory code and whether KashFlow still has it."""

    id: int
    name: str
    is_gone: bool
    ledger_account_id: int
    account_code_id: int | None = None


@dataclass(frozen=True)
class Payer:
    """Who gets the invoice, as it will be printed: the client, or its agency."""

    id: int
    name: str
    address: tuple[str, ...]
    vat_number: str
    is_vat_exempt: bool
    is_agency: bool
    is_po_required: bool
    delivery: str
    period: str
    terms_days: int | None
    has_email: bool


@dataclass(frozen=True)
class Row:
    """One instalment to be billed, with everything its line is made of."""

    instalment_id: int
    booking_id: int
    client_id: int
    client_name: str
    payer: Payer
    issue_id: int
    issue_name: str
    publication_id: int
    publication_name: str
    publication_code: str
    what: str
    position: str
    advertising_as: str
    sequence: int
    of: int
    price: Decimal
    list_price: Decimal
    discount_percent: Decimal
    po_number: str
    is_vat_exempt: bool
    is_billable: bool
    account_code: Code | None
    product_code: Code | None


def house() -> House:
    """The publisher's settings as they are now."""
    company = (
        CompanyDetails.objects.select_related("vat_rate").filter(pk=1).first() or CompanyDetails.current()
    )
    defaults = SystemDefaults.current()
    account = LedgerAccount.objects.filter(is_current=True).first() if defaults.uses_kashflow else None
    rate = company.vat_rate
    return House(
        vat_percent=rate.percent if rate else None,
        is_vat_exempt=bool(rate and rate.is_exempt),
        payment_terms_days=company.payment_terms_days,
        uses_kashflow=defaults.uses_kashflow,
        uses_account_codes=defaults.uses_kashflow and defaults.use_account_codes,
        ledger_account_id=account.pk if account else None,
        sales_code_id=account.sales_code_id if account else None,
    )


def still_open(instalment_ids: Collection[int]) -> list[int]:
    """Those of `instalment_ids` that can still be billed."""
    return list(Instalment.objects.invoiceable().filter(pk__in=instalment_ids).values_list("pk", flat=True))


def by_payer(instalment_ids: Collection[int]) -> list[tuple[int, list[int]]]:
    """`instalment_ids` by who pays them, payers in the order of their names: [(payer id, instalment ids)]."""
    grouped: dict[tuple[str, int], list[int]] = defaultdict(list)
    found = (
        Instalment.objects.filter(pk__in=instalment_ids)
        .order_by("pk")
        .values_list(
            Coalesce("booking__client__agency__name", "booking__client__name"),
            Coalesce("booking__client__agency_id", "booking__client_id"),
            "pk",
        )
    )
    for name, payer_id, instalment_id in found:
        grouped[name.casefold(), payer_id].append(instalment_id)
    return [(payer_id, grouped[name, payer_id]) for name, payer_id in sorted(grouped)]


COLUMNS = (
    "pk", "booking_id", "issue_id", "sequence", "of", "price", "is_open",
    "booking__client_id", "booking__client__name", "booking__client__agency_id",
    "booking__list_price", "booking__discount_percent", "booking__po_number",
    "booking__booking_set__po_number", "booking__advertising_as", "booking__state",
    "booking__invoiced_elsewhere_at", "booking__advert_size_id",
    "booking__advert_size__name", "booking__miscellaneous_item__name",
    "booking__miscellaneous_item__is_vat_exempt",
    "booking__miscellaneous_item__account_code_id", "booking__miscellaneous_item__product_code_id",
    "booking__position__name", "issue__description", "issue__publication_id", "issue__publication__name",
    "issue__publication__code", "issue__publication__account_code_id",
)  # fmt: skip


def rows(instalment_ids: Collection[int]) -> list[Row]:
    """The instalments of `instalment_ids`, payers by name, lines by on-sale date. Six queries at most."""
    found = list(
        Instalment.objects.filter(pk__in=instalment_ids)
        .order_by("issue__on_sale_on", "issue_id", "pk")
        .values(*COLUMNS)
    )
    of_rows = payers({row["booking__client__agency_id"] or row["booking__client_id"] for row in found})
    entries = _rate_card({row["issue__publication_id"] for row in found})
    accounts, products = _codes(found, entries)
    made = [_row(each, of_rows, entries, accounts, products) for each in found]
    return sorted(made, key=lambda row: (row.payer.name.casefold(), row.payer.id))


def _row(
    each: dict[str, Any],
    payers: dict[int, Payer],
    entries: dict[tuple[int, int], int | None],
    accounts: dict[int, Code],
    products: dict[int, Code],
) -> Row:
    is_advert = each["booking__advert_size_id"] is not None
    product_id = (
        entries.get((each["issue__publication_id"], each["booking__advert_size_id"]))
        if is_advert
        else each["booking__miscellaneous_item__product_code_id"]
    )
    account_id = each["issue__publication__account_code_id"]
    if not is_advert and each["booking__miscellaneous_item__account_code_id"]:
        account_id = each["booking__miscellaneous_item__account_code_id"]
    return Row(
        instalment_id=each["pk"],
        booking_id=each["booking_id"],
        client_id=each["booking__client_id"],
        client_name=each["booking__client__name"],
        payer=payers[each["booking__client__agency_id"] or each["booking__client_id"]],
        issue_id=each["issue_id"],
        issue_name=each["issue__description"],
        publication_id=each["issue__publication_id"],
        publication_name=each["issue__publication__name"],
        publication_code=each["issue__publication__code"],
        what=each["booking__advert_size__name"] or each["booking__miscellaneous_item__name"],
        position=each["booking__position__name"] or "",
        advertising_as=each["booking__advertising_as"],
        sequence=each["sequence"],
        of=each["of"],
        price=each["price"],
        list_price=each["booking__list_price"],
        discount_percent=each["booking__discount_percent"],
        po_number=each["booking__po_number"] or each["booking__booking_set__po_number"],
        is_vat_exempt=bool(each["booking__miscellaneous_item__is_vat_exempt"]),
        is_billable=each["booking__state"] == "confirmed" and each["booking__invoiced_elsewhere_at"] is None,
        account_code=accounts.get(account_id),
        product_code=products.get(product_id) if product_id else None,
    )


def payers(ids: set[int]) -> dict[int, Payer]:
    """The clients `ids` as they would be printed, by id. Two queries."""
    with_email = set(
        Contact.objects.filter(client_id__in=ids)
        .exclude(email="")
        .values_list("client_id", flat=True)
        .distinct()
    )
    return {
        client.pk: Payer(
            id=client.pk,
            name=client.name,
            address=tuple(filter(None, _address(client))),
            vat_number=client.vat_number,
            is_vat_exempt=client.is_vat_exempt,
            is_agency=client.is_agency,
            is_po_required=client.is_po_required,
            delivery=client.invoice_delivery,
            period=client.invoice_period,
            terms_days=client.payment_terms_days,
            has_email=bool(client.email) or client.pk in with_email,
        )
        for client in Client.objects.filter(pk__in=ids).defer("notes", "website")
    }


def _address(client: Client) -> list[str]:
    abroad = client.country_code if client.country_code != "GB" else ""
    return [client.address1, client.address2, client.town, client.county, client.postcode, abroad]


def _rate_card(publication_ids: set[int]) -> dict[tuple[int, int], int | None]:
    entries = RateCardEntry.objects.filter(publication_id__in=publication_ids, product_code__isnull=False)
    return {
        (publication_id, size_id): code_id
        for publication_id, size_id, code_id in entries.values_list(
            "publication_id", "advert_size_id", "product_code_id"
        )
    }


def _codes(
    found: Iterable[dict[str, Any]], entries: dict[tuple[int, int], int | None]
) -> tuple[dict[int, Code], dict[int, Code]]:
    accounts = {row["issue__publication__account_code_id"] for row in found}
    accounts |= {row["booking__miscellaneous_item__account_code_id"] for row in found}
    products = set(entries.values()) | {row["booking__miscellaneous_item__product_code_id"] for row in found}
    return (
        {
            code.pk: Code(code.pk, str(code), code.gone_at is not None, code.ledger_account_id)
            for code in AccountCode.objects.filter(pk__in=filter(None, accounts))
        },
        {
            code.pk: Code(
                code.pk, str(code), code.gone_at is not None, code.ledger_account_id, code.account_code_id
            )
            for code in ProductCode.objects.filter(pk__in=filter(None, products))
        },
    )

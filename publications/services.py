"""The verbs of publications: adding and changing a title, its defaults and its issues."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from kashflow.connections import current_account
from kashflow.models import AccountCode, ProductCode
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow
from publications.models import AdvertSize, Issue, MiscellaneousItem, Publication, RateCardEntry
from settings_app import audit
from settings_app.models import User

PUBLICATION_FIELDS = (
    "name",
    "code",
    "interval",
    "page_count",
    "sales_target_amount",
    "group_code",
    "is_active",
)
ITEM_FIELDS = ("name", "description", "price", "is_vat_exempt", "account_code", "product_code", "is_enabled")
ISSUE_FIELDS = ("description", "on_sale_on", "copy_deadline_at", "sales_target_amount", "page_count")
# How long an issue is current where no later one is known.
DAYS = {"weekly": 7, "bi_weekly": 14, "monthly": 30, "bi_monthly": 61, "quarterly": 91, "other": 30}


class NameTaken(DomainError):
    """Another publication has this name or code."""

    code = "name_taken"


@dataclass(frozen=True)
class Loss:
    """A size whose inventory code goes with the account code, and the one of the same code it gets instead."""

    entry: RateCardEntry
    gets: ProductCode | None


class CodesWouldBeLost(DomainError):
    """Changing the account code takes inventory codes away; `losing` are the sizes, in their order."""

    code = "codes_would_be_lost"

    def __init__(self, losing: list[Loss]) -> None:
        super().__init__("Some sizes lose their inventory code. Look at them, then decide.")
        self.losing = losing


class CodeElsewhere(DomainError):
    """An inventory code belongs to another account code, or is gone."""

    code = "code_elsewhere"


class IssueExists(DomainError):
    """The title has an issue on sale on that day."""

    code = "issue_exists"


# --- Titles -------------------------------------------------------------------------------------------------


def add_publication(*, by: User, values: Mapping[str, Any]) -> Publication:
    """A new title with every enabled advert size on its rate card, switched off until it has a price.

    An empty code is made from the name. Raises NameTaken.
    """
    allow(by, "publications.change_publication")
    values = {name: values[name] for name in PUBLICATION_FIELDS if name in values}
    new = Publication(**{**values, "code": values.get("code") or _code_of(values["name"])})
    try:
        with transaction.atomic():
            new.save()
            sizes = AdvertSize.objects.filter(is_enabled=True)
            RateCardEntry.objects.bulk_create(
                RateCardEntry(publication=new, advert_size=size, price=0, is_enabled=False) for size in sizes
            )
            audit.record("publication.added", new, by=by, after={"name": new.name, "code": new.code})
    except IntegrityError as error:
        raise _taken(new) from error
    return new


def change_publication(*, by: User, publication: Publication, values: Mapping[str, Any]) -> None:
    """Sets the title's own fields in `values` (PUBLICATION_FIELDS). Raises NameTaken."""
    allow(by, "publications.change_publication")
    try:
        with transaction.atomic():
            row = Publication.objects.select_for_update().get(pk=publication.pk)
            _change(row, "publication.changed", values, PUBLICATION_FIELDS, by)
    except IntegrityError as error:
        raise _taken(Publication(name=values.get("name", ""), code=values.get("code", ""))) from error


def _code_of(name: str) -> str:
    """Three letters of a name that nobody has: WVL of Wye Valley Living."""
    words = re.findall(r"[A-Z0-9]+", name.upper()) or ["PUB"]
    letters = "".join(word[0] for word in words)[:3] if len(words) > 1 else words[0][:3]
    taken = set(Publication.objects.values_list("code", flat=True))
    tries = [letters, *(f"{letters[:3]}{n}" for n in range(2, 10)), *(f"P{n}" for n in range(100, 1000))]
    return next(code for code in tries if code not in taken)


def _taken(new: Publication) -> NameTaken:
    same_name = Publication.objects.filter(name=new.name).exists()
    what, field = (f"the name {new.name}", "name") if same_name else (f"the code {new.code}", "code")
    return NameTaken(f"Another publication has {what}. Choose a different one.", field=field)


# --- Defaults -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """What a size is to be on a rate card: pounds, and its inventory code."""

    entry_id: int
    is_enabled: bool
    price: Decimal
    product_code_id: int | None = None


def change_account_code(
    *,
    by: User,
    publication: Publication,
    account_code: AccountCode | None,
    accepted: Collection[int] = (),
) -> None:
    """Books the title's lines under another account code (product.md, KashFlow 7).

    Inventory codes belong to one account code: each that does not fit is changed to the one of the same code
    under the new account code, else taken away. Raises CodesWouldBeLost until all such entries are among
    `accepted`, and CodeElsewhere for a code that cannot stand on an invoice line.
    """
    allow(by, "publications.change_publication")
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        _refuse_unoffered(account_code, was=row.account_code_id)
        losing = [
            Loss(entry, _namesake(entry.product_code, account_code))
            for entry in losing_codes(row, account_code)
        ]
        if any(loss.entry.pk not in accepted for loss in losing):
            raise CodesWouldBeLost(losing)
        before = {"account_code": str(row.account_code or "")}
        after = {"account_code": str(account_code or "")}
        for loss in losing:
            size = str(loss.entry.advert_size)
            before[size], after[size] = str(loss.entry.product_code), str(loss.gets or "")
            loss.entry.product_code = loss.gets
        RateCardEntry.objects.bulk_update([loss.entry for loss in losing], ["product_code"])
        row.account_code = account_code
        row.save(update_fields=["account_code"])
        audit.record("publication.account_code_changed", row, by=by, before=before, after=after)


def _refuse_unoffered(account_code: AccountCode | None, *, was: int | None) -> None:
    """Sales types and turnover nominals of the linked account only; what stands there already may stay."""
    if account_code is None or account_code.pk == was:
        return
    if not AccountCode.objects.offered(current_account()).filter(pk=account_code.pk).exists():
        raise CodeElsewhere(
            f"{account_code} is no sales type or turnover nominal that KashFlow has now, so nothing was saved. "
            "Choose another account code.",
            field="account_code",
        )


def losing_codes(publication: Publication, account_code: AccountCode | None) -> list[RateCardEntry]:
    """The entries whose inventory code does not belong to `account_code`."""
    entries = publication.rate_card.select_related("advert_size", "product_code").filter(
        product_code__isnull=False
    )
    return list(entries.exclude(product_code__account_code=account_code) if account_code else entries)


def _namesake(product: ProductCode | None, account_code: AccountCode | None) -> ProductCode | None:
    if product is None or account_code is None:
        return None
    return ProductCode.objects.of(account_code).filter(code=product.code).exclude(code="").first()


def change_rates(*, by: User, publication: Publication, rates: Iterable[Rate], with_codes: bool) -> None:
    """Sets the rate card; `with_codes` False leaves the inventory codes as they are (Use Account Codes is off).

    Raises CodeElsewhere where an inventory code is not one of the title's account code; nothing is saved then.
    """
    allow(by, "publications.change_publication")
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication.pk)
        entries = {entry.pk: entry for entry in row.rate_card.select_related("advert_size", "product_code")}
        fitting = {one.pk: one for one in ProductCode.objects.of(row.account_code)}
        before, after = {}, {}
        for rate in rates:
            entry = entries[rate.entry_id]
            was = _said(entry)
            entry.is_enabled, entry.price = rate.is_enabled, rate.price
            if with_codes and rate.product_code_id != entry.product_code_id:
                entry.product_code = _fitting(rate, fitting, row)
            if (now := _said(entry)) != was:
                before[str(entry.advert_size)], after[str(entry.advert_size)] = was, now
        if after:
            RateCardEntry.objects.bulk_update(entries.values(), ["is_enabled", "price", "product_code"])
            audit.record("publication.rates_changed", row, by=by, before=before, after=after)


def _fitting(rate: Rate, fitting: Mapping[int, ProductCode], publication: Publication) -> ProductCode | None:
    if rate.product_code_id is None:
        return None
    if rate.product_code_id not in fitting:
        raise CodeElsewhere(
            f"An inventory code that was chosen does not belong to {publication.account_code or 'an account code'}, "
            "or is no longer in KashFlow. Nothing was saved; choose another one."
        )
    return fitting[rate.product_code_id]


def _said(entry: RateCardEntry) -> str:
    return f"{'on' if entry.is_enabled else 'off'}, {entry.price:.2f}, {entry.product_code or 'no inventory code'}"


# --- Issues -------------------------------------------------------------------------------------------------


def add_issue(*, by: User, publication: Publication, values: Mapping[str, Any]) -> Issue:
    """A new issue; the one before it is current until it is on sale. Raises IssueExists."""
    allow(by, "publications.change_publication")
    on_sale: dt.date = values["on_sale_on"]
    later = publication.issues.filter(on_sale_on__gt=on_sale).order_by("on_sale_on").first()
    off_sale = later.on_sale_on if later else on_sale + dt.timedelta(days=DAYS[publication.interval])
    new = Issue(
        publication=publication, off_sale_on=off_sale, **{name: values[name] for name in ISSUE_FIELDS}
    )
    try:
        with transaction.atomic():
            new.save()
            audit.record("issue.added", new, by=by, after={"on_sale_on": str(on_sale)})
    except IntegrityError as error:
        raise IssueExists(
            f"{publication} has an issue on sale on that day already. Choose another day.", field="on_sale_on"
        ) from error
    return new


# --- Miscellaneous items ------------------------------------------------------------------------------------


def save_item(*, by: User, item: MiscellaneousItem, values: Mapping[str, Any]) -> MiscellaneousItem:
    """Adds or changes a miscellaneous item (ITEM_FIELDS). Raises CodeElsewhere and NameTaken."""
    allow(by, "publications.change_publication")
    product, account = values.get("product_code"), values.get("account_code")
    _refuse_unoffered(account, was=item.account_code_id)
    if product and product.gone_at and product.pk != item.product_code_id:
        raise CodeElsewhere(f"{product} is no longer in KashFlow. Choose another.", field="product_code")
    if product and (account is None or product.account_code_id != account.pk):
        raise CodeElsewhere(
            f"{product} belongs to {product.account_code}. Choose that account code, or another inventory code.",
            field="product_code",
        )
    try:
        with transaction.atomic():
            _change(item, "miscellaneous_item.saved", values, ITEM_FIELDS, by)
    except IntegrityError as error:
        raise NameTaken("Another item has this name. Choose a different one.", field="name") from error
    return item


def _change(row: Any, event: str, values: Mapping[str, Any], fields: Iterable[str], by: User) -> None:
    """Writes the named columns and one line in the audit log, where something differs."""
    named = {name: values[name] for name in fields if name in values}
    is_new = row._state.adding
    old = type(row)() if is_new else type(row)._default_manager.get(pk=row.pk)
    for name, value in named.items():
        setattr(row, name, value)
    before, after = audit.changes(old, row, named)
    if after or is_new:
        row.save()
        audit.record(event, row, by=by, before=before, after=after)

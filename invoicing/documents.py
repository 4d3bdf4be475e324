"""Bookings become documents: one builder makes the preview and the invoices, so they cannot differ.

`build` is pure: rows and settings in, documents and problems out. `preview` reads the rows first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from invoicing import picking
from invoicing.picking import Code, House, Payer, Row
from invoicing.vat import EXEMPT, VatOfLine
from magmanager.common.money import to_pence, total

DESCRIPTION_LENGTH = 250
PO_LENGTH = 60


@dataclass(frozen=True)
class Line:
    """One line of a document: quantity 1 at the instalment's price."""

    row: Row
    amount: Decimal
    vat: VatOfLine
    vat_amount: Decimal
    account_code_id: int | None
    product_code_id: int | None

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount

    @property
    def description(self) -> str:
        """What is printed and sent: size, position, title, issue, whose advert an agency pays, which part."""
        row = self.row
        parts = [row.what, row.position, row.publication_name, row.issue_name]
        if row.client_id != row.payer.id:
            parts.append(f"for {row.client_name}")
        if row.of > 1:
            parts.append(f"instalment {row.sequence} of {row.of}")
        return ", ".join(filter(None, parts))[:DESCRIPTION_LENGTH]


@dataclass(frozen=True)
class FreeLine:
    """A line that no booking stands behind, typed on the client's Financial tab. `rate` is pounds before VAT."""

    text: str
    quantity: int
    rate: Decimal
    vat: VatOfLine
    account_code_id: int | None
    product_code_id: int | None

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.rate

    @property
    def vat_amount(self) -> Decimal:
        return self.vat.amount(self.amount)

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount

    @property
    def description(self) -> str:
        """What is printed and sent."""
        return self.text[:DESCRIPTION_LENGTH]


@dataclass(frozen=True)
class Problem:
    """Why a payer cannot be invoiced yet; `fix` is "email" or "po_number" where it is mended in place."""

    code: str
    sentence: str
    fix: str = ""


@dataclass(frozen=True)
class Document:
    """One invoice as it will be raised, or, with problems, as it cannot be raised yet."""

    payer: Payer
    booked: tuple[Line, ...]
    due_on: dt.date
    problems: tuple[Problem, ...]
    free: tuple[FreeLine, ...] = ()
    typed_po_number: str = ""

    @property
    def lines(self) -> tuple[Line | FreeLine, ...]:
        """What stands on it, bookings first."""
        return (*self.booked, *self.free)

    @cached_property
    def amount(self) -> Decimal:
        return total(line.amount for line in self.lines)

    @cached_property
    def vat_amount(self) -> Decimal:
        return total(line.vat_amount for line in self.lines)

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount

    @property
    def total_pence(self) -> int:
        return to_pence(self.total)

    @property
    def instalment_ids(self) -> list[int]:
        return [line.row.instalment_id for line in self.booked]

    @property
    def po_number(self) -> str:
        """The PO numbers, comma between them; where they do not fit, the first and how many more."""
        typed = [self.typed_po_number, *(line.row.po_number for line in self.booked)]
        numbers = list(dict.fromkeys(filter(None, typed)))
        together = ", ".join(numbers)
        if len(together) <= PO_LENGTH:
            return together
        more = f" +{len(numbers) - 1}"
        return numbers[0][: PO_LENGTH - len(more)] + more

    @property
    def publication_codes(self) -> list[tuple[str, str]]:
        """(code, name) of each title on it, in order."""
        return list(
            dict.fromkeys((line.row.publication_code, line.row.publication_name) for line in self.booked)
        )

    @property
    def client_count(self) -> int:
        return len({line.row.client_id for line in self.booked})

    @property
    def free_count(self) -> int:
        """How many bookings on it cost nothing: allowed, and said."""
        return sum(1 for line in self.lines if line.amount == 0)


@dataclass(frozen=True)
class Preview:
    """What a batch would raise (`documents`) and what it leaves behind (`held`)."""

    invoice_date: dt.date
    documents: tuple[Document, ...]
    held: tuple[Document, ...]

    @cached_property
    def amount(self) -> Decimal:
        return total(document.amount for document in self.documents)

    @cached_property
    def vat_amount(self) -> Decimal:
        return total(document.vat_amount for document in self.documents)

    @property
    def total(self) -> Decimal:
        return self.amount + self.vat_amount

    @property
    def booking_count(self) -> int:
        return sum(len(document.lines) for document in self.documents)

    @property
    def held_booking_count(self) -> int:
        return sum(len(document.lines) for document in self.held)


def preview(instalment_ids: Collection[int], invoice_date: dt.date) -> Preview:
    """What raising the open ones of `instalment_ids` would make. Uses no number, writes nothing."""
    documents = build(picking.rows(picking.still_open(instalment_ids)), picking.house(), invoice_date)
    return Preview(
        invoice_date=invoice_date,
        documents=tuple(document for document in documents if not document.problems),
        held=tuple(document for document in documents if document.problems),
    )


def build(rows: Iterable[Row], house: House, invoice_date: dt.date) -> list[Document]:
    """One document per payer, in the order of `rows`, which must hold each payer's rows together."""
    return [
        _document(list(group), house, invoice_date)
        for _, group in groupby(rows, key=lambda row: row.payer.id)
    ]


def _document(rows: Sequence[Row], house: House, invoice_date: dt.date) -> Document:
    payer = rows[0].payer
    return Document(
        payer=payer,
        booked=tuple(_line(row, house) for row in rows),
        due_on=due_on(payer, house, invoice_date),
        problems=tuple(_problems(rows, house)),
    )


def due_on(payer: Payer, house: House, invoice_date: dt.date) -> dt.date:
    """When a document of `payer` is due: by its own terms, else the house's."""
    terms = house.payment_terms_days if payer.terms_days is None else payer.terms_days
    return invoice_date + dt.timedelta(days=terms)


def _line(row: Row, house: House) -> Line:
    vat = _vat(row, house)
    account_code, product_code = _codes(row, house)
    return Line(
        row=row,
        amount=row.price,
        vat=vat,
        vat_amount=vat.amount(row.price),
        account_code_id=account_code,
        product_code_id=product_code,
    )


def _vat(row: Row, house: House) -> VatOfLine:
    if house.is_vat_exempt or row.payer.is_vat_exempt or row.is_vat_exempt or house.vat_percent is None:
        return EXEMPT
    return VatOfLine(house.vat_percent)


def _codes(row: Row, house: House) -> tuple[int | None, int | None]:
    """Ids of the account code and inventory code of a line (product.md, KashFlow 7)."""
    if not house.uses_account_codes:
        return house.sales_code_id, None
    account, product = row.account_code, row.product_code
    return account.id if account else None, product.id if product else None


def problems_of_payer(payer: Payer, house: House) -> list[Problem]:
    """Why nothing can be invoiced to `payer` yet, whatever stands on it."""
    found = []
    if payer.delivery == "email" and not payer.has_email:
        found.append(
            Problem("no_email", "Delivery is E-mail, and no contact has an e-mail address.", fix="email")
        )
    if house.vat_percent is None:
        found.append(Problem("no_vat_rate", "No VAT rate is chosen in Settings › Company Details."))
    return found


def _problems(rows: Sequence[Row], house: House) -> list[Problem]:
    payer = rows[0].payer
    found = problems_of_payer(payer, house)
    without_po = sum(1 for row in rows if not row.po_number)
    if payer.is_po_required and without_po:
        which = "the booking has" if len(rows) == 1 else f"{without_po} of its {len(rows)} bookings have"
        found.append(
            Problem("no_po_number", f"This client requires a PO number and {which} none.", fix="po_number")
        )
    if house.uses_account_codes:
        found += dict.fromkeys(problem for row in rows for problem in _code_problems(row, house))
    return found


def _code_problems(row: Row, house: House) -> list[Problem]:
    account, product = row.account_code, row.product_code
    if account is None:
        return [Problem("no_account_code", f"{row.publication_name} has no account code in its Defaults.")]
    if _is_lost(account, house):
        return [
            Problem(
                "account_code_gone",
                f"Account code {account.name} of {row.publication_name} is not in KashFlow.",
            )
        ]
    if product and _is_lost(product, house):
        return [
            Problem("product_code_gone", f"Inventory code {product.name} of {row.what} is not in KashFlow.")
        ]
    if product and product.account_code_id != account.id:
        sentence = f"Inventory code {product.name} does not belong to account code {account.name}."
        return [Problem("product_code_elsewhere", sentence)]
    return []


def _is_lost(code: Code, house: House) -> bool:
    """Gone from KashFlow, or of another KashFlow account than the current one."""
    return code.is_gone or code.ledger_account_id != house.ledger_account_id

"""Our invoice and KashFlow's document row by row, for the two side by side. No KashFlow is asked: what was read is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clients.models import CustomerLink
from invoicing.models import Invoice, InvoiceLine, Payment, PaymentObservation, Transfer
from invoicing.transfer import mapping
from invoicing.transfer.mapping import marker_of
from kashflow.models import AccountCode, PaymentMethod, ProductCode
from magmanager.common.money import to_penny
from magmanager.common.templatetags.formats import day_year, pounds

# So many lines stand open; the decision below them stays in reach.
LINES_SHOWN = 5
PROBABLE = "found_probable"


@dataclass(frozen=True)
class Cell:
    """What one side says: its main words, a second line, an amount at the right, and what is in it, folded."""

    text: str = ""
    small: str = ""
    amount: str = ""
    items: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Row:
    """One field of both documents."""

    name: str
    ours: Cell
    theirs: Cell
    differs: bool
    is_read: bool = True


@dataclass(frozen=True)
class Sides:
    """Both documents, or both payments. `read_at` is when KashFlow's was read; `folded` are the lines after the first."""

    rows: list[Row]
    read_at: dt.datetime | None = None
    permalink: str = ""

    @property
    def differing(self) -> int:
        return sum(row.differs for row in self.rows)

    @property
    def parts(self) -> list[tuple[list[Row], int]]:
        """The rows in order, in parts: how many lines are folded in each, 0 where it stands open."""
        places = [at for at, row in enumerate(self.rows) if row.name.startswith("Line")]
        fold = places[LINES_SHOWN:]
        if len(fold) < 2:
            return [(self.rows, 0)]
        first, last = fold[0], fold[-1] + 1
        folded = self.rows[first:last]
        lines = sum(max(len(row.ours.items), len(row.theirs.items), 1) for row in folded)
        return [(self.rows[:first], 0), (folded, lines), (self.rows[last:], 0)]


def of(transfer: Transfer, lines: Sequence[InvoiceLine], kept: Mapping[str, Any]) -> Sides:
    """The two of `transfer` (with its invoice and account): ours, and `kept` as it was read last."""
    invoice = transfer.invoice
    link = CustomerLink.objects.filter(
        client=invoice.payer_id, ledger_account=transfer.ledger_account
    ).first()
    rows = [
        _row("Number", str(invoice.number), str(kept["number"])),
        _customer(invoice, link, kept),
        _row("Date", day_year(invoice.invoice_date), _day(kept.get("date"))),
        _row("Due", day_year(invoice.due_on), _day(kept.get("due"))),
        _row("Reference", mapping.reference(invoice.po_number, invoice.marker), kept["reference"] or "none"),
        *_lines(transfer, lines, kept.get("lines") or []),
        _money("Net", invoice.amount, kept["amount"]),
        _money("VAT", invoice.vat_amount, kept["vat_amount"]),
        _money("Total", invoice.total, Decimal(kept["amount"]) + Decimal(kept["vat_amount"])),
        _money("Paid", invoice.paid_amount, kept.get("amount_paid") or 0),
    ]
    read_at = kept.get("read_at")
    return Sides(rows, dt.datetime.fromisoformat(read_at) if read_at else None, kept.get("permalink") or "")


def of_payments(transfer: Transfer) -> Sides | None:
    """The payment recorded here beside the one of the same day and amount that KashFlow has; None where there is none.

    By day and amount it was found. How it came is known where KashFlow's payments were read one by one.
    """
    ours = transfer.payment
    if ours is None or transfer.cause_code != PROBABLE:
        return None
    there, read_at = _alike(ours, transfer)
    mine, method = ours.method.name, _method(transfer, there["method"]) if there else ""
    day, amount = Cell(day_year(ours.paid_on)), Cell(amount=pounds(ours.amount))
    how = Cell(method or "Not read yet")
    rows = [
        Row("Date", day, day, differs=False),
        Row("Method", Cell(mine), how, differs=bool(method) and mine != method, is_read=bool(method)),
        Row("Amount", amount, amount, differs=False),
    ]
    return Sides(rows, read_at)


def _alike(ours: Payment, transfer: Transfer) -> tuple[Mapping[str, Any] | None, dt.datetime | None]:
    """KashFlow's payment of the day and amount of `ours`, not one of ours, and when it was read."""
    seen = PaymentObservation.objects.filter(
        invoice=transfer.invoice_id, ledger_account=transfer.ledger_account_id, payments__isnull=False
    ).first()
    for one in (seen.payments or []) if seen else []:
        is_alike = (one["date"], Decimal(one["amount"])) == (ours.paid_on.isoformat(), ours.amount)
        if is_alike and marker_of(one["note"]) != ours.code:
            return one, seen.at if seen else None
    return None, None


def _method(transfer: Transfer, kashflow_id: int) -> str:
    rows = PaymentMethod.objects.filter(ledger_account=transfer.ledger_account_id, kashflow_id=kashflow_id)
    found = rows.first()
    return found.name if found else ""


def is_same_customer(transfer: Transfer, kept: Mapping[str, Any]) -> bool:
    """Whether KashFlow's document is for the customer that our payer is linked to."""
    links = CustomerLink.objects.filter(
        client=transfer.invoice.payer_id,
        ledger_account=transfer.ledger_account,
        state=CustomerLink.State.LINKED,
    )
    return links.filter(customer_id=kept["customer_id"]).exists()


def _row(name: str, ours: str, theirs: str) -> Row:
    return Row(name, Cell(ours), Cell(theirs), differs=ours != theirs)


def _money(name: str, ours: Decimal, theirs: Decimal | str | int) -> Row:
    there = Decimal(theirs)
    return Row(name, Cell(amount=pounds(ours)), Cell(amount=pounds(there)), differs=ours != there)


def _customer(invoice: Invoice, link: CustomerLink | None, kept: Mapping[str, Any]) -> Row:
    ours = Cell(invoice.company_name, (link.code if link else "") or "")
    theirs = Cell(kept["customer_name"] or f"Customer {kept['customer_id']}", kept.get("customer_code") or "")
    is_known = link is not None and link.customer_id is not None
    same = link.customer_id == kept["customer_id"] if link and is_known else ours.text == theirs.text
    return Row("Customer", ours, theirs, differs=not same)


def _lines(transfer: Transfer, ours: Sequence[InvoiceLine], theirs: Sequence[Mapping[str, Any]]) -> list[Row]:
    if not theirs:
        cells = [_our_line(transfer, line) for line in ours]
        return [Row("Lines", Cell(f"{len(cells)}"), Cell("not read yet"), differs=True)]
    codes = _names(AccountCode, transfer, {line["charge_type"] for line in theirs})
    products = _names(ProductCode, transfer, {line["product_id"] for line in theirs})
    mine = [_our_line(transfer, line) for line in ours]
    there = [_their_line(line, codes, products) for line in theirs]
    paired = min(len(mine), len(there))
    rows = [_line_row(f"Line {n}", *pair) for n, pair in enumerate(zip(mine, there, strict=False), 1)]
    return [*rows, *_one_sided(paired, mine[paired:], there[paired:])]


def _one_sided(paired: int, mine: list[Cell], there: list[Cell]) -> list[Row]:
    """The lines that only one of the two has, in one row: "none" beside each of them would say nothing."""
    if not mine and not there:
        return []
    number = len(mine or there)
    name = f"Line {paired + 1}" if number == 1 else f"Lines {paired + 1}–{paired + number}"
    return [Row(name, _together(mine), _together(there), differs=True)]


def _together(cells: list[Cell]) -> Cell:
    if len(cells) < 2:
        return cells[0] if cells else Cell("none")
    return Cell(f"{len(cells)} lines", items=tuple(cells))


def _line_row(name: str, ours: Cell, theirs: Cell) -> Row:
    plain = [(" ".join(cell.text.split()), cell.small, cell.amount) for cell in (ours, theirs)]
    return Row(name, ours, theirs, differs=plain[0] != plain[1])


def _our_line(transfer: Transfer, line: InvoiceLine) -> Cell:
    code = mapping.code_of(line, transfer.ledger_account)
    names = [str(one) for one in (code, line.product_code) if one]
    rate = Decimal(0) if line.is_vat_exempt else line.vat_percent
    return Cell(line.description, _small(names, line.quantity, rate), pounds(line.amount))


def _their_line(line: Mapping[str, Any], codes: Mapping[int, str], products: Mapping[int, str]) -> Cell:
    quantity, rate = Decimal(line["quantity"]), Decimal(line["rate"])
    names = [codes.get(line["charge_type"], f"code {line['charge_type']}")] if line["charge_type"] else []
    if line["product_id"]:
        names.append(products.get(line["product_id"], f"product {line['product_id']}"))
    small = _small(names, quantity, Decimal(line["vat_rate"]))
    return Cell(line["description"], small, pounds(to_penny(quantity * rate)))


def _small(names: Sequence[str], quantity: Decimal | int, vat_rate: Decimal) -> str:
    """Codes, quantity where it is not 1, and the VAT rate."""
    parts = [*names, *([f"× {Decimal(quantity).normalize():f}"] if quantity != 1 else [])]
    return " · ".join([*parts, f"VAT {vat_rate.normalize():f}%"])


def _names(model: type[AccountCode] | type[ProductCode], transfer: Transfer, ids: set[int]) -> dict[int, str]:
    rows = model.objects.filter(ledger_account=transfer.ledger_account_id, kashflow_id__in=ids)
    return {row.kashflow_id: str(row) for row in rows}


def _day(text: str | None) -> str:
    return day_year(dt.date.fromisoformat(text)) if text else "none"

"""An invoice as KashFlow's record, and KashFlow's record compared with what was sent.

Pure: no query, no clock.

design: transfer.md, Numbers (marker, CustomerReference) and States (read back equal to the penny).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from invoicing.models import Invoice, InvoiceLine
from kashflow.gateway import records
from kashflow.models import AccountCode, LedgerAccount
from magmanager.common import money

# KashFlow publishes no length for CustomerReference; 40 characters are known to fit.
REFERENCE_LENGTH = 40
MARKER = re.compile(r"(?:^|\s)([0-9A-HJKMNP-TV-Z]{10})\s*$")
EXEMPT = Decimal(-1)


@dataclass(frozen=True)
class Difference:
    """One field in which KashFlow's document is not what was sent; both sides as people read them."""

    field: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.field}: {self.ours} here, {self.theirs} in KashFlow"


def reference(po_number: str, marker: str) -> str:
    """CustomerReference: the PO (of several the first and "+n"), cut to leave room for the whole marker."""
    first, more = _first_and_more(po_number)
    room = REFERENCE_LENGTH - len(marker) - 1 - len(more)
    return f"{first[:room].strip()}{more} {marker}".strip()


def _first_and_more(po_number: str) -> tuple[str, str]:
    """The first PO and " +n" for the others; an invoice with very many holds them shortened already."""
    numbers = [one.strip() for one in po_number.split(",") if one.strip()]
    if len(numbers) > 1:
        return numbers[0], f" +{len(numbers) - 1}"
    shortened = re.fullmatch(r"(.*?)( \+\d+)?", po_number.strip())
    return (shortened[1], shortened[2] or "") if shortened else (po_number.strip(), "")


def marker_of(customer_reference: str) -> str:
    """The marker a document carries, or "" where it carries none: nobody made it from here."""
    found = MARKER.search(customer_reference)
    return found[1] if found else ""


def is_marked(sent: records.Invoice, found: records.Invoice) -> bool:
    """Whether KashFlow's document carries the marker of the one we want to have there."""
    return marker_of(sent.reference) == marker_of(found.reference)


def code_of(line: InvoiceLine, account: LedgerAccount) -> AccountCode | None:
    """The account code a line is booked under: its own, else the account's default sales code."""
    return line.account_code or account.sales_code


def document(
    invoice: Invoice, lines: Sequence[InvoiceLine], account: LedgerAccount, *, customer_id: int = 0
) -> records.Invoice:
    """What is sent for `invoice`.

    The number is 0 where KashFlow numbers its own, `customer_id` is 0 while the customer is not known.
    """
    ours = account.numbering == LedgerAccount.Numbering.OURS
    return records.Invoice(
        number=invoice.number if ours else 0,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_on,
        customer_id=customer_id,
        reference=reference(invoice.po_number, invoice.marker),
        net_amount=invoice.amount,
        vat_amount=invoice.vat_amount,
        lines=tuple(_line(line, account, place) for place, line in enumerate(lines, 1)),
    )


def _line(line: InvoiceLine, account: LedgerAccount, place: int) -> records.InvoiceLine:
    code = code_of(line, account)
    return records.InvoiceLine(
        quantity=Decimal(line.quantity),
        description=line.description,
        rate=line.rate,
        charge_type=code.kashflow_id if code else 0,
        vat_rate=EXEMPT if line.is_vat_exempt else line.vat_percent,
        vat_amount=line.vat_amount,
        product_id=line.product_code.kashflow_id if line.product_code else 0,
        sort=place,
    )


def problems(invoice: Invoice, lines: Sequence[InvoiceLine], account: LedgerAccount) -> list[str]:
    """Why this invoice must not be sent as it is: sums that differ on recomputing, codes missing or gone."""
    return [
        *_sums(invoice, lines),
        *dict.fromkeys(problem for line in lines for problem in _codes(line, account)),
    ]


def _sums(invoice: Invoice, lines: Sequence[InvoiceLine]) -> Iterator[str]:
    wrong = [
        line.sort for line in lines if line.quantity * line.rate != line.amount or not _is_vat_right(line)
    ]
    if wrong:
        yield f"Line {wrong[0]} does not add up. Nothing was sent; tell your administrator."
    if money.total(line.amount for line in lines) != invoice.amount:
        yield "The lines do not add up to the invoice's amount. Nothing was sent; tell your administrator."
    if money.total(line.vat_amount for line in lines) != invoice.vat_amount:
        yield "The VAT of the lines does not add up. Nothing was sent; tell your administrator."


def _is_vat_right(line: InvoiceLine) -> bool:
    """The line's rate, half up; the last part of a credited line takes what is left of its VAT instead."""
    if line.credited_line is not None:
        return abs(line.vat_amount) <= abs(line.credited_line.vat_amount)
    vat = money.ZERO if line.is_vat_exempt else money.percent_of(line.amount, line.vat_percent)
    return line.vat_amount == vat


def _codes(line: InvoiceLine, account: LedgerAccount) -> Iterator[str]:
    code = code_of(line, account)
    if code is None:
        yield "There is no sales code to book it under. Choose the default sales code in Settings › KashFlow."
        return
    product = line.product_code
    for one in filter(None, (code, product)):
        if one.ledger_account_id != account.pk:
            yield f"The code {one} belongs to another KashFlow account, so it was not sent."
        elif one.gone_at:
            yield f"The code {one} is no longer in KashFlow. Bring it back there, sync, then send again."
    if product and product.account_code_id != code.pk:
        yield f"The inventory code {product} does not belong to the account code {code}, so it was not sent."


def differences(sent: records.Invoice, found: records.Invoice) -> list[Difference]:
    """Everything in which KashFlow's document differs from what was sent, to the penny; empty where equal."""
    return [*header_differences(sent, found), *_line_differences(sent.lines, found.lines)]


def header_differences(sent: records.Invoice, found: records.Invoice) -> list[Difference]:
    """The same without the lines: number (where ours was sent), marker, customer (where known), date, amounts."""
    pairs: list[tuple[str, Any, Any]] = [
        ("Marker", marker_of(sent.reference), marker_of(found.reference)),
        ("Invoice date", sent.invoice_date, found.invoice_date),
        ("Amount before VAT", sent.net_amount, found.net_amount),
        ("VAT", sent.vat_amount, found.vat_amount),
    ]
    if sent.customer_id:
        # 0 where a document is adopted whose customer is not linked here: there is nothing to compare with.
        ours, theirs = str(sent.customer_id), str(found.customer_id)
        # Their name as well: a number alone tells nobody whose document it is.
        pairs.insert(
            1, ("Customer", ours, theirs if ours == theirs else f"{theirs} {found.customer_name}".strip())
        )
    if sent.number:
        pairs.insert(0, ("Number", sent.number, found.number))
    return list(unequal(pairs))


def _line_differences(
    sent: Sequence[records.InvoiceLine], found: Sequence[records.InvoiceLine]
) -> Iterator[Difference]:
    if len(sent) != len(found):
        yield Difference("Lines", str(len(sent)), str(len(found)))
        return
    for place, (ours, theirs) in enumerate(zip(sent, in_order(found), strict=True), 1):
        yield from unequal(
            [
                (
                    f"Line {place} text",
                    " ".join(ours.description.split()),
                    " ".join(theirs.description.split()),
                ),
                (f"Line {place} quantity", ours.quantity, theirs.quantity),
                (f"Line {place} rate", ours.rate, theirs.rate),
                (f"Line {place} VAT rate", _vat_rate(ours), _vat_rate(theirs)),
                (f"Line {place} VAT", ours.vat_amount, theirs.vat_amount),
                (f"Line {place} account code", ours.charge_type, theirs.charge_type),
                (f"Line {place} inventory code", ours.product_id, theirs.product_id),
            ]
        )


def _vat_rate(line: records.InvoiceLine) -> Decimal:
    # Exempt goes out as -1; whether it comes back as -1 or 0 is not published.
    return max(line.vat_rate, Decimal(0))


def unequal(pairs: Sequence[tuple[str, Any, Any]]) -> Iterator[Difference]:
    """The pairs (name, ours, theirs) whose sides differ."""
    return (Difference(name, _shown(ours), _shown(theirs)) for name, ours, theirs in pairs if ours != theirs)


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if value == money.to_penny(value) else f"{value.normalize():f}"
    return f"{value:%d %b %Y}" if isinstance(value, dt.date) else str(value or "nothing")


def kept(found: records.Invoice, unequal: Sequence[Difference] = ()) -> dict[str, Any]:
    """KashFlow's document as JSON for the two side by side. An answer without its lines has none here either."""
    return {
        "number": found.number,
        "dbid": found.dbid,
        "date": _iso(found.invoice_date),
        "due": _iso(found.due_date),
        "customer_id": found.customer_id,
        "customer_code": found.customer_code,
        "customer_name": found.customer_name,
        "reference": found.reference,
        "amount": str(money.to_penny(found.net_amount)),
        "vat_amount": str(money.to_penny(found.vat_amount)),
        "amount_paid": str(money.to_penny(found.amount_paid)),
        "permalink": found.permalink,
        "lines": [_kept_line(line) for line in in_order(found.lines)],
        "differences": [asdict(one) for one in unequal],
    }


def in_order(lines: Sequence[records.InvoiceLine]) -> list[records.InvoiceLine]:
    """KashFlow's lines as they stand on its document."""
    return sorted(lines, key=lambda line: (line.sort, line.line_id))


def _kept_line(line: records.InvoiceLine) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": f"{line.quantity.normalize():f}",
        "rate": f"{line.rate.normalize():f}",
        "vat_rate": f"{_vat_rate(line).normalize():f}",
        "vat_amount": str(money.to_penny(line.vat_amount)),
        "charge_type": line.charge_type,
        "product_id": line.product_id,
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None

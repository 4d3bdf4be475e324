"""The ledger as a person sees it: read everything, record a payment, type or edit an invoice, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from django.template import Context, Engine

from kashflow.gateway.schema import OPERATIONS
from kashflow.sandbox import forms
from kashflow.sandbox.edits import EditRefused
from kashflow.sandbox.errors import NotFound, Refused
from kashflow.sandbox.forms import Mistakes, Typed
from kashflow.sandbox.ledger import Ledger
from kashflow.sandbox.search import find_customers, find_invoices
from kashflow.sandbox.service import Answer
from kashflow.sandbox.soap import Headers
from kashflow.sandbox.storage import Row
from kashflow.sandbox.values import to_pennies

if TYPE_CHECKING:
    from kashflow.sandbox.server import Sandbox

_HERE = Path(__file__).parent
_ENGINE = Engine(dirs=[str(_HERE / "templates")], autoescape=True)
_HTML = "text/html; charset=utf-8"
_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
}


def answer(
    sandbox: Sandbox,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: bytes,
    headers: Headers,
) -> Answer:
    """Answers one request for a page."""
    if method == "POST" and from_another_site(headers):
        return _page("refused.html", 403, text="This came from a page of another site, so nothing was done.")
    typed = (
        dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if method == "POST"
        else query
    )
    for shown_at, pattern, page in _PAGES:
        if method == shown_at and (found := re.fullmatch(pattern, path)):
            try:
                return page(sandbox, typed, *map(int, found.groups()))
            except NotFound as missing:
                return _page("refused.html", 404, text=str(missing))
            except Refused as refusal:
                return _page("refused.html", 409, text=str(refusal))
    return _page("refused.html", 404, text="There is no such page in the KashFlow sandbox.")


def from_another_site(headers: Headers) -> bool:
    """Whether a browser sent this from a page that is not ours."""
    origin = headers.get("Origin")
    return bool(origin) and urlsplit(str(origin)).netloc != headers.get("Host")


def service_help() -> Answer:
    """What a browser sees at the SOAP address."""
    return _page("service.html", operations=list(OPERATIONS))


def _page(template: str, status: int = 200, **context: object) -> Answer:
    # Amounts are texts and numbers plain, so that nothing here asks for a language.
    page = _ENGINE.get_template(template).render(Context(context, use_l10n=False, use_tz=False))
    return Answer(status, page.encode(), _HTML, "OK", headers=_POLICY)


def _go(path: str) -> Answer:
    return Answer(303, b"", _HTML, "OK", headers={"Location": path})


def _style(sandbox: Sandbox, typed: Typed) -> Answer:
    return Answer(200, (_HERE / "sandbox.css").read_bytes(), "text/css; charset=utf-8", "OK")


def _home(sandbox: Sandbox, typed: Typed) -> Answer:
    ledger, text = sandbox.ledger, typed.get("q", "").strip()
    invoices = find_invoices(ledger, text, _whole(typed.get("invoices")))
    return _page(
        "ledger.html",
        text=text,
        endpoint=sandbox.endpoint,
        company=ledger.company(),
        settings=_readable(ledger.settings().shown()),
        faults=len([one for one in sandbox.faults.shown() if one["left"] != 0]),
        gates=sandbox.gates.shown(),
        invoices=invoices,
        documents=[_shown(ledger, one) for one in invoices.rows],
        customers=find_customers(ledger, text, _whole(typed.get("customers"))),
        sales_types=ledger.sales_types_with_products(),
        nominals=ledger.nominals(),
        bank_accounts=[_banked(one) for one in ledger.bank_overview()],
        payment_methods=ledger.payment_methods(),
        currencies=ledger.currencies(),
        vat_rates=ledger.datasets("vat"),
        sources=ledger.datasets("source"),
        calls=[one | {"at": one["at"][11:19]} for one in reversed(ledger.calls(newest=30))],
    )


def _new_invoice(sandbox: Sandbox, typed: Typed) -> Answer:
    return _invoice_form(sandbox.ledger, {**forms.blank_invoice(), **typed}, {})


def _add_invoice(sandbox: Sandbox, typed: Typed) -> Answer:
    try:
        forms.new_invoice(sandbox.ledger, typed)
    except Mistakes as mistakes:
        return _invoice_form(sandbox.ledger, typed, mistakes.by_field)
    except Refused as refusal:
        return _invoice_form(
            sandbox.ledger, typed, {"number": f"{refusal}. Enter another, or leave it empty."}
        )
    return _go("/")


def _invoice_form(ledger: Ledger, typed: Typed, mistakes: Mapping[str, str]) -> Answer:
    status = 422 if mistakes else 200
    charge_types = _options(
        [(one["ProductID"], one["ProductName"]) for one in ledger.sales_types()], typed.get("charge_type")
    )
    return _page("new_invoice.html", status, typed=typed, mistakes=mistakes, charge_types=charge_types)


def _new_payment(sandbox: Sandbox, typed: Typed, dbid: int) -> Answer:
    invoice = sandbox.ledger.invoice_by_id(dbid)
    return _payment_form(sandbox.ledger, invoice, forms.blank_payment(invoice), {})


def _add_payment(sandbox: Sandbox, typed: Typed, dbid: int) -> Answer:
    invoice = sandbox.ledger.invoice_by_id(dbid)
    try:
        forms.record_payment(sandbox.ledger, invoice, typed)
    except Mistakes as mistakes:
        return _payment_form(sandbox.ledger, invoice, typed, mistakes.by_field)
    return _go("/")


def _payment_form(ledger: Ledger, invoice: Row, typed: Typed, mistakes: Mapping[str, str]) -> Answer:
    accounts = [(one["AccountID"], one["AccountName"]) for one in ledger.bank_accounts()]
    methods = [(one["MethodID"], one["MethodName"]) for one in ledger.payment_methods()]
    return _page(
        "record_payment.html",
        422 if mistakes else 200,
        invoice=_shown(ledger, invoice),
        typed=typed,
        mistakes=mistakes,
        accounts=_options(accounts, typed.get("account")),
        methods=_options(methods, typed.get("method")),
    )


def _edit_invoice(sandbox: Sandbox, typed: Typed, dbid: int) -> Answer:
    invoice = sandbox.ledger.invoice_by_id(dbid)
    return _edit_form(sandbox.ledger, invoice, forms.typed_of(invoice), {})


def _change_invoice(sandbox: Sandbox, typed: Typed, dbid: int) -> Answer:
    invoice = sandbox.ledger.invoice_by_id(dbid)
    try:
        forms.edit_invoice(sandbox.ledger, invoice, typed)
    except Mistakes as mistakes:
        return _edit_form(sandbox.ledger, invoice, typed, mistakes.by_field)
    except (Refused, EditRefused) as refusal:
        return _edit_form(sandbox.ledger, invoice, typed, {"number": f"{refusal}. Enter another."})
    return _go("/")


def _edit_form(ledger: Ledger, invoice: Row, typed: Typed, mistakes: Mapping[str, str]) -> Answer:
    status = 422 if mistakes else 200
    return _page("edit_invoice.html", status, invoice=_shown(ledger, invoice), typed=typed, mistakes=mistakes)


def _delete_invoice(sandbox: Sandbox, typed: Typed, dbid: int) -> Answer:
    sandbox.ledger.delete_invoice(dbid)
    return _go("/")


def _delete_payment(sandbox: Sandbox, typed: Typed, payment_id: int) -> Answer:
    sandbox.ledger.delete_payment(payment_id)
    return _go("/")


def _delete_customer(sandbox: Sandbox, typed: Typed, customer_id: int) -> Answer:
    sandbox.ledger.delete_customer(customer_id)
    return _go("/")


def _banked(account: Row) -> Row:
    return account | {"balance": _money(account["Balance"])}


def _shown(ledger: Ledger, invoice: Row) -> Row:
    total = Decimal(str(invoice["NetAmount"])) + Decimal(str(invoice["VATAmount"]))
    paid = Decimal(str(invoice["AmountPaid"]))
    return {
        "dbid": invoice["InvoiceDBID"],
        "number": invoice["InvoiceNumber"],
        "customer": invoice["CustomerName"],
        "code": invoice["Customer"],
        "day": str(invoice["InvoiceDate"])[:10],
        "due": str(invoice["DueDate"])[:10],
        "reference": invoice["CustomerReference"],
        "net": _money(invoice["NetAmount"]),
        "vat": _money(invoice["VATAmount"]),
        "total": _money(total),
        "paid": _money(paid),
        "state": "Paid" if invoice["Paid"] else "Part paid" if paid else "Unpaid",
        "lines": [_shown_line(line) for line in invoice["Lines"]],
        "payments": [
            one | {"amount": _money(one["PayAmount"]), "day": str(one["PayDate"])[:10]}
            for one in ledger.payments(int(str(invoice["InvoiceNumber"])))
            if one["InvoiceDBID"] == invoice["InvoiceDBID"]
        ],
    }


def _shown_line(line: Row) -> Row:
    quantity, rate = Decimal(str(line["Quantity"])), Decimal(str(line["Rate"]))
    return line | {
        "quantity": f"{quantity.normalize():f}",
        "rate": _money(rate),
        "net": _money(quantity * rate),
        "vat_rate": f"{Decimal(str(line['VatRate'])).normalize():f}",
        "vat": _money(line["VatAmount"]),
    }


def _money(value: object) -> str:
    pounds = to_pennies(Decimal(str(value)))
    return f"{pounds:,.2f}".replace("-", "−")


def _readable(settings: Mapping[str, object]) -> list[tuple[str, object]]:
    said: dict[object, object] = {True: "Yes", False: "No"}
    names = {
        name: name.replace("_", " ").capitalize().replace("Api", "API").replace(" ip", " IP")
        for name in settings
    }
    return [
        (
            names[name],
            said[value]
            if isinstance(value, bool)
            else ", ".join(value)
            if isinstance(value, tuple)
            else value,
        )
        for name, value in settings.items()
    ]


def _options(choices: list[tuple[object, object]], chosen: str | None) -> list[Row]:
    return [{"value": value, "name": name, "chosen": str(value) == chosen} for value, name in choices]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1


_PAGES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/", _home),
    ("GET", "/style.css", _style),
    ("GET", "/invoices/new", _new_invoice),
    ("POST", "/invoices/new", _add_invoice),
    ("GET", r"/invoices/([0-9]{1,18})/payments/new", _new_payment),
    ("POST", r"/invoices/([0-9]{1,18})/payments/new", _add_payment),
    ("GET", r"/invoices/([0-9]{1,18})/edit", _edit_invoice),
    ("POST", r"/invoices/([0-9]{1,18})/edit", _change_invoice),
    ("POST", r"/invoices/([0-9]{1,18})/delete", _delete_invoice),
    ("POST", r"/payments/([0-9]{1,18})/delete", _delete_payment),
    ("POST", r"/customers/([0-9]{1,18})/delete", _delete_customer),
)

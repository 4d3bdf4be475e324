"""Raising a credit note: who may, what it takes back to the penny, and what it never takes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from bookings.models import Instalment
from clients.models import Client
from invoicing import credits
from invoicing.cancelling import InKashFlow, cancel_invoice
from invoicing.crediting import MoreThanLeft, NotCreditable, NothingToCredit, raise_credit_note
from invoicing.models import Invoice, InvoiceLine, NumberCounter, Transfer
from invoicing.reasons import ReasonMissing
from invoicing.services import TotalChanged
from magmanager.common.errors import Gone, NotAllowed
from magmanager.common.money import total
from settings_app.models import AuditEntry, User
from tests import factories
from tests.invoicing.batches import DAY, raised

pytestmark = pytest.mark.django_db
SAME = (
    "description",
    "vat_percent",
    "is_vat_exempt",
    "account_code_id",
    "product_code_id",
    "issue_id",
    "client_id",
)


@pytest.fixture
def by() -> User:
    return factories.user("Accounts")


def raise_one(by: User, *prices: str) -> Invoice:
    """An invoice with a line for each of `prices`, at 20 % VAT."""
    factories.company()
    client, edition = factories.client_row(), factories.issue()
    return raised(by, [factories.booking(client, edition, price=price) for price in prices]).invoices.get()


def credit(by: User, invoice: Invoice, *amounts: str | None, **changed: Any) -> Invoice:
    """A credit note of these amounts, line by line; None leaves a line out."""
    lines = list(invoice.lines.all())
    wanted = {line.pk: Decimal(amount) for line, amount in zip(lines, amounts, strict=True) if amount}
    expected = changed.pop("expected_total", None)
    if expected is None:
        expected = total(credits.part(line, wanted[line.pk]).total for line in lines if line.pk in wanted)
    values = {
        "key": uuid.uuid4(),
        "amounts": wanted,
        "reason": "Printed in black and white",
        "credit_date": DAY,
        "expected_total": expected,
        **changed,
    }
    return raise_credit_note(by=by, invoice=invoice, **values)


def is_untouched(invoice: Invoice) -> bool:
    return (
        not Invoice.objects.filter(kind="credit_note").exists()
        and not InvoiceLine.objects.exclude(credited_amount=0).exists()
        and NumberCounter.objects.get().next_number == invoice.number + 1
        and not AuditEntry.objects.filter(event="credit_note.raised").exists()
        and Client.objects.get(pk=invoice.payer_id).balance_amount == invoice.total
    )


@pytest.mark.parametrize("role", ["", "Sales", "Production"])
def test_wrong_role_is_refused(by: User, role: str) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(NotAllowed):
        credit(factories.user(role), invoice, "180.00")
    assert is_untouched(invoice)


def test_whole_invoice(by: User) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    note = credit(by, invoice, "180.00", "42.35")
    note.refresh_from_db()
    assert (note.kind, note.credits, note.is_voiding) == ("credit_note", invoice, False)
    assert note.number == invoice.number + 1
    assert (note.amount, note.vat_amount, note.total) == (
        Decimal("-222.35"),
        Decimal("-44.47"),
        Decimal("-266.82"),
    )
    assert (note.invoice_date, note.due_on, note.credit_reason) == (DAY, DAY, "Printed in black and white")
    assert (note.payer, note.company_name, note.address) == (
        invoice.payer,
        invoice.company_name,
        invoice.address,
    )
    assert [(line.quantity, line.rate, line.amount, line.vat_amount) for line in note.lines.all()] == [
        (1, Decimal("-180.00"), Decimal("-180.00"), Decimal("-36.00")),
        (1, Decimal("-42.35"), Decimal("-42.35"), Decimal("-8.47")),
    ]
    for line in note.lines.select_related("credited_line"):
        assert line.credited_line is not None
        assert [getattr(line, name) for name in SAME] == [getattr(line.credited_line, name) for name in SAME]
    assert credits.credited_amount(invoice) == credits.not_in_paid(invoice) == Decimal("266.82")
    client = Client.objects.get(pk=invoice.payer_id)
    assert (client.balance_amount, client.oldest_due_on) == (Decimal("0.00"), None)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.total) == ("raised", Decimal("266.82"))
    # It takes money back, not the booking.
    assert not Instalment.objects.filter(is_open=True).exists()
    entry = AuditEntry.objects.get(event="credit_note.raised")
    assert (entry.by, entry.after) == (
        by,
        {"credits": invoice.number, "total": "-266.82", "reason": "Printed in black and white"},
    )
    assert not Transfer.objects.exists()


def test_single_line_in_part(by: User) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    note = credit(by, invoice, None, "10.00")
    assert (note.item_count, note.total) == (1, Decimal("-12.00"))
    assert [(line.credited_amount, line.credited_vat) for line in invoice.lines.all()] == [
        (Decimal("0.00"), Decimal("0.00")),
        (Decimal("10.00"), Decimal("2.00")),
    ]
    client = Client.objects.get(pk=invoice.payer_id)
    assert (client.balance_amount, client.oldest_due_on) == (Decimal("254.82"), invoice.due_on)


@pytest.mark.parametrize(
    ("price", "parts", "vat"),
    [
        ("0.07", ["0.03", "0.03", "0.01"], ["0.01", "0.00", "0.00"]),
        ("0.03", ["0.01", "0.01", "0.01"], ["0.00", "0.00", "0.01"]),
        ("42.35", ["42.32", "0.03"], ["8.46", "0.01"]),
        ("42.35", ["10.02", "10.02", "10.02", "12.29"], ["2.00", "2.00", "2.00", "2.47"]),
    ],
)
def test_parts_of_a_line_are_together_the_line_to_the_penny(
    by: User, price: str, parts: list[str], vat: list[str]
) -> None:
    invoice = raise_one(by, price)
    notes = [credit(by, invoice, part) for part in parts]
    assert [-note.vat_amount for note in notes] == [Decimal(one) for one in vat]
    assert total(note.total for note in notes) == -invoice.total
    assert credits.parts_left(invoice.lines.all()) == []
    with pytest.raises(MoreThanLeft):
        credit(by, invoice, "0.01", expected_total=Decimal("0.01"))


@pytest.mark.parametrize("amount", ["180.01", "-0.01"])
def test_more_than_is_left_is_refused_beside_its_line(by: User, amount: str) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(MoreThanLeft, match=r"£180\.00 of .* is left to credit") as refused:
        credit(by, invoice, amount, expected_total=Decimal("216.00"))
    assert refused.value.field == f"amount_{invoice.lines.get().pk}"
    assert is_untouched(invoice)


def test_database_keeps_a_line_from_being_credited_beyond_itself(by: User) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(IntegrityError), transaction.atomic():
        invoice.lines.update(credited_amount=Decimal("180.01"))
    assert is_untouched(invoice)


@pytest.mark.parametrize("amounts", [(None, None), ("0.00", None)])
def test_nothing_ticked_is_refused(by: User, amounts: tuple[str | None, ...]) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    with pytest.raises(NothingToCredit):
        credit(by, invoice, *amounts)
    assert is_untouched(invoice)


def test_without_a_reason_nothing_is_credited(by: User) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(ReasonMissing):
        credit(by, invoice, "180.00", reason=" ")
    assert is_untouched(invoice)


def test_another_total_than_the_page_showed_is_refused(by: User) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(TotalChanged, match=r"comes to £216\.00 .* the page showed £215\.99"):
        credit(by, invoice, "180.00", expected_total=Decimal("215.99"))
    assert is_untouched(invoice)


def test_line_of_another_invoice_is_refused(by: User) -> None:
    other, invoice = raise_one(by, "180.00"), raise_one(by, "42.35")
    with pytest.raises(Gone):
        credit(by, invoice, "42.35", amounts={other.lines.get().pk: Decimal("1.00")})
    assert is_untouched(invoice)


def test_older_than_its_invoice_is_refused(by: User) -> None:
    invoice = raise_one(by, "180.00")
    with pytest.raises(NotCreditable) as refused:
        credit(by, invoice, "180.00", credit_date=DAY - dt.timedelta(days=1))
    assert refused.value.field == "credit_date"
    assert is_untouched(invoice)


def test_second_press_returns_the_credit_note_there_is(by: User) -> None:
    invoice, key = raise_one(by, "180.00"), uuid.uuid4()
    note = credit(by, invoice, "100.00", key=key)
    assert credit(by, invoice, "80.00", key=key) == note
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert NumberCounter.objects.get().next_number == note.number + 1


def test_key_of_another_invoice_is_refused(by: User) -> None:
    first, second, key = raise_one(by, "180.00"), raise_one(by, "42.35"), uuid.uuid4()
    credit(by, first, "180.00", key=key)
    with pytest.raises(Gone, match="already used for another invoice"):
        credit(by, second, "42.35", key=key)
    assert Invoice.objects.filter(kind="credit_note").count() == 1


def test_cancelled_invoice_and_credit_note_are_not_credited(by: User) -> None:
    first, second = raise_one(by, "180.00"), raise_one(by, "42.35")
    cancel_invoice(by=by, invoice=first, reason="Wrong client")
    with pytest.raises(NotCreditable, match="is cancelled"):
        credit(by, first, "180.00")
    note = credit(by, second, "42.35")
    with pytest.raises(NotCreditable, match="credit note itself"):
        credit(by, note, "-42.35", expected_total=Decimal("50.82"))
    assert Invoice.objects.filter(kind="credit_note").count() == 1


def test_nothing_of_an_issued_credit_note_changes(by: User) -> None:
    note = credit(by, raise_one(by, "180.00"), "180.00")
    other = raise_one(by, "42.35")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=note.pk).update(credits=other)
    with pytest.raises(IntegrityError), transaction.atomic():
        note.lines.update(credited_line=other.lines.get())


def test_cancelled_credit_note_gives_back_what_it_took(by: User) -> None:
    invoice = raise_one(by, "180.00")
    note = credit(by, invoice, "100.00")
    with pytest.raises(InKashFlow, match=f"Credit note {note.number}.*Cancel the credit note first"):
        cancel_invoice(by=by, invoice=invoice, reason="Wrong client")
    cancel_invoice(by=by, invoice=note, reason="Wrong line")
    line = invoice.lines.get()
    assert (line.credited_amount, line.credited_vat) == (Decimal("0.00"), Decimal("0.00"))
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == invoice.total
    assert credits.credited_amount(invoice) == Decimal("0.00")
    cancel_invoice(by=by, invoice=invoice, reason="Wrong client")
    assert Client.objects.get(pk=invoice.payer_id).balance_amount == Decimal("0.00")


# --- The page -----------------------------------------------------------------------------------------------


def page(invoice: Invoice) -> str:
    return f"/invoicing/invoices/{invoice.number}/credit-note/"


def typed(invoice: Invoice, *amounts: str, ticked: tuple[int, ...] = (0,), **changed: str) -> dict[str, Any]:
    """What the page posts: `amounts` beside the lines, of which those at `ticked` are ticked."""
    lines = list(invoice.lines.all())
    return {
        "key": str(uuid.uuid4()),
        "reason": "Printed in black and white",
        "credit_date": "2026-11-23",
        "line": [str(lines[place].pk) for place in ticked],
        **{f"amount_{line.pk}": amount for line, amount in zip(lines, amounts, strict=True)},
        **changed,
    }


def test_stranger_is_sent_to_login(by: User, stranger: Browser) -> None:
    invoice = raise_one(by, "180.00")
    answer = stranger.post(page(invoice), typed(invoice, "180.00", expected_total="216.00"))
    assert answer["Location"].startswith("/login/")
    assert is_untouched(invoice)


@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_page_is_refused_to_the_wrong_role(by: User, as_role: Callable[..., Any], role: str) -> None:
    invoice = raise_one(by, "180.00")
    answer = as_role(role).post(page(invoice), typed(invoice, "180.00", expected_total="216.00"))
    assert answer.status_code == 403
    assert is_untouched(invoice)


def test_page_is_prefilled_with_what_is_left(by: User, as_role: Callable[..., Any]) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    credit(by, invoice, "100.00", "42.35")
    shown = as_role("Accounts").get(page(invoice)).content.decode()
    first, second = invoice.lines.all()
    assert f'name="amount_{first.pk}" class="form-control num" value="80.00"' in shown
    assert f"amount_{second.pk}" not in shown
    assert 'name="expected_total" value="96.00"' in shown


def test_total_follows_what_is_typed(by: User, as_role: Callable[..., Any]) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    asked = typed(invoice, "£100.00", "nonsense", ticked=(0,))
    shown = as_role("Accounts").get(page(invoice), asked).content.decode()
    assert 'name="expected_total" value="120.00"' in shown
    assert "1 line credited" in shown
    assert is_untouched(invoice)


def test_what_goes_too_far_is_said_before_the_press(by: User, as_role: Callable[..., Any]) -> None:
    invoice = raise_one(by, "180.00")
    shown = as_role("Accounts").get(page(invoice), typed(invoice, "180.01")).content.decode()
    panel = shown[shown.index('id="totals"') :]
    assert f"<span>{invoice.lines.get().description}: At most £180.00 is left.</span>" in panel


def test_page_raises_what_is_ticked_and_opens_it(by: User, as_role: Callable[..., Any]) -> None:
    invoice, browser = raise_one(by, "180.00", "42.35"), as_role("Accounts")
    posted = typed(invoice, "100.00", "nonsense", expected_total="120.00")
    answer = browser.post(page(invoice), posted, follow=True)
    note = Invoice.objects.get(kind="credit_note")
    assert answer.redirect_chain == [(f"/invoicing/invoices/{note.number}/", 302)]
    shown = answer.content.decode()
    assert f"Credit note {note.number}" in shown
    assert f"invoice {invoice.number}</a>" in shown
    assert "<dt>Left to set off</dt><dd>£120.00</dd>" in shown
    assert "−£120.00" in shown
    assert (note.by, note.total) == (browser.person, Decimal("-120.00"))
    # The same page again, from the browser's history.
    assert browser.post(page(invoice), posted)["Location"] == f"/invoicing/invoices/{note.number}/"
    assert Invoice.objects.filter(kind="credit_note").count() == 1


@pytest.mark.parametrize(
    ("amounts", "changed", "told"),
    [
        (("", "42.35"), {}, "Say how much of it, or untick the line."),
        (("lots", "42.35"), {}, "Enter an amount in pounds, such as 85.50."),
        (("1.005", "42.35"), {}, "Enter pounds and pence, such as 85.50."),
        (("180.01", "42.35"), {}, "At most £180.00 is left."),
        (("180.01", "42.35"), {"reason": ""}, "At most £180.00 is left."),
        (("180.00", "42.35"), {"reason": ""}, "Say why it is credited"),
        (("180.00", "42.35"), {"credit_date": "2026-11-01"}, "its credit note can&#x27;t be older"),
        (("180.00", "42.35"), {"credit_date": "2036-11-23"}, "This date is more than a year away."),
        (("180.00", "42.35"), {"credit_date": ""}, "Choose the date of the credit note."),
        (("180.00", "42.35"), {"expected_total": "215.99"}, "comes to £216.00 with VAT"),
    ],
)
def test_page_keeps_what_was_typed_and_says_what_is_wrong(
    by: User, as_role: Callable[..., Any], amounts: tuple[str, str], changed: dict[str, str], told: str
) -> None:
    invoice = raise_one(by, "180.00", "42.35")
    posted = typed(invoice, *amounts, **{"expected_total": "216.00", **changed})
    shown = as_role("Accounts").post(page(invoice), posted).content.decode()
    assert told in shown
    assert f'value="{amounts[0]}"' in shown or not amounts[0]
    assert is_untouched(invoice)


def test_without_a_script_the_second_press_is_with_the_new_total(
    by: User, as_role: Callable[..., Any]
) -> None:
    invoice, browser = raise_one(by, "180.00"), as_role("Accounts")
    shown = browser.post(page(invoice), typed(invoice, "90.00", expected_total="216.00")).content.decode()
    assert 'name="expected_total" value="108.00"' in shown
    browser.post(page(invoice), typed(invoice, "90.00", expected_total="108.00"))
    assert Invoice.objects.get(kind="credit_note").total == Decimal("-108.00")


def test_page_of_what_cannot_be_credited_says_why(by: User, as_role: Callable[..., Any]) -> None:
    invoice, browser = raise_one(by, "180.00"), as_role("Accounts")
    note = credit(by, invoice, "180.00")
    assert "is credited in whole already" in browser.get(page(invoice)).content.decode()
    assert "is a credit note itself" in browser.get(page(note)).content.decode()


def test_invoiced_shows_it_as_what_it_is(by: User, as_role: Callable[..., Any]) -> None:
    invoice, browser = raise_one(by, "180.00"), as_role("Accounts")
    note = credit(by, invoice, "100.00")
    shown = browser.get("/invoicing/invoiced/").content.decode()
    assert f"credits {invoice.number}" in shown
    assert "−100.00" in shown
    assert "amount 80.00 · VAT 16.00" in shown
    unpaid = browser.get("/invoicing/invoiced/?show=unpaid").content.decode()
    assert f"/invoices/{invoice.number}/" in unpaid
    assert f"/invoices/{note.number}/" not in unpaid
    detail = browser.get(f"/invoicing/invoices/{invoice.number}/").content.decode()
    assert "<dt>Credited</dt><dd>£120.00</dd>" in detail
    assert "<dt>Balance</dt><dd><strong>£96.00</strong></dd>" in detail

"""Setting a credit note off in KashFlow: once, whatever the replies do and whoever pays meanwhile."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from invoicing import credits
from invoicing.cancelling import AlreadyPaid, InKashFlow, cancel_invoice, raise_again
from invoicing.crediting import raise_credit_note
from invoicing.models import Invoice, NumberCounter, Transfer, TransferAttempt
from invoicing.transfer import claims, engine
from invoicing.transfer import desk as verbs
from kashflow.models import LedgerAccount
from magmanager.common.money import total
from tests.invoicing.transfer.conftest import Desk
from tests.invoicing.transfer.needing import number_taken

SETTLE, BETWEEN = 601, 31
APPLY = "applyCreditNoteToInvoice"


def credit(desk: Desk, invoice: Invoice, *amounts: str) -> Invoice:
    """A credit note over `amounts`, line by line, raised in the books' own time."""
    NumberCounter.objects.update(next_number=desk.next_number)
    desk.next_number += 1
    lines = list(invoice.lines.all())
    wanted = {line.pk: Decimal(amount) for line, amount in zip(lines, amounts, strict=False)}
    parts = [credits.part(line, wanted[line.pk]) for line in lines if line.pk in wanted]
    return raise_credit_note(
        by=desk.by,
        key=uuid.uuid4(),
        invoice=invoice,
        amounts=wanted,
        reason="Printed in black and white",
        credit_date=dt.date(2026, 11, 23),
        expected_total=total(part.total for part in parts),
    )


def sent(desk: Desk) -> Invoice:
    """An invoice of £266.82 that KashFlow has."""
    invoice = desk.raise_invoices(1)[0]
    desk.press([invoice])
    desk.work()
    assert desk.states() == ["verified"]
    return invoice


def errand(note: Invoice, kind: str = "apply") -> Transfer:
    return Transfer.objects.get(invoice=note, kind=kind)


def document(desk: Desk, invoice: Invoice) -> dict[str, Any]:
    (found,) = [one for one in desk.documents() if one["CustomerReference"].endswith(invoice.marker)]
    return found


def paid(desk: Desk, invoice: Invoice) -> Decimal:
    return Decimal(document(desk, invoice)["AmountPaid"])


def pay(desk: Desk, invoice: Invoice, amount: str) -> None:
    number = document(desk, invoice)["InvoiceNumber"]
    desk.sandbox.server.ledger.add_payment(PayInvoice=number, PayAmount=amount, PayDate="2026-11-25T00:00:00")


def settle(desk: Desk) -> None:
    desk.skip(SETTLE)
    desk.sweep_and_work()


# --- The way it goes ----------------------------------------------------------------------------------------


def test_credit_note_goes_to_kashflow_at_once_and_is_set_off_to_the_penny(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00", "42.35")
    assert (errand(note, "create").state, errand(note).state) == ("ready", "ready")
    desk.work()
    assert (errand(note, "create").state, errand(note).state) == ("verified", "verified")
    there = document(desk, note)
    assert (there["InvoiceNumber"], there["NetAmount"], there["VATAmount"]) == (
        note.number,
        "-142.3500",
        "-28.4700",
    )
    assert [(line["Quantity"], line["Rate"], line["VatAmount"]) for line in there["Lines"]] == [
        ("1.0000", "-100.0000", "-20.0000"),
        ("1.0000", "-42.3500", "-8.4700"),
    ]
    assert (paid(desk, invoice), paid(desk, note)) == (Decimal("170.82"), Decimal("-170.82"))
    assert desk.calls(APPLY) == 1
    arguments = desk.sandbox.log(APPLY)[0]["arguments"]
    assert (arguments["InvoiceID"], arguments["CreditNoteID"]) == (
        document(desk, invoice)["InvoiceDBID"],
        there["InvoiceDBID"],
    )
    words = TransferAttempt.objects.filter(transfer=errand(note)).values_list("what", flat=True)
    assert list(reversed(words)) == [
        "Taken up.",
        f"Setting it off against {invoice.number}.",
        f"KashFlow set it off against {invoice.number}.",
        f"Set off: £170.82 of invoice {invoice.number}. Read back, equal to the penny.",
    ]


def test_invoice_that_was_never_sent_takes_its_credit_note_with_it(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    note = credit(desk, invoice, "180.00")
    assert not Transfer.objects.exists()
    desk.press([invoice])
    desk.work()
    assert list(Transfer.objects.values_list("state", flat=True)) == ["verified"] * 3
    assert paid(desk, invoice) == -note.total == Decimal("216.00")


def test_credit_note_waits_for_its_invoice(desk: Desk) -> None:
    invoice = desk.raise_invoices(1)[0]
    desk.sandbox.fault("InsertInvoice", "drop_after")
    desk.press([invoice])
    desk.work()
    note = credit(desk, invoice, "180.00")
    desk.work()
    assert (desk.transfer(invoice).state, errand(note, "create").state, errand(note).state) == (
        "ambiguous",
        "ready",
        "ready",
    )
    assert (desk.calls("InsertInvoice"), desk.calls(APPLY)) == (1, 0)
    settle(desk)
    assert list(Transfer.objects.values_list("state", flat=True)) == ["verified"] * 3
    assert (desk.calls("InsertInvoice"), desk.calls(APPLY), paid(desk, invoice)) == (2, 1, Decimal("216.00"))


def test_credit_note_of_an_invoice_that_never_got_there_stays_here_and_both_can_be_mended(desk: Desk) -> None:
    transfer = number_taken(desk)
    note = credit(desk, transfer.invoice, "100.00")
    desk.sweep_and_work()
    assert (errand(note, "create").state, desk.calls("InsertInvoice")) == ("ready", 0)
    with pytest.raises(InKashFlow, match="Cancel the credit note first"):
        raise_again(by=desk.by, invoice=transfer.invoice)
    cancel_invoice(by=desk.by, invoice=note, reason="Not needed")
    new = raise_again(by=desk.by, invoice=transfer.invoice)
    desk.work()
    assert (desk.transfer(new).state, errand(note, "create").state, errand(note).state) == (
        "verified",
        "cancelled",
        "cancelled",
    )
    assert [document(desk, new)["InvoiceNumber"]] == desk.numbers()


def test_two_credit_notes_of_one_invoice_are_set_off_one_after_the_other(desk: Desk) -> None:
    invoice = sent(desk)
    first, second = credit(desk, invoice, "100.00"), credit(desk, invoice, "80.00", "42.35")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    Transfer.objects.filter(kind="apply").update(not_before=None)
    held = claims.claim(desk.account.pk, errand(first).pk)
    assert held is not None
    assert claims.claim(desk.account.pk, errand(second).pk) is None
    engine.carry(held)
    desk.work()
    assert [errand(note).state for note in (first, second)] == ["verified", "verified"]
    assert (desk.calls(APPLY), paid(desk, invoice)) == (2, invoice.total)


def test_last_part_takes_the_pennies_that_are_left_of_the_vat(desk: Desk) -> None:
    invoice = sent(desk)
    notes = [credit(desk, invoice, "0.00", part) for part in ("10.02", "10.02", "10.02", "12.29")]
    desk.work()
    assert [note.vat_amount for note in notes] == [
        Decimal(one) for one in ("-2.00", "-2.00", "-2.00", "-2.47")
    ]
    assert {errand(note).state for note in notes} == {"verified"}
    assert paid(desk, invoice) == Decimal("50.82")


def test_numbers_of_kashflow_do_for_credit_notes_too(desk: Desk) -> None:
    LedgerAccount.objects.update(numbering="kashflow")
    invoice = sent(desk)
    note = credit(desk, invoice, "180.00")
    desk.work()
    assert errand(note).state == "verified"
    assert errand(note, "create").kashflow_number == document(desk, note)["InvoiceNumber"] != note.number
    assert paid(desk, invoice) == Decimal("216.00")


# --- Replies that are lost, workers that die ----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_after", "cut_reply", "html_page", "empty_reply", "malformed_xml"])
def test_reply_lost_after_it_was_set_off_is_never_set_off_twice(desk: Desk, kind: str) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, kind)
    desk.work()
    assert errand(note).state == "ambiguous"
    desk.sweep_and_work()
    assert desk.calls(APPLY) == 1
    settle(desk)
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 1)
    assert (paid(desk, invoice), paid(desk, note)) == (Decimal("120.00"), Decimal("-120.00"))


@pytest.mark.parametrize("kind", ["drop_before", "http_503", "status_no"])
def test_lost_before_is_set_off_after_two_looks_that_found_it_unused(desk: Desk, kind: str) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, kind)
    desk.work()
    settle(desk)
    assert (errand(note).state, errand(note).absent_seen, desk.calls(APPLY)) == ("ambiguous", 1, 1)
    desk.skip(BETWEEN)
    desk.sweep_and_work()
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 2)
    assert paid(desk, invoice) == Decimal("120.00")


@pytest.mark.parametrize(("state", "is_done"), [("claimed", False), ("sending", False), ("sending", True)])
def test_worker_that_died_at_any_step_leaves_it_set_off_once(desk: Desk, state: str, is_done: bool) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    if is_done:
        ledger = desk.sandbox.server.ledger
        ledger.apply_credit(document(desk, invoice)["InvoiceDBID"], document(desk, note)["InvoiceDBID"])
    Transfer.objects.filter(kind="apply").update(
        state=state,
        epoch=1,
        lease_until="2026-01-01T00:00:00Z",
        not_before=None,
        found={"paid_before": "0.00"},
    )
    for _ in range(3):
        settle(desk)
    assert errand(note).state == "verified"
    assert desk.calls(APPLY) == (0 if is_done else 1)
    assert paid(desk, invoice) == Decimal("120.00")


def test_read_back_that_fails_is_made_again(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    Transfer.objects.filter(kind="apply").update(not_before=None)
    # The look asks twice, then the read-back.
    desk.sandbox.fault("GetInvoiceByID", "http_500", after=2)
    desk.work()
    assert errand(note).state == "sent"
    desk.skip(200)
    desk.sweep_and_work()
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 1)


def test_failed_look_sets_nothing_off(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    Transfer.objects.filter(kind="apply").update(not_before=None)
    desk.sandbox.fault("GetInvoiceByID", "empty_reply")
    desk.work()
    assert (errand(note).state, errand(note).tries, desk.calls(APPLY)) == ("ready", 1, 0)


# --- What people do in KashFlow meanwhile -------------------------------------------------------------------


def test_bookkeeper_who_set_it_off_before_us_is_not_doubled(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    ledger = desk.sandbox.server.ledger
    ledger.apply_credit(document(desk, invoice)["InvoiceDBID"], document(desk, note)["InvoiceDBID"])
    Transfer.objects.filter(kind="apply").update(not_before=None)
    desk.work()
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 0)


def test_credit_note_used_up_elsewhere_is_not_taken_for_set_off_because_the_client_paid(desk: Desk) -> None:
    invoice = sent(desk)
    other = desk.in_kashflow(payer=invoice.payer)[0]
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    ledger = desk.sandbox.server.ledger
    ledger.apply_credit(document(desk, other)["InvoiceDBID"], document(desk, note)["InvoiceDBID"])
    pay(desk, invoice, "266.82")
    Transfer.objects.filter(kind="apply").update(not_before=None)
    desk.work()
    assert (errand(note).state, desk.calls(APPLY)) == ("review", 0)
    verbs.recheck(by=desk.by, transfer=errand(note))
    desk.work()
    assert (errand(note).state, desk.calls(APPLY)) == ("review", 0)
    assert "Was it set off against another invoice?" in errand(note).last_cause
    with pytest.raises(AlreadyPaid, match=r"£266\.82 of invoice"):
        cancel_invoice(by=desk.by, invoice=invoice, reason="Booked twice")


def test_part_paid_invoice_takes_what_fits(desk: Desk) -> None:
    invoice = sent(desk)
    pay(desk, invoice, "50.00")
    note = credit(desk, invoice, "100.00")
    desk.work()
    assert errand(note).state == "verified"
    assert paid(desk, invoice) == Decimal("170.00")


def test_paid_invoice_has_no_room_and_a_person_decides(desk: Desk) -> None:
    invoice = sent(desk)
    pay(desk, invoice, "266.82")
    note = credit(desk, invoice, "100.00")
    desk.work()
    assert (errand(note, "create").state, errand(note).state) == ("verified", "review")
    assert errand(note).last_cause == (
        f"£266.82 of invoice {invoice.number} is paid in KashFlow, so only £0.00 is left and the credit note is "
        "£120.00. Look at both in KashFlow, then recheck, or decide that it is not set off."
    )
    assert (desk.calls(APPLY), paid(desk, invoice)) == (0, Decimal("266.82"))


def test_payment_between_a_lost_call_and_the_check_waits_for_a_person_once(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.fault(APPLY, "drop_after")
    desk.work()
    pay(desk, invoice, "20.00")
    settle(desk)
    assert errand(note).state == "review"
    assert "£140.00 is paid, and was £0.00 before. Did somebody pay meanwhile?" in errand(note).last_cause
    # Somebody has looked and asks again: what is there is taken as it is.
    Transfer.objects.filter(kind="apply").update(state="ambiguous", ambiguous_since="2026-01-01T00:00:00Z")
    settle(desk)
    assert (errand(note).state, desk.calls(APPLY)) == ("verified", 1)


def test_changed_document_is_not_touched(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.server.ledger.add_line(
        document(desk, invoice)["InvoiceDBID"],
        {"Quantity": "1", "Rate": "1.00", "VatRate": "20", "VatAmount": "0.20"},
    )
    desk.work()
    assert errand(note).state == "review"
    assert "was changed there" in errand(note).last_cause
    assert desk.calls(APPLY) == 0


def test_deleted_document_waits_for_a_person(desk: Desk) -> None:
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    desk.sandbox.server.ledger.delete_invoice(document(desk, invoice)["InvoiceDBID"])
    desk.work()
    assert errand(note).state == "review"
    assert errand(note).last_cause.startswith("KashFlow has one of the two documents no more.")
    assert desk.calls(APPLY) == 0


@pytest.mark.parametrize("which", ["invoice", "note"])
def test_deleted_where_an_empty_record_says_so_is_asked_about(desk: Desk, which: str) -> None:
    desk.sandbox.settings(not_found="empty")
    invoice = sent(desk)
    note = credit(desk, invoice, "100.00")
    Transfer.objects.filter(kind="apply").update(not_before="2100-01-01T00:00:00Z")
    desk.work()
    desk.sandbox.delete(desk.dbid(invoice if which == "invoice" else note))
    Transfer.objects.filter(kind="apply").update(not_before=None)
    desk.work()
    assert (errand(note).state, errand(note).cause_code) == ("review", "not_set_off")
    assert "one of the two documents no more" in errand(note).last_cause
    assert desk.calls(APPLY) == 0

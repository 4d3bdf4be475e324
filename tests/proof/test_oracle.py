"""Both oracles see each kind of harm: done behind their back, one at a time, to books that are well."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from invoicing.comparison.walking import Walk
from invoicing.models import Invoice, LedgerDifference, NumberCounter, Payment, Transfer
from tests import oracle
from tests.proof.conftest import Make
from tests.proof.documents import Document
from tests.proof.oracle import Broken
from tests.proof.publisher import Publisher

# --- tests/oracle.py: what another process told ----------------------------------------------------------------

OURS, THEIRS = "7KQ2M9XW4D", "0F3H8NRTVB"


def row(**changed: Any) -> dict[str, Any]:
    """An invoice of £12.00 that was read back."""
    return {
        "number": 20_431,
        "marker": OURS,
        "is_cancelled": False,
        "voids": "",
        "date": "2026-11-20",
        "pence": 1200,
        "customer_id": 7,
        "lines": [["1.00", "10.00", "2.00"]],
        "state": "verified",
        "kashflow_number": 20_431,
        "kashflow_dbid": 900,
        **changed,
    }


def document(**changed: Any) -> dict[str, Any]:
    """KashFlow's."""
    return {
        "InvoiceNumber": 20_431,
        "InvoiceDBID": 900,
        "CustomerID": 7,
        "CustomerReference": f"PO 77 {OURS}",
        "InvoiceDate": "2026-11-20T00:00:00",
        "NetAmount": "10.0000",
        "VATAmount": "2.0000",
        "AmountPaid": "0.0000",
        "Lines": [{"Quantity": "1", "Rate": "10.0000", "VatAmount": "2.0000"}],
        **changed,
    }


def other(**changed: Any) -> dict[str, Any]:
    """A document under another id and number."""
    return document(**{"InvoiceDBID": 901, "InvoiceNumber": 20_432, **changed})


NOTE = {
    "number": 20_432,
    "marker": THEIRS,
    "voids": OURS,
    "pence": -1200,
    "lines": [["1.00", "-10.00", "-2.00"]],
}
NOTES = {
    "CustomerReference": THEIRS,
    "NetAmount": "-10.0000",
    "VATAmount": "-2.0000",
    "Lines": [{"Quantity": "1", "Rate": "-10.0000", "VatAmount": "-2.0000"}],
}
note, notes = row(**NOTE, kashflow_number=20_432, kashflow_dbid=901), other(**NOTES, AmountPaid="-12.0000")


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("demo ledger: sent 20431")
    before = [other(CustomerReference=THEIRS)]
    found = oracle.find([row()], [document(), *before], before=before, logs=[log])
    assert found.problems == []
    voided = [row(is_cancelled=True), note]
    assert oracle.find(voided, [document(AmountPaid="12.0000"), notes]).problems == []


@pytest.mark.parametrize(
    ("rows", "documents", "name"),
    [
        ([row()], [document(), other(CustomerReference=OURS)], "duplicates"),
        ([row()], [], "lost"),
        ([row(state="ready")], [document()], "unrecorded"),
        ([row()], [document(), other(CustomerReference=f"PO {THEIRS}")], "unknown"),
        ([row(is_cancelled=True), note], [document(), notes], "not_voided"),
        ([row(is_cancelled=True), note], [document(AmountPaid="12.0000"), other(**NOTES)], "not_voided"),
        ([row(), note], [document(), notes], "not_voided"),
        ([row()], [document(CustomerID=8)], "untrue"),
        ([row(), row(number=20_433, marker="X", state="")], [document()], "untrue"),
    ],
    ids=[
        "twice",
        "lost",
        "unrecorded",
        "unknown",
        "open",
        "note-not-set-off",
        "voids-a-live-one",
        "customer",
        "gap",
    ],
)
def test_each_harm_is_found_and_named(rows: list[Any], documents: list[Any], name: str) -> None:
    found = oracle.find(rows, documents)
    assert getattr(found, name)
    assert found.problems


def test_documents_of_others_stay_as_they_were() -> None:
    before = [other(CustomerReference="Typed")]
    after = [other(CustomerReference="Typed", NetAmount="11.0000")]
    assert len(oracle.find([row()], [document(), *after], before=before).foreign_changed) == 1
    assert len(oracle.find([row()], [document()], before=before).foreign_changed) == 1
    assert oracle.find([row()], [document()], before=before, removed=[901]).problems == []


def test_attempts_stay_as_they_were_written() -> None:
    before, now = {1: {"what": "Taken up."}}, {1: {"what": "Sent."}, 2: {"what": "Sent."}}
    assert len(oracle.find([], [], attempts=(before, now)).problems) == 1
    assert len(oracle.find([], [], attempts=(before, {})).problems) == 1
    assert oracle.find([], [], attempts=(before, {**now, **before})).problems == []


@pytest.mark.parametrize(
    ("text", "password", "count"),
    [
        ("<Password>demo</Password>", "demo", 1),
        ("{'password': 'demo'}", "demo", 1),
        ("login demo of the demo ledger", "demo", 0),
        ("said Llanthony-Priory-1108 there", "Llanthony-Priory-1108", 1),
        ("<soap:Envelope><Password>demo</Password>", "demo", 2),
    ],
)
def test_password_and_envelopes_are_found_in_logs(
    tmp_path: Path, text: str, password: str, count: int
) -> None:
    log = tmp_path / "worker.log"
    log.write_text(text)
    assert len(oracle.find([], [], logs=[log], password=password).leaked) == count


# --- tests/proof/oracle.py: a life --------------------------------------------------------------------------------


@pytest.fixture
def alive(make: Make) -> tuple[Publisher, Any]:
    """One invoice in KashFlow, everything well."""
    publisher, judge = make()
    publisher.press(publisher.raise_invoices("180.00"))
    publisher.work()
    judge.at_any_time()
    return publisher, judge


def theirs(publisher: Publisher) -> Document:
    marker = Invoice.objects.order_by("number")[0].marker
    return next(one for one in publisher.sandbox.invoices() if one["CustomerReference"].endswith(marker))


def another(publisher: Publisher, reference: str) -> None:
    publisher.sandbox.server.ledger.add_invoice(
        CustomerID=theirs(publisher)["CustomerID"],
        CustomerReference=reference,
        InvoiceDate="2026-11-20T00:00:00",
    )


def voided(publisher: Publisher) -> None:
    publisher.decisions.cancel(Invoice.objects.get())
    publisher.work()


def void_and_take_back(publisher: Publisher) -> None:
    voided(publisher)
    (payment,) = theirs(publisher)["Payments"]
    publisher.sandbox.unpay(payment["PayID"])


def pay_twice(publisher: Publisher) -> None:
    publisher.decisions.record_payment(Invoice.objects.get(), Decimal("10.00"))
    code, ledger = Payment.objects.get().code, publisher.sandbox.server.ledger
    for _ in range(2):
        number = theirs(publisher)["InvoiceNumber"]
        ledger.add_payment(PayInvoice=number, PayAmount="10.00", PayNote=code, PayDate="2026-11-24T00:00:00")


HARM: dict[str, tuple[Callable[[Publisher], object], str]] = {
    "twice": (lambda one: another(one, theirs(one)["CustomerReference"]), "more than once"),
    "unknown": (lambda one: another(one, THEIRS), "a marker of no invoice"),
    "amount": (
        lambda one: one.sandbox.edit_by_id(theirs(one)["InvoiceDBID"], Rate="179.99"),
        "verified: net",
    ),
    "marker": (
        lambda one: one.sandbox.edit_by_id(theirs(one)["InvoiceDBID"], CustomerReference="Mine"),
        "verified: marker",
    ),
    "gone": (lambda one: one.sandbox.delete(theirs(one)["InvoiceDBID"]), "it is not in KashFlow"),
    "parked": (
        lambda one: Transfer.objects.update(state="do_not_send"),
        "it is in KashFlow all the same",
    ),
    "open": (void_and_take_back, "its invoice has|open in KashFlow"),
    "paid twice": (pay_twice, "Done in KashFlow more than once"),
    "number": (lambda one: NumberCounter.objects.update(next_number=30_000), "gap"),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_done_behind_its_back_breaks_a_life(alive: tuple[Publisher, Any], name: str) -> None:
    publisher, judge = alive
    act, said = HARM[name]
    act(publisher)
    with pytest.raises(Broken, match=said):
        judge.at_rest()


def test_voided_and_changed_by_hand_a_life_is_well_and_told(alive: tuple[Publisher, Any]) -> None:
    publisher, judge = alive
    voided(publisher)
    judge.at_rest()
    publisher.press(publisher.raise_invoices("42.35"))
    publisher.work()
    last = Transfer.objects.get(kind="create", invoice__number=Invoice.objects.latest("number").number)
    changed = next(one for one in publisher.sandbox.invoices() if one["InvoiceDBID"] == last.kashflow_dbid)
    publisher.bookkeeper.change("amount", changed, last.invoice.marker)
    judge.at_rest()
    assert list(LedgerDifference.objects.values_list("kind", "number")) == [("edited", last.invoice.number)]


def test_a_change_that_nobody_is_told_of_breaks_a_life(
    alive: tuple[Publisher, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, judge = alive
    publisher.bookkeeper.delete(theirs(publisher)["InvoiceDBID"])
    monkeypatch.setattr(Walk, "findings", lambda walk: iter(()))
    with pytest.raises(Broken, match="gone in KashFlow, and told is nothing"):
        judge.at_rest()


def forgotten(publisher: Publisher) -> Invoice:
    """Sent after a backup that is restored, and cancelled before anybody met it in KashFlow."""
    (invoice,) = publisher.raise_invoices("42.35")
    publisher.press([invoice])
    backup = publisher.back_up()
    publisher.work()
    publisher.restore(backup)
    publisher.decisions.cancel(invoice)
    return invoice


def test_cancelled_after_a_restore_that_was_forgotten_a_life_is_well_and_told(
    alive: tuple[Publisher, Any],
) -> None:
    publisher, judge = alive
    number = forgotten(publisher).number
    judge.after_restore()
    judge.at_rest()
    assert list(LedgerDifference.objects.values_list("kind", "number")) == [("extra", number)]


def test_the_same_without_a_word_of_it_breaks_a_life(
    alive: tuple[Publisher, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, judge = alive
    forgotten(publisher)
    judge.after_restore()
    monkeypatch.setattr(Walk, "findings", lambda walk: iter(()))
    with pytest.raises(Broken, match="in KashFlow all the same, and nobody is told"):
        judge.at_rest()


def test_the_same_without_a_restore_breaks_a_life(alive: tuple[Publisher, Any]) -> None:
    publisher, judge = alive
    forgotten(publisher)
    judge.after_restore()
    publisher.was_restored = False
    with pytest.raises(Broken, match="it is in KashFlow all the same"):
        judge.at_rest()

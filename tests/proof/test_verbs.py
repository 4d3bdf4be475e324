"""What people decide and what bookkeepers do, once each and for certain, before the oracle that judges the random lives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clients.models import CustomerLink
from invoicing.models import Invoice, LedgerDifference, Transfer
from kashflow.models import LedgerAccount
from tests import factories
from tests.proof.bookkeeper import CHANGES
from tests.proof.conftest import Make
from tests.proof.oracle import Oracle
from tests.proof.publisher import Publisher

Life = tuple[Publisher, Oracle]


@pytest.fixture
def life(make: Make) -> Life:
    """Three invoices of one client in KashFlow, on an account that keeps both documents of one number."""
    publisher, oracle = make()
    publisher.sandbox.settings(duplicate_number="duplicate")
    payer = factories.client_row()
    publisher.press([publisher.raise_invoices("180.00", payer=payer)[0] for _ in range(3)])
    publisher.work()
    assert publisher.states() == ["verified"] * 3
    return publisher, oracle


def invoice(n: int) -> Invoice:
    """The nth, by number."""
    return Invoice.objects.order_by("number")[n]


def transfer(n: int, kind: str = "create") -> Transfer:
    return Transfer.objects.get(invoice=invoice(n), kind=kind)


def document(publisher: Publisher, n: int) -> dict[str, object]:
    dbid = transfer(n).kashflow_dbid
    return next(one for one in publisher.sandbox.invoices() if one["InvoiceDBID"] == dbid)


def raised_in_its_way(publisher: Publisher, *, same: bool) -> Transfer:
    """A fourth invoice of that client, whose number a bookkeeper has: on the same invoice, or on one of their own."""
    (fourth,) = publisher.raise_invoices("180.00", payer=invoice(0).payer)
    link = CustomerLink.objects.get(client=fourth.payer)
    if same:
        publisher.bookkeeper.type_same(fourth, fourth.number, link.customer_id or 0)
    else:
        publisher.bookkeeper.type_in(fourth.number)
    publisher.press([fourth])
    publisher.work()
    return transfer(3)


@pytest.mark.parametrize("voiding", ["credit", "delete"])
def test_cancelled_in_kashflow_it_is_voided(life: Life, voiding: str) -> None:
    publisher, oracle = life
    LedgerAccount.objects.update(voiding=voiding)
    publisher.decisions.cancel(invoice(0))
    oracle.at_rest()
    assert Invoice.objects.filter(is_voiding=True).count() == (voiding == "credit")
    done = Transfer.objects.get(kind="apply" if voiding == "credit" else "delete")
    assert (invoice(0).state, done.state) == ("cancelled", "verified")
    assert set(publisher.states()) == {"verified"}


def test_credited_in_part_it_is_set_off(life: Life) -> None:
    publisher, oracle = life
    publisher.decisions.credit(invoice(0), Decimal("0.5"))
    oracle.at_rest()
    assert (invoice(3).total, transfer(3).state, transfer(3, "apply").state) == (-108, "verified", "verified")


def test_payment_recorded_here_comes_there_once(life: Life) -> None:
    publisher, oracle = life
    publisher.decisions.record_payment(invoice(0), Decimal("50.82"))
    oracle.at_rest()
    assert (transfer(0, "payment").state, len(publisher.sandbox.log("InsertInvoicePayment"))) == (
        "verified",
        1,
    )


def test_payment_recorded_there_is_told_here_and_taken_back_again(life: Life) -> None:
    publisher, oracle = life
    publisher.bookkeeper.pay(transfer(0).kashflow_dbid or 0, "50.82")
    oracle.at_rest()
    assert invoice(0).paid_amount == Decimal("50.82")
    publisher.bookkeeper.take_back()
    oracle.at_rest()
    assert invoice(0).paid_amount == 0


def test_same_invoice_typed_there_is_linked(life: Life) -> None:
    publisher, oracle = life
    found = raised_in_its_way(publisher, same=True)
    assert (found.state, found.cause_code) == ("review", "found_probable")
    publisher.decisions.adopt(found)
    oracle.at_rest()
    assert transfer(3).state == "verified"
    assert transfer(3).accepted
    assert len(publisher.sandbox.log("InsertInvoice")) == 3


@pytest.mark.parametrize(
    ("verb", "states"), [("do_not_send", ["do_not_send"]), ("raise_again", ["cancelled", "verified"])]
)
def test_number_of_somebody_else_is_decided_about(life: Life, verb: str, states: list[str]) -> None:
    publisher, oracle = life
    found = raised_in_its_way(publisher, same=False)
    assert (found.state, found.cause_code) == ("conflict", "number_taken")
    getattr(publisher.decisions, verb)(found.invoice if verb == "raise_again" else found)
    oracle.at_rest()
    assert publisher.states()[3:] == states


def test_document_under_another_number_keeps_both(life: Life) -> None:
    """What a bookkeeper renumbered before it was read back."""
    publisher, oracle = life
    publisher.sandbox.fault("InsertInvoice", "drop_after")
    (fourth,) = publisher.raise_invoices("180.00", payer=invoice(0).payer)
    publisher.press([fourth])
    publisher.work()
    publisher.sandbox.edit(fourth.number, InvoiceNumber=990_001)
    publisher.come_to_rest()
    assert (transfer(3).state, transfer(3).cause_code) == ("review", "found_changed")
    publisher.decisions.adopt(transfer(3))
    oracle.at_rest()
    assert (transfer(3).state, transfer(3).kashflow_number) == ("verified", 990_001)


@pytest.mark.parametrize("what", CHANGES)
def test_changed_there_it_is_told_and_left(life: Life, what: str) -> None:
    publisher, oracle = life
    publisher.bookkeeper.change(what, document(publisher, 0), invoice(0).marker)
    changed = document(publisher, 0)
    oracle.at_rest()
    told = list(LedgerDifference.objects.values_list("kind", "number"))
    assert told == [("edited", invoice(0).number)]
    assert (document(publisher, 0), publisher.states()) == (changed, ["verified"] * 3)


def test_deleted_there_it_is_told_and_not_made_again(life: Life) -> None:
    publisher, oracle = life
    publisher.bookkeeper.delete(transfer(0).kashflow_dbid or 0)
    oracle.at_rest()
    assert list(LedgerDifference.objects.values_list("kind", "number")) == [("deleted", invoice(0).number)]
    assert len(publisher.sandbox.log("InsertInvoice")) == 3

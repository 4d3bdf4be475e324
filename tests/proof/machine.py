"""Anything that can happen to a publisher, in any order, as rules for Hypothesis; the oracle judges after each.

A new verb is a new rule: what a person or the world does, said with `self.publisher`, then nothing more.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clients.models import CustomerLink
from invoicing.models import Invoice, NumberCounter, Payment, Transfer
from invoicing.transfer.services import pause_run, resume_run
from invoicing.transfer.states import NEEDS_YOU, Event, State
from kashflow.models import LedgerAccount
from magmanager.common.errors import DomainError
from magmanager.common.models import Run
from tests.proof.bookkeeper import CHANGES
from tests.proof.oracle import Oracle
from tests.proof.publisher import BETWEEN, LEASE, SETTLE, Publisher

MOST_INVOICES = 6
OTHER_CALLS = (
    "*",
    "InsertCustomer", "applyCreditNoteToInvoice", "InsertInvoicePayment", "DeleteInvoiceByID", "GetInvoicePayment",
    "GetInvoice", "GetInvoiceByID", "GetInvoicesForCustomer", "GetInvoicesByDateRange",
    "GetCustomerByEmail", "GetCustomer",
)  # fmt: skip
# Kinds with what makes them quick or says whether the call was carried out; a call that hangs has its own rule.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "reset_in_request"},
    {"kind": "cut_reply", "percent": 30},
    {"kind": "cut_reply", "percent": 95},
    {"kind": "http_500", "committed": True},
    {"kind": "http_503"},
    {"kind": "http", "status": 502, "committed": True},
    {"kind": "http", "status": 403},
    {"kind": "rate_limited", "retry_after": "2"},
    {"kind": "rate_limited", "retry_after": "864000"},
    {"kind": "redirect"},
    {"kind": "soap_fault", "committed": True},
    {"kind": "html_page"},
    {"kind": "malformed_xml"},
    {"kind": "wrong_namespace"},
    {"kind": "empty_reply"},
    {"kind": "xml_bomb"},
    {"kind": "status_no", "text": "Something nobody has seen before", "committed": True},
    {"kind": "status_no", "text": "Something nobody has seen before"},
    {"kind": "crossed_reply"},
    {"kind": "duplicate_element"},
    {"kind": "login_refused", "times": 1},
)
BENT = ({"kind": "lines_dropped"}, {"kind": "total_off_by_a_penny"}, {"kind": "number_zero"})
POINTS = [
    ("before", Event.INTENT),
    ("after", Event.INTENT),
    ("before", Event.CREATED),
    ("after", Event.CREATED),
    ("before", Event.UNCERTAIN),
    ("before", Event.FOUND_OURS),
    ("before", Event.ABSENT_PROVED),
    ("after", Event.ABSENT_PROVED),
    ("before", Event.READ_BACK_EQUAL),
]
PRICES = st.lists(st.sampled_from(["180.00", "42.35", "0.05", "333.33"]), min_size=1, max_size=2)
AMOUNTS = st.sampled_from([Decimal("10.00"), Decimal("50.82"), Decimal("216.00")])
# Whichever of those there are.
WHICH = st.integers(0, 11)
WAITS = st.sampled_from([5.0, BETWEEN, LEASE, SETTLE, 3601.0])


def chosen(found: QuerySet[Any], which: int) -> Any:
    """One of `found`; None where there is none."""
    rows = list(found)
    return rows[which % len(rows)] if rows else None


def in_order(**of_these: Any) -> QuerySet[Transfer]:
    return Transfer.objects.filter(**of_these).order_by("invoice__number", "kind", "requested_at")


class Machine(RuleBasedStateMachine):
    """One publisher in one database; `Machine.made` says how to make the next one."""

    publisher: Publisher
    oracle: Oracle

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint()
        self.backup = ""
        self.publisher, self.oracle = self.made()

    @staticmethod
    def made() -> tuple[Publisher, Oracle]:
        raise NotImplementedError

    # --- The account ----------------------------------------------------------------------------------------

    @initialize(
        taken=st.sampled_from(["overwrite", "refuse", "duplicate", "next"]),
        not_found=st.sampled_from(["no", "empty"]),
        numbering=st.sampled_from(["ours", "ours", "kashflow"]),
        voiding=st.sampled_from(["credit", "credit", "delete"]),
    )
    def open_account(self, taken: str, not_found: str, numbering: str, voiding: str) -> None:
        self.publisher.sandbox.settings(duplicate_number=taken, not_found=not_found)
        LedgerAccount.objects.update(numbering=numbering, voiding=voiding)

    @initialize(prices=PRICES, faults=st.lists(st.sampled_from(FAULTS), max_size=2))
    def begin(self, prices: list[str], faults: list[dict[str, Any]]) -> None:
        """A life without an invoice tells nothing, and one without trouble little."""
        self.raise_batch(prices, known=False, press=True)
        for fault in faults:
            self.fault_of_create(fault)

    # --- People ---------------------------------------------------------------------------------------------

    @precondition(lambda self: Invoice.objects.count() < MOST_INVOICES)
    @rule(prices=PRICES, known=st.booleans(), press=st.sampled_from([True, True, False]))
    def raise_batch(self, prices: list[str], known: bool, press: bool) -> None:
        first = Invoice.objects.order_by("number").first()
        raised = self.publisher.raise_invoices(*prices, payer=first.payer if known and first else None)
        if press:
            self.publisher.press(raised)

    @rule()
    def request_transfers(self) -> None:
        self.publisher.press(list(Invoice.objects.all()))

    @rule(pauses=st.booleans())
    def pause_or_resume_run(self, pauses: bool) -> None:
        run = Run.objects.filter(kind="transfer").order_by("-started_at").first()
        if run is None:
            return
        try:
            (pause_run if pauses else resume_run)(by=self.publisher.by, run=run)
        except DomainError:
            # Refused, as the page would: it is over, or what stopped it still holds.
            return

    @rule()
    def link_customer(self) -> None:
        self.publisher.decide_customers()

    @rule(which=WHICH, again=st.sampled_from([False, False, True]))
    def cancel(self, which: int, again: bool) -> None:
        """An invoice or a credit note, whatever its state; `again` raises its lines under a new number."""
        if invoice := chosen(Invoice.objects.order_by("number"), which):
            (self.publisher.decisions.raise_again if again else self.publisher.decisions.cancel)(invoice)

    @rule(which=WHICH, share=st.sampled_from([Decimal("0.5"), Decimal("0.5"), Decimal(1)]))
    def credit(self, which: int, share: Decimal) -> None:
        if invoice := chosen(Invoice.objects.filter(kind="invoice").order_by("number"), which):
            self.publisher.decisions.credit(invoice, share)

    @rule(which=WHICH, verb=st.sampled_from(["recheck", "adopt", "adopt", "do_not_send"]))
    def decide(self, which: int, verb: str) -> None:
        """On the Transfer desk, about one that needs a person."""
        if transfer := chosen(in_order(state__in=NEEDS_YOU), which):
            getattr(self.publisher.decisions, verb)(transfer)

    @rule(which=WHICH, verb=st.sampled_from(["retry", "retry", "do_not_send"]))
    def decide_on_waiting(self, which: int, verb: str) -> None:
        if transfer := chosen(in_order(state=State.READY), which):
            getattr(self.publisher.decisions, verb)(transfer)

    @rule(which=WHICH, amount=AMOUNTS, transfers=st.booleans())
    def record_payment(self, which: int, amount: Decimal, transfers: bool) -> None:
        if invoice := chosen(Invoice.objects.filter(kind="invoice").order_by("number"), which):
            self.publisher.decisions.record_payment(invoice, amount)
        if transfers:
            self.publisher.decisions.transfer_payments()

    @rule(which=WHICH)
    def remove_payment(self, which: int) -> None:
        if payment := chosen(Payment.objects.order_by("pk"), which):
            self.publisher.decisions.remove_payment(payment)

    # --- In KashFlow ----------------------------------------------------------------------------------------

    @rule(ahead=st.integers(0, 2))
    def type_in(self, ahead: int) -> None:
        """Under our next number or one soon after; KashFlow's own next where it numbers."""
        self.publisher.bookkeeper.type_in(self._number_ahead(ahead))

    @rule(which=WHICH, ahead=st.sampled_from([None, 0]))
    def type_same(self, which: int, ahead: int | None) -> None:
        """An invoice of a client that KashFlow knows, by hand: under its own number or the next one of KashFlow's."""
        invoice = chosen(Invoice.objects.filter(kind="invoice").order_by("number"), which)
        link = invoice and CustomerLink.objects.filter(client=invoice.payer_id, state="linked").first()
        if invoice and link and link.customer_id:
            number = 0 if ahead is not None or not self._numbers_are_ours() else invoice.number
            self.publisher.bookkeeper.type_same(invoice, number, link.customer_id)

    def _numbers_are_ours(self) -> bool:
        return self.publisher.account.numbering == LedgerAccount.Numbering.OURS

    def _number_ahead(self, ahead: int) -> int:
        return NumberCounter.objects.get().next_number + ahead if self._numbers_are_ours() else 0

    @rule(which=WHICH, what=st.sampled_from(CHANGES))
    def change_document(self, which: int, what: str) -> None:
        """One that we know by its id: what carries neither number nor marker of ours is nobody's, for anybody."""
        if found := self._document_of_ours(which):
            self.publisher.bookkeeper.change(what, *found)
            # docs/reliability.md, What is assumed: a backup restored after that is the harm that is documented.
            self.backup = ""

    @rule(which=WHICH)
    def delete_document(self, which: int) -> None:
        if found := self._document_of_ours(which):
            self.publisher.bookkeeper.delete(found[0]["InvoiceDBID"])

    @rule(which=WHICH, amount=AMOUNTS)
    def pay_in_kashflow(self, which: int, amount: Decimal) -> None:
        if found := self._document_of_ours(which):
            self.publisher.bookkeeper.pay(found[0]["InvoiceDBID"], str(amount))

    @precondition(lambda self: self.publisher.bookkeeper.payments)
    @rule()
    def unpay_in_kashflow(self) -> None:
        self.publisher.bookkeeper.take_back()

    def _document_of_ours(self, which: int) -> tuple[dict[str, Any], str] | None:
        """A document that KashFlow has and we know, with the marker of its invoice."""
        there = {one["InvoiceDBID"]: one for one in self.publisher.sandbox.invoices()}
        known = in_order(kind=Transfer.Kind.CREATE, kashflow_dbid__in=list(there))
        transfer = chosen(known.select_related("invoice"), which)
        return transfer and (there[transfer.kashflow_dbid], transfer.invoice.marker)

    # --- Workers --------------------------------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        self.publisher.work()

    @rule(point=st.sampled_from(POINTS))
    def kill(self, point: tuple[str, Event]) -> None:
        self.publisher.kill(*point)

    @rule()
    def abandon(self) -> None:
        self.publisher.abandon()

    @rule(point=st.sampled_from(POINTS))
    def freeze(self, point: tuple[str, Event]) -> None:
        self.publisher.freeze(*point)

    # --- What goes wrong ------------------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS + BENT))
    def fault_of_create(self, fault: dict[str, Any]) -> None:
        self.publisher.sandbox.fault("InsertInvoice", **fault)

    @rule(
        fault=st.sampled_from(FAULTS),
        operation=st.sampled_from(OTHER_CALLS),
        times=st.integers(1, 3),
        probability=st.sampled_from([1.0, 0.5]),
    )
    def fault(self, fault: dict[str, Any], operation: str, times: int, probability: float) -> None:
        self.publisher.sandbox.fault(operation, **{"times": times, "probability": probability, **fault})

    @rule()
    def hold_creates(self) -> None:
        self.publisher.hold_creates()

    @rule()
    def carry_out_late(self) -> None:
        self.publisher.carry_out_late()

    @rule()
    def no_faults(self) -> None:
        self.publisher.sandbox.no_faults()

    @rule(seconds=WAITS)
    def pass_time(self, seconds: float) -> None:
        self.publisher.pass_time(seconds)

    @rule(hours=st.sampled_from([-24, -1, 1, 24]))
    def jump(self, hours: int) -> None:
        self.publisher.jump(hours * 3600.0)

    @rule()
    def back_up(self) -> None:
        self.backup = self.publisher.back_up()

    @precondition(lambda self: self.backup)
    @rule()
    def restore(self) -> None:
        self.publisher.restore(self.backup)
        self.oracle.after_restore()

    # --- Judging --------------------------------------------------------------------------------------------

    @rule()
    def come_to_rest(self) -> None:
        self.oracle.at_rest()

    @invariant()
    def holds_at_any_time(self) -> None:
        self.oracle.at_any_time()

    def teardown(self) -> None:
        try:
            self.oracle.at_rest()
        finally:
            self.publisher.sandbox.release()
            transaction.savepoint_rollback(self.start)

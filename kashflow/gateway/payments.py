"""Payments: kashflow-api.md, section 7. They go by InvoiceNumber."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kashflow.gateway.records import Payment, PaymentMethod
from kashflow.gateway.session import Session, demand
from kashflow.gateway.writing import values_of


class Payments(Session):
    """What can be asked and done about payments."""

    def insert_invoice_payment(self, payment: Payment, send_by: float | None = None) -> int:
        """Records a payment on the document with `payment.invoice_number` and returns its number.

        `send_by` is a moment of `time.monotonic()`: after it nothing is written and SendDeadlineMissed is
        raised. Unknown means that it may have been recorded.
        """
        demand("InsertInvoicePayment", PayInvoice=payment.invoice_number)
        values = {"InvoicePayment": {**values_of(payment), "PayID": 0}}
        return self._calls.create("InsertInvoicePayment", values, send_by)

    def get_invoice_payments(self, number: int) -> Iterator[Payment]:
        """The payments of the invoice with this number."""
        return self._calls.list(
            "GetInvoicePayment",
            Payment,
            {"InvoiceNumber": number},
            lambda payment: payment.invoice_number == number,
        )

    def delete_invoice_payment(self, number: int, payment_id: int) -> None:
        """Takes a payment back from the invoice with this number."""
        demand("DeleteInvoicePayment", InvoiceNumber=number, InvoicePaymentNumber=payment_id)
        values = {"InvoiceNumber": number, "InvoicePaymentNumber": payment_id}
        self._calls.change("DeleteInvoicePayment", values)

    def get_inv_pay_methods(self) -> Iterator[PaymentMethod]:
        """The ways an invoice can be paid."""
        return self._calls.list("GetInvPayMethods", PaymentMethod, {})

    def get_invoice_payments_by_date_range(self, start: date, end: date, page: int) -> Iterator[Payment]:
        """One page of the payments made from `start` to `end`; pages count from 1, an empty one ends them."""
        values = {"StartDate": start, "EndDate": end, "PageNumber": page}
        return self._calls.list("GetInvoicePaymentsByDateRange", Payment, values)

    def get_invoice_payments_count_for_date_range(self, start: date, end: date) -> int:
        """How many payments were made from `start` to `end`."""
        values = {"StartDate": start, "EndDate": end}
        return self._calls.value("GetInvoicePaymentsCountforDateRange", int, values)

    def allocate_advance_payment_to_invoice(self, number: int, transaction_id: int) -> None:
        """Sets what was paid in advance off against the invoice with this number."""
        operation = "AllocateAdvancePaymentToInvoice"
        demand(operation, InvoiceNumber=number, BankTxId=transaction_id)
        self._calls.change(operation, {"InvoiceNumber": number, "BankTxId": transaction_id})

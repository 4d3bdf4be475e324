"""Documents (invoices, lines, numbers, batches), payments, and transfers (what is sent to KashFlow, and every attempt)."""

from invoicing.models.comparison import LedgerDifference
from invoicing.models.documents import MAX_NUMBER, Batch, Invoice, InvoiceLine, NumberCounter
from invoicing.models.payments import PaidReading, Payment, PaymentObservation
from invoicing.models.transfers import RunTransfer, Transfer, TransferAttempt

__all__ = [
    "MAX_NUMBER",
    "Batch",
    "Invoice",
    "InvoiceLine",
    "LedgerDifference",
    "NumberCounter",
    "PaidReading",
    "Payment",
    "PaymentObservation",
    "RunTransfer",
    "Transfer",
    "TransferAttempt",
]

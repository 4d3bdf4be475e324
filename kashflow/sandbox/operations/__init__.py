"""What each operation does with the ledger, by subject; importing this registers them all."""

from kashflow.sandbox.operations import account, bank, codes, customers, invoices, papers, payments

__all__ = ["account", "bank", "codes", "customers", "invoices", "papers", "payments"]

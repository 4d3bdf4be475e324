"""How a transfer is called in a list and in a heading: one small function per kind of errand."""

from __future__ import annotations

from collections.abc import Callable

from invoicing.models import Transfer


def _document(transfer: Transfer) -> str:
    return f"{transfer.invoice.get_kind_display()} {transfer.invoice.number}"


def _set_off(transfer: Transfer) -> str:
    return f"Set off credit note {transfer.invoice.number}"


def _deletion(transfer: Transfer) -> str:
    return f"Delete {transfer.invoice.number} in KashFlow"


def _payment(transfer: Transfer) -> str:
    return f"Payment on {transfer.invoice.number}"


TITLES: dict[str, Callable[[Transfer], str]] = {
    Transfer.Kind.CREATE: _document,
    Transfer.Kind.APPLY: _set_off,
    Transfer.Kind.DELETE: _deletion,
    Transfer.Kind.PAYMENT: _payment,
}


def title(transfer: Transfer) -> str:
    """Such as "Invoice 10431" or "Payment on 10431"; needs the transfer's invoice."""
    return TITLES[transfer.kind](transfer)

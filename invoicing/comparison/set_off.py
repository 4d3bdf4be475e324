"""How much of which document is set off, as our own errands know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from invoicing.models import Invoice, Transfer
from invoicing.transfer.states import State
from kashflow.models import LedgerAccount
from magmanager.common import many
from magmanager.common.money import ZERO


@dataclass
class SetOff:
    """Pounds by document id: of a credit note what is set off of it, of an invoice what credit notes settle of it.

    `left` is what somebody decided to leave in KashFlow as it is: set off there by hand or not, both is right.
    """

    done: dict[int, Decimal] = field(default_factory=dict)
    left: dict[int, Decimal] = field(default_factory=dict)


def set_off(account: LedgerAccount, invoice_ids: Iterable[int]) -> SetOff:
    """What is set off of these documents in `account`, in one query; a cancelled credit note counts no more."""
    ids = many.among(invoice_ids)
    errands = Transfer.objects.filter(
        Q(invoice__in=ids) | Q(invoice__credits__in=ids),
        kind=Transfer.Kind.APPLY,
        ledger_account=account,
        state__in=[State.VERIFIED, State.DO_NOT_SEND],
        invoice__state=Invoice.State.RAISED,
    )
    found = SetOff()
    for note, invoice, total, state in errands.values_list(
        "invoice", "invoice__credits", "invoice__total", "state"
    ):
        pounds = found.done if state == State.VERIFIED else found.left
        for document in filter(None, (note, invoice)):
            pounds[document] = pounds.get(document, ZERO) - total
    return found

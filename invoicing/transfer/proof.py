"""The canary: whether an account keeps our numbers (transfer.md, Numbers)."""

from __future__ import annotations

from invoicing.models import Transfer
from invoicing.transfer.states import State
from invoicing.transfer.work import Work
from kashflow.gateway.errors import GatewayError, NotFound
from kashflow.models import LedgerAccount
from settings_app import audit


def try_to_prove(work: Work) -> None:
    """After a document came back under our number: proof, where that number was not KashFlow's highest + 1.

    It was not where nobody has the number before it. Without an answer nothing is proved, and nothing lost.
    """
    number = work.transfer.kashflow_number or 0
    if not work.numbers_are_ours or work.account.numbers_proved or number < 2 or _is_there(work, number - 1):
        return
    if (
        LedgerAccount.objects.filter(pk=work.account.pk, numbers_proved=False).update(numbers_proved=True)
        == 1
    ):
        audit.record("kashflow_account.numbers_proved", work.account, by=work.by, after={"number": number})


def _is_there(work: Work, number: int) -> bool:
    """Whether KashFlow has a document `number`; True also where that could not be found out."""
    ours = Transfer.objects.filter(ledger_account=work.account, kashflow_number=number, state=State.VERIFIED)
    if ours.exists():
        return True
    try:
        work.gateway.get_invoice(number)
    except NotFound:
        return False
    except GatewayError:
        return True
    return True

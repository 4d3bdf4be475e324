"""What somebody may decide about a transfer, each choice with its consequence in a sentence and one of them suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from invoicing import causes, payments, sides
from invoicing.models import Transfer
from invoicing.transfer import acts, adoption, paying, second_person, stopping
from invoicing.transfer.states import NEEDS_YOU, State
from kashflow import connections
from magmanager.common.permissions import may
from settings_app.models import User

# No act on the transfer: it leads to the page that asks why the payment is taken back.
REMOVE_PAYMENT = "remove_payment"
ADDRESSES = {act: f"invoicing:transfer_{act}" for act in acts.EVENTS} | {
    acts.RETRY: "invoicing:transfer_retry"
}
# The first of these that is possible is suggested; what is not named here is looked for again.
SUGGESTED = {
    "number_taken": (acts.RAISE_AGAIN,),
    "found_probable": (acts.ADOPT,),
    "found_changed": (acts.ADOPT,),
    "other_number": (acts.ADOPT,),
    "differs": (acts.ADOPT,),
    "changed_meanwhile": (acts.ADOPT,),
}
# What the payment's removal puts right; the first is what is most often true.
REMOVED = {
    "found_probable": "Right where it is the same money: KashFlow's payment counts, and comes back here by itself.",
    "payment_gone": "Right where it was deleted there on purpose.",
    "payment_no_bank": "Right where it was recorded for the wrong bank account: record it anew then.",
    "said_no": "Right where what KashFlow says is wrong with the payment itself: record it anew then.",
}
RECHECKED = {
    "number_taken": "Right once the other document was deleted or renumbered in KashFlow: then this one is sent.",
    "found_probable": "Right once the other document was deleted in KashFlow: then this one is sent.",
    "found_changed": "Right once it was put right in KashFlow. Deleted there, it is sent again.",
    "differs": "Right once it was put right in KashFlow. Deleted there, it is sent again.",
    "other_number": "Reads KashFlow's document again. Deleted there, it is sent again.",
    "gone": "It is looked for by its number and by its marker, twice. If KashFlow has it nowhere, it is sent again.",
    "customer_unresolved": "Right once the customer is chosen: it is looked for, and then sent.",
    "not_sendable": "Right once that is mended: it is looked for, and then sent.",
}
RECHECK = "KashFlow is read again. Where it has the document, that is compared; where it has not, it is sent."


@dataclass(frozen=True)
class Choice:
    """One way out. `button` is named by what it does."""

    act: str
    label: str
    consequence: str
    button: str
    url: str
    is_suggested: bool

    @property
    def needs_reason(self) -> bool:
        return self.act in acts.NEEDS_REASON

    @property
    def is_link(self) -> bool:
        return self.act == REMOVE_PAYMENT


def choices(transfer: Transfer, by: User, kept: Mapping[str, Any] | None) -> list[Choice]:
    """The ways out of `transfer` that this person may take; `kept` is KashFlow's document as it is shown."""
    possible = [act for act in acts.possible(transfer) if may(by, f"invoicing.{act}")]
    if acts.ADOPT in possible and not (kept and _is_linkable(transfer, kept)):
        possible.remove(acts.ADOPT)
    if is_own := _is_own_proposal(transfer, by, kept):
        possible = [act for act in possible if act != acts.ADOPT]
    if acts.RETRY in possible and causes.refused_login(transfer) and not _has_working_login(by):
        possible.remove(acts.RETRY)
    if transfer.cause_code in REMOVED and _is_removable(transfer, by):
        possible.append(REMOVE_PAYMENT)
    # Whatever is chosen takes a proposal back: nothing of that is suggested to who waits for a second person.
    best = "" if is_own else _suggested(transfer, possible, kept)
    return [
        Choice(act, *_words(act, transfer, kept), _address(act, transfer), act == best)
        for act in sorted(possible, key=lambda act: act != best)
    ]


def _address(act: str, transfer: Transfer) -> str:
    if act == REMOVE_PAYMENT:
        return reverse("invoicing:payment_remove", args=[transfer.payment_id])
    return reverse(ADDRESSES[act], args=[transfer.pk])


def _has_working_login(by: User) -> bool:
    """Whether a retry of `by` would go under a login that KashFlow lets in."""
    try:
        return not connections.login_for(by).refusal
    except connections.NoLogin:
        return False


def _is_removable(transfer: Transfer, by: User) -> bool:
    """Whether its payment can be taken back here: KashFlow has not got it as ours."""
    is_ours_there = transfer.kashflow_payment_id is not None and transfer.cause_code != paying.GONE
    return bool(
        transfer.payment and transfer.state in NEEDS_YOU and not is_ours_there and may(by, payments.VERB)
    )


def waits(transfer: Transfer) -> str:
    """That a link waits for a second person, and what ends that; empty where none does."""
    proposed = second_person.proposal(transfer)
    if proposed is None:
        return ""
    return (
        f"Waits for a second person: {proposed.by} proposed linking it to number {proposed.number}. "
        "Any other choice takes that back."
    )


def why_not(transfer: Transfer, kept: Mapping[str, Any] | None) -> list[str]:
    """Why what people look for first is not among the choices: linking other money, raising again what is there."""
    if transfer.kind != Transfer.Kind.CREATE or transfer.state not in NEEDS_YOU:
        return []
    said = []
    if kept and not adoption.is_whole(kept):
        said.append("KashFlow's document was not read with its lines yet: recheck before you link it.")
    elif kept and (off := adoption.total_of(kept) - transfer.invoice.total):
        said.append(f"It can't be linked: the totals differ by £{abs(off):,.2f}.")
    if stopping.may_be_there(transfer):
        said.append(
            "It can't be raised again while KashFlow may have it: the client would be charged twice. "
            "Delete it there and recheck, or cancel the invoice."
        )
    return said


def _is_own_proposal(transfer: Transfer, by: User, kept: Mapping[str, Any] | None) -> bool:
    proposed = second_person.proposal(transfer)
    return bool(kept and proposed and proposed.by == by and proposed.seen == adoption.fingerprint(kept))


def _is_linkable(transfer: Transfer, kept: Mapping[str, Any]) -> bool:
    return adoption.is_whole(kept) and adoption.total_of(kept) == transfer.invoice.total


def _suggested(transfer: Transfer, possible: list[str], kept: Mapping[str, Any] | None) -> str:
    if transfer.state not in NEEDS_YOU:
        return acts.RETRY if acts.RETRY in possible else ""
    wanted: tuple[str, ...] = SUGGESTED.get(transfer.cause_code, ())
    if transfer.payment_id:
        wanted = (REMOVE_PAYMENT,) if transfer.cause_code == "found_probable" else ()
    if len(adoption.documents(transfer)) > 1:
        wanted = ()
    elif transfer.cause_code == "number_taken" and kept and sides.is_same_customer(transfer, kept):
        wanted = (acts.ADOPT, acts.RAISE_AGAIN)
    return next((act for act in wanted if act in possible), acts.RECHECK)


def _words(act: str, transfer: Transfer, kept: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Label, consequence and button."""
    number = transfer.invoice.number
    if act == REMOVE_PAYMENT:
        return "Remove payment", REMOVED[transfer.cause_code], "Remove payment…"
    if act == acts.RECHECK and transfer.kind != Transfer.Kind.CREATE:
        told = (
            "KashFlow is read again. Where it was done there already, it is settled; where not, it is done."
        )
        return "Recheck", told, "Recheck KashFlow"
    if act == acts.RECHECK:
        return "Recheck", RECHECKED.get(transfer.cause_code, RECHECK), "Recheck KashFlow"
    if act == acts.RETRY and causes.refused_login(transfer):
        return "Retry", "It is tried at once, under your login instead of the refused one.", "Retry now"
    if act == acts.RETRY:
        return "Retry", "It is tried again at once instead of at the time above.", "Retry now"
    if act == acts.ADOPT and kept:
        return _with_second_person(transfer, kept, *_linking(number, kept))
    if act == acts.RAISE_AGAIN:
        told = f"{number} stays in the list as cancelled. The same lines are raised under the next number and sent."
        return "Cancel and raise again", told, "Cancel and raise again"
    if _is_unsent_payment(transfer):
        told = "The payment is kept here only and never recorded in KashFlow. This can't be undone."
        return "Do not send", told, "Do not send this payment"
    if transfer.kind != Transfer.Kind.CREATE:
        told = "Nothing more of it is done in KashFlow. This can't be undone."
        return "Leave it", told, "Leave it in KashFlow as it is"
    with_it = "" if transfer.invoice.credits_id else ", and so are credit notes that wait for it"
    told = f"It is kept here only and never transferred{with_it}. This can't be undone."
    if stopping.may_be_there(transfer):
        told = f"{told} What KashFlow has of it stays there as it is."
    return "Do not send", told, "Do not send"


def _is_unsent_payment(transfer: Transfer) -> bool:
    """Whether it is a payment that KashFlow cannot have: never sent, or proved absent."""
    if transfer.payment_id is None or transfer.kashflow_payment_id is not None:
        return False
    may_have_gone = transfer.state == State.REVIEW and transfer.cause_code == paying.GONE
    return not may_have_gone and not stopping.may_be_there(transfer)


def _linking(number: int, kept: Mapping[str, Any]) -> tuple[str, str, str]:
    if kept["number"] != number:
        told = (
            f"It stays {number} here and {kept['number']} in KashFlow, and is taken as it stands there. "
            "Our PDF says our number."
        )
        return "Keep both numbers", told, "Keep both numbers"
    told = (
        "KashFlow's document is taken as ours, as it stands there. Only right where both are the same sale."
    )
    return "Link", told, "Link the document"


def _with_second_person(
    transfer: Transfer, kept: Mapping[str, Any], label: str, told: str, button: str
) -> tuple[str, str, str]:
    if not second_person.is_needed(transfer):
        return label, told, button
    act = button[0].lower() + button[1:]
    proposed = second_person.proposal(transfer)
    if proposed and proposed.seen == adoption.fingerprint(kept):
        return label, f"{told} {proposed.by} proposed it.", f"Confirm and {act}"
    return label, f"{told} It takes two people: you propose it, somebody else confirms.", f"Propose to {act}"

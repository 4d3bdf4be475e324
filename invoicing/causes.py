"""Where what stopped a transfer or a run is mended: from the code of a cause to a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from invoicing.models import Transfer
from invoicing.transfer import claims, pauses
from invoicing.transfer.states import NEEDS_YOU, TERMINAL, State
from kashflow import door
from kashflow.answer import anchor_of
from kashflow.models import Connection
from magmanager.common.models import Run


class Link(NamedTuple):
    """A link with its words."""

    url: str
    label: str


class Cause(NamedTuple):
    """Why a transfer does not go on, in a person's words, and where that is mended; empty where nothing is wrong."""

    text: str
    link: Link | None


NOTHING = Cause("", None)
MY_DETAILS = ("my_details", "My Details")
API_LOG = ("kashflow:api_log", "API log")
KASHFLOW = ("kashflow:settings", "Settings › KashFlow")
COMPANY = ("settings:company", pauses.COMPANY_DETAILS)
PAGES = {
    pauses.CONNECTION_OFF: MY_DETAILS,
    pauses.SWITCHED_OFF: MY_DETAILS,
    pauses.NO_LOGIN: MY_DETAILS,
    "other_number": KASHFLOW,
    "not_sendable": KASHFLOW,
    "payment_no_bank": KASHFLOW,
    "payment_not_mapped": ("kashflow:payment_methods", "Settings › Payment Methods"),
    "refused": API_LOG,
    "unknown": API_LOG,
    "said_no": API_LOG,
    "envelope_invalid": API_LOG,
    "envelope_refused": API_LOG,
    "uncertain_too_long": API_LOG,
}
# In two or three words, for a list. Every code that a transfer can have stands here; a test looks for others.
SHORT = {
    "number_taken": "Number taken",
    "found_probable": "Probably typed by hand",
    "found_changed": "Changed in KashFlow",
    "other_number": "Got another number",
    "differs": "Not what was sent",
    "changed_meanwhile": "Changed since it was looked at",
    "gone": "Deleted in KashFlow",
    "customer_unresolved": "Customer not settled",
    "not_sendable": "Codes or sums",
    "uncertain_too_long": "Uncertain for a day",
    "refused": "Refused by KashFlow",
    "not_found": "Not in KashFlow",
    "no_record": "Not in KashFlow",
    "code_not_unique": "Customer code taken",
    "code_invalid": "Customer code refused",
    "envelope_invalid": "Cannot be written",
    "envelope_refused": "Message refused",
    "not_set_off": "Not set off",
    "not_deleted": "Not deleted",
    "payment_not_mapped": "Method not mapped",
    "payment_no_bank": "No bank account",
    "payment_gone": "Payment or invoice gone",
    "stopped": "Program stopped",
    "stopped_while_sending": "Program stopped",
    "send_deadline_missed": "Started too late",
    "not_sent": "Cannot reach KashFlow",
    "kashflow_away": "KashFlow away",
    "tls_failed": "Certificate not accepted",
    "rate_limited": "KashFlow is busy",
    "busy": "Other calls first",
    "unknown": "No clear answer",
    "said_no": "KashFlow said no",
    "gateway_error": "No clear answer",
    "connection_off": "Login refused",
    "wrong_login": "Login refused",
    "api_disabled": "API switched off",
    "ip_not_listed": "Address not allowed",
    "account_locked": "KashFlow locked",
    "access_forbidden": "Access refused",
    "switched_off": "No login to work with",
    "no_login": "No login saved",
}
# What to do before any of the choices helps.
ADVICE = {
    "other_number": (
        "Transfers are stopped until an admin has chosen: in Settings › KashFlow set Invoice numbers to "
        "“KashFlow numbers its own”, and they go on. This one is settled here."
    ),
    "customer_unresolved": "Choose or create the customer at the client; then it goes on by itself.",
    "not_sendable": "Sync the codes in Settings › KashFlow, or put them right on the publication, then recheck.",
    "gone": "Ask whoever works in KashFlow whether it was deleted on purpose.",
    "not_set_off": "Set it off by hand in KashFlow and recheck, or leave the two as they are.",
    "payment_not_mapped": "Map its method to one of KashFlow's, then recheck.",
    "payment_no_bank": "Choose the bank account, then recheck.",
    "payment_gone": (
        "Ask whoever works in KashFlow whether it was deleted on purpose. Once it is back there, recheck; else "
        "remove the payment here."
    ),
    "not_deleted": "Mend it in KashFlow and recheck, or leave the document there.",
    "refused": "Mend what KashFlow names, then recheck.",
    "envelope_invalid": "Mend what is named, then recheck.",
    "envelope_refused": "Nothing can be mended here; the API log has the message for your administrator.",
    "uncertain_too_long": "Look in KashFlow yourself, or recheck once it can be read again.",
}


def page_of(code: str) -> Link | None:
    """The page on which cause `code` is mended; None where there is nothing to open.

    What KashFlow refuses leads to its own line of the help, which says what to press there and here.
    """
    if anchor := anchor_of(code):
        return Link(f"{reverse('kashflow:help')}#{anchor}", "How to mend it")
    if code not in PAGES:
        return None
    name, label = PAGES[code]
    return Link(reverse(name), label)


def page_of_pause(reason: str) -> Link:
    """Where what stopped an account is mended: a number that is taken in Company Details, all else at the account."""
    name, label = COMPANY if pauses.COMPANY_DETAILS in reason else KASHFLOW
    return Link(reverse(name), label)


def pages_of_run(run: Run) -> list[Link]:
    """Where what stopped a whole run is mended: the page, and for a refused login its line of the help."""
    if run.cause == pauses.ACCOUNT_PAUSED:
        return [page_of_pause(run.summary)]
    codes = [run.cause]
    if run.cause == pauses.CONNECTION_OFF and run.connection_id:
        codes += Connection.objects.filter(pk=run.connection_id).values_list("refusal", flat=True)
    return [page for code in codes if (page := page_of(code))]


def page_of_transfer(transfer: Transfer) -> Link | None:
    """As `page_of`; what is wrong with a customer is mended at the client."""
    if transfer.cause_code == "customer_unresolved":
        return Link(reverse("clients:details", args=[transfer.invoice.payer_id]), "Look at the client")
    return page_of(transfer.cause_code)


def of_transfer(transfer: Transfer) -> Cause:
    """Why one transfer stands where it is."""
    held_by_others = of_waiting([transfer]).get(transfer.pk)
    if login := refused_login(transfer):
        return held_by_others or Cause(door.stored_refusal(login).sentence, page_of(login.refusal))
    return held_by_others or Cause(transfer.last_cause, page_of_transfer(transfer))


def refused_login(transfer: Transfer) -> Connection | None:
    """The login it goes under where KashFlow refuses that one: nobody takes the transfer up before it works again."""
    login = transfer.connection
    is_held = transfer.state not in TERMINAL | NEEDS_YOU
    return login if login and login.refusal and is_held else None


def of_waiting(transfers: Iterable[Transfer]) -> dict[UUID, Cause]:
    """What keeps those of `transfers` that wait, by id: their account is stopped, or KashFlow lacks their invoice.

    One query, however many. Nothing of these goes on by itself within seconds.
    """
    waiting = [one.pk for one in transfers if one.state == State.READY]
    if not waiting:
        return {}
    return {
        pk: _stopped(reason) if reason else _lacking(number or 0)
        for pk, reason, number in claims.held_back(waiting)
        if reason or number
    }


def _lacking(number: int) -> Cause:
    where = Link(reverse("invoicing:invoice", args=[number]), f"Open invoice {number}")
    return Cause(f"It goes once invoice {number} is in KashFlow.", where)


def _stopped(reason: str) -> Cause:
    return Cause(f"Transfers are stopped. {reason}", page_of_pause(reason))

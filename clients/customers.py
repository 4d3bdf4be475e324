"""Which KashFlow customer a client is: wanting the link, finding, creating and updating the customer.

design: transfer.md, The other writes. The code is stored before the call that creates the customer, so a create
whose reply was lost is found again by it. No transaction is open during a call; every write here is conditional
on what was read.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from clients import customer_links as rows
from clients import kashflow_mapping as mapping
from clients.models import Client, CustomerLink
from kashflow.connections import office_login
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import CodeNotUnique, GatewayError, NotFound, SaidNo
from kashflow.gateway.records import Customer
from kashflow.models import Connection, LedgerAccount
from kashflow.services import get_gateway
from magmanager.common import rows as single
from settings_app import audit
from settings_app.models import User

State = CustomerLink.State
# From this many unlinked payers on, one read of the whole customer list costs less than a look for each.
LIST_FROM = 21
LOOK_IS_GOOD_FOR = dt.timedelta(hours=1)
# Where KashFlow hangs, each try takes as long as a call may: the next round goes on.
BACKGROUND_SECONDS = 60.0


def want(client: Client, account: LedgerAccount) -> CustomerLink:
    """The link of `client` (a payer) in `account`, made where there is none yet. Safe inside a transaction."""
    there = single.find(CustomerLink, client=client, ledger_account=account)
    link = there[0] if there else CustomerLink.objects.get_or_create(client=client, ledger_account=account)[0]
    # Not read again: what was changed in the client is asked next.
    link.client, link.ledger_account = client, account
    return link


def is_settled(link: CustomerLink) -> bool:
    """Whether the customer was read and holds all that was changed here: nothing to ask KashFlow then."""
    return (
        link.state == State.LINKED
        and link.customer_id is not None
        and link.read_at is not None
        and bool(link.known)
        and not rows.changes_of(link)
    )


def resolve(link: CustomerLink, *, connection: Connection, by: User | None) -> CustomerLink:
    """Finds, creates or updates the customer of `link` and returns the link as it is then.

    LINKED with a customer_id, or MATCH where a person must choose (`candidates`) or look (`cause`). Raises
    the gateway's errors, which stay on the link as its cause; asking again later is always safe. Must not be called
    inside a transaction.
    """
    link = CustomerLink.objects.select_related("client", "ledger_account").get(pk=link.pk)
    if is_settled(link) or link.state == State.MATCH:
        return link
    try:
        gateway = get_gateway(connection, by=by, purpose=f"Customer of {link.client}")
        step = _bring_up_to_date if link.state == State.LINKED else _find_or_create
        return step(link, gateway, by)
    except SaidNo as error:
        if rows.was_refused_so(link, error) and not error.may_pass:
            return rows.stop(link, _not_taken(link, error))
        rows.refused(link, error)
        raise
    except GatewayError as error:
        rows.refused(link, error)
        raise


def read_anew(link: CustomerLink, *, connection: Connection, by: User | None) -> CustomerLink:
    """KashFlow refused an invoice because its customer is not there: a person must look where a read says so too.

    The link as it is then. Raises the gateway's errors; must not be called inside a transaction.
    """
    CustomerLink.objects.filter(pk=link.pk, state=State.LINKED, linked_at=link.linked_at).update(read_at=None)
    return resolve(link, connection=connection, by=by)


def use(link: CustomerLink) -> bool:
    """Notes that an invoice goes to this customer: from then on no hand changes the link (`clients.linking`).

    False where somebody changed it since it was loaded; nothing may be sent with it then.
    """
    if link.used_at:
        return True
    same = CustomerLink.objects.filter(
        pk=link.pk, state=State.LINKED, customer_id=link.customer_id, linked_at=link.linked_at
    )
    return same.update(used_at=Coalesce("used_at", timezone.now())) == 1


def resolve_many(links: Iterable[CustomerLink], *, connection: Connection, by: User | None) -> int:
    """Looks for many links in one list call: wanted ones, and linked ones that nobody read yet.

    A wanted one that is not there is marked as read, ready to be created. Returns how many were found. Raises the
    gateway's errors; nothing is stored then.
    """
    links = list(links)
    values = rows.values_of_many([link.client for link in links])
    wanted = [(link, values[link.client_id]) for link in links if link.state == State.WANTED]
    index, unread = _index(wanted), _unread(links)
    found: dict[int, list[tuple[Customer, str]]] = {}
    read: list[tuple[CustomerLink, Customer]] = []
    gateway = get_gateway(connection, by=by, purpose=f"Customers of {len(links)} clients")
    for customer in gateway.get_customers():
        if linked := unread.get(customer.customer_id) or unread.get(customer.code.upper()):
            read.append((linked, customer))
        for link, now in _possible(index, customer):
            if why := _why(link, now, customer):
                found.setdefault(link.pk, []).append((customer, why))
    for link, customer in read:
        _note_read(link, values[link.client_id], customer)
    for link, now in wanted:
        _settle_from_list(link, now, found.get(link.pk, []), by)
    return len(found) + len(read)


def resolve_in_background(link_id: int) -> CustomerLink | None:
    """Resolves one link with the office login, after a first booking; None where it cannot be done now.

    What KashFlow answers instead is kept as the link's cause; `resolve_wanted` tries again.
    """
    link = CustomerLink.objects.select_related("client").filter(pk=link_id, state=State.WANTED).first()
    login = office_login()
    if link is None or login is None or login.refusal or login.ledger_account_id != link.ledger_account_id:
        return None
    try:
        return resolve(link, connection=login, by=None)
    except GatewayError:
        return None


def resolve_wanted(most: int = 50) -> int:
    """Tries the links that bookings want, at most `most`; returns how many were settled.

    Those that failed before come last. One that KashFlow refuses or does not answer keeps no other waiting; it
    ends where KashFlow cannot be reached or wants no more calls, and begins none after BACKGROUND_SECONDS.
    """
    login = office_login()
    if login is None or login.refusal:
        return 0
    links = CustomerLink.objects.select_related("client").filter(
        ledger_account=login.ledger_account, state=State.WANTED
    )
    # An agency need not book itself: its customer is wanted once a client it pays for has booked.
    booked = Client.objects.filter(first_booked_at__isnull=False)
    wanted = links.filter(Q(client__in=booked.values("pk")) | Q(client__in=booked.values("agency")))
    settled, ends = 0, time.monotonic() + BACKGROUND_SECONDS
    for link in wanted.order_by("cause", "pk")[:most]:
        try:
            resolve(link, connection=login, by=None)
        except rows.AWAY:
            break
        except GatewayError:
            pass
        else:
            settled += 1
        if time.monotonic() > ends:
            break
    return settled


# --- From the list ------------------------------------------------------------------------------------------

Wanted = tuple[CustomerLink, mapping.Values]


def _index(wanted: list[Wanted]) -> dict[str, list[Wanted]]:
    index: dict[str, list[Wanted]] = {}
    for link, now in wanted:
        for key in {mapping.plain(now["email"]), mapping.plain(now["name"]), (link.code or "").upper()} - {
            ""
        }:
            index.setdefault(key, []).append((link, now))
    return index


def _unread(links: list[CustomerLink]) -> dict[int | str, CustomerLink]:
    """Linked ones by their CustomerID, else by their code: a code can be changed in KashFlow."""
    linked = [link for link in links if link.state == State.LINKED and link.read_at is None]
    return {link.customer_id or (link.code or "").upper(): link for link in linked}


def _note_read(link: CustomerLink, now: mapping.Values, customer: Customer) -> None:
    """A linked customer as the list has it. What was changed here since goes with the link's own next look."""
    if not rows.free(link, [(customer, "code")]):
        return
    known = link.known or now
    code = link.code if link.customer_id else customer.code
    values = {"code": code, "customer_id": customer.customer_id, "known": known, "read_at": timezone.now()}
    rows.keep(link, State.LINKED, **values, theirs=mapping.held(customer), cause="")


def _possible(index: dict[str, list[Wanted]], customer: Customer) -> list[Wanted]:
    keys = {mapping.plain(customer.email), mapping.plain(customer.name), customer.code.upper()} - {""}
    return list({link.pk: (link, now) for key in keys for link, now in index.get(key, ())}.values())


def _why(link: CustomerLink, now: mapping.Values, customer: Customer) -> str:
    if link.code and customer.code.upper() == link.code.upper() and mapping.is_same(now, customer):
        return "code"
    return mapping.likeness(now, customer)


def _settle_from_list(
    link: CustomerLink, now: mapping.Values, found: list[tuple[Customer, str]], by: User | None
) -> None:
    ours = [customer for customer, why in found if why == "code"]
    if ours and rows.free(link, [(ours[0], "code")]):
        rows.link_to(link, ours[0], now, by=by)
    elif likely := rows.free(link, found) or rows.held_by_others(link, found):
        rows.propose(link, likely)
    else:
        CustomerLink.objects.filter(pk=link.pk, state=State.WANTED).update(read_at=timezone.now())


# --- One customer -------------------------------------------------------------------------------------------


def _find_or_create(link: CustomerLink, gateway: Gateway, by: User | None) -> CustomerLink:
    """By the stored code where there is one (a lost reply); else a likely one waits for a person; else created."""
    now = rows.values_of(link.client)
    if not link.code and not _looked_lately(link) and (likely := _likely(link, now, gateway)):
        if rows.propose(link, likely):
            return rows.fresh(link)
        link = rows.fresh(link)
    if link.code and (settled := _by_code(link, now, gateway, by, how="")):
        return settled
    return _create(rows.fresh(link), now, gateway, by)


def _looked_lately(link: CustomerLink) -> bool:
    """Whether the list that did not have it is recent: in a run paused for days somebody may have typed it in."""
    return link.read_at is not None and timezone.now() - link.read_at < LOOK_IS_GOOD_FOR


def _likely(link: CustomerLink, now: mapping.Values, gateway: Gateway) -> list[mapping.Values]:
    """Customers with the same e-mail address, else with the same name and postcode; else those other clients have."""
    by_email = _by_email(now, gateway)
    if free := rows.free(link, by_email):
        return free
    by_postcode = _by_postcode(now, gateway)
    each = {customer.customer_id: (customer, why) for customer, why in [*by_postcode, *by_email]}
    return rows.free(link, by_postcode) or rows.held_by_others(link, list(each.values()))


def _by_email(now: mapping.Values, gateway: Gateway) -> list[tuple[Customer, str]]:
    if not now["email"]:
        return []
    try:
        return [(gateway.get_customer_by_email(now["email"]), "same e-mail")]
    except NotFound:
        return []


def _by_postcode(now: mapping.Values, gateway: Gateway) -> list[tuple[Customer, str]]:
    if not now["postcode"]:
        return []
    there = gateway.get_customers_by_postcode(now["postcode"])
    return [(customer, why) for customer in there if (why := mapping.likeness(now, customer))]


def _by_code(
    link: CustomerLink, now: mapping.Values, gateway: Gateway, by: User | None, *, how: str
) -> CustomerLink | None:
    """The link, where the customer under its stored code is ours or may be; None where the code is another's."""
    try:
        customer = gateway.get_customer(link.code or "")
    except NotFound:
        return None
    agreed = " and ".join(mapping.agreeing(now, customer))
    likely = rows.free(link, [(customer, f"same KashFlow ID and {agreed}")]) if agreed else []
    if likely and mapping.is_same(now, customer):
        return rows.link_to(link, customer, now, how=how, by=by)
    if likely:
        # A neighbour with the same four letters and postcode must not get this client's invoices.
        rows.propose(link, likely)
        return rows.fresh(link)
    _take_code(link, now)
    return None


def _create(link: CustomerLink, now: mapping.Values, gateway: Gateway, by: User | None) -> CustomerLink:
    """Creates the customer under the link's code; a code that somebody else has is left for the next one."""
    kept = link.code
    for _attempt in range(mapping.CODES_TRIED):
        link = link if link.code else _take_code(link, now)
        if link.state != State.WANTED:
            return link
        if not link.code:
            continue
        customer = mapping.new_customer(now, link.code or "")
        try:
            customer_id = gateway.insert_customer(customer)
        except CodeNotUnique:
            # Under a code taken just now no create of ours went before, so this one was there.
            how = "" if link.code == kept else CustomerLink.How.FOUND
            if settled := _by_code(link, now, gateway, by, how=how):
                return settled
            link = rows.fresh(link)
        else:
            return rows.link_to(
                link, customer, now, how=CustomerLink.How.CREATED, by=by, customer_id=customer_id
            )
    return rows.stop(
        link,
        f"KashFlow has {mapping.CODES_TRIED} customers with codes like this one's. Choose a KashFlow ID.",
    )


def _take_code(link: CustomerLink, now: mapping.Values) -> CustomerLink:
    """Stores the next free code before any call uses it. Somebody else's newer value wins: it is read back."""
    account_links = CustomerLink.objects.filter(ledger_account_id=link.ledger_account_id)
    stem = mapping.code_stem(now["name"])
    taken = {
        code.upper()
        for code in account_links.filter(code__istartswith=stem).values_list("code", flat=True)
        if code
    }
    code = mapping.next_code(now["name"], taken | _skipped(link))
    mine = CustomerLink.objects.filter(pk=link.pk, state=State.WANTED, code=link.code)
    try:
        with transaction.atomic():
            mine.update(code=code)
    except IntegrityError:
        # Another client took it in this moment; the next round takes the one after.
        pass
    return rows.fresh(link)


def _skipped(link: CustomerLink) -> set[str]:
    """The codes up to the link's own, which somebody else turned out to have."""
    if not link.code or not link.code[-2:].isdigit():
        return set()
    stem, last = link.code[:-2].upper(), int(link.code[-2:])
    return {f"{stem}{n:02}" for n in range(1, last + 1)}


def _bring_up_to_date(link: CustomerLink, gateway: Gateway, by: User | None) -> CustomerLink:
    """Reads the customer and sends only what was changed here; a link without CustomerID gets it."""
    now = rows.values_of(link.client)
    try:
        if link.customer_id is None:
            customer = gateway.get_customer(link.code or "")
            if not rows.free(link, [(customer, "code")]):
                return rows.stop(link, f"{customer.code} is another client's customer. Choose the right one.")
        else:
            customer = gateway.get_customer_by_id(link.customer_id)
        changes = rows.changes_of(link)
        if changes:
            customer = mapping.updated(customer, changes)
            gateway.update_customer(customer)
    except NotFound:
        return rows.stop(link, _gone(link))
    values: dict[str, Any] = {
        "code": customer.code if link.customer_id is None else link.code,
        "customer_id": customer.customer_id,
        "known": now,
        "theirs": mapping.held(customer),
        "read_at": timezone.now(),
        "cause": "",
    }
    rows.keep(link, link.state, **values)
    if changes:
        audit.record(
            "customer.updated", link, by=by, after={name: str(value) for name, value in changes.items()}
        )
    return rows.fresh(link)


def _not_taken(link: CustomerLink, error: SaidNo) -> str:
    """After the same refusal twice: a third try would get it as well."""
    said = f"KashFlow said no twice: “{error.words[:120]}”."
    if link.state == State.LINKED:
        return f"{said} Change customer {link.code} there by hand, then type its KashFlow ID here again."
    return f"{said} Put the client's details right, then create the customer anew, or type the KashFlow ID of one."


def _gone(link: CustomerLink) -> str:
    if link.customer_id is None:
        return f"KashFlow has no customer {link.code}. Type the right KashFlow ID, or create a new customer."
    return f"KashFlow has no customer {link.code} any more. Choose the right one, or bring it back there."

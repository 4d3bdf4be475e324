"""Logins to KashFlow: whose is used, whether it works, saving it, switching it off and on again.

product.md, KashFlow 5; transfer.md, Whose login. Passwords are in memory only while a call needs them.
"""

from __future__ import annotations

import hashlib
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse_lazy
from django.utils import timezone

from kashflow import answer, api_log, limits, slots
from kashflow.answer import Answer
from kashflow.encryption import CannotDecrypt
from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import AccessForbidden, ApiDisabled, ConnectionOff, GatewayError, IpNotListed
from kashflow.gateway.records import CompanyDetails
from kashflow.gateway.transport import Transport
from kashflow.models import Connection, LedgerAccount
from magmanager.common.errors import DomainError
from magmanager.common.permissions import allow, may
from settings_app import audit
from settings_app.backends import RoleBackend
from settings_app.models import SystemDefaults, User

# Said about the account, not about one person's password: they hold for every login of it.
ACCOUNT_WIDE = (ApiDisabled.code, IpNotListed.code, AccessForbidden.code)
MY_DETAILS = reverse_lazy("my_details")
# What an admin may say of a login that opens other books.
RENAMED, ANOTHER = "renamed", "another"
# How the audit log calls it that other books became the current ones.
SWITCHED = "kashflow_account.switched"
# The fingerprint of an account that no login has opened yet.
NOT_OPENED = ""


class NoLogin(DomainError):
    """Nobody's saved KashFlow login can be used."""

    code = "no_login"


class PackageOff(DomainError):
    """KashFlow is not the accounts package: nothing is sent."""

    code = "package_off"


class LoginRefused(DomainError):
    """KashFlow did not let the login in, so it was not saved. `answer` says why."""

    code = "login_refused"

    def __init__(self, given: Answer) -> None:
        super().__init__(f"Nothing was saved. {given.sentence}")
        self.answer = given


class OtherAccount(DomainError):
    """The login opens the books of another company than the one this installation is linked to."""

    code = "other_account"


# --- Whose login --------------------------------------------------------------------------------------------


def current_account() -> LedgerAccount | None:
    """The KashFlow account this installation is linked to; None until a login was saved."""
    return LedgerAccount.objects.filter(is_current=True).first()


def ledger_account() -> LedgerAccount:
    """The current account, made beforehand where no login was saved yet: customer codes come before the login.

    Such a one has no fingerprint; the first login that is saved opens it.
    """
    account = current_account()
    if account is None:
        account, is_new = LedgerAccount.objects.get_or_create(
            fingerprint=NOT_OPENED, defaults={"name": "KashFlow", "is_current": True}
        )
        if is_new:
            slots.make(account)
    return account


def login_for(by: User | None) -> Connection:
    """The saved login of `by`, else the office login. Raises NoLogin.

    A person's own login that KashFlow refused is still theirs: the work stops with its sentence instead of
    going on under somebody else's name.
    """
    connection = own_login(by) or office_login()
    if connection is None:
        raise NoLogin(
            "No KashFlow login is saved, so KashFlow was not asked. "
            "Tick Save Login in My Details and press Save.",
            link=str(MY_DETAILS),
            link_label="My Details",
        )
    return connection


def own_login(by: User | None) -> Connection | None:
    """The login `by` saved for the current account, where they may still use it."""
    if by is None:
        return None
    found = Connection.objects.select_related("ledger_account", "user").filter(
        user=by, ledger_account__is_current=True
    )
    return _usable(found.first())


def office_login() -> Connection | None:
    """The login of background work: the chosen one, else the first saved that may be used; None without one."""
    account = current_account()
    if account is None:
        return None
    saved = Connection.objects.select_related("ledger_account", "user").filter(ledger_account=account)
    if account.office_login_id:
        return _usable(saved.filter(pk=account.office_login_id).first())
    return next(filter(_usable, saved.order_by("saved_at")), None)


def _usable(connection: Connection | None) -> Connection | None:
    """A login goes with its owner: deactivated, or without the right to save one, nobody works under it."""
    return connection if connection and may(connection.user, "kashflow.save_login") else None


def owners_who_may() -> QuerySet[User]:
    """As `_usable`, of everybody in one query: those under whose saved login work may go on."""
    found: QuerySet[User] = RoleBackend().with_perm("kashflow.save_login")
    return found


# --- Check Connection ---------------------------------------------------------------------------------------


def check_connection(*, by: User, username: str, password: str) -> Answer:
    """Whether KashFlow takes this login (one GetCompanyDetails). Nothing is stored. Raises PackageOff."""
    allow(by, "kashflow.check_connection")
    _refuse_without_package()
    return _probe(username, password, by=by, account=current_account())


def check_saved(connection: Connection, *, by: User) -> Answer:
    """Checks a saved login: a good answer switches it on again, a refusal switches it off.

    Raises PackageOff, and OtherAccount where it now opens the books of another company.
    """
    allow(by, "kashflow.check_connection")
    _refuse_without_package()
    password = password_of(connection)
    given = _probe(connection.username, password, by=by, account=connection.ledger_account)
    if isinstance(given.error, ConnectionOff):
        refuse(connection, given.error)
    if given.ok:
        _same_account(given, LedgerAccount.objects.get(pk=connection.ledger_account_id))
        mended(connection)
    return given


def password_of(connection: Connection) -> str:
    """The saved password, for a call or to be saved again. Raises NoLogin where the keys do not read it."""
    try:
        return connection.unseal()
    except CannotDecrypt as error:
        raise NoLogin(
            "The saved KashFlow password cannot be read with the keys of this installation. "
            "Type it again in My Details and save it.",
            link=str(MY_DETAILS),
            link_label="My Details",
        ) from error


def fingerprint(company: CompanyDetails) -> str:
    """What tells one set of books from another, hashed: name, VAT number, e-mail, however written."""
    vat_number = "".join(filter(str.isalnum, company.vat_number))
    parts = (" ".join(text.casefold().split()) for text in (company.name, vat_number, company.email))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _probe(username: str, password: str, *, by: User, account: LedgerAccount | None) -> Answer:
    observe = partial(api_log.record, account=account, by=by, purpose="Check Connection")
    gateway = Gateway(Transport(settings.KASHFLOW_URL, limits.of_gateway()), username, password, observe)
    try:
        company = gateway.get_company_details()
    except GatewayError as error:
        return answer.refused(error)
    finally:
        gateway.close()
    return answer.connected(company.name, fingerprint(company))


def _refuse_without_package() -> None:
    if not SystemDefaults.current().uses_kashflow:
        raise PackageOff(
            "KashFlow is not the accounts package, so KashFlow was not asked. Choose it in System Defaults."
        )


# --- Saving -------------------------------------------------------------------------------------------------


def save_login(*, by: User, username: str, password: str, books: str = "") -> Connection:
    """Keeps a login that KashFlow lets in, encrypted; the account's first one becomes its office login.

    Where it opens other books than the current account's an admin says which: RENAMED, they are the same, or
    ANOTHER, they become the current ones and the old account keeps what is its (transfer.md, Rows). Raises
    LoginRefused, OtherAccount and PackageOff; nothing is stored then.
    """
    allow(by, "kashflow.save_login")
    if books:
        allow(by, "kashflow.switch_account")
    given = check_connection(by=by, username=username, password=password)
    if not given.ok:
        raise LoginRefused(given)
    with transaction.atomic():
        # The person's row is the lock: two presses of Save write one after the other.
        User.objects.select_for_update().get(pk=by.pk)
        account = _account_of(given, books, by)
        connection = _store(by, account, username, password, given)
    return connection


def forget_login(*, by: User) -> None:
    """Deletes the login `by` saved; nothing happens where there is none."""
    allow(by, "kashflow.save_login")
    with transaction.atomic():
        connection = Connection.objects.filter(user=by).first()
        if connection is None:
            return
        audit.record("kashflow_login.forgotten", connection, by=by, before={"username": connection.username})
        connection.delete()


def _store(by: User, account: LedgerAccount, username: str, password: str, given: Answer) -> Connection:
    connection = Connection.objects.filter(user=by).first() or Connection(user=by)
    before = {} if connection._state.adding else {"username": connection.username}
    connection.ledger_account, connection.username = account, username
    connection.seal(password)
    connection.saved_at, connection.checked_at = timezone.now(), given.at
    connection.save()
    mended(connection)
    LedgerAccount.objects.filter(pk=account.pk, office_login=None).update(office_login=connection)
    audit.record(
        "kashflow_login.saved",
        connection,
        by=by,
        before=before,
        after={"username": username, "account": account.name},
    )
    return connection


def _account_of(given: Answer, books: str, by: User) -> LedgerAccount:
    """The account a login opens: the current one, one known from before, or a new one."""
    account = LedgerAccount.objects.select_for_update().filter(is_current=True).first()
    if account is not None and account.fingerprint == NOT_OPENED:
        return _opened(account, given)
    if account is not None and account.fingerprint != given.fingerprint and books == RENAMED:
        return _renamed(account, given, by)
    if account is not None and account.fingerprint != given.fingerprint and books == ANOTHER:
        return _another(account, given, by)
    if account is not None:
        _same_account(given, account)
        return account
    return _known_or_new(given)


def _known_or_new(given: Answer) -> LedgerAccount:
    """The account of these books, made current; its codes, links and transfers are those it had."""
    account, is_new = LedgerAccount.objects.get_or_create(
        fingerprint=given.fingerprint, defaults={"name": given.company_name[:120], "is_current": True}
    )
    if is_new:
        slots.make(account)
    else:
        LedgerAccount.objects.filter(pk=account.pk).update(is_current=True)
    return account


def _renamed(account: LedgerAccount, given: Answer, by: User) -> LedgerAccount:
    """The same books under another name: everything stays, and the logins of it are asked for no longer."""
    if LedgerAccount.objects.filter(fingerprint=given.fingerprint).exists():
        raise OtherAccount(
            f"“{given.company_name}” is known here as an account of its own, so it cannot be “{account.name}” "
            "renamed. Nothing was changed. Press Another account to go back to it."
        )
    audit.record(
        "kashflow_account.renamed",
        account,
        by=by,
        before={"name": account.name},
        after={"name": given.company_name},
    )
    return _opened(account, given)


def _another(account: LedgerAccount, given: Answer, by: User) -> LedgerAccount:
    """Other books become the current ones. What waits for the old ones is never sent to these by itself."""
    LedgerAccount.objects.filter(pk=account.pk).update(is_current=False)
    other = _known_or_new(given)
    audit.record(SWITCHED, other, by=by, before={"name": account.name}, after={"name": other.name})
    return other


def _opened(account: LedgerAccount, given: Answer) -> LedgerAccount:
    """The account made before any login was saved becomes the one that this login opens."""
    account.fingerprint, account.name = given.fingerprint, given.company_name[:120]
    account.save(update_fields=["fingerprint", "name"])
    return account


def _same_account(given: Answer, account: LedgerAccount) -> None:
    if given.fingerprint != account.fingerprint:
        raise OtherAccount(
            f"This login opens the books of “{given.company_name}”, but this installation is linked to "
            f"“{account.name}”. Nothing was changed. Use a login of “{account.name}”; an admin can also save this one "
            "in My Details and say whether the books are the same, renamed, or others."
        )


# --- Off and on ---------------------------------------------------------------------------------------------


def refuse(connection: Connection, error: ConnectionOff) -> None:
    """Switches a login off: no call starts with it until a person acts.

    What KashFlow says about the whole account switches all its logins off, save those refused for themselves. A
    login that was saved anew since the call began is left alone. What is shown is what was said last.
    """
    rows = Q(pk=connection.pk, saved_at=connection.saved_at)
    if error.code in ACCOUNT_WIDE:
        rows |= Q(ledger_account=connection.ledger_account_id, refusal__in=("", *ACCOUNT_WIDE))
    Connection.objects.filter(rows).update(
        refusal=error.code, refusal_detail=error.detail[:300], refused_at=timezone.now()
    )


def mended(connection: Connection) -> None:
    """Switches a login on again, and the others of its account where it was the account that was refused."""
    on = {"refusal": "", "refusal_detail": "", "refused_at": None}
    Connection.objects.filter(pk=connection.pk).update(**on, checked_at=timezone.now())
    Connection.objects.filter(ledger_account=connection.ledger_account_id, refusal__in=ACCOUNT_WIDE).update(
        **on
    )
    for name, value in on.items():
        setattr(connection, name, value)

"""The one way to KashFlow for saved logins: a slot for each call, none while switched off, all noted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db.models import Exists

from kashflow import api_log, connections, slots
from kashflow.gateway import answers, errors
from kashflow.gateway.exchange import Exchange
from kashflow.gateway.transport import Answer, Limits, Transport
from kashflow.limits import times
from kashflow.models import Connection
from magmanager.common.permissions import may
from settings_app.models import SystemDefaults, User


class SwitchedOff(errors.ConnectionOff):
    """Our own switch, not KashFlow's: the package, the account or the login's owner."""

    code = "switched_off"

    @property
    def sentence(self) -> str:
        return self.detail


OFF = {
    kind.code: kind
    for kind in (errors.WrongLogin, errors.ApiDisabled, errors.AccountLocked, errors.AccessForbidden)
}


class Door:
    """Stands where a gateway has its transport. `wire` is the thread's real one, kept open between calls."""

    def __init__(self, wire: Transport, connection: Connection, *, by: User | None, purpose: str) -> None:
        self._wire = wire
        self._connection = connection
        self._by = by
        self._purpose = purpose
        self._holder: uuid.UUID | None = None
        # The slot is kept after a call; a call is under way.
        self._keeps, self._is_calling = False, False

    def __repr__(self) -> str:
        return f"Door({self._wire!r})"

    @property
    def limits(self) -> Limits:
        return self._wire.limits

    @contextmanager
    def in_one_go(self) -> Iterator[None]:
        """The calls inside follow each other on one slot: none of them waits for somebody else's."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False
            self._leave()

    def step_aside(self) -> None:
        """Gives the slot back until the next call: others of ours talk meanwhile, and may need it."""
        self._leave()

    def connect(self) -> None:
        """Holds a slot for the next call and opens the connection. Raises NotSent and ConnectionOff."""
        if self._holder is None:
            self._holder = self._taken(_is_on(self._connection))
        try:
            self._wire.connect()
        except BaseException:
            self._leave()
            raise

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        operation: str,
        seconds: float,
        send_by: float | None = None,
    ) -> Answer:
        """As Transport.post, once there is a slot; ConnectionOff without HTTP while switched off."""
        self._enter()
        return self._wire.post(body, headers, operation=operation, seconds=seconds, send_by=send_by)

    def close(self) -> None:
        self._leave()
        self._wire.close()

    def observe(self, exchange: Exchange) -> None:
        """The end of every call: a refusal switches the login off, the call is noted, the slot goes back."""
        was_inside, self._is_calling = self._is_calling, False
        try:
            if was_inside and (refusal := _refusal(exchange)):
                connections.refuse(self._connection, refusal)
            if was_inside or exchange.outcome == errors.EnvelopeInvalid.code:
                self._note(exchange)
        finally:
            # Whatever went wrong above: a log that cannot be written must not keep the slot.
            if not self._keeps:
                self._leave()

    def _note(self, exchange: Exchange) -> None:
        account = self._connection.ledger_account
        api_log.record(exchange, account=account, by=self._by, purpose=self._purpose)

    def _enter(self) -> None:
        """A slot, and the word that a call may start now: both are asked for every call, in one statement.

        At the last moment: a refusal of somebody else's call, or a switch, may have come since the connection opened.
        """
        is_on = _is_on(self._connection)
        if self._holder is None or not slots.renew(self._holder, only_while=is_on):
            # Lost, or the login is off by now: taking one says which.
            self._leave()
            self._holder = self._taken(is_on)
        self._is_calling = True

    def _taken(self, is_on: slots.Condition) -> uuid.UUID:
        # Those who hold one may be at a whole errand. Nobody looks at a page while another errand waits for them.
        limit = times()
        return slots.take(
            self._connection.ledger_account,
            only_while=is_on,
            refuse=lambda: _refuse_if_off(self._connection),
            seconds=limit.read + limit.create if self._keeps else limit.read,
        )

    def _leave(self) -> None:
        holder, self._holder, self._is_calling = self._holder, None, False
        if holder is not None:
            slots.give_back(holder)


_PACKAGE = SystemDefaults.objects.filter(pk=1, accounts_package=SystemDefaults.Package.KASHFLOW)


IS_ON = """EXISTS (
    SELECT 1 FROM kashflow_connection AS login
    JOIN kashflow_ledgeraccount AS books ON books.id = login.ledger_account_id
    JOIN settings_app_user AS owner ON owner.id = login.user_id
    JOIN settings_app_systemdefaults AS house ON house.id = 1
    WHERE login.id = %(login)s AND login.refusal = '' AND owner.is_active AND books.is_current
        AND house.accounts_package = %(package)s
        AND (owner.is_superuser OR EXISTS (
            SELECT 1 FROM settings_app_user_groups AS role
            JOIN auth_group_permissions AS granted ON granted.group_id = role.group_id
            JOIN auth_permission AS allowed ON allowed.id = granted.permission_id
            WHERE role.user_id = owner.id AND allowed.codename = %(verb)s
        ))
)"""
VERB = "kashflow.save_login"


def _is_on(connection: Connection) -> slots.Condition:
    """Whether a call may start with this login; `_refuse_if_off` says why not."""
    package = SystemDefaults.Package.KASHFLOW.value
    values = {"login": slots.as_stored(connection.pk), "package": package, "verb": VERB.partition(".")[2]}
    return slots.Condition(IS_ON, values)


def _refuse_if_off(connection: Connection) -> None:
    """Raises the ConnectionOff that the login is switched off with now; nothing where it is on."""
    if slots.holds(_is_on(connection)):
        return
    found = Connection.objects.select_related("ledger_account", "user")
    now = found.annotate(package_on=Exists(_PACKAGE)).filter(pk=connection.pk).first()
    if now is None:
        raise SwitchedOff(detail="The KashFlow login was forgotten. Save one in My Details.")
    if not now.package_on:
        raise SwitchedOff(detail="KashFlow is not the accounts package. Choose it in System Defaults.")
    if not now.ledger_account.is_current:
        raise SwitchedOff(
            detail="This work belongs to another KashFlow account than the current one. Ask an admin."
        )
    if not now.user.is_active:
        raise SwitchedOff(
            detail=f"The KashFlow login belongs to {now.user}, who is deactivated. Choose another one."
        )
    if not may(now.user, VERB):
        raise SwitchedOff(
            detail=f"The KashFlow login belongs to {now.user}, who may not use one any more. Choose another one."
        )
    if now.refusal:
        raise stored_refusal(now)


def stored_refusal(connection: Connection) -> errors.ConnectionOff:
    """What a switched-off login was refused with."""
    told = answers.refusal("", connection.refusal_detail)
    if isinstance(told, errors.ConnectionOff):
        return told
    return OFF.get(connection.refusal, errors.ConnectionOff)("", connection.refusal_detail)


def _refusal(exchange: Exchange) -> errors.ConnectionOff | None:
    """The refusal an exchange ended with, from its code and KashFlow's text."""
    if exchange.outcome == errors.IpNotListed.code:
        return errors.IpNotListed(exchange.operation, exchange.detail)
    kind = OFF.get(exchange.outcome)
    return kind(exchange.operation, exchange.detail) if kind else None

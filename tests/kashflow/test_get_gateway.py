"""The one door: slots, the API log, and no call while a login is switched off."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from kashflow import slots
from kashflow.gateway import errors
from kashflow.models import ApiCall, CallSlot, Connection, LedgerAccount
from kashflow.services import SwitchedOff, get_gateway
from settings_app.models import SystemDefaults, User
from tests import factories
from tests.sandboxes import LiveSandbox


def held() -> int:
    return CallSlot.objects.exclude(holder=None).count()


def ask(connection: Connection, by: User | None = None) -> str:
    return get_gateway(connection, by=by, purpose="Invoice 10431").get_company_details().name


@pytest.fixture
def connection(saved: Callable[..., Connection], kashflow: LiveSandbox) -> Connection:
    """A saved login; what saving it noted is gone."""
    mine = saved()
    ApiCall.objects.all().delete()
    kashflow._call("DELETE", "log")
    return mine


def test_call_is_recorded_with_what_for_and_without_the_login(connection: Connection) -> None:
    person = factories.user("Accounts")
    assert ask(connection, person) == "Westvale Magazines Ltd"
    call = ApiCall.objects.get()
    assert (call.operation, call.outcome, call.purpose, call.by) == (
        "GetCompanyDetails",
        "ok",
        "Invoice 10431",
        person,
    )
    assert call.ledger_account == connection.ledger_account
    assert "<Password>***</Password>" in call.request_xml
    assert held() == 0


def test_list_holds_its_slot_until_it_is_read(connection: Connection) -> None:
    records = get_gateway(connection, by=None, purpose="test").get_bank_accounts()
    assert held() == 0
    next(records)
    assert held() == 1
    assert len(list(records)) == 2
    assert held() == 0


def test_list_left_half_read_gives_its_slot_back(connection: Connection) -> None:
    records = get_gateway(connection, by=None, purpose="test").get_bank_accounts()
    next(records)
    records.close()
    assert held() == 0
    assert ApiCall.objects.get().outcome == "abandoned"


def test_connect_takes_the_slot_of_the_next_call(connection: Connection) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    gateway.connect()
    assert held() == 1
    gateway.get_company_details()
    assert held() == 0


def test_close_gives_back_what_connect_took(connection: Connection) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    gateway.connect()
    gateway.close()
    assert held() == 0


def test_calls_in_one_go_keep_their_slot_until_the_last(connection: Connection) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    with gateway.in_one_go():
        gateway.get_company_details()
        mine = CallSlot.objects.exclude(holder=None).get()
        gateway.connect()
        gateway.get_company_details()
        assert CallSlot.objects.exclude(holder=None).get().holder == mine.holder
    assert held() == 0
    assert ApiCall.objects.filter(outcome="ok").count() == 2


def test_no_call_in_one_go_starts_once_the_login_is_off(
    connection: Connection, kashflow: LiveSandbox
) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    with gateway.in_one_go():
        gateway.get_company_details()
        # Also where the connection was opened before.
        gateway.connect()
        Connection.objects.update(refusal="wrong_login", refusal_detail="Incorrect username or password")
        for _ in range(2):
            with pytest.raises(errors.WrongLogin):
                gateway.get_company_details()
    assert len(kashflow.log()) == 1
    assert held() == 0


def test_errand_waits_for_a_slot_as_long_as_another_may_take(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float | None] = []
    take = slots.take

    def noting(account: LedgerAccount, *, seconds: float | None = None, **how: Any) -> uuid.UUID:
        waited.append(seconds)
        return take(account, **how)

    monkeypatch.setattr(slots, "take", noting)
    gateway = get_gateway(connection, by=None, purpose="test")
    gateway.get_company_details()
    with gateway.in_one_go():
        gateway.get_company_details()
    assert waited == [30, 105]


def test_slot_lost_in_one_go_is_taken_anew(connection: Connection) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    with gateway.in_one_go():
        gateway.get_company_details()
        # It stood still for longer than its lease, and somebody else has the slot.
        CallSlot.objects.exclude(holder=None).update(holder=uuid.uuid4())
        gateway.get_company_details()
        assert held() == 2
    assert held() == 1


def test_step_aside_gives_the_slot_back_until_the_next_call(connection: Connection) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    with gateway.in_one_go():
        gateway.get_company_details()
        gateway.step_aside()
        assert held() == 0
        gateway.get_company_details()
        assert held() == 1
    assert held() == 0


def test_thread_that_waits_is_told_of_a_free_slot(
    committed: None, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by trying again and again: the next try would come after this test is over."""
    monkeypatch.setattr(slots, "WAIT_BETWEEN_TRIES", 600)
    account = connection.ledger_account
    holders = [slots.take(account) for _ in range(3)]
    refused = threading.Event()
    found: list[uuid.UUID] = []

    def wait() -> None:
        found.append(slots.take(account, refuse=refused.set))
        database.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    refused.wait(60)
    # Between its refusal and its waiting a word is lost: it is said until it is heard.
    while waiting.is_alive():
        slots.give_back(holders[0])
        waiting.join(0.01)
    assert found
    assert held() == 3


def test_refusal_switches_the_login_off_and_no_call_starts(
    connection: Connection, kashflow: LiveSandbox
) -> None:
    kashflow.settings(password="changed")
    with pytest.raises(errors.WrongLogin):
        ask(connection)
    assert len(kashflow.log()) == 1
    with pytest.raises(errors.WrongLogin) as refused:
        ask(connection)
    assert "username or password is wrong" in refused.value.sentence
    assert len(kashflow.log()) == 1
    assert ApiCall.objects.count() == 1
    assert held() == 0


def test_wrong_password_of_one_is_not_the_others(
    connection: Connection, saved: Callable[..., Connection], kashflow: LiveSandbox
) -> None:
    other = saved()
    kashflow.fault("GetCompanyDetails", "status_no", text="Incorrect username or password")
    with pytest.raises(errors.WrongLogin):
        ask(connection)
    assert ask(other) == "Westvale Magazines Ltd"


@pytest.mark.parametrize(
    ("switches", "kind", "sentence"),
    [
        ({"api_enabled": False}, errors.ApiDisabled, "API is not enabled"),
        ({"restrict_ip": True}, errors.IpNotListed, "127.0.0.1"),
    ],
)
def test_what_holds_for_the_account_switches_all_its_logins_off(
    switches: dict[str, bool],
    kind: type[errors.ConnectionOff],
    sentence: str,
    connection: Connection,
    saved: Callable[..., Connection],
    kashflow: LiveSandbox,
) -> None:
    other = saved()
    kashflow._call("DELETE", "log")
    kashflow.settings(**switches)
    with pytest.raises(kind):
        ask(connection)
    with pytest.raises(kind) as refused:
        ask(other)
    assert sentence in refused.value.sentence
    assert len(kashflow.log()) == 1


def test_nothing_is_sent_while_kashflow_is_not_the_package(
    connection: Connection, kashflow: LiveSandbox
) -> None:
    SystemDefaults.objects.update(accounts_package="none")
    with pytest.raises(SwitchedOff, match="accounts package"):
        ask(connection)
    assert kashflow.log() == []
    assert not ApiCall.objects.exists()


def test_login_of_somebody_deactivated_sends_nothing(connection: Connection, kashflow: LiveSandbox) -> None:
    User.objects.filter(pk=connection.user_id).update(is_active=False)
    with pytest.raises(SwitchedOff, match="deactivated"):
        ask(connection)
    assert kashflow.log() == []


def test_other_account_than_the_current_one_gets_nothing(
    connection: Connection, kashflow: LiveSandbox
) -> None:
    LedgerAccount.objects.update(is_current=False)
    with pytest.raises(SwitchedOff, match="another KashFlow account"):
        ask(connection)
    assert kashflow.log() == []


def test_forgotten_login_sends_nothing(connection: Connection, kashflow: LiveSandbox) -> None:
    gateway = get_gateway(connection, by=None, purpose="test")
    Connection.objects.all().delete()
    with pytest.raises(SwitchedOff, match="forgotten"):
        gateway.get_company_details()
    assert kashflow.log() == []


def test_password_that_cannot_be_read_stops_everything(connection: Connection, kashflow: LiveSandbox) -> None:
    connection.sealed_password = connection.sealed_password[:-8] + "AAAAAAA="
    with pytest.raises(SwitchedOff, match="cannot be read"):
        ask(connection)
    assert kashflow.log() == []


def test_slots_are_taken_up_to_the_account_s_limit(connection: Connection, settings: object) -> None:
    settings.TIME_SCALE = 0.002
    account = connection.ledger_account
    holders = [slots.take(account) for _ in range(3)]
    with pytest.raises(errors.Busy, match="slot"):
        slots.take(account)
    slots.give_back(holders[1])
    assert slots.take(account) not in holders
    assert held() == 3


def test_slot_of_a_dead_worker_is_taken_over_after_its_lease(connection: Connection) -> None:
    account = connection.ledger_account
    dead = [slots.take(account) for _ in range(3)]
    CallSlot.objects.filter(holder=dead[0]).update(lease_until=timezone.now() - timedelta(seconds=1))
    mine = slots.take(account)
    slots.give_back(dead[0])
    assert CallSlot.objects.filter(holder=mine).count() == 1


def test_call_inside_a_transaction_is_refused(
    committed: None, connection: Connection, kashflow: LiveSandbox
) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        ask(connection)
    assert kashflow.log() == []


def test_never_more_calls_at_once_than_the_account_allows(
    committed: None, connection: Connection, kashflow: LiveSandbox
) -> None:
    kashflow.settings(latency_ms=20)
    most = [0]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            most[0] = max(most[0], held())
            time.sleep(0.002)
        database.close()

    def work() -> None:
        for _ in range(4):
            ask(connection)
        database.close()

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=work) for _ in range(8)]
    for thread in [watcher, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    watcher.join()
    assert most[0] == 3
    assert ApiCall.objects.filter(outcome="ok").count() == 32
    assert held() == 0


def test_own_overhead_is_a_handful_of_queries(
    connection: Connection, django_assert_num_queries: Callable[..., object]
) -> None:
    ask(connection)
    # A slot while the login is on, the API log and the slot's return.
    with django_assert_num_queries(3):
        ask(connection)


def test_login_refused_while_somebody_waits_for_a_slot_starts_no_call(
    committed: None, connection: Connection, kashflow: LiveSandbox
) -> None:
    holders = [slots.take(connection.ledger_account) for _ in range(3)]
    found: list[Exception] = []

    def wait() -> None:
        try:
            ask(connection)
        except errors.GatewayError as error:
            found.append(error)
        finally:
            database.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    Connection.objects.update(refusal="wrong_login", refusal_detail="Incorrect username or password")
    for holder in holders:
        slots.give_back(holder)
    waiting.join()
    assert [type(error) for error in found] == [errors.WrongLogin]
    assert kashflow.log() == []
    assert held() == 0

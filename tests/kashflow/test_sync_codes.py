"""The three syncs: who may, what changes, and that a failure changes nothing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kashflow import syncs, tasks
from kashflow.models import AccountCode, BankAccount, Connection, LedgerAccount, PaymentMethod
from magmanager.common.errors import NotAllowed
from magmanager.common.models import Run
from settings_app.models import AuditEntry, SystemDefaults, User
from tests import factories
from tests.sandboxes import LiveSandbox

PAGE = "/settings/kashflow/"
BUTTONS = {
    "sync_bank_accounts": "Sync Bank Accounts",
    "sync_sales_codes": "Sync Sales Codes",
    "sync_account_codes": "Sync Accounts Codes",
}


def address(kind: str) -> str:
    return f"{PAGE}{kind.replace('_', '-')}/"


def carried(kind: str, by: User) -> Run:
    """The run of a press, worked off."""
    run = getattr(syncs, kind)(by=by)
    tasks.sync(str(run.pk))
    run.refresh_from_db()
    return run


@pytest.fixture
def admin(saved: Callable[..., Connection]) -> User:
    """An admin whose login is saved; account codes are used."""
    SystemDefaults.objects.update(use_account_codes=True)
    return saved().user


# --- Who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BUTTONS)
def test_stranger_is_sent_to_login(kind: str, kashflow: LiveSandbox, stranger: Browser) -> None:
    assert stranger.post(address(kind))["Location"].startswith("/login/")
    assert not Run.objects.exists()


@pytest.mark.parametrize("kind", BUTTONS)
@pytest.mark.parametrize("role", ["Sales", "Production"])
def test_wrong_role_is_refused(
    kind: str, role: str, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role(role)
    assert browser.post(address(kind)).status_code == 403
    with pytest.raises(NotAllowed):
        getattr(syncs, kind)(by=browser.person)
    assert not Run.objects.exists()


@pytest.mark.parametrize("kind", BUTTONS)
def test_looking_at_the_address_starts_nothing(
    kind: str, admin: User, as_role: Callable[..., Browser]
) -> None:
    assert as_role("Admin").get(address(kind)).status_code == 405
    assert not Run.objects.exists()


def test_without_a_login_the_button_says_where_to_save_one(
    kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    page = as_role("Accounts").post(address("sync_bank_accounts"), follow=True).content.decode()
    assert "No KashFlow login is saved" in page
    assert 'href="/my-details/"' in page
    assert not Run.objects.exists()


def test_right_taken_away_before_a_worker_came_reads_nothing(admin: User, kashflow: LiveSandbox) -> None:
    run = syncs.sync_bank_accounts(by=admin)
    admin.groups.clear()
    tasks.sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.FAILED, "not_allowed")
    assert kashflow.log("GetBankAccounts") == []


# --- On the page --------------------------------------------------------------------------------------------


def test_page_has_exactly_the_named_buttons(admin: User, as_role: Callable[..., Browser]) -> None:
    page = as_role("Accounts").get(PAGE).content.decode()
    assert [name for name in BUTTONS.values() if f">{name}</button>" in page] == list(BUTTONS.values())
    SystemDefaults.objects.update(use_account_codes=False)
    page = as_role("Accounts").get(PAGE).content.decode()
    assert "Sync Accounts Codes" not in page


def test_press_shows_the_row_at_work_and_then_the_result(
    admin: User, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Accounts")
    part = browser.post(address("sync_bank_accounts"), headers={"HX-Request": "true"}).content.decode()
    assert "Waiting to start" in part
    assert "every 1s" in part
    assert "<html" not in part
    assert "Sync Sales Codes" not in part, "somebody may stand on that button"
    tasks.sync(str(Run.objects.get().pk))
    asked = f"{PAGE}?live=sync_bank_accounts"
    part = browser.get(asked, headers={"HX-Request": "true"}).content.decode()
    assert "3 added; 5 payment methods added" in part
    assert "Sync Sales Codes" not in part, "somebody may stand on that button"
    assert browser.person.name in part
    assert "every 1s" not in part


def test_second_press_opens_the_run_that_is_there(admin: User) -> None:
    assert syncs.sync_sales_codes(by=admin) == syncs.sync_sales_codes(by=factories.user("Accounts"))
    assert Run.objects.count() == 1


# --- What is read -------------------------------------------------------------------------------------------


def test_bank_accounts_and_payment_methods(admin: User, kashflow: LiveSandbox) -> None:
    run = carried("sync_bank_accounts", admin)
    assert (run.state, run.summary, run.by) == (Run.State.FINISHED, "3 added; 5 payment methods added", admin)
    ledger = kashflow.state()
    assert list(BankAccount.objects.order_by("kashflow_id").values_list("kashflow_id", "name", "code")) == [
        (one["AccountID"], one["AccountName"], one["AccountCode"]) for one in ledger["bank_accounts"]
    ]
    assert set(PaymentMethod.objects.values_list("kashflow_id", "name")) == {
        (one["MethodID"], one["MethodName"]) for one in ledger["payment_methods"]
    }
    line = AuditEntry.objects.first()
    assert (line.event, line.by, line.after) == (
        "kashflow.sync_bank_accounts",
        admin,
        {"result": run.summary},
    )


def test_sales_codes_with_their_products(admin: User, kashflow: LiveSandbox) -> None:
    assert carried("sync_sales_codes", admin).summary == "4 added; 8 inventory codes added"
    advertising = AccountCode.objects.get(code=4000)
    assert (advertising.name, advertising.is_sales_type, advertising.gone_at) == ("Advertising", True, None)
    assert list(advertising.product_codes.values_list("code", flat=True)) == [
        "4000-EP",
        "4000-FP",
        "4000-HP",
        "4000-QP",
    ]
    assert len(kashflow.log("GetProducts")) == 1


def test_account_codes_tell_turnover_from_cost_of_sales(admin: User, kashflow: LiveSandbox) -> None:
    ledger = kashflow.server.ledger
    ledger.add_nominal(Code=4900, Name="Events", TypeName="Turnover")
    ledger.add_nominal(Code=5100, Name="Paper", TypeName="Cost of Sales")
    ledger.add_nominal(Code=7999, Name="Old one", Archived=True)
    run = carried("sync_account_codes", admin)
    assert run.summary == "10 added; 8 inventory codes added"
    turnover = AccountCode.objects.filter(is_turnover=True).values_list("code", "is_sales_type")
    assert list(turnover) == [(4000, True), (4010, True), (4020, True), (4030, True), (4900, False)]
    assert not AccountCode.objects.filter(code=7999).exists()


def test_syncs_share_their_rows(admin: User, kashflow: LiveSandbox) -> None:
    carried("sync_account_codes", admin)
    assert carried("sync_sales_codes", admin).summary == "4 sales codes, no change"
    assert carried("sync_account_codes", admin).summary == "8 account codes, no change"
    assert not AccountCode.objects.exclude(gone_at=None).exists()


def test_added_renamed_gone_and_back(admin: User, kashflow: LiveSandbox) -> None:
    carried("sync_bank_accounts", admin)
    ledger = kashflow.server.ledger
    with ledger.transaction() as db:
        db.execute("DELETE FROM bank_account WHERE AccountCode IN (1210, 1220)")
        db.execute("UPDATE bank_account SET AccountName = 'Lloyds current' WHERE AccountCode = 1200")
        ledger.add_bank_account(AccountCode=1230, AccountName="Deposit")
    account = LedgerAccount.objects.get()
    account.bank_account = BankAccount.objects.get(code=1210)
    account.save()
    assert carried("sync_bank_accounts", admin).summary == "1 added, 1 renamed, 2 no longer in KashFlow"
    assert set(BankAccount.objects.exclude(gone_at=None).values_list("code", flat=True)) == {1210, 1220}
    kept = LedgerAccount.objects.get()
    assert kept.bank_account.name == "Reserve Account"
    assert carried("sync_bank_accounts", admin).summary == "2 bank accounts, no change"
    with ledger.transaction() as db:
        row = BankAccount.objects.get(code=1210)
        db.execute(
            "INSERT INTO bank_account (AccountID, AccountName, AccountCode) VALUES (?, ?, ?)",
            (row.kashflow_id, row.name, 1210),
        )
    assert carried("sync_bank_accounts", admin).summary == "1 back in KashFlow"
    row.refresh_from_db()
    assert row.gone_at is None


FAILURES = [
    ("GetBankAccounts", {"kind": "http_503"}, "unknown"),
    ("GetInvPayMethods", {"kind": "cut_reply"}, "unknown"),
    ("GetBankAccounts", {"kind": "html_page"}, "unknown"),
    ("GetBankAccounts", {"kind": "status_no", "text": "Something else"}, "said_no"),
    ("GetInvPayMethods", {"kind": "malformed_xml"}, "unknown"),
    ("GetBankAccounts", {"kind": "status_no", "text": "Incorrect username or password"}, "wrong_login"),
]


@pytest.mark.parametrize(("operation", "fault", "cause"), FAILURES)
def test_failed_read_changes_nothing_and_says_why(
    operation: str, fault: dict[str, Any], cause: str, admin: User, kashflow: LiveSandbox
) -> None:
    carried("sync_bank_accounts", admin)
    with kashflow.server.ledger.transaction() as db:
        db.execute("DELETE FROM bank_account WHERE AccountCode = 1210")
    kashflow.fault(operation, **fault)
    run = carried("sync_bank_accounts", admin)
    assert (run.state, run.cause) == (Run.State.FAILED, cause)
    assert ("nothing was changed here" in run.summary) == (cause in {"unknown", "said_no"})
    assert not BankAccount.objects.exclude(gone_at=None).exists()
    assert AuditEntry.objects.filter(event="kashflow.sync_bank_accounts").count() == 1
    kashflow.no_faults()
    Connection.objects.update(refusal="")
    assert carried("sync_bank_accounts", admin).summary == "1 no longer in KashFlow"


def test_each_cause_leads_to_its_line_of_the_help(
    admin: User, kashflow: LiveSandbox, impostor: str, settings: Any, as_role: Callable[..., Browser]
) -> None:
    browser = as_role("Admin")
    for url, fault, told, anchor in (
        (impostor, "", "certificate was not accepted, so nothing was changed here", "certificate"),
        (kashflow.endpoint, "html_page", "No clear answer from KashFlow, so nothing", "unclear"),
        (kashflow.endpoint, "rate_limited", "KashFlow is busy, so nothing", "busy"),
        ("http://127.0.0.1:9/", "", "Cannot reach KashFlow, so nothing", "reach"),
    ):
        settings.KASHFLOW_URL = url
        if fault:
            kashflow.fault("GetBankAccounts", fault)
        assert told in carried("sync_bank_accounts", admin).summary
        assert f'help/#{anchor}">How to mend it</a>' in browser.get(PAGE).content.decode()
    assert not BankAccount.objects.exists()


def test_fault_of_ours_ends_the_run_with_a_sentence_and_is_not_tried_for_ever(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("kashflow.merging.merge", broken)
    run = carried("sync_bank_accounts", admin)
    assert (run.state, run.cause, run.finished_at is None) == (Run.State.FAILED, "fault", False)
    assert "nothing was changed" in run.summary and "tell your administrator" in run.summary
    assert syncs.forgotten() == []


def test_switched_off_login_fails_the_run_without_a_call(admin: User, kashflow: LiveSandbox) -> None:
    Connection.objects.update(refusal="wrong_login", refusal_detail="Incorrect username or password")
    run = carried("sync_sales_codes", admin)
    assert (run.state, run.cause) == (Run.State.FAILED, "wrong_login")
    assert "My Details" in run.summary
    assert kashflow.log("GetProducts") == []


def test_forgotten_login_fails_the_run(admin: User) -> None:
    run = syncs.sync_sales_codes(by=admin)
    Connection.objects.all().delete()
    tasks.sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.cause) == (Run.State.FAILED, "no_login")


@pytest.mark.soak
def test_five_thousand_codes_take_a_page_of_queries_and_little_memory(
    admin: User, kashflow: LiveSandbox
) -> None:
    few, little = _cost_of_a_sync(admin)
    ledger = kashflow.server.ledger
    with ledger.transaction():
        for code in range(10_000, 14_900):
            ledger.add_nominal(Code=code, Name=f"Nominal {code}")
    many, peak = _cost_of_a_sync(admin)
    assert AccountCode.objects.filter(code__gte=10_000).count() == 4_900
    # The row moves on every 200 records; SQLite takes at most 999 values in one statement.
    assert many - few <= 4_900 / 200 + (85 if database.vendor == "sqlite" else 25)
    assert peak - little < 40 * 2**20
    with ledger.transaction() as db:
        db.execute("UPDATE nominal SET Name = Name || ' anew' WHERE Code >= 10000")
    assert carried("sync_account_codes", admin).summary == "4900 renamed"
    with ledger.transaction() as db:
        db.execute("DELETE FROM nominal WHERE Code >= 10000")
    assert carried("sync_account_codes", admin).summary == "4900 no longer in KashFlow"
    assert AccountCode.objects.filter(code__gte=10_000, gone_at=None).count() == 0


def _cost_of_a_sync(admin: User) -> tuple[int, int]:
    """Queries, and the most bytes held at one time."""
    run = syncs.sync_account_codes(by=admin)
    tracemalloc.start()
    with CaptureQueriesContext(database) as queries:
        tasks.sync(str(run.pk))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return len(queries), peak


# --- Nothing is lost ----------------------------------------------------------------------------------------


def test_sweep_finds_what_nobody_woke_and_what_died(admin: User) -> None:
    asleep, dead = syncs.sync_bank_accounts(by=admin), syncs.sync_sales_codes(by=admin)
    Run.objects.filter(pk=dead.pk).update(
        state=Run.State.RUNNING, touched_at=timezone.now() - timedelta(seconds=181)
    )
    assert {run.pk for run in syncs.forgotten()} == {asleep.pk, dead.pk}
    tasks.sync(str(dead.pk))
    dead.refresh_from_db()
    assert dead.state == Run.State.FINISHED


def test_sweep_leaves_alone_what_somebody_works_at(admin: User) -> None:
    run = syncs.sync_bank_accounts(by=admin)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RUNNING, touched_at=timezone.now())
    assert syncs.forgotten() == []


def test_doubled_message_does_nothing_twice(admin: User, kashflow: LiveSandbox) -> None:
    run = carried("sync_bank_accounts", admin)
    tasks.sync(str(run.pk))
    assert len(kashflow.log("GetBankAccounts")) == 1


def test_result_names_what_changed(
    admin: User, kashflow: LiveSandbox, as_role: Callable[..., Browser]
) -> None:
    carried("sync_bank_accounts", admin)
    with kashflow.server.ledger.transaction() as db:
        db.execute("DELETE FROM bank_account WHERE AccountCode = 1210")
        db.execute("UPDATE bank_account SET AccountName = 'Lloyds <current>' WHERE AccountCode = 1200")
    old = BankAccount.objects.get(code=1200).name
    lost = BankAccount.objects.get(code=1210).name
    kept = dict(carried("sync_bank_accounts", admin).items.values_list("label", "what"))
    assert kept == {"Lloyds <current>": f"Renamed, was {old}", lost: "No longer in KashFlow"}
    page = as_role("Admin").get(PAGE).content.decode()
    assert "<dt>Lloyds &lt;current&gt;</dt>" in page
    assert f"<dt>{lost}</dt><dd>No longer in KashFlow</dd>" in page


def test_an_inventory_code_that_moved_is_named(admin: User, kashflow: LiveSandbox) -> None:
    carried("sync_account_codes", admin)
    parents = {code.code: code.kashflow_id for code in AccountCode.objects.all()}
    with kashflow.server.ledger.transaction() as db:
        db.execute("UPDATE sub_product SET ParentID = ? WHERE Code = '4000-FP'", (parents[4010],))
    run = carried("sync_sales_codes", admin)
    assert run.summary == "1 inventory code moved to another account code"
    assert list(run.items.values_list("label", "what")) == [
        ("4000-FP Full page", "Moved to another account code")
    ]


def test_second_sync_without_a_change_writes_no_code(admin: User, kashflow: LiveSandbox) -> None:
    carried("sync_account_codes", admin)
    with CaptureQueriesContext(database) as queries:
        again = carried("sync_account_codes", admin)
    tables = ("kashflow_accountcode", "kashflow_productcode")
    written = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert written
    assert [sql for sql in written if any(f'"{table}"' in sql.split("WHERE")[0] for table in tables)] == []
    assert not again.items.exists()

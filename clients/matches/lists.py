"""Laying a list of KashFlow's customers beside our clients (product.md, KashFlow 1)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from clients.customer_codes.matching import Candidate, Kind, KnownClient, Proposal, match
from clients.customer_codes.reading import BadLine, FoundCustomer, read_file
from clients.models import Client, CodeMatch, CodeMatchRow, CustomerLink
from kashflow.connections import ledger_account
from kashflow.models import LedgerAccount
from magmanager.common.permissions import allow
from settings_app import audit
from settings_app.models import User

VERB = "clients.match_customer_codes"
BATCH = 500
BAD_LINES_KEPT = 500


def open_match(account: LedgerAccount | None) -> CodeMatch | None:
    """The list that is being decided; None where there is none."""
    return CodeMatch.objects.select_related("by").filter(ledger_account=account, state="open").first()


def upload_customers(*, by: User, data: bytes, name: str) -> CodeMatch:
    """Reads KashFlow's customer download and proposes who is who. Raises FileRefused; nothing is kept then."""
    allow(by, VERB)
    read = read_file(data, name)
    return store(by=by, customers=read.customers, bad=read.bad, source=CodeMatch.Source.FILE, file_name=name)


def store(
    *,
    by: User,
    customers: Sequence[FoundCustomer],
    source: str,
    bad: Sequence[BadLine] = (),
    file_name: str = "",
) -> CodeMatch:
    """Keeps a list with its proposals, in place of the one that was open; the exact ones are ticked."""
    account = ledger_account()
    proposals = match(customers, known_clients(account))
    with transaction.atomic():
        # The account's row is the lock: of two lists that come at once the later one stays.
        LedgerAccount.objects.select_for_update().get(pk=account.pk)
        CodeMatch.objects.filter(ledger_account=account, state="open").update(state="replaced")
        new = CodeMatch.objects.create(
            ledger_account=account,
            source=source,
            file_name=file_name[-120:],
            by=by,
            bad_lines=[vars(line) for line in _kept(bad)],
        )
        CodeMatchRow.objects.bulk_create(_rows(new, customers, proposals), batch_size=BATCH)
        audit.record("customer_codes.read", new, by=by, after={"customers": str(len(customers))})
    return new


def known_clients(account: LedgerAccount) -> list[KnownClient]:
    """Every client that can be a customer (those an agency pays for cannot), with the code it is linked to."""
    links = CustomerLink.objects.filter(ledger_account=account, code__isnull=False)
    codes = dict(links.values_list("client_id", "code"))
    names = ("pk", "name", "advertising_as", "email", "postcode", "phone")
    found = Client.objects.filter(agency=None).order_by("pk").values(*names)
    return [KnownClient(**one, code=codes.get(one["pk"]) or "") for one in found.iterator(chunk_size=2_000)]


def _kept(bad: Sequence[BadLine]) -> list[BadLine]:
    """The first bad lines, and how many more there are."""
    kept, more = list(bad[:BAD_LINES_KEPT]), len(bad) - BAD_LINES_KEPT
    if more > 0:
        kept.append(BadLine(bad[BAD_LINES_KEPT].line, "…", f"From here on {more:,} more cannot be used."))
    return kept


def _rows(
    new: CodeMatch, customers: Sequence[FoundCustomer], proposals: Sequence[Proposal]
) -> list[CodeMatchRow]:
    return [
        _row(new, position, customer, proposal)
        for position, (customer, proposal) in enumerate(zip(customers, proposals, strict=True))
    ]


def _row(new: CodeMatch, position: int, customer: FoundCustomer, proposal: Proposal) -> CodeMatchRow:
    best = proposal.candidates[0] if proposal.candidates else None
    is_exact, is_one = proposal.kind == Kind.EXACT, proposal.kind in (Kind.EXACT, Kind.LIKELY)
    return CodeMatchRow(
        match=new,
        position=position,
        kind=proposal.kind,
        score=best.score if best else 0,
        candidates=[_candidate(one) for one in proposal.candidates],
        decision=CodeMatchRow.Decision.LINK if is_exact else CodeMatchRow.Decision.NONE,
        client_id=best.client_pk if best and is_one else None,
        line=customer.line,
        code=customer.code,
        name=customer.name,
        email=customer.email,
        postcode=customer.postcode,
        phone=customer.phone,
        customer_id=customer.customer_id,
    )


def _candidate(one: Candidate) -> dict[str, object]:
    return {
        "client": one.client_pk,
        "score": one.score,
        "agrees": list(one.agrees),
        "differs": list(one.differs),
    }

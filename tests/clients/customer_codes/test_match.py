"""Proposing who is who: what is exact, what is likely, what only a person can say, and how often it is right."""

# ruff: noqa: E501  (a row is one case)

from __future__ import annotations

import random
from collections import Counter

import pytest

from clients.customer_codes import names
from clients.customer_codes.matching import Kind, KnownClient, Proposal, match
from clients.customer_codes.reading import FoundCustomer
from tests.clients.customer_codes import messy_names

# Nobody tuned the matcher on these (1 to 3 were for that).
HELD_OUT = (11, 12, 2026)
CLIENTS, ASKED = 2_500, 2_000


def one(customer: FoundCustomer, *clients: KnownClient) -> Proposal:
    (proposal,) = match([customer], clients)
    return proposal


def customer(name: str, code: str = "NEW01", **facts: str) -> FoundCustomer:
    return FoundCustomer(2, code, name, **facts)


@pytest.mark.parametrize("seed", HELD_OUT)
def test_of_two_thousand_messy_names_nearly_all_are_proposed_rightly(seed: int) -> None:
    written, dice = messy_names.clients(seed, CLIENTS), random.Random(seed)
    asked = dice.sample(range(CLIENTS), ASKED)
    customers = [customer(messy_names.messy(written[pk], dice), f"C{pk}") for pk in asked]
    proposals = match(customers, [KnownClient(pk, name) for pk, name in enumerate(written)])
    tally = Counter(
        (one.kind, bool(one.candidates) and one.candidates[0].client_pk == pk)
        for pk, one in zip(asked, proposals, strict=True)
    )
    print(f"seed {seed}: {dict(tally)}")
    right = tally[Kind.EXACT, True] + tally[Kind.LIKELY, True]
    assert right >= 0.95 * ASKED
    assert tally[Kind.EXACT, False] == 0
    assert tally[Kind.LIKELY, False] <= 0.01 * ASKED


def test_customers_nobody_here_is_are_not_proposed_as_exact() -> None:
    written = messy_names.clients(77, 3_000)
    known = [KnownClient(pk, name) for pk, name in enumerate(written[:2_000])]
    strangers = [customer(name, f"C{n}") for n, name in enumerate(written[2_000:])]
    kinds = Counter(one.kind for one in match(strangers, known))
    assert kinds[Kind.EXACT] == 0
    assert kinds[Kind.UNMATCHED] + kinds[Kind.AMBIGUOUS] >= 600


SAME = [
    ("Golden Valley Oak Frames Ltd", "Golden Valley Oak Frames"),
    ("GOLDEN VALLEY  OAK FRAMES LIMITED ", "Golden Valley Oak Frames"),
    ("Hay & Straw", "Hay and Straw Ltd"),
    ("O'Donnells Saddlery", "O’Donnell's Saddlery Ltd."),
    ("Saint Weonards Farm Shop", "St Weonards Farm Shop"),
    ("The Café", "Cafe Limited"),
    ("Pritchard Bros", "Pritchard Brothers & Co"),
    ("Teme Valley Kitchens (Tenbury)", "Teme Valley Kitchens"),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME)
def test_one_name_however_written_is_exact(theirs: str, ours: str) -> None:
    proposal = one(customer(theirs), KnownClient(7, ours), KnownClient(8, "Penyard Roofing"))
    assert (proposal.kind, proposal.candidates[0].client_pk) == (Kind.EXACT, 7)
    assert proposal.candidates[0].agrees[0] == "name"


def test_the_same_kashflow_id_is_exact_whatever_the_name() -> None:
    proposal = one(customer("Renamed Since", "hare01"), KnownClient(7, "Harewood Lettings", code="HARE01"))
    assert (proposal.kind, proposal.candidates[0].client_pk) == (Kind.EXACT, 7)
    assert proposal.candidates[0].agrees == ("code",)


def test_a_client_linked_to_another_code_is_nobody_s() -> None:
    assert (
        one(customer("Harewood Lettings"), KnownClient(7, "Harewood Lettings", code="HARE01")).kind
        == Kind.UNMATCHED
    )


def test_two_clients_of_one_name_are_for_a_person() -> None:
    proposal = one(customer("Wye Valley Cleaning"), KnownClient(1, "Wye Valley Cleaning"), KnownClient(2, "Wye Valley Cleaning Ltd"))  # fmt: skip
    assert proposal.kind == Kind.AMBIGUOUS
    assert {candidate.client_pk for candidate in proposal.candidates} == {1, 2}


def test_two_customers_of_one_name_are_for_a_person() -> None:
    proposals = match(
        [customer("Harewood", "A1"), customer("Harewood Ltd", "B2")], [KnownClient(1, "Harewood")]
    )
    assert [proposal.kind for proposal in proposals] == [Kind.AMBIGUOUS, Kind.AMBIGUOUS]


def test_a_postcode_tells_two_of_one_name_apart() -> None:
    here, there = (
        KnownClient(1, "The Crown Inn", postcode="HR1 2AB"),
        KnownClient(2, "Crown Inn", postcode="SY8 1DE"),
    )
    proposal = one(customer("Crown Inn Ltd", postcode="sy81de"), here, there)
    assert (proposal.kind, proposal.candidates[0].client_pk) == (Kind.EXACT, 2)
    assert proposal.candidates[0].agrees == ("name", "postcode")


def test_another_postcode_makes_the_same_name_only_likely() -> None:
    proposal = one(customer("Crown Inn", postcode="SY8 1DE"), KnownClient(1, "Crown Inn", postcode="HR1 2AB"))
    assert (proposal.kind, proposal.candidates[0].differs) == (Kind.LIKELY, ("postcode",))


def test_evidence_is_said_in_words_and_lifts_the_score() -> None:
    client = KnownClient(1, "Aylestone Motors Ltd", email="OFFICE@aylestone.example", phone="+44 (0)1432 555123", postcode="HR4 9PQ")  # fmt: skip
    bare = one(customer("Aylestone Motor Company"), KnownClient(1, "Aylestone Motors Ltd")).candidates[0]
    full = one(customer("Aylestone Motor Company", email="x@y.example; office@aylestone.example", phone="01432 555 123", postcode="SY1 1AA"), client).candidates[0]  # fmt: skip
    assert (full.agrees, full.differs) == (("e-mail", "phone"), ("name", "postcode"))
    assert full.score > bare.score


def test_what_advertises_under_another_name_is_found_by_it() -> None:
    proposal = one(
        customer("Blue Kettle"), KnownClient(1, "J Lang Holdings Ltd", advertising_as="Blue Kettle")
    )
    assert proposal.candidates[0].client_pk == 1


@pytest.mark.parametrize("name", ["", "Ltd", "&", "???", "x" * 200, "a b c d e f g h"])
def test_a_strange_name_is_no_trouble(name: str) -> None:
    assert one(customer(name), KnownClient(1, "Penyard Roofing"), KnownClient(2, "")).kind == Kind.UNMATCHED


def test_order_of_the_clients_does_not_matter() -> None:
    written = messy_names.clients(5, 300)
    known, dice = [KnownClient(pk, name) for pk, name in enumerate(written)], random.Random(5)
    asked = [customer(messy_names.messy(name, dice), f"C{n}") for n, name in enumerate(written)]
    assert match(asked, known) == match(asked, list(reversed(known)))


def test_facts_are_made_plain() -> None:
    assert names.phone("+44 (0) 1432 555-123") == names.phone("01432 555123") == "01432555123"
    assert names.postcode("hr4  9pq") == names.postcode("HR49PQ")
    assert names.emails("A@b.example, c@d.example;x") == {"a@b.example", "c@d.example"}

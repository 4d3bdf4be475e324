"""Which of our clients each of KashFlow's customers is: proposals in four groups, never a decision.

Exact needs more than likeness: the same KashFlow ID, or the same plain name with nothing against it and nobody
else of that name. Everything else is for a person to confirm (product.md, KashFlow 1; docs/decisions/006).
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from operator import neg

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from clients.customer_codes import names
from clients.customer_codes.reading import FoundCustomer

LIKELY_FROM = 66
# A second one this near to the first, and nobody can say which it is.
TOO_NEAR = 6
SHOWN = 5
# How many are looked at closely for each customer, and from which share of all clients a word says nothing.
LOOKED_AT = 8
RARE = 150
SURE = 85
# In the rough count: a word spelt otherwise, and a shared e-mail address, postcode or telephone number.
NOT_QUITE, FACT = 0.8, 20
COMMON_SHARE = 0.04
WORD_ALIKE = 0.86
SAME_POSTCODE, SAME_EMAIL, SAME_PHONE, OTHER_POSTCODE = 10, 16, 12, -9


class Kind(StrEnum):
    """How sure a proposal is, in the order of certainty."""

    EXACT = "exact"
    LIKELY = "likely"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"


@dataclass(frozen=True)
class KnownClient:
    """A client of ours. `code` is the KashFlow ID it is linked to; such a one is nobody else's any more."""

    pk: int
    name: str
    advertising_as: str = ""
    email: str = ""
    postcode: str = ""
    phone: str = ""
    code: str = ""
    customer_id: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A client that may be the customer: 0 to 100, and what of the two agrees or differs, in people's words."""

    client_pk: int
    score: int
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one customer, best first."""

    kind: Kind
    candidates: tuple[Candidate, ...] = ()


def match(customers: Sequence[FoundCustomer], clients: Sequence[KnownClient]) -> list[Proposal]:
    """A proposal for each customer, in their order. A client stands in one exact or likely proposal at most."""
    house = _House(clients)
    twice = Counter(house.key_of(customer.name) for customer in customers)
    proposals = [_propose(house, customer, twice[house.key_of(customer.name)] > 1) for customer in customers]
    return _told_apart(proposals)


def _told_apart(proposals: list[Proposal]) -> list[Proposal]:
    """Where two customers want one client, a person says whose it is; only the same KashFlow ID settles it."""
    wanted = Counter(
        one.candidates[0].client_pk for one in proposals if one.kind in (Kind.EXACT, Kind.LIKELY)
    )
    return [
        replace(one, kind=Kind.AMBIGUOUS)
        if one.kind in (Kind.EXACT, Kind.LIKELY)
        and wanted[one.candidates[0].client_pk] > 1
        and "code" not in one.candidates[0].agrees
        else one
        for one in proposals
    ]


def _propose(house: _House, customer: FoundCustomer, is_named_twice: bool) -> Proposal:
    if linked := house.by_code.get(customer.code.casefold()):
        return Proposal(
            Kind.EXACT, (_candidate(house.plain[linked.pk], _Plain.of_customer(customer), 100, ("code",)),)
        )
    plain = _Plain.of_customer(customer)
    scored = house.candidates(plain)
    if not scored or scored[0].score < LIKELY_FROM:
        return Proposal(Kind.UNMATCHED)
    near = tuple(one for one in scored if one.score >= max(LIKELY_FROM, scored[0].score - TOO_NEAR))[:SHOWN]
    same_name = [one for one in near if "name" in one.agrees]
    if len(same_name) == 1 and not is_named_twice and "postcode" not in same_name[0].differs:
        rest = tuple(one for one in near if one is not same_name[0])
        return Proposal(Kind.EXACT, (same_name[0], *rest))
    if len(near) > 1 and not _settled_by_evidence(near):
        return Proposal(Kind.AMBIGUOUS, near)
    return Proposal(Kind.LIKELY, tuple(scored[:SHOWN]))


def _settled_by_evidence(near: tuple[Candidate, ...]) -> bool:
    """Whether the best alone agrees on something else than the name."""
    strong = [bool({"e-mail", "postcode", "phone"} & set(one.agrees)) for one in near]
    return strong[0] and not any(strong[1:])


# --- One side and the other ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plain:
    """A client or a customer made plain. `names` are all its spellings as words."""

    pk: int
    names: tuple[tuple[str, ...], ...]
    emails: frozenset[str]
    postcode: str
    phone: str

    @classmethod
    def of_client(cls, client: KnownClient) -> _Plain:
        spellings = _spellings(client.name, client.advertising_as)
        emails, postcode = names.emails(client.email), names.postcode(client.postcode)
        return cls(client.pk, spellings, emails, postcode, names.phone(client.phone))

    @classmethod
    def of_customer(cls, customer: FoundCustomer) -> _Plain:
        return cls(
            0,
            _spellings(customer.name),
            names.emails(customer.email),
            names.postcode(customer.postcode),
            names.phone(customer.phone),
        )


def _spellings(*written: str) -> tuple[tuple[str, ...], ...]:
    every = [
        names.words(form) for name in written if name.strip() for form in (name, names.without_brackets(name))
    ]
    return tuple(dict.fromkeys(form for form in every if form))


class _House:
    """Our clients, found by their words, joined words and misspelt words."""

    def __init__(self, clients: Sequence[KnownClient]) -> None:
        self.by_code = {client.code.casefold(): client for client in clients if client.code}
        free = [_Plain.of_client(client) for client in clients if not client.code]
        self.plain = {one.pk: one for one in free} | {
            client.pk: _Plain.of_client(client) for client in self.by_code.values()
        }
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_fact: dict[str, list[int]] = defaultdict(list)
        for one in free:
            self._index(one)
        self._count = max(len(free), 1)
        self._near_spelt: dict[str, list[str]] = defaultdict(list)
        for word in self._by_word:
            for part in _deletions(word):
                self._near_spelt[part].append(word)
        self._weights: dict[str, float] = {}
        # The same words and names meet again and again; kept for one list only, so that a web worker stays small.
        self._word_likeness = lru_cache(maxsize=None)(_word_likeness)
        self._in_one = lru_cache(maxsize=None)("".join)
        self._heft = lru_cache(maxsize=None)(lambda form: sum(map(self._weight, form)))

    def key_of(self, name: str) -> tuple[str, ...]:
        """What two customers of one name share."""
        return names.words(name)

    def candidates(self, customer: _Plain) -> list[Candidate]:
        """The clients nearest to a customer, best first; common words count only where the rare ones do not do."""
        asked = {word: self._alike(word) for form in customer.names for word in _indexed(form)}
        few = max(RARE, COMMON_SHARE * self._count)
        rare = {
            word: [near for near in alike if len(self._by_word[near]) <= few] for word, alike in asked.items()
        }
        best = self._nearest(customer, rare)
        if asked == rare or (best and best[0].score >= SURE):
            return best
        return self._nearest(customer, asked)

    def _nearest(self, customer: _Plain, asked: dict[str, list[str]]) -> list[Candidate]:
        """The best of those that share a word: each word of the customer counts once for a client."""
        found: dict[int, float] = defaultdict(float)
        for word, alike in asked.items():
            counted: set[int] = set()
            for weight, near in sorted(((self._rough(word, near), near) for near in alike), reverse=True):
                fresh = (
                    [pk for pk in self._by_word[near] if pk not in counted]
                    if counted
                    else self._by_word[near]
                )
                for pk in fresh:
                    found[pk] += weight
                counted.update(fresh)
        for fact in _facts(customer):
            for pk in self._by_fact.get(fact, ()):
                found[pk] += FACT
        seen = heapq.nlargest(LOOKED_AT, zip(found.values(), map(neg, found), strict=True))
        scored = [self._scored(self.plain[-pk], customer) for _, pk in seen]
        return sorted((one for one in scored if one.score > 0), key=lambda one: (-one.score, one.client_pk))

    def _index(self, one: _Plain) -> None:
        for word in {word for form in one.names for word in _indexed(form)}:
            self._by_word[word].append(one.pk)
        for fact in _facts(one):
            self._by_fact[fact].append(one.pk)

    def _alike(self, word: str) -> list[str]:
        """`word` where it is one of ours, and those of ours one slip of the pen away."""
        alike = {near for part in _deletions(word) for near in self._near_spelt.get(part, ())}
        return sorted(alike | ({word} if word in self._by_word else set()))

    def _rough(self, word: str, near: str) -> float:
        return self._weight(near) * (1 if near == word else NOT_QUITE)

    def _weight(self, word: str) -> float:
        """A rare word says more than a common one; one nobody has says what the rarest does."""
        if word not in self._weights:
            self._weights[word] = 1 + math.log(self._count / max(len(self._by_word.get(word, ())), 1))
        return self._weights[word]

    def _scored(self, client: _Plain, customer: _Plain) -> Candidate:
        pairs = ((ours, theirs) for ours in client.names for theirs in customer.names)
        name = max((self._likeness(ours, theirs) for ours, theirs in pairs), default=0.0)
        return _candidate(client, customer, 100 * name)

    def _likeness(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
        """0 to 1: words in common however ordered and spelt, heavy words more; or the whole written in one."""
        if ours == theirs:
            return 1.0
        in_common = self._in_common(ours, theirs)
        in_one = fuzz.ratio(self._in_one(ours), self._in_one(theirs)) / 100
        return max(in_common, 0.97 * in_one if in_one > 0.9 else 0.9 * in_one)

    def _in_common(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
        left, shared = list(theirs), 0.0
        for word in ours:
            if word in left:
                likeness, near = 1.0, word
            else:
                likeness, near = max(
                    ((self._word_likeness(word, other), other) for other in left), default=(0.0, "")
                )
            if likeness >= WORD_ALIKE:
                left.remove(near)
                shared += likeness * (self._weight(word) + self._weight(near))
        every = self._heft(ours) + self._heft(theirs)
        return shared / every if every else 0.0


def _word_likeness(ours: str, theirs: str) -> float:
    if ours == theirs:
        return 1.0
    # An initial stands for a word that begins with it, but says little.
    if min(len(ours), len(theirs)) < 3:
        return 0.0
    return JaroWinkler.similarity(ours, theirs, score_cutoff=WORD_ALIKE)


def _indexed(form: tuple[str, ...]) -> Iterator[str]:
    """The words of a name, and each two that follow each other written in one."""
    yield from form
    yield from (first + second for first, second in pairwise(form) if min(len(first), len(second)) > 2)


def _deletions(word: str) -> list[str]:
    """`word` and all it is without one of its letters: two words share one where a slip lies between them."""
    if len(word) < 4:
        return [word]
    return [word, *(word[:n] + word[n + 1 :] for n in range(len(word)))]


def _facts(one: _Plain) -> list[str]:
    return [
        *one.emails,
        *(f"tel {one.phone}" for _ in [1] if one.phone),
        *(f"at {one.postcode}" for _ in [1] if one.postcode),
    ]


def _candidate(client: _Plain, customer: _Plain, name: float, agreed: tuple[str, ...] = ()) -> Candidate:
    """The score with its evidence: what both sides know and agree on lifts it, another postcode lowers it."""
    agrees, score = list(agreed), name
    differs: list[str] = []
    is_same_name = bool(set(client.names) & set(customer.names))
    (agrees if is_same_name else differs).append("name")
    same_postcode, same_emails = client.postcode == customer.postcode, bool(client.emails & customer.emails)
    known = (
        ("postcode", client.postcode, customer.postcode, same_postcode, SAME_POSTCODE, OTHER_POSTCODE),
        ("e-mail", client.emails, customer.emails, same_emails, SAME_EMAIL, 0),
        ("phone", client.phone, customer.phone, client.phone == customer.phone, SAME_PHONE, 0),
    )
    for word, ours, theirs, is_same, lift, drop in known:
        if ours and theirs:
            (agrees if is_same else differs).append(word)
            score += lift if is_same else drop
    top = 100 if "code" in agrees or (is_same_name and len(agrees) > 1) else 99
    return Candidate(client.pk, max(0, min(top, round(score))), tuple(agrees), tuple(differs))

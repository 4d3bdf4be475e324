"""Names of small businesses and how people spell them a second time: made from seeds, before there was a matcher.

`clients(seed, count)` are names as one clerk keeps them, neighbours among them that share a word; `messy(name, dice)`
is the same business as another clerk wrote it. Seeds 1 to 3 are for tuning; the tests ask others.
"""

# ruff: noqa: E501  (lists of words)

from __future__ import annotations

import random
import re
from collections.abc import Callable

PLACES = (
    "Harewood", "Ludlow", "Golden Valley", "Teme", "Wye Valley", "Penyard", "Aylestone", "St Weonards", "Pontrilas", "Hay",
    "Bromyard", "Ledbury", "Leominster", "Kington", "Presteigne", "Clun", "Craven Arms", "Church Stretton", "Much Wenlock",
    "Ross", "Monmouth", "Abbey Dore", "Kilpeck", "Ewyas", "Llangarron", "Symonds Yat", "Goodrich", "Fownhope", "Mordiford",
    "Withington", "Bodenham", "Pembridge", "Eardisland", "Weobley", "Almeley", "Brilley", "Clifford", "Dorstone", "Peterchurch",
    "Vowchurch", "Madley", "Clehonger", "Lugwardine", "Bartestree", "Tarrington", "Colwall", "Cradley", "Malvern", "Upton",
    "Tewkesbury", "Newent", "Dymock", "Kempley", "Hartpury", "Corse", "Staunton", "Coleford", "Cinderford", "Lydney", "Chepstow",
)  # fmt: skip
OWNERS = (
    "Pritchard", "Meredith", "Powell", "Probert", "Preece", "Watkins", "Gwilliam", "Bengough", "Morgan", "Hodges", "Baskerville",
    "Whittal", "Skyrme", "Godsall", "Bayliss", "Parry", "Lewis", "Jenkins", "Cadwallader", "Tudge", "Mifflin", "Yapp", "Berrow",
    "Hince", "Smallwood", "Thackeray", "O'Donnell", "McAllister", "D'Arcy", "Lloyd", "Farr", "Griffiths", "Beavan", "Bufton",
)  # fmt: skip
TRADES = (
    "Kitchens", "Garden Centre", "Oak Frames", "Motors", "Farm Shop", "Stoves", "Roofing", "Lettings", "Cleaning Services",
    "Catering", "Marquees", "Builders", "Joinery", "Dental Practice", "Veterinary Centre", "Solicitors", "Accountants",
    "Estate Agents", "Bakery", "Brewery", "Cider", "Nurseries", "Saddlery", "Opticians", "Pharmacy", "Antiques", "Auctioneers",
    "Furniture", "Flooring", "Carpets", "Blinds", "Windows", "Conservatories", "Electrical", "Plumbing and Heating", "Landscapes",
    "Tree Surgeons", "Pet Supplies", "Country Clothing", "Jewellers", "Florist", "Hotel", "Country Inn", "Tea Rooms", "Gallery",
    "Framing", "Pottery", "Bookshop", "Cycles", "Outdoor Centre", "Equestrian", "Fencing", "Stonemasons", "Funeral Directors",
    "Removals", "Storage", "Travel", "Insurance Brokers", "Financial Planning", "Care Home", "Nursery School", "Building Society",
)  # fmt: skip
SUFFIXES = ("", "", "", " Ltd", " Limited", " LLP", " & Co", " PLC")
SPOKEN = {
    "Ltd": "Limited", "Limited": "Ltd", "Services": "Svcs", "Centre": "Ctr", "Brothers": "Bros", "Saint": "St", "St": "Saint",
    "Company": "Co", "and": "&", "&": "and", "Associates": "Assoc", "Nurseries": "Nursery", "International": "Intl",
}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def clients(seed: int, count: int) -> list[str]:
    """`count` names of which no two are one but for order and suffix: those nobody could tell apart."""
    dice, names = random.Random(seed), dict[tuple[str, ...], str]()
    while len(names) < count:
        name = _name(dice)
        telling = re.sub(r"( Ltd| Limited| LLP| PLC| & Co)$", "", name.removeprefix("The ")).replace("'s", "")
        names.setdefault(tuple(sorted(telling.replace("&", "").split())), name)
    return list(names.values())


def _name(dice: random.Random) -> str:
    place, owner, other, trade = (
        dice.choice(PLACES),
        dice.choice(OWNERS),
        dice.choice(OWNERS),
        dice.choice(TRADES),
    )
    forms = (
        f"{place} {trade}",
        f"The {place} {trade}",
        f"{owner} {trade}",
        f"{owner} & {other}",
        f"{owner} & Sons {trade}",
        f"{dice.choice('ABCDEGHJ')} {dice.choice('LMNPRSTW')} {owner} {trade}",
        f"{owner}'s {trade}",
        f"{owner} Bros {trade}",
        f"{place} {owner} {trade}",
        f"{owner} {trade} of {place}",
    )
    return dice.choice(forms) + dice.choice(SUFFIXES)


def messy(name: str, dice: random.Random) -> str:
    """`name` as somebody else wrote it: one to three things done to it."""
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        name = dice.choice(HABITS)(name, dice)
    return name


def _suffix(name: str, dice: random.Random) -> str:
    bare = re.sub(r"( Ltd| Limited| LLP| PLC| & Co)$", "", name)
    return bare + dice.choice(("", " Ltd", " Ltd.", " LIMITED", " limited", " (UK) Ltd", ", Ltd"))


def _spoken(name: str, dice: random.Random) -> str:
    words = name.split(" ")
    known = [n for n, word in enumerate(words) if word in SPOKEN]
    if known:
        n = dice.choice(known)
        words[n] = SPOKEN[words[n]]
    return " ".join(words)


def _typo(name: str, dice: random.Random) -> str:
    n = dice.randrange(1, len(name) - 1)
    changed = (
        name[:n] + name[n + 1 :],
        name[:n] + dice.choice(LETTERS) + name[n:],
        name[:n] + dice.choice(LETTERS) + name[n + 1 :],
        name[: n - 1] + name[n] + name[n - 1] + name[n + 1 :],
        name[:n] + name[n] + name[n:],
    )
    return dice.choice(changed)


def _case(name: str, dice: random.Random) -> str:
    return dice.choice((name.upper(), name.lower(), name.title()))


def _spaces(name: str, dice: random.Random) -> str:
    return dice.choice((f" {name}", f"{name}  ", name.replace(" ", "  ", 1), name.replace(" ", "-", 1)))


def _points(name: str, dice: random.Random) -> str:
    return dice.choice(
        (
            name.replace("'", ""),
            name.replace("'", "’"),
            f"{name}.",
            name.replace(" ", ". ", 1),
            name.replace(" & ", "&"),
        )
    )


def _turned(name: str, dice: random.Random) -> str:
    words = name.split(" ")
    return f"{' '.join(words[1:])}, {words[0]}" if len(words) > 2 else " ".join(reversed(words))


def _the(name: str, dice: random.Random) -> str:
    return name.removeprefix("The ") if name.startswith("The ") else f"The {name}"


def _town(name: str, dice: random.Random) -> str:
    return f"{name} ({dice.choice(PLACES)})"


HABITS: tuple[Callable[[str, random.Random], str], ...] = (
    _suffix, _suffix, _spoken, _spoken, _typo, _typo, _typo, _case, _spaces, _points, _turned, _the, _town,
)  # fmt: skip

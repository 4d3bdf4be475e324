"""What two spellings of one business have in common: names, postcodes, telephone numbers and addresses made plain."""

from __future__ import annotations

import re
import unicodedata

# Said or left out as people please; they tell no two firms apart.
IDLE = frozenset({
    "ltd", "limited", "plc", "llp", "lp", "inc", "incorporated", "co", "company", "cyf", "cic", "corp", "corporation",
    "uk", "the", "and", "of", "a", "ta",
})  # fmt: skip
SAME = {
    "saint": "st", "bros": "brothers", "bro": "brothers", "svcs": "services", "svc": "services", "service": "services",
    "ctr": "centre", "center": "centre", "assoc": "associates", "assocs": "associates", "intl": "international",
    "int": "international", "mfg": "manufacturing", "mfrs": "manufacturers", "eng": "engineering", "engrs": "engineers",
    "dept": "department", "hse": "house", "rd": "road", "gdn": "garden", "gdns": "gardens", "nurs": "nursery",
    "nurseries": "nursery", "sons": "son", "sns": "son", "prop": "property", "props": "properties", "mgmt": "management",
    "grp": "group", "tech": "technology", "vet": "veterinary", "vets": "veterinary", "soc": "society", "hldgs": "holdings",
    "consv": "conservatories", "mt": "mount", "ltg": "lettings", "lets": "lettings", "accts": "accountants",
}  # fmt: skip
_APOSTROPHES = re.compile(r"['’`´]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def words(name: str) -> tuple[str, ...]:
    """The words that tell a business apart, in their order; all of its words where none does."""
    plain = _plain(name)
    every = [SAME.get(word, word) for word in plain.split()]
    telling = tuple(word for word in every if word not in IDLE)
    return telling or tuple(every)


def without_brackets(name: str) -> str:
    """The name without what somebody added in brackets, a town mostly."""
    return _IN_BRACKETS.sub(" ", name)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_WORD.sub(" ", _APOSTROPHES.sub("", letters)).strip()


def postcode(text: str) -> str:
    """HR4 9PQ however it was written."""
    return _NOT_WORD.sub("", text.casefold())


def phone(text: str) -> str:
    """The digits of a telephone number with 0 in front in place of +44; empty for what is too short for one."""
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    for prefix in ("0044", "44"):
        if digits.startswith(prefix) and len(digits) > 10:
            digits = "0" + digits.removeprefix(prefix)
            break
    return digits if len(digits) >= 7 else ""


def emails(text: str) -> frozenset[str]:
    """Every e-mail address in a field that may hold several."""
    return frozenset(part for part in re.split(r"[\s,;]+", text.casefold()) if "@" in part)

"""A client as KashFlow's customer, field by field. Pure: no query, no call.

design: transfer.md, The other writes; product.md, KashFlow 8: what the bookkeeper changed in KashFlow and
nobody changed here is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clients.models import Client, Contact
from kashflow.gateway.records import Customer

Values = dict[str, Any]
# Letters of the name and two digits, such as KERN01: the form KashFlow's own codes have.
CODE_LETTERS = 4
WORDS = {
    "name": "Name",
    "contact": "Contact",
    "telephone": "Telephone",
    "email": "E-mail",
    "address1": "Address",
    "address2": "Address, second line",
    "address3": "Town",
    "address4": "County",
    "postcode": "Postcode",
    "country_code": "Country",
    "website": "Website",
    "vat_number": "VAT number",
    "payment_terms": "Payment terms in days",
}
CODES_TRIED = 99


def values(client: Client, contact: Contact | None) -> Values:
    """What KashFlow is told about `client`, by the attribute of its Customer; `contact` is who receives
    invoices."""
    return {
        "name": client.name,
        "contact": str(contact) if contact else "",
        "contact_first_name": contact.first_name if contact else "",
        "contact_last_name": contact.last_name if contact else "",
        "telephone": client.phone or (contact.phone if contact else ""),
        "email": client.email or (contact.email if contact else ""),
        "address1": client.address1,
        "address2": client.address2,
        "address3": client.town,
        "address4": client.county,
        "postcode": client.postcode,
        "country_code": client.country_code,
        "website": client.website,
        "vat_number": client.vat_number,
        "payment_terms": client.payment_terms_days or 0,
    }


def changed(now: Values, known: Mapping[str, Any]) -> Values:
    """What was changed here since `known` was last sent or linked; nothing where nothing is known yet."""
    return {name: value for name, value in now.items() if name in known and known[name] != value}


def held(customer: Customer) -> Values:
    """What KashFlow has where we tell it something, by the same names."""
    return {name: getattr(customer, name) for name in WORDS}


def different(known: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which field KashFlow has otherwise than it was told or linked with, and what it has there.

    One that is empty there says nothing: files and old customers leave most of them out.
    """
    told = {name: plain(str(known.get(name) or "")) for name in WORDS}
    has = {name: str(theirs.get(name) or "") for name in WORDS}
    return [
        (word, has[name])
        for name, word in WORDS.items()
        if plain(has[name]) and plain(has[name]) != told[name]
    ]


def new_customer(now: Values, code: str) -> Customer:
    """The customer to create under `code`."""
    return Customer(code=code, **now)


def updated(customer: Customer, changes: Values) -> Customer:
    """`customer` as it was just read with `changes` made: KashFlow's update writes the whole record."""
    return replace(customer, **changes)


def is_same(now: Values, customer: Customer) -> bool:
    """Whether a customer that holds our code is surely ours: two of name, e-mail and postcode agree.

    One made by a create whose reply was lost has all three. Where we know the name only, the name is enough.
    """
    known = [name for name in ("name", "email", "postcode") if plain(now[name])]
    return len(agreeing(now, customer)) >= min(2, len(known)) > 0


def is_as_created(now: Values, customer: Customer) -> bool:
    """Whether it agrees in all of name, e-mail and postcode that we know, as one does that we created."""
    return len(agreeing(now, customer)) == sum(
        bool(plain(now[name])) for name in ("name", "email", "postcode")
    )


def agreeing(now: Values, customer: Customer) -> list[str]:
    """Which of name, e-mail and postcode a customer shares with us, as people say them."""
    words = {"name": "name", "email": "e-mail", "postcode": "postcode"}
    same = (name for name in words if plain(now[name]) and plain(now[name]) == plain(getattr(customer, name)))
    return [words[name] for name in same]


def likeness(now: Values, customer: Customer) -> str:
    """Why an existing customer is likely this client ("same e-mail"), or "" where it is not."""
    if plain(now["email"]) and plain(now["email"]) == plain(customer.email):
        return "same e-mail"
    names = plain(now["name"]), plain(customer.name)
    postcodes = plain(now["postcode"]), plain(customer.postcode)
    alike = all(names) and all(postcodes) and names[0] == names[1] and postcodes[0] == postcodes[1]
    return "same name and postcode" if alike else ""


def candidate(customer: Customer, why: str) -> Values:
    """An existing customer as a person sees it when choosing."""
    return {
        "code": customer.code,
        "customer_id": customer.customer_id,
        "name": customer.name,
        "postcode": customer.postcode,
        "email": customer.email,
        "why": why,
    }


def plain(text: str) -> str:
    """`text` for comparing: no case, no spaces, no punctuation but what an e-mail address needs."""
    return re.sub(r"[^a-z0-9@]", "", text.casefold())


def code_stem(name: str) -> str:
    """The letters a customer code begins with: four of the name, filled up with X."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    return letters[:CODE_LETTERS].ljust(CODE_LETTERS, "X")


def next_code(name: str, taken: set[str]) -> str:
    """The first code of the name's stem that is not in `taken` (upper case)."""
    stem = code_stem(name)
    return next(code for n in range(1, len(taken) + 2) if (code := f"{stem}{n:02}") not in taken)

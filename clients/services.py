"""The verbs of clients and contacts: add, change, and what the floor above tells of bookings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from clients.models import Client, Contact
from magmanager.common.errors import DomainError, Gone
from settings_app import audit
from settings_app.models import AuditEntry, User

CLIENT_FIELDS = (
    "name",
    "advertising_as",
    "is_agency",
    "agency",
    "address1",
    "address2",
    "town",
    "county",
    "postcode",
    "country_code",
    "phone",
    "email",
    "website",
    "section",
    "salesperson",
    "vat_number",
    "is_vat_exempt",
    "invoice_delivery",
    "invoice_period",
    "payment_terms_days",
    "is_po_required",
    "notes",
)
CONTACT_FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "is_primary",
    "is_accounts",
    "is_artwork",
    "is_bookings",
)


class ChangedMeanwhile(Gone):
    """Somebody else saved this client since the page was opened."""

    code = "changed_meanwhile"


class StillManagesClients(DomainError):
    """An agency that pays for clients cannot stop being one."""

    code = "still_manages_clients"


# --- Clients ------------------------------------------------------------------------------------------------


@transaction.atomic
def add_client(*, by: User, values: Mapping[str, Any], contact: Mapping[str, Any] | None = None) -> Client:
    """A new client from `values` (CLIENT_FIELDS, `categories`), with `contact` as its primary contact."""
    client = Client(**{name: values[name] for name in CLIENT_FIELDS if name in values})
    client.save()
    client.categories.set(values.get("categories", []))
    if contact:
        Contact.objects.create(client=client, is_primary=True, **contact)
    audit.record("client.added", client, by=by, after=_as_text(client))
    return client


@transaction.atomic
def change_client(client: Client, *, by: User, revision: int, values: Mapping[str, Any]) -> bool:
    """Saves `values` (CLIENT_FIELDS, `categories`, `is_closed`); False where nothing differs.

    `revision` is the one the person saw: ChangedMeanwhile where somebody saved since. StillManagesClients
    where an agency that pays for clients would stop being one.
    """
    old, new = Client.objects.get(pk=client.pk), Client.objects.get(pk=client.pk)
    _refuse_newer(old, revision)
    for name in CLIENT_FIELDS:
        setattr(new, name, values.get(name, getattr(old, name)))
    new.closed_at = _closed_at(old, values.get("is_closed", bool(old.closed_at)))
    if old.is_agency and not new.is_agency and old.managed_clients.exists():
        raise StillManagesClients(
            "This agency still pays for other clients. Choose another agency for them first.",
            field="is_agency",
        )
    before, after = _differences(old, new, values.get("categories"))
    if not after:
        return False
    columns = {name: getattr(new, name) for name in (*CLIENT_FIELDS, "closed_at")}
    if not Client.objects.filter(pk=old.pk, revision=revision).update(revision=F("revision") + 1, **columns):
        _refuse_newer(Client.objects.get(pk=old.pk), revision)
    if "categories" in values:
        old.categories.set(values["categories"])
    audit.record("client.changed", new, by=by, before=before, after=after)
    return True


def changes_since(client: Client, revision: int) -> list[AuditEntry]:
    """What others saved of `client` after `revision`, newest first."""
    newer = max(client.revision - revision, 0)
    entries = AuditEntry.objects.filter(
        event="client.changed", object_type=client._meta.label_lower, object_id=str(client.pk)
    )
    return list(entries.select_related("by")[: min(newer, 20)])


def _refuse_newer(client: Client, revision: int) -> None:
    if client.revision != revision:
        raise ChangedMeanwhile(
            "Somebody else saved this client while you were typing. Nothing of yours was saved yet: look at "
            "what changed, then press Save changes again to keep what is below."
        )


def _closed_at(old: Client, is_closed: bool) -> dt.datetime | None:
    return (old.closed_at or timezone.now()) if is_closed else None


def _differences(old: Client, new: Client, categories: Any) -> tuple[dict[str, str], dict[str, str]]:
    before, after = audit.changes(old, new, (*CLIENT_FIELDS, "closed_at"))
    if categories is not None:
        pair = [", ".join(sorted(map(str, some))) for some in (old.categories.all(), categories)]
        if pair[0] != pair[1]:
            before["categories"], after["categories"] = pair
    return before, after


def _as_text(client: Client) -> dict[str, str]:
    return {
        name: str(value)
        for name in CLIENT_FIELDS
        if (value := getattr(client, name)) not in (None, "", False)
    }


# --- Contacts -----------------------------------------------------------------------------------------------


def save_contact(
    client: Client, *, by: User, values: Mapping[str, Any], contact: Contact | None = None
) -> Contact:
    """Adds a contact, or saves `values` (CONTACT_FIELDS) on `contact`; the newest primary one is the one.

    Raises Gone where the contact was deleted, or another primary one was saved in the same moment.
    """
    try:
        with transaction.atomic():
            return _save_contact(client, by=by, values=values, contact=contact)
    except IntegrityError as error:
        raise Gone(
            "Another primary contact was saved in the same moment. Save again to take its place."
        ) from error


def _save_contact(client: Client, *, by: User, values: Mapping[str, Any], contact: Contact | None) -> Contact:
    old = _contact(client, contact) if contact else None
    new = Contact(client=client) if old is None else _contact(client, old)
    for name in CONTACT_FIELDS:
        setattr(new, name, values.get(name, getattr(new, name)))
    if new.is_primary:
        client.contacts.filter(is_primary=True).exclude(pk=new.pk).update(is_primary=False)
    new.save()
    before, after = audit.changes(old or Contact(client=client), new, CONTACT_FIELDS)
    if old is None or after:
        audit.record("contact.changed" if old else "contact.added", new, by=by, before=before, after=after)
    return new


@transaction.atomic
def delete_contact(contact: Contact, *, by: User) -> None:
    """Deletes a contact. Raises Gone where it is gone already."""
    old = _contact(contact.client, contact)
    before = {name: str(value) for name in CONTACT_FIELDS if (value := getattr(old, name))}
    audit.record("contact.deleted", old, by=by, before=before)
    old.delete()


def _contact(client: Client, contact: Contact) -> Contact:
    found = client.contacts.filter(pk=contact.pk).first()
    if found is None:
        raise Gone("This contact was deleted meanwhile. Add it again if it is still needed.")
    return found


# --- What the floor above tells -----------------------------------------------------------------------------


def lock(client: Client) -> Client:
    """The row as it is now, held until the transaction ends: the facts below follow one another."""
    return Client.objects.select_for_update(of=("self",)).get(pk=client.pk)


def note_booked(client: Client, *, at: dt.datetime, until_on: dt.date) -> None:
    """Remembers that `client` booked at `at` into issues that are current until `until_on`."""
    row = Client.objects.filter(pk=client.pk)
    row.filter(first_booked_at__isnull=True).update(first_booked_at=at)
    row.filter(Q(booked_until_on__isnull=True) | Q(booked_until_on__lt=until_on)).update(
        booked_until_on=until_on
    )


def set_booked(client: Client, *, first_at: dt.datetime | None, until_on: dt.date | None) -> None:
    """Writes what is booked anew, after a cancellation; call it on a row held by `lock`."""
    Client.objects.filter(pk=client.pk).update(first_booked_at=first_at, booked_until_on=until_on)

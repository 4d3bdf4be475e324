"""What a person can set about the account: the API page of KashFlow, and how it treats numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

CHOICES = {
    "numbering": ("honour", "assign"),
    "duplicate_number": ("overwrite", "refuse", "duplicate", "next"),
    "not_found": ("no", "empty"),
}
RANGES = {"latency_ms": (0, 600_000), "page_size": (1, 100_000)}
SECRETS = ("password", "api_password", "auto_auth_key")


class SettingsRefused(ValueError):
    """A name nobody knows, or a value of the wrong kind; the text says which and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """One account's switches. `latency_ms` is milliseconds of waiting before each answer."""

    api_enabled: bool = True
    # What the service really says is not published; kept settable for that reason.
    api_off_text: str = "The API is not enabled for this account"
    locked: bool = False
    restrict_ip: bool = False
    allowed_ips: tuple[str, ...] = ()
    separate_password: bool = False
    username: str = "demo"
    password: str = "demo"  # noqa: S105  (the demo ledger's own, printed on its page)
    api_password: str = "demo-api"  # noqa: S105
    numbering: str = "honour"
    duplicate_number: str = "overwrite"
    not_found: str = "no"
    strict: bool = False
    latency_ms: int = 0
    # How many payments GetInvoicePaymentsByDateRange gives at once is not published.
    page_size: int = 100
    # AutoAuth: a caller that knows this key is added to `allowed_ips`; empty switches it off.
    auto_auth_key: str = ""

    def changed(self, changes: Mapping[str, object]) -> Settings:
        """These settings with the changes made; raises SettingsRefused and changes nothing otherwise."""
        unknown = sorted(set(changes) - {field.name for field in fields(self)})
        if unknown:
            raise SettingsRefused(f"Unknown setting: {', '.join(unknown)}")
        checked: dict[str, Any] = {
            name: _checked(name, value, getattr(self, name)) for name, value in changes.items()
        }
        return replace(self, **checked)

    def shown(self) -> dict[str, object]:
        """Every setting but the passwords."""
        return {name: value for name, value in asdict(self).items() if name not in SECRETS}

    def accepts(self, username: str, password: str) -> bool:
        """Whether this pair opens the API (with a separate password, the login's own no longer does)."""
        wanted = self.api_password if self.separate_password else self.password
        return username.casefold() == self.username.casefold() and password == wanted


def _checked(name: str, value: object, now: object) -> object:
    if name == "allowed_ips":
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise SettingsRefused("allowed_ips must be a list of addresses")
    if type(value) is not type(now):
        raise SettingsRefused(f"{name} must be {_kind(now)}")
    if name in CHOICES and value not in CHOICES[name]:
        raise SettingsRefused(f"{name} must be one of {', '.join(CHOICES[name])}")
    if name in RANGES and not RANGES[name][0] <= int(str(value)) <= RANGES[name][1]:
        raise SettingsRefused(f"{name} must be between {RANGES[name][0]} and {RANGES[name][1]}")
    return value


def _kind(value: object) -> str:
    return {bool: "true or false", int: "a whole number", str: "text"}[type(value)]

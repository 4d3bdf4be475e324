"""Refusals of the business. Each says what happened, why, and what to do now."""

from __future__ import annotations


class DomainError(Exception):
    """A verb was refused. `field` names the form field to show it beside; `link` is where it is mended."""

    code = "refused"

    def __init__(
        self, message: str, *, field: str | None = None, link: str = "", link_label: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.link = link
        self.link_label = link_label


class NotAllowed(DomainError):
    """The person's role does not hold this verb."""

    code = "not_allowed"


class Gone(DomainError):
    """What the verb was to act on changed meanwhile: another tab, another person, a worker."""

    code = "gone"

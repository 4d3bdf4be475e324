"""Help › Enabling the API in KashFlow: its sections, one for each way KashFlow can refuse a login."""

from __future__ import annotations

from typing import NamedTuple

from kashflow import answer, connections
from kashflow.gateway import answers, errors
from kashflow.models import ApiCall
from magmanager.common.permissions import may
from settings_app.models import User


class Section(NamedTuple):
    """One refusal: the anchor its links point at, its title as the product says it, why, and what to do."""

    anchor: str
    title: str
    why: str
    steps: tuple[str, ...]


def _title(code: str) -> str:
    return answer.WORDS[code].title


SECTIONS = (
    Section(
        "password",
        _title(errors.WrongLogin.code),
        "KashFlow knows no such pair. Often the username is right and the password is one that was changed since, "
        "or the account has a separate API password (below). KashFlow gives the same answer to all of these.",
        (
            "In KashFlow open Apps › API Settings: the API username stands there. It is usually the one you log in with.",
            "Type username and password again in My Details and press Check Connection.",
            "Nothing is tried again by itself meanwhile: KashFlow may lock a login after several wrong tries.",
        ),
    ),
    Section(
        "separate-password",
        "Separate API password",
        "With Use a separate API password ticked in KashFlow, the password you log in with does not open the API.",
        (
            "In KashFlow open Apps › API Settings and look whether Use a separate API password is ticked.",
            "Type that API password in My Details, or untick it in KashFlow, press Update and use your own password.",
            "A separate one is the safer choice: it opens the books to this program and not KashFlow's own pages.",
        ),
    ),
    Section(
        "api-off",
        _title(errors.ApiDisabled.code),
        "The account's SOAP API is switched off, as it is in every new KashFlow account.",
        (
            "In KashFlow open Apps › API Settings.",
            "Tick Enable SOAP API. The REST API has a switch of its own, which is not used here.",
            "Press Update, then Check Connection in My Details.",
        ),
    ),
    Section(
        "ip",
        _title(errors.IpNotListed.code),
        "The account takes calls from listed addresses only, and this server's address is not among them.",
        (
            "In KashFlow open Apps › API Settings.",
            "Untick Restrict Access to specific IP addresses, or add this server's address to the list.",
            "Press Update, then Check Connection in My Details.",
        ),
    ),
    Section(
        "locked",
        _title(errors.AccountLocked.code),
        "KashFlow locks a login after too many wrong passwords, or its subscription has run out.",
        (
            "Log in to KashFlow itself and follow what it says, or ask KashFlow's support to unlock the account.",
            "Then press Check Connection in My Details. Until then nothing is sent.",
        ),
    ),
    Section(
        "forbidden",
        _title(errors.AccessForbidden.code),
        "KashFlow's server turned the call away before it looked at the login.",
        (
            "Look at Apps › API Settings in KashFlow: Enable SOAP API ticked, this server's address allowed.",
            "Press Check Connection again. If it stays, ask KashFlow's support what its server refuses.",
        ),
    ),
    Section(
        "reach",
        _title(errors.NotSent.code),
        "No connection could be made, so nothing was sent, the login neither.",
        (
            "Open KashFlow's own website. If that does not open either, wait until it does.",
            "Otherwise this server has no way out: ask whoever runs your network whether it may call KashFlow.",
            "Nothing is lost: what waits is sent when KashFlow can be reached.",
        ),
    ),
    Section(
        "certificate",
        _title(errors.TlsFailed.code),
        "The server that answered could not prove that it is KashFlow, so the login was not sent.",
        (
            "Look at this server's clock: a wrong date makes every certificate look wrong.",
            "Bring its list of certificate authorities up to date.",
            "A firewall that opens encrypted connections looks the same: ask whoever runs your network to let "
            "KashFlow through unopened.",
        ),
    ),
    Section(
        "busy",
        _title(errors.RateLimited.code),
        "KashFlow asked us to wait, as it does when many calls come at once.",
        ("Press Check Connection again in a minute. Work that waits goes on by itself.",),
    ),
    Section(
        "unclear",
        answer.UNCLEAR.title,
        "An answer came that is not understood: an error page, a broken reply, or a text nobody has met yet.",
        (
            "Press Check Connection again in a few minutes.",
            "The API log has the exchange as it was, without the login: show it to KashFlow's support if it stays.",
        ),
    ),
)


def seen_address(by: User) -> str:
    """This server's address as KashFlow named it when it last refused it; empty where it never did.

    Who may not look at Settings › KashFlow learns it from their own checks alone, which told it to them already.
    """
    calls = ApiCall.objects.filter(outcome=errors.IpNotListed.code)
    if connections.own_login(by) is None and not may(by, "kashflow.view_kashflow"):
        calls = calls.filter(by=by)
    told = answers.refusal("", calls.values_list("detail", flat=True).first() or "")
    return told.ip if isinstance(told, errors.IpNotListed) else ""

"""What scripts press under `/sandbox/`: state, reset, settings, edit, faults, gates, log. JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kashflow.sandbox.errors import NotFound, Refused
from kashflow.sandbox.faults import FaultRefused
from kashflow.sandbox.gates import GateRefused
from kashflow.sandbox.pages import from_another_site
from kashflow.sandbox.service import Answer
from kashflow.sandbox.settings import SettingsRefused
from kashflow.sandbox.soap import Headers

if TYPE_CHECKING:
    from kashflow.sandbox.server import Sandbox

Query = Mapping[str, str]
Body = dict[str, Any]


class BadRequest(ValueError):
    """A request that makes no sense; the text says why."""


def answer(sandbox: Sandbox, method: str, path: str, query: Query, body: bytes, headers: Headers) -> Answer:
    """Answers one control request; what cannot be done is HTTP 400 with `error` saying why."""
    control = _CONTROLS.get((method, path.rstrip("/")))
    if control is None:
        return _json({"error": f"There is no {method} {path} here"}, 404)
    if method != "GET" and from_another_site(headers):
        return _json({"error": "This came from a page of another site"}, 403)
    try:
        return _json(control(sandbox, query, _object(body)))
    except (BadRequest, SettingsRefused, FaultRefused, GateRefused) as refusal:
        return _json({"error": str(refusal)}, 400)


def _json(content: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content, default=str).encode(), "application/json", "OK")


def _object(body: bytes) -> Body:
    try:
        found = json.loads(body) if body.strip() else {}
    except ValueError:
        raise BadRequest("The body is not JSON") from None
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object")
    return found


def _state(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.ledger.contents()


def _reset(sandbox: Sandbox, query: Query, body: Body) -> object:
    if set(body) != {"to"} or body["to"] not in ("empty", "demo"):
        raise BadRequest('Say where to: {"to": "empty"} or {"to": "demo"}')
    sandbox.reset(body["to"])
    return {"reset": body["to"]}


def _change_settings(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.ledger.change_settings(**body).shown()


def _settings(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.ledger.settings().shown()


def _edit(sandbox: Sandbox, query: Query, body: Body) -> object:
    try:
        sandbox.ledger.edit(**body)
    except (TypeError, NotFound, Refused) as error:
        raise BadRequest(str(error)) from None
    return body


def _order_fault(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.faults.order(body).shown()


def _faults(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.faults.shown()


def _cancel_faults(sandbox: Sandbox, query: Query, body: Body) -> object:
    sandbox.faults.cancel()
    return []


def _close_gate(sandbox: Sandbox, query: Query, body: Body) -> object:
    sandbox.gates.close(body)
    return sandbox.gates.shown()


def _gates(sandbox: Sandbox, query: Query, body: Body) -> object:
    return sandbox.gates.shown()


def _open_gates(sandbox: Sandbox, query: Query, body: Body) -> object:
    sandbox.gates.open_all()
    return []


def _log(sandbox: Sandbox, query: Query, body: Body) -> object:
    after = query.get("after", "0")
    if not (after.isascii() and after.isdigit()):
        raise BadRequest("after must be the id of a call")
    return sandbox.ledger.calls(operation=query.get("operation", ""), after=int(after))


def _forget_log(sandbox: Sandbox, query: Query, body: Body) -> object:
    sandbox.ledger.forget_calls()
    return []


_CONTROLS: dict[tuple[str, str], Callable[[Sandbox, Query, Body], object]] = {
    ("GET", "/sandbox/state"): _state,
    ("POST", "/sandbox/reset"): _reset,
    ("GET", "/sandbox/settings"): _settings,
    ("POST", "/sandbox/settings"): _change_settings,
    ("POST", "/sandbox/edit"): _edit,
    ("GET", "/sandbox/faults"): _faults,
    ("POST", "/sandbox/faults"): _order_fault,
    ("DELETE", "/sandbox/faults"): _cancel_faults,
    ("GET", "/sandbox/gates"): _gates,
    ("POST", "/sandbox/gates"): _close_gate,
    ("DELETE", "/sandbox/gates"): _open_gates,
    ("GET", "/sandbox/log"): _log,
    ("DELETE", "/sandbox/log"): _forget_log,
}

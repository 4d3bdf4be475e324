"""A sandbox for a test: the real server in a thread of this process, spoken to over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from kashflow.gateway.records import CompanyDetails
from kashflow.sandbox.server import Sandbox


class LiveSandbox:
    """The controls of interface.md (The sandbox) as methods; each is one HTTP call."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sandbox.sqlite3"
        self.server = Sandbox(self._path)
        self.server.start()
        self.url, self.endpoint = self.server.url, self.server.endpoint
        self.reset("demo")

    def state(self) -> dict[str, Any]:
        """The whole ledger."""
        return self._call("GET", "state")

    def company(self) -> CompanyDetails:
        """The company the ledger belongs to, as a check of the connection sees it."""
        return CompanyDetails.from_values(self.state()["company"])

    def invoices(self) -> list[dict[str, Any]]:
        """The documents in the ledger."""
        return self.state()["invoices"]

    def log(self, operation: str = "") -> list[dict[str, Any]]:
        """The calls received, oldest first; of one operation where named."""
        calls = self._call("GET", "log")
        calls = calls["calls"] if isinstance(calls, dict) else calls
        return [call for call in calls if not operation or call["operation"] == operation]

    def reset(self, to: str) -> None:
        self._call("POST", "reset", to=to)

    def settings(self, **changes: Any) -> None:
        self._call("POST", "settings", **changes)

    def fault(self, operation: str, kind: str, **more: Any) -> None:
        self._call("POST", "faults", operation=operation, kind=kind, **more)

    def no_faults(self) -> None:
        self._call("DELETE", "faults")

    def hold(self, operation: str, at: str) -> None:
        """Calls of `operation` wait at `received` or `committed` until `release`."""
        self._call("POST", "gates", operation=operation, at=at)

    def release(self) -> None:
        self._call("DELETE", "gates")

    def stop(self) -> None:
        self.server.stop()

    def start_again(self) -> None:
        """After `stop`: the same ledger at the same address."""
        self.server = Sandbox(self._path, port=self.server.server_address[1])
        self.server.start()

    def _call(self, method: str, control: str, **body: Any) -> Any:
        answer = requests.request(method, f"{self.url}/sandbox/{control}", json=body or None, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

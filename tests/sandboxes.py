"""A sandbox for a test: the real server in a thread of this process, spoken to over HTTP."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import requests

from kashflow.gateway.records import CompanyDetails
from kashflow.sandbox.server import Sandbox


class LiveSandbox:
    """The controls of interface.md (The sandbox) as methods; each is one HTTP call."""

    def __init__(self, folder: Path, books: Path | None = None) -> None:
        """Begins with a copy of `books`, another one's ledger that nobody has open; with the demo's otherwise."""
        self._path = folder / "sandbox.sqlite3"
        if books:
            shutil.copy(books, self._path)
        self.server = Sandbox(self._path)
        self.server.start()
        self.url, self.endpoint = self.server.url, self.server.endpoint
        if not books:
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
        """A fresh ledger, of an account that lets no slip of ours pass."""
        self._call("POST", "reset", to=to)
        self.settings(strict=True)

    def settings(self, **changes: Any) -> None:
        self._call("POST", "settings", **changes)

    def fault(self, operation: str, kind: str, **more: Any) -> dict[str, Any]:
        """Orders a fault; what comes back is the order, with the address of the port that `tls` opens."""
        return self._call("POST", "faults", operation=operation, kind=kind, **more)

    def no_faults(self) -> None:
        self._call("DELETE", "faults")

    def edit(self, number: int, **change: Any) -> dict[str, Any]:
        """A bookkeeper changes the document with this number by hand; what it is then comes back."""
        return self._call("POST", "edit", InvoiceNumber=number, change=change)

    def edit_by_id(self, dbid: int, **change: Any) -> dict[str, Any]:
        """The same for the document with this InvoiceDBID, whatever its number is by now."""
        return self._call("POST", "edit", InvoiceDBID=dbid, change=change)

    def pay(self, dbid: int, amount: str, *, day: str = "2026-11-24", note: str = "BACS") -> int:
        """The bookkeeper records a payment on the ledger's page; its PayID."""
        typed = {"amount": amount, "day": day, "note": note, "method": "0", "account": "0"}
        self._press(f"invoices/{dbid}/payments/new", typed)
        return max(int(one["PayID"]) for one in self.payments(dbid))

    def payments(self, dbid: int) -> list[dict[str, Any]]:
        """The payments on one document, in the order they were recorded."""
        return next(one["Payments"] for one in self.invoices() if one["InvoiceDBID"] == dbid)

    def unpay(self, payment_id: int) -> None:
        """The bookkeeper takes a payment back."""
        self._press(f"payments/{payment_id}/delete", {})

    def delete(self, dbid: int) -> None:
        """The bookkeeper deletes a document."""
        self._press(f"invoices/{dbid}/delete", {})

    def type(self, number: int, *, customer: str, rate: str = "50.00") -> int:
        """The bookkeeper types an invoice of one line under `number`; its InvoiceDBID."""
        day = {"day": "2026-11-20", "due": "2026-12-20", "quantity": "1", "vat_rate": "20"}
        nominal = self.state()["nominals"][0]["id"]
        what = {"number": str(number), "customer": customer, "description": "Typed by hand"}
        self._press("invoices/new", {**day, **what, "rate": rate, "charge_type": str(nominal)})
        return next(int(one["InvoiceDBID"]) for one in self.invoices() if one["InvoiceNumber"] == number)

    def _press(self, page: str, typed: dict[str, str]) -> None:
        answer = requests.post(f"{self.url}/{page}", data=typed, timeout=10, allow_redirects=False)
        assert answer.status_code == 303, answer.text

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

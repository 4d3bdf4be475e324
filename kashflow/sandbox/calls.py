"""The calls received: written when a call arrives, finished when it is answered or dropped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from kashflow.sandbox.storage import Row, Storage, insert

KEPT_CALLS = 100_000
_LEFT_OUT = ("UserName", "Password", "AutoAuthKey")
UNFINISHED = "in progress"


class Calls(Storage):
    """The call log."""

    def call_received(
        self, *, operation: str, address: str, arguments: Mapping[str, object], fault: str
    ) -> int:
        """Notes a call that arrived and returns its id. Passwords and keys are left out."""
        safe = {name: value for name, value in arguments.items() if name not in _LEFT_OUT}
        values = {
            "operation": operation,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "address": address,
            "username": arguments.get("UserName") or "",
            "arguments": json.dumps(safe, default=str),
            "fault": fault,
            "outcome": UNFINISHED,
            "detail": "",
        }
        with self.transaction() as db:
            call_id = insert(db, "call", values)
            if call_id % 1_000 == 0:
                db.execute("DELETE FROM call WHERE id <= ?", (call_id - KEPT_CALLS,))
        return call_id

    def call_finished(self, call_id: int, *, outcome: str, detail: str, milliseconds: float) -> None:
        """Notes how it ended: OK, NO, fault or not carried out, and the text that was answered."""
        with self.transaction() as db:
            db.execute(
                "UPDATE call SET outcome = ?, detail = ?, milliseconds = ? WHERE id = ?",
                (outcome, detail, round(milliseconds, 1), call_id),
            )

    def calls(self, *, operation: str = "", after: int = 0, newest: int = 0) -> list[Row]:
        """The calls in the order they came, of one operation or all; `newest` keeps only the last so many."""
        with self.reading() as db:
            found = db.execute(
                "SELECT * FROM call WHERE id > ? AND (? = '' OR operation = ?) ORDER BY id DESC LIMIT ?",
                (after, operation, operation, newest or -1),
            ).fetchall()
        return [dict(one) | {"arguments": json.loads(one["arguments"])} for one in reversed(found)]

    def forget_calls(self) -> None:
        """Empties the log."""
        with self.transaction() as db:
            db.execute("DELETE FROM call")

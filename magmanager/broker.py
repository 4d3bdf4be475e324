"""The embedded broker: kombu's folder of messages, with whole messages only.

kombu opens a message's file before it writes into it. A worker that lists the folder in between takes an empty
file, cannot read it, and ends. Here a message gets its name once it is complete, and an unreadable one is left
aside.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Puts and gets messages as files."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        part = Path(self.data_folder_out, f"{name}.part")
        part.write_bytes(dumps(payload).encode())
        part.rename(part.with_name(name))

    def _get(self, queue: str, timeout: Any = None) -> Any:
        try:
            return super()._get(queue)
        except json.JSONDecodeError as error:
            raise Empty from error


class Transport(filesystem.Transport):
    Channel = Channel

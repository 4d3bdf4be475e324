"""A secret, and looking for it wherever one could have been left: as it is, escaped, packed, in rows, files, queues."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import redis
from django.conf import settings
from django.db import connection as database

_PACKED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


class Probe:
    """A distinctive secret. `heart` is a part of it that no escaping changes."""

    def __init__(self, heart: str) -> None:
        self.heart = heart
        self.secret = f"{heart}&<W\u00f6rd>'42"
        self.forms = {
            "as it is": self.secret,
            "in HTML": html.escape(self.secret),
            "in XML": escape(self.secret),
            "in an address": quote(self.secret),
            "in a form": quote_plus(self.secret),
            "in base 64": base64.b64encode(self.secret.encode()).decode(),
            "in JSON": json.dumps(self.secret)[1:-1],
            "its heart": heart,
        }

    def found_in(self, text: str) -> list[str]:
        """In which forms the secret stands in a text, or in what is packed inside it."""
        found = {name for name, form in self.forms.items() if form in text}
        for inner in _unpacked(text):
            found |= {f"packed, {name}" for name, form in self.forms.items() if form in inner}
        return sorted(found)

    def places(self, texts: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
        """Where it was found, of texts with their places."""
        return {place: forms for place, text in texts if (forms := self.found_in(text))}


def _unpacked(text: str) -> Iterator[str]:
    """What base 64 in a text says, inflated where it was squeezed: sessions, cookies, messages of the broker."""
    for packed in _PACKED.findall(text):
        plain = packed.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4))
        except (binascii.Error, ValueError):
            continue
        yield raw.decode(errors="replace")
        try:
            yield zlib.decompress(raw).decode(errors="replace")
        except zlib.error:
            continue


def everything_stored() -> Iterator[tuple[str, str]]:
    """Every value of every column, the database's file, and every message of the broker, each with its place."""
    yield from _rows()
    yield from _files()
    if settings.CELERY_BROKER_URL.startswith("redis"):
        yield from _redis()


def _rows() -> Iterator[tuple[str, str]]:
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((f"{table}.{name}", str(value)) for name, value in zip(columns, row, strict=True))


def _files() -> Iterator[tuple[str, str]]:
    """The embedded broker's, and SQLite's own with what was deleted or waits in its log."""
    files = [path for path in Path(settings.BROKER_DIR).rglob("*") if path.is_file()]
    if database.vendor == "sqlite":
        name = str(database.settings_dict["NAME"])
        files += [path for end in ("", "-wal", "-journal") if (path := Path(name + end)).exists()]
    for path in files:
        yield path.name, path.read_bytes().decode("latin-1")


def _redis() -> Iterator[tuple[str, str]]:
    """Values as they are: what DUMP gives may be squeezed, and nothing is found in that."""
    server: Any = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    read = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"hash": server.hgetall,
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1),
    }
    for key in server.scan_iter():
        if reader := read.get(server.type(key)):
            yield key.decode(errors="replace"), str(reader(key))

"""Finding a Chromium to drive."""

from __future__ import annotations

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The path of the first Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)

"""The web server of a house, as production has it, and somebody at a browser who presses *Transfer to KashFlow*."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress

import requests

from tests import factories
from tests.faults.house import ROOT, House, wait_for
from tests.faults.postgres import children
from tests.ports import free_port

ACCOUNTS = (
    "SELECT email FROM settings_app_user u JOIN settings_app_user_groups m ON m.user_id = u.id"
    " JOIN auth_group g ON g.id = m.group_id WHERE g.name = 'Accounts'"
)
SECONDS = 15


class Web:
    """gunicorn, killed with its workers and started at the same address."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._address = f"127.0.0.1:{free_port()}"
        self._browser = requests.Session()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "magmanager.wsgi", "--bind", self._address]
        threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
        with (self._house.folder / "web.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *threads], cwd=ROOT, env=self._house.env, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Until it answers."""
        wait_for(self._answers, 60, lambda: "the web server does not answer")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(self._url("/health/live"), timeout=2).ok
        return False

    def _url(self, path: str) -> str:
        return f"http://{self._address}{path}"

    def log_in(self) -> None:
        """The accountant types e-mail and password."""
        (email,) = self._house.column(ACCOUNTS)
        answer = self._post("/login/", {"login": email, "password": factories.PASSWORD})
        assert answer.status_code == 302, answer.text

    def press(self, invoice_ids: Iterable[int]) -> requests.Response:
        """*Transfer to KashFlow* with these ticked. Raises RequestException where nobody answers."""
        return self._post("/invoicing/transfer/", {"invoice": list(invoice_ids)})

    def _post(self, path: str, values: dict[str, object]) -> requests.Response:
        token = self._browser.cookies.get("csrftoken") or self._token()
        typed = {**values, "csrfmiddlewaretoken": token}
        return self._browser.post(self._url(path), data=typed, timeout=SECONDS, allow_redirects=False)

    def _token(self) -> str:
        self._browser.get(self._url("/login/"), timeout=SECONDS)
        return self._browser.cookies["csrftoken"]

    def kill(self) -> None:
        """`kill -9` to it and to its workers."""
        for pid in [self._process.pid, *children(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)

    @property
    def is_up(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        if self.is_up:
            self.kill()

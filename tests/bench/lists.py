"""The first pages of the lists: against a bare Django view of the same rows, and their queries at two sizes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory, override_settings

from settings_app.models import User
from tests.bench import bare, scratch
from tests.bench.raising import queries_of
from tests.bench.report import Row, compared
from tests.bench.rounds import alternate, timed

ADMIN = "admin@demo.example"
ROUNDS, WARM_UP, VISITS = 15, 2, 5
NAMES = {"/clients/": "clients", "/bookings/": "bookings", "/invoicing/invoiced/": "invoiced"}


def rows(small: str, big: str) -> list[Row]:
    """For each list: its page at both sizes, its queries, and what the size changes."""
    found = {(name, path): Page(name, path) for name in (small, big) for path in NAMES}
    for page in found.values():
        page.measure()
    made: list[Row] = []
    for path, title in NAMES.items():
        few, many = found[small, path], found[big, path]
        for page in (few, many):
            job = f"{title}, first page, {page.name} publisher"
            made.append(
                compared(job, page.seconds["product"], page.seconds["bare"], "bare view", must=5, aim=3)
            )
        made += [
            Row(f"{title}, queries of a page", str(many.queries), "–", many.queries, 15, 8),
            Row(
                f"{title}, the same when big",
                str(many.queries),
                str(few.queries),
                many.queries / few.queries,
                1,
                None,
            ),
        ]
    return made


class Page:
    """One list of one publisher."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def measure(self) -> None:
        """Fills `seconds` (of the product and of the bare view) and `queries`."""
        scratch.use(self.name)
        product, plain = Visitor(self.path), Visitor(self.path, **bare.SETTINGS)
        self.seconds = alternate(ROUNDS, WARM_UP, product=product.seconds, bare=plain.seconds)
        self.queries = product.queries()


class Visitor:
    """Somebody logged in, asking a server of these settings for one page again and again."""

    def __init__(self, path: str, **changed: Any) -> None:
        self.settings = override_settings(**changed)
        with self.settings:
            self.handler = WSGIHandler()
        cookie = f"{settings.SESSION_COOKIE_NAME}={session()}"
        self.request = RequestFactory(SERVER_NAME="127.0.0.1", HTTP_COOKIE=cookie).get(path)

    def seconds(self) -> float:
        """Of one visit. The first one after a change of settings compiles templates, and is not counted."""
        with self.settings:
            self.visit()
            return timed(lambda: [self.visit() for _ in range(VISITS)]) / VISITS

    def queries(self) -> int:
        with self.settings:
            self.visit()
            return queries_of(self.visit)

    def visit(self) -> None:
        """One request through the whole WSGI handler. Raises RuntimeError where it is not answered with the page."""
        answers: list[str] = []
        response = self.handler(dict(self.request.environ), lambda status, headers: answers.append(status))
        body = b"".join(response)
        response.close()
        if not answers[0].startswith("200") or b"</html>" not in body:
            raise RuntimeError(f"{self.request.path} answered {answers[0]}")


def session() -> str:
    """The key of a new session of the demo's admin, in the database in use."""
    person = User.objects.get(email=ADMIN)
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return str(store.session_key)

"""What every page is built on: its verb, lists with filters in the address, refusals beside fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.html import format_html
from django.views import View

from magmanager.common import paging
from magmanager.common.errors import DomainError, NotAllowed
from magmanager.common.permissions import allow

PAGE_SIZE = 50
PAGING_PARAMETERS = ("after", "before", "first")


class Verb(View):
    """A page that does or shows one thing; `verb` is the permission it needs, else the answer is 403."""

    verb: ClassVar[str]

    @property
    def by(self) -> Any:
        """Who asks, for the service's `by`."""
        return self.request.user

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        allow(request.user, self.verb)
        return super().dispatch(request, *args, **kwargs)


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx wants a part of the page alone; going back in the browser's history wants all of it."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx and not htmx.history_restore_request)


class FilteredList(Verb):
    """A list: filters in the address, keyset paging, a capped count; htmx gets the table alone.

    A list names its `template_name`, its `table_template_name` (root element `id="results"`, which the filter
    bar replaces), its `filter_form` and `order` (see `paging.page`), and says `rows()` and `narrow()`. The
    templates receive `rows`, `filters` (the form), `result` ("174 clients"), `page_shown`, `previous_url`,
    `next_url`, `is_filtered`, and what `context()` adds.
    """

    template_name: ClassVar[str]
    table_template_name: ClassVar[str]
    filter_form: ClassVar[type[forms.Form]]
    order: ClassVar[tuple[str, ...]]
    page_size: ClassVar[int] = PAGE_SIZE
    noun: ClassVar[tuple[str, str]] = ("row", "rows")

    def rows(self) -> QuerySet[Any]:
        """Every row this person may see, as narrow as the table needs."""
        raise NotImplementedError

    def narrow(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        """`rows` that pass the filters; `wanted` holds the filters that were given and read."""
        return rows

    def decorate(self, rows: list[Any]) -> list[Any]:
        """Adds what is dear to compute to the rows shown, and to no others."""
        return rows

    def context(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> dict[str, Any]:
        """What else the whole page shows; not asked for when htmx wants the table alone."""
        return {}

    def filters(self) -> forms.Form:
        return self.filter_form(self.request.GET)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.filters()
        form.is_valid()
        wanted = {name: value for name, value in form.cleaned_data.items() if value not in (None, "", False)}
        every = self.rows()
        rows = self.narrow(every, wanted)
        context = {"filters": form, "is_filtered": bool(wanted), **self.page_context(rows)}
        if is_partial(request):
            return render(request, self.table_template_name, {**context, "is_partial": True})
        return render(request, self.template_name, {**context, **self.context(every, wanted)})

    def page_context(self, rows: QuerySet[Any]) -> dict[str, Any]:
        asked, total = self.request.GET, paging.count(rows)
        page = paging.page(
            rows,
            order=self.order,
            size=self.page_size,
            after=asked.get("after", ""),
            before=asked.get("before", ""),
            first=_whole_number(asked.get("first", "")),
        )
        return {
            "rows": self.decorate(page.rows),
            "total": total,
            "result": total.of(*self.noun),
            "page_shown": page.shown(total),
            "previous_url": page.previous_key
            and self.address(before=page.previous_key, first=str(max(page.first - self.page_size, 1))),
            "next_url": page.next_key and self.address(after=page.next_key, first=str(page.last + 1)),
        }

    def address(self, **parameters: str) -> str:
        """This list's address with its filters and other `parameters` for the paging ones."""
        asked = self.request.GET.copy()
        for name in PAGING_PARAMETERS:
            asked.pop(name, None)
        asked.update({name: value for name, value in parameters.items() if value})
        return f"{self.request.path}?{asked.urlencode()}" if asked else self.request.path


@contextmanager
def refusals(form: forms.BaseForm) -> Iterator[None]:
    """Turns a DomainError inside the block into an error of `form`, beside the field it names.

    `with refusals(form): … return redirect(…)`, then show the form again. NotAllowed stays a 403.
    """
    try:
        yield
    except NotAllowed:
        raise
    except DomainError as error:
        message = error.message
        if error.link:
            message = format_html(
                '{} <a href="{}">{}</a>', message, error.link, error.link_label or "Mend it"
            )
        form.add_error(error.field if error.field in form.fields else None, message)


def _whole_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1

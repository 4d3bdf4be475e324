"""The parts of the look as tags: icons, states, and the partials that wrap what a page puts in them.

Each partial lives in templates/includes/ with its parameters at its top; /styleguide/ shows them together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from magmanager.common.toasts import extras_of

register = template.Library()
ICONS = settings.NODE_MODULES / "@tabler/icons/icons/outline"
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


class State(NamedTuple):
    """A state as people see it: its word, its icon, its tone and how its part of a run bar is filled."""

    word: str
    icon: str
    tone: str
    fill: str
    is_done: bool = False


STATES = {
    "not_transferred": State("Not transferred", "clock", "text-2", "track"),
    "waiting": State("Waiting", "clock", "text-2", "track"),
    "sending": State("Sending", "arrow-up-right", "tone-accent", "light"),
    "uncertain": State("Uncertain – checking", "help-circle", "tone-warn", "warn"),
    "needs_you": State("Needs you", "alert-triangle", "tone-bad", "bad"),
    "in_kashflow": State("In KashFlow", "circle-check", "tone-good", "good", is_done=True),
    "do_not_send": State("Do not send", "ban", "text-2", "track", is_done=True),
    "cancelled": State("Cancelled", "circle-x", "text-2", "track", is_done=True),
    "unpaid": State("Unpaid", "", "text-2", "track"),
    "part_paid": State("Part paid", "circle-half-2", "tone-warn", "warn"),
    "paid": State("Paid", "circle-check", "tone-good", "good", is_done=True),
    "overpaid": State("Overpaid", "circle-plus", "tone-warn", "warn"),
    "overdue": State("Overdue", "alert-circle", "tone-bad", "bad"),
    "credit_note": State("Credit note", "receipt-refund", "text-2", "track"),
    "set_off": State("Set off", "circle-check", "tone-good", "good", is_done=True),
    # Items of a run that is not a transfer.
    "done": State("Done", "circle-check", "tone-good", "good", is_done=True),
    "failed": State("Failed", "alert-triangle", "tone-bad", "bad"),
}


# --- Icons --------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString | str:
    """The outline icon `name` as inline SVG; hidden from screen readers unless it has a `label`.

    Nothing for an empty name. Raises TemplateSyntaxError for a name the icon set lacks.
    """
    return _icon(name, css, label) if name else ""


# A list draws the same few icons hundreds of times.
@lru_cache(maxsize=1000)
def _icon(name: str, css: str, label: str) -> SafeString:
    described = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        css,
        described,
        _paths(name),
    )


@cache
def _paths(name: str) -> SafeString:
    """The drawing inside an icon's file. Safe: it is a file of the installed icon set, never data."""
    file = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise template.TemplateSyntaxError(f"There is no icon called {name!r}.")
    inside = file.read_text().partition(">")[2].rpartition("</svg>")[0]
    return mark_safe(re.sub(r'<path stroke="none"[^>]*/>|\s{2,}|\n', "", inside))  # noqa: S308


# --- States -------------------------------------------------------------------------------------------------


@register.inclusion_tag("includes/_state.html")
def state(key: str, word: str = "", quiet: bool = False, link: str = "") -> dict[str, object]:
    """State `key` of STATES as icon, word and colour; `word` says it in other words ("20 Nov 16:42").

    `quiet` is for lists: what is done keeps its colour in the icon alone.
    """
    known = STATES[key]
    return {
        "word": word or known.word,
        "icon": known.icon,
        "tone": known.tone,
        "quiet": quiet and known.is_done,
        "link": link,
    }


class Piece(NamedTuple):
    """A rectangle of the run bar, in thousandths of its width."""

    x: str
    width: str
    fill: str


@register.simple_tag
def run_pieces(parts: Iterable[Mapping[str, Any]]) -> list[Piece]:
    """The run bar of `parts` ({key, count} in order): a piece per item up to 40, then one per state.

    Every state that has an item stays visible: a proportional piece is never narrower than four thousandths.
    """
    fills = [(STATES[part["key"]].fill, part["count"]) for part in parts if part["count"]]
    total = sum(count for _, count in fills)
    if total <= 40:
        fills = [(fill, 1) for fill, count in fills for _ in range(count)]
    gap = 3 if len(fills) > 1 else 0
    shares = [max(1000 * count / total, 4) for _, count in fills]
    scale = (1000 + gap) / sum(shares, 0.0) if shares else 0
    pieces, x = [], 0.0
    for (fill, _), share in zip(fills, shares, strict=True):
        width = share * scale
        pieces.append(Piece(f"{x:.2f}", f"{max(width - gap, 1):.2f}", fill))
        x += width
    return pieces


@register.simple_tag
def state_icon(key: str, css: str = "") -> SafeString | str:
    """The icon of state `key` alone, for beside a word that says it."""
    return icon(STATES[key].icon, f"{STATES[key].tone} {css}".strip())


@register.simple_tag
def state_word(key: str) -> str:
    """The word of state `key` inside a sentence: in KashFlow, needs you."""
    word = STATES[key].word
    return word[0].lower() + word[1:]


@register.simple_tag
def state_tone(key: str) -> str:
    """The class that colours state `key`."""
    return STATES[key].tone


# --- Parts that wrap ----------------------------------------------------------------------------------------


def _wrap(context: template.Context, partial: str, content: str, params: Mapping[str, object]) -> SafeString:
    return render_to_string(
        f"includes/{partial}.html", {**params, "content": content}, context.get("request")
    )


@register.simple_block_tag(takes_context=True)
def page_header(context: template.Context, content: str, title: str, **params: object) -> SafeString:
    """includes/_page_header.html around the page's action buttons."""
    return _wrap(context, "_page_header", content, {"title": title, **params})


@register.simple_block_tag(takes_context=True)
def bulk_box(context: template.Context, content: str, name: str, **params: object) -> SafeString:
    """includes/_bulk_box.html around the buttons for what is ticked."""
    return _wrap(context, "_bulk_box", content, {"name": name, **params})


@register.simple_block_tag(takes_context=True)
def dialog(context: template.Context, content: str, id: str, title: str, **params: object) -> SafeString:
    """includes/_dialog.html around the fields a decision needs, such as its reason."""
    return _wrap(context, "_dialog", content, {"id": id, "title": title, **params})


@register.simple_block_tag(takes_context=True)
def form_section(context: template.Context, content: str, name: str, **params: object) -> SafeString:
    """includes/_form_section.html around a section's fields."""
    return _wrap(context, "_form_section", content, {"name": name, **params})


@register.simple_block_tag(takes_context=True)
def alert(context: template.Context, content: str, title: str = "", **params: object) -> SafeString:
    """includes/_alert.html around its sentences."""
    return _wrap(context, "_alert", content, {"title": title, **params})


# --- Forms --------------------------------------------------------------------------------------------------


@register.inclusion_tag("includes/_error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet[Any] | None) -> dict[str, object]:
    """ "Two fields need a look …" over the forms and formsets of a page; nothing while none has an error."""
    flat = [form for given in forms if given is not None for form in _forms_in(given)]
    fields = [form[name] for form in flat for name in form.errors if name in form.fields]
    general = [error for given in forms if given is not None for error in _general_errors(given)]
    count = len(fields)
    number = WORDS[count] if count < len(WORDS) else str(count)
    sentence = f"{number} field needs a look." if count == 1 else f"{number} fields need a look."
    return {"fields": fields, "general": general, "sentence": sentence if count else ""}


def _forms_in(given: BaseForm | BaseFormSet[Any]) -> Sequence[BaseForm]:
    return given.forms if isinstance(given, BaseFormSet) else [given]


def _general_errors(given: BaseForm | BaseFormSet[Any]) -> list[str]:
    own = given.non_form_errors() if isinstance(given, BaseFormSet) else given.non_field_errors()
    inner = (
        [error for form in given.forms for error in form.non_field_errors()]
        if isinstance(given, BaseFormSet)
        else []
    )
    return [*map(str, own), *map(str, inner)]


@register.filter
def is_tick(field: Any) -> bool:
    """Whether a bound field is one tick box or switch, whose label stands beside it."""
    return field.widget_type in {"checkbox", "switch"}


# --- Messages -----------------------------------------------------------------------------------------------


@register.inclusion_tag("includes/_toast.html", takes_context=True)
def toast(context: template.Context, message: Any) -> dict[str, object]:
    """A Django message as a toast, with the detail and the action that `toasts.toast` laid beside it."""
    signs = {"success": ("circle-check", "tone-good"), "error": ("alert-triangle", "tone-bad")}
    signs["warning"] = ("alert-triangle", "tone-warn")
    sign, tone = signs.get(message.level_tag, ("info-circle", "text-2"))
    return {
        "text": message,
        "icon": sign,
        "tone": tone,
        "stays": message.level_tag in {"error", "warning"},
        "csrf_token": context.get("csrf_token"),
        **extras_of(message.extra_tags),
    }

"""What people or KashFlow typed is escaped everywhere, and a form writes the fields it names (ASVS 1.2.1, 15.3.3)."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("bookings", "clients", "invoicing", "kashflow", "magmanager", "publications", "settings_app")
# How often each file calls something that says of a text that it is HTML. Reviewed: an icon is a file of ours,
# chosen by a name that a template writes, and its one text goes through format_html.
REVIEWED = {"magmanager/common/templatetags/look.py": Counter({"mark_safe": 2})}
UNESCAPED = {"mark_safe", "SafeString", "SafeText", "html_safe"}
SWITCHED_OFF = re.compile(r"\|\s*safe(seq)?\b|{%-?\s*autoescape\s+off|{%-?\s*safe\b")


def templates() -> list[Path]:
    folders = [ROOT / "templates", *(ROOT / app for app in OURS)]
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in {".html", ".txt"}]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for app in OURS:
        for path in (ROOT / app).rglob("*.py"):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def unescaped(tree: ast.Module) -> Counter[str]:
    """What a module calls, or decorates with, that leaves a text unescaped; also under another name or switched off."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found[_name(node.func)] += _name(node.func) in UNESCAPED
            found["autoescape=False"] += any(
                word.arg == "autoescape" and getattr(word.value, "value", None) is False
                for word in node.keywords
            )
        elif isinstance(node, ast.ImportFrom):
            found["as another name"] += sum(
                one.name in UNESCAPED and one.asname is not None for one in node.names
            )
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found["html_safe"] += sum(_name(one) == "html_safe" for one in node.decorator_list)
    return +found


def every_field(tree: ast.Module) -> list[int]:
    """The lines at which a form is told to have every field of its model, or all but some."""
    found = []
    for node in ast.walk(tree):
        named = [*getattr(node, "targets", []), getattr(node, "target", None)]
        names = {one.id for one in named if isinstance(one, ast.Name)}
        value = getattr(node, "value", None)
        if isinstance(node, ast.keyword):
            names = {node.arg or ""}
        is_all = isinstance(value, ast.Constant) and value.value == "__all__"
        if ("fields" in names and is_all) or (isinstance(node, ast.Assign) and "exclude" in names):
            found.append(getattr(node, "lineno", 0))
    return found


def test_no_template_switches_escaping_off() -> None:
    assert len(templates()) > 100
    found = {
        f"{path.relative_to(ROOT)}:{n}": line.strip()
        for path in templates()
        for n, line in enumerate(path.read_text().splitlines(), 1)
        if SWITCHED_OFF.search(line)
    }
    assert found == {}


def test_no_module_says_of_a_text_that_it_is_html_but_the_reviewed_ones() -> None:
    assert {name: found for name, tree in modules() if (found := unescaped(tree))} == REVIEWED


def test_every_form_names_its_fields() -> None:
    assert {name: lines for name, tree in modules() if (lines := every_field(tree))} == {}


@pytest.mark.parametrize(
    "line", ["{{ name|safe }}", "{{ name | safe }}", "{{ a|safeseq|join:', ' }}", "{% autoescape off %}"]
)
def test_the_search_finds_it_in_a_template(line: str) -> None:
    assert SWITCHED_OFF.search(line)


@pytest.mark.parametrize("line", ["{{ name|escape }}", "{{ safe }}", "{% autoescape on %}", "{{ a|safely }}"])
def test_the_search_finds_nothing_else_in_a_template(line: str) -> None:
    assert not SWITCHED_OFF.search(line)


@pytest.mark.parametrize(
    "code",
    [
        "mark_safe(name)",
        "safestring.mark_safe(name)",
        "from django.utils.safestring import mark_safe as fine",
        "SafeString(name)",
        "Engine(autoescape=False)",
        "@html_safe\nclass A: pass",
    ],
)
def test_the_search_finds_it_in_python(code: str) -> None:
    assert unescaped(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        'class Meta:\n    fields = "__all__"',
        'class Meta:\n    exclude = ("number",)',
        'modelform_factory(Invoice, fields="__all__")',
    ],
)
def test_the_search_finds_a_form_of_every_field(code: str) -> None:
    assert every_field(ast.parse(code))

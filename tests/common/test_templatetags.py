"""How figures, days, states and errors are written on screen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.forms import formset_factory
from django.template import Context, Template, TemplateSyntaxError

from magmanager.common.templatetags import formats, look
from magmanager.common.toasts import extras_of, pack
from magmanager.common.widgets import DayInput, MoneyInput, SwitchInput


def render(source: str, **context: object) -> str:
    return Template("{% load look formats %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("amount", "written", "with_pound"),
    [
        (Decimal("1234.5"), "1,234.50", "£1,234.50"),
        (Decimal("-215"), "−215.00", "−£215.00"),
        (Decimal("0.005"), "0.01", "£0.01"),
        (Decimal("-0.00"), "0.00", "£0.00"),
        (0, "0.00", "£0.00"),
        (None, "", ""),
    ],
)
def test_money_has_two_decimals_commas_and_a_true_minus(
    amount: Decimal | int | None, written: str, with_pound: str
) -> None:
    assert formats.money(amount) == written
    assert formats.pounds(amount) == with_pound


def test_only_zero_is_pale() -> None:
    assert [formats.zero_class(Decimal(amount)) for amount in ("0", "0.00", "0.01", "-5")] == [
        "zero",
        "zero",
        "",
        "",
    ]
    assert formats.zero_class(None) == ""


def test_days_are_written_short_and_by_the_office_clock() -> None:
    late = dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC)  # half past midnight in London
    assert formats.day(dt.date(2026, 11, 3)) == "3 Nov"
    assert formats.day_year(dt.date(2026, 11, 23)) == "23 Nov 2026"
    assert formats.weekday(dt.date(2026, 11, 23)) == "Mon 23 Nov"
    assert formats.day(late) == "1 Jul"
    assert [formats.day(None), formats.day_year(None), formats.weekday(None), formats.moment(None)] == [
        ""
    ] * 4


def test_a_moment_says_today_and_names_another_year(time_machine: object) -> None:
    time_machine.move_to(dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC))
    assert formats.moment(dt.datetime(2026, 11, 23, 9, 14, tzinfo=dt.UTC)) == "today 09:14"
    assert formats.moment(dt.datetime(2026, 11, 20, 16, 42, tzinfo=dt.UTC)) == "20 Nov 16:42"
    assert formats.moment(dt.datetime(2025, 11, 20, 16, 42, tzinfo=dt.UTC)) == "20 Nov 2025 16:42"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Helen Pryce", "HP"), ("Anne van der Berg", "AB"), ("Prince", "P"), ("", "?"), (None, "?")],
)
def test_initials(name: str | None, letters: str) -> None:
    assert formats.initials(name) == letters


def test_an_icon_is_hidden_from_readers_unless_it_has_a_name() -> None:
    plain, named = (
        render('{% icon "lock" %}'),
        render('{% icon "lock" label=words %}', words='Price "locked"'),
    )
    assert 'aria-hidden="true"' in plain and plain.count("<svg") == 1 and "<path" in plain
    assert 'role="img" aria-label="Price &quot;locked&quot;"' in named and "aria-hidden" not in named
    assert render('{% icon "" %}') == ""


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", "Lock"])
def test_an_unknown_icon_is_refused_by_name(name: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="There is no icon called"):
        render("{% icon name %}", name=name)


def test_every_state_has_a_drawing() -> None:
    for key, known in look.STATES.items():
        html = render("{% state key %}", key=key)
        assert known.word in html
        assert html.count("<svg") == (1 if known.icon else 0)


def test_a_done_state_is_quiet_in_lists_and_an_open_one_is_not() -> None:
    done, open_ = (
        render('{% state "in_kashflow" "20 Nov 16:42" quiet=True %}'),
        render('{% state "needs_you" quiet=True %}'),
    )
    assert 'class="state state-quiet"' in done and "20 Nov 16:42" in done and "tone-good" in done
    assert 'class="state tone-bad"' in open_


def test_the_words_of_a_state_are_escaped() -> None:
    assert "<b>" not in render('{% state "waiting" word %}', word="<b>late</b>")


def test_a_run_of_forty_has_a_piece_for_each_item() -> None:
    pieces = look.run_pieces([{"key": "in_kashflow", "count": 38}, {"key": "needs_you", "count": 2}])
    assert [piece.fill for piece in pieces] == ["good"] * 38 + ["bad"] * 2
    assert float(pieces[-1].x) + float(pieces[-1].width) == pytest.approx(1000, abs=0.05)


def test_a_longer_run_is_cut_in_proportion_and_one_item_stays_visible() -> None:
    parts = [
        {"key": "in_kashflow", "count": 9_999},
        {"key": "sending", "count": 0},
        {"key": "uncertain", "count": 1},
    ]
    pieces = look.run_pieces(parts)
    assert [piece.fill for piece in pieces] == ["good", "warn"]
    assert float(pieces[1].width) >= 1
    assert float(pieces[1].x) + float(pieces[1].width) == pytest.approx(1000, abs=0.05)
    assert look.run_pieces([]) == []


class Sample(forms.Form):
    number = forms.IntegerField(help_text="Moves forward only")
    price = forms.DecimalField(widget=MoneyInput)
    on = forms.DateField(widget=DayInput, initial=dt.date(2026, 11, 23))
    county = forms.CharField(required=False)
    active = forms.BooleanField(required=False, widget=SwitchInput)


def test_a_refused_field_says_so_beside_it_and_keeps_what_was_typed() -> None:
    html = str(Sample({"number": "ten<", "price": "1.00", "on": "2026-11-23"})["number"].as_field_group())
    assert 'value="ten&lt;"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_number_helptext id_number_error"' in html
    assert 'id="id_number_helptext">Moves forward only<' in html
    assert 'id="id_number_error"' in html and "Enter a whole number." in html


def test_only_an_optional_field_is_marked() -> None:
    form = Sample()
    assert '<span class="optional">optional</span>' in str(form["county"].as_field_group())
    assert all(
        "optional" not in str(form[name].as_field_group()) for name in ("number", "price", "on", "active")
    )


def test_controls_are_drawn_by_their_kind() -> None:
    form = Sample()
    assert 'inputmode="decimal"' in str(form["price"]) and "£" in str(form["price"])
    assert 'type="date"' in str(form["on"]) and 'value="2026-11-23"' in str(form["on"])
    assert 'role="switch"' in str(form["active"]) and 'class="form-check-input"' in str(form["active"])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"number": "x", "price": "1", "on": "2026-11-23"}, "One field needs a look."),
        ({"number": "x", "price": "1", "on": "someday"}, "Two fields need a look."),
    ],
)
def test_the_summary_counts_the_fields_in_words(typed: dict[str, str], sentence: str) -> None:
    html = render("{% error_summary form %}", form=Sample(typed))
    assert (
        sentence in html
        and "Nothing was saved and nothing you typed is lost." in html
        and 'role="alert"' in html
    )


def test_the_summary_is_silent_without_errors() -> None:
    whole = Sample({"number": "1", "price": "1", "on": "2026-11-23"})
    assert render("{% error_summary form none %}", form=whole, none=None).strip() == ""


def test_the_summary_speaks_for_formsets_and_for_errors_of_no_field() -> None:
    rows = formset_factory(Sample, extra=0)(
        {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "0",
            "form-0-number": "x",
            "form-0-price": "1",
            "form-0-on": "",
        }
    )
    form = Sample({"number": "1", "price": "1", "on": "2026-11-23"})
    form.add_error(None, "The batch changed meanwhile.")
    html = render("{% error_summary form rows %}", form=form, rows=rows)
    assert "Two fields need a look." in html and "The batch changed meanwhile." in html


def test_a_toast_carries_its_detail_and_action() -> None:
    message = Message(
        messages.ERROR, "<i>Refused</i>", pack(detail="Nothing is lost.", action="My Details", url="/me/")
    )
    html = render("{% toast message %}", message=message)
    assert "&lt;i&gt;Refused&lt;/i&gt;" in html and "Nothing is lost." in html
    assert '<a class="toast-action" href="/me/">My Details</a>' in html
    assert "data-toast-stays" in html


def test_a_toast_whose_action_changes_something_posts() -> None:
    message = Message(messages.SUCCESS, "7 adverts booked", pack(action="Undo", url="/undo/", post=True))
    html = render("{% toast message %}", message=message, csrf_token="token-of-the-page")
    assert '<form method="post" action="/undo/">' in html and "token-of-the-page" in html
    assert "data-toast-stays" not in html


@pytest.mark.parametrize("tags", [None, "", "plain words", "[1, 2]"])
def test_messages_of_another_making_have_no_extras(tags: str | None) -> None:
    assert extras_of(tags) == {}


def test_a_header_shows_its_badges_and_no_empty_row_of_actions() -> None:
    bare = render('{% page_header title=name facts="Monthly" %} {% endpage_header %}', name="A & B")
    full = render(
        '{% page_header title="C" badges=b %}<a href="/x/">Act</a>{% endpage_header %}',
        b=[{"word": "Active"}],
    )
    assert "<h1>A &amp; B</h1>" in bare and "Monthly" in bare and "page-actions" not in bare
    assert '<div class="page-actions"><a href="/x/">Act</a></div>' in full and "Active" in full


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("26 November 2026", "26 Nov"),
        ("7 January 2027", "7 Jan 2027"),
        ("December 2026", "December 2026"),
        ("Jan/Feb 2027", "Jan/Feb 2027"),
        ("Spring special, 26 November 2026", "Spring special, 26 November 2026"),
    ],
)
def test_issues_of_a_day_have_a_short_name(time_machine: object, name: str, short: str) -> None:
    time_machine.move_to(dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC))
    assert formats.short_issue(name) == short

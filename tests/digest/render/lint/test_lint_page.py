"""The lint of a whole page: what mailboxes refuse, bytes, order, and that nothing makes it stumble."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model.layout import BUDGET, CLIPPED_AT
from digest.render.lint import Rule, Severity, Yardstick, lint_page
from tests.digest.render.lint.conftest import Lint

YARDSTICK = Yardstick(base_url="https://digest.example", unsubscribe_url="https://digest.example/u/abc")


@pytest.mark.parametrize("tag", ["script", "form", "iframe", "object", "embed", "svg"])
def test_elements_that_mailboxes_refuse_are_told_once(tag: str, lint: Lint) -> None:
    (finding,) = lint(f"<{tag}></{tag}><p>text</p><{tag}></{tag}>")

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.REFUSED)
    assert finding.message == f"<{tag}> is refused by mailboxes; take it out"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('<link rel="stylesheet" href="https://a.example/">', "<link> is refused"),
        ('<base href="https://a.example/">', "<base> is refused"),
        ('<meta http-equiv="Refresh" content="0">', '<meta http-equiv="refresh"> is refused'),
    ],
)
def test_what_a_head_must_not_hold_is_told(head: str, message: str, lint: Lint) -> None:
    (finding,) = lint(head=head)

    assert message in finding.message


def test_attributes_that_run_scripts_are_told(lint: Lint) -> None:
    (finding,) = lint('<p onclick="x">a</p><b ONLOAD="y">b</b>')

    assert finding.message.startswith("2 attributes run scripts, such as onclick of <p>; mailboxes refuse that")


@pytest.mark.parametrize("href", ["javascript:alert(1)", "  JaVa\tScRiPt:x", "data:text/html,x", "vbscript:x"])
def test_a_link_that_acts_is_told_once(href: str, lint: Lint) -> None:
    (finding,) = lint(f'<a href="{href}">text</a>')

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.REFUSED)
    assert finding.message.startswith("a link acts instead of leading somewhere")


@pytest.mark.parametrize(
    "words",
    ["Leaking ${{ secrets.TOKEN }}", "{% raw %}", "Vue: {{ value }}", "zq0123456789ab:closing", "zq0123456789abn3z"],
)
def test_words_that_only_look_like_a_template_are_the_feeds_own(words: str, lint: Lint) -> None:
    assert lint(f"<p>{words}</p>") == ()


@pytest.mark.parametrize(
    ("size", "severity", "message"),
    [
        (BUDGET + 1, Severity.WARNING, "the mail has 92,161 bytes of 92,160; make the templates shorter"),
        (CLIPPED_AT, Severity.ERROR, "the mail has 104,448 bytes; mailboxes clip it at 104,448"),
    ],
)
def test_a_mail_that_is_too_long_is_told(size: int, severity: Severity, message: str, lint: Lint) -> None:
    (finding,) = lint(size_bytes=size)

    assert (finding.severity, finding.rule) == (severity, Rule.SIZE)
    assert message in finding.message


def test_a_mail_within_its_budget_is_good_and_without_a_given_size_it_is_measured_in_utf8(lint: Lint) -> None:
    assert lint(size_bytes=BUDGET) == ()
    assert lint("ü" * 45_000) == ()
    assert [one.rule for one in lint("ü" * 46_100)] == [Rule.SIZE]


def test_style_sheets_that_gmail_drops_are_told(lint: Lint) -> None:
    long = "<style>/*" + "x" * 8_200 + "*/</style>"
    short = "<style>/*" + "x" * 8_000 + "*/</style>"

    assert [one.message for one in lint(head=long)] == [
        "a style sheet has 8,204 bytes; Gmail drops it from 8,192 on: write less, or two"
    ]
    assert lint(head=short * 2) == ()
    assert [one.message for one in lint(head=short * 3)] == [
        "the style sheets have 24,012 bytes; Gmail drops what goes beyond 16,384: write less"
    ]


def test_an_import_in_a_style_sheet_is_an_error(lint: Lint) -> None:
    (finding,) = lint(head="<style>@import url(https://a.example/x.css);</style>")

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.STYLE)
    assert "@import" in finding.message


def test_styles_that_ask_for_things_in_the_open_are_told(lint: Lint) -> None:
    (finding,) = lint(
        "<p style=\"background:url( 'http://a.example/p.jpg')\">a</p>",
        "<style>p{background:url(//b.example/x)} b{background:url(https://b.example/x)}</style>",
    )

    assert (finding.severity, finding.rule) == (Severity.WARNING, Rule.STYLE)
    assert finding.message.startswith("styles ask for 2 things, such as '//b.example/x', not by https")


def test_errors_come_first(lint: Lint) -> None:
    severities = [one.severity for one in lint("<h4>a</h4><form></form><a href='/x'>here</a><h1>b</h1>")]

    assert severities == [Severity.ERROR, Severity.ERROR, Severity.WARNING, Severity.WARNING, Severity.WARNING]


FRAGMENTS = [
    "<", ">", "</", "/>", "<p>", "</p>", "<table>", "<td bgcolor=", "<img ", " src=x", "<a href='", "'", '"', "<style>",
    "</style>", "@media (", "@media (prefers-color-scheme:dark){", "{", "}", "color:", "color:#12", "rgb(",
    "rgb(1,2,3)", "!important", ";", ":not(", ":not(:hover)", ".a>b", "::before", "<!--", "-->", "<!--[if mso]>",
    "<![endif]-->",
    "font:1px/", "font-size:1e9em", "opacity:.", "width=", "1", "%", "url(", "/*", "*/", "\\", "\x00", "\ud800", "&#0;",
    "<h1>", "<h6>", " style='", "lang=", "http://[", "<?xml version='1.0' encoding='utf-8'?>", "<body hidden>", "{{",
]  # fmt: skip


@given(st.lists(st.sampled_from([*FRAGMENTS, *string.printable]), max_size=60).map("".join))
def test_rubbish_never_raises(rubbish: str) -> None:
    for finding in lint_page(rubbish, YARDSTICK):
        assert finding.message


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(lint_page(text, YARDSTICK), tuple)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<!-- only this -->",
        "<div>" * 5_000,
        "<style>" + ":not(" * 5_000 + "{color:red}</style>",
        "<style>" + "@media x{" * 2_000 + "p{color:red}</style>",
        '<p style="' + "(" * 20_000 + '">a</p>',
        "<style>" + "," * 20_000 + "p{color:red}</style>",
    ],
)
def test_pages_that_nobody_would_write_are_survived(html: str) -> None:
    assert lint_page(html, YARDSTICK)

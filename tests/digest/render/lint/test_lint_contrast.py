"""Text that cannot be told from its ground is found, by day and by night, however its colours come about."""

import pytest

from digest.render.lint import Finding, Rule, Severity
from tests.digest.render.lint.conftest import Lint

NIGHT = "<style>@media (prefers-color-scheme:dark){%s}</style>"


def dim(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.rule is Rule.CONTRAST]


def test_a_finding_names_colours_contrast_text_and_remedy(lint: Lint) -> None:
    (finding,) = lint('<p style="color:#aaaaaa">Read this</p>')

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.CONTRAST)
    assert finding.message == (
        "ink #aaaaaa on #ffffff has a contrast of 2.32 by day, in 'Read this'; text needs at least 4.5, as #757575 has"
    )


def test_what_is_nearly_readable_is_a_warning_and_not_rounded_up(lint: Lint) -> None:
    (finding,) = lint('<p style="color:#777">Read this</p>')

    assert finding.severity is Severity.WARNING
    assert "a contrast of 4.47 by day" in finding.message


def test_texts_of_the_same_colours_are_told_in_one_finding(lint: Lint) -> None:
    (message,) = dim(
        lint('<p style="color:#aaa">One</p><div style="color:#AAAAAA"><p>Two</p><p>Three</p><p>Two</p></div>')
    )

    assert "in 'One' and 2 other texts;" in message


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<p style="color:#999;background:#fff">x1</p>', "ink #999999 on #ffffff"),
        ('<div style="background-color:#000"><p style="color:#333">x1</p></div>', "ink #333333 on #000000"),
        (
            '<table role="none" bgcolor="#222222"><tr><td><p style="color:#444">x1</p></td></tr></table>',
            "#444444 on #222222",
        ),
        ('<p style="background:#eee url(https://a.example/x) no-repeat;color:#aaa">x1</p>', "#aaaaaa on #eeeeee"),
        ('<p style="background:#000;background:url(https://a.example/x);color:#fff">x1</p>', "#ffffff on #ffffff"),
        ('<p style="color:rgba(0,0,0,.4)">x1</p>', "ink #999999 on #ffffff"),
        ('<p style="background:rgba(0,0,0,.5);color:#fff">x1</p>', "ink #ffffff on #808080"),
        ('<p style="color:#000;opacity:.3">x1</p>', "ink #b2b2b2 on #ffffff"),
        ('<div style="background:#000;opacity:50%"><p style="color:#fff">x1</p></div>', "ink #ffffff on #808080"),
        ('<p style="color:inherit"><font color="#bbb">x1</font></p>', "ink #bbbbbb on #ffffff"),
        ('<p style="color:#bbb"><span style="color:inherit">x1</span></p>', "ink #bbbbbb on #ffffff"),
        ('<p style="color:#ccc;background:currentColor">x1</p>', "ink #cccccc on #cccccc"),
        ('<p style="background:#0000cc"><a href="https://a.example/">x1</a></p>', "ink #0000ee on #0000cc"),
        (
            '<img src="https://a.example/p.jpg" alt="A ferry" width="9" height="9" style="color:#ccc">',
            "#cccccc on #ffffff",
        ),
        ('<p style="color:#000;color:#ddd;color:fancy">x1</p>', "ink #dddddd on #ffffff"),
        ('<p style="color:#aaa !important;color:#000">x1</p>', "ink #aaaaaa on #ffffff"),
        ('<p style="background:#333"><b style="background:inherit;color:#444">x1</b></p>', "ink #444444 on #333333"),
        ('<p style="background:#333"><b style="background:initial;color:#444">x1</b></p>', "ink #444444 on #333333"),
        ("<p>a</p><b style='color:#ccc'></b><i style='color:#ccc'>x1</i> tail", "ink #cccccc on #ffffff"),
    ],
)
def test_ink_and_ground_are_found_however_they_come_about(body: str, told: str, lint: Lint) -> None:
    (message,) = dim(lint(body))

    assert told in message


@pytest.mark.parametrize(
    ("style", "is_told"),
    [
        ("font-size:24px", False),
        ("font-size:23px", True),
        ("font-size:18pt", False),
        ("font-size:1.5em", False),
        ("font-size:150%", False),
        ("font-size:1.5rem", False),
        ("font-size:x-large", False),
        ("font:24px/1.2 serif", False),
        ("font-size:19px;font-weight:bold", False),
        ("font-size:19px;font-weight:700", False),
        ("font-size:19px;font-weight:600", True),
        ("font-size:19px;font-weight:lighter", True),
        ("font:bold 19px serif", False),
        ("font-weight:bold;font:19px serif", True),
        ("font-size:18px;font-weight:bold", True),
        ("font-size:rubbish", True),
        ("font-size:larger", True),
        ("font-size:inherit", True),
    ],
)
def test_large_text_needs_less(style: str, is_told: bool, lint: Lint) -> None:
    found = dim(lint(f'<p style="color:#888;{style}">Text</p>'))

    assert bool(found) is is_told


def test_large_text_needs_something_nonetheless(lint: Lint) -> None:
    (message,) = dim(lint('<h2 style="color:#aaa">Text</h2>'))

    assert "large text needs at least 3, as #949494 has" in message


def test_headings_and_bold_text_are_large_as_browsers_draw_them(lint: Lint) -> None:
    assert dim(lint('<h2 style="color:#888">Text</h2><p style="font-size:19px;color:#888"><b>Text</b></p>')) == []
    assert (
        len(dim(lint('<h2>a</h2><h3>a</h3><h4 style="color:#888">Text</h4><small style="color:#888">x</small>'))) == 1
    )


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "font-size:0",
        "visibility:hidden",
        "opacity:0",
        "max-height:0;overflow:hidden",
        "font-size:0.1px",
    ],
)
def test_what_is_not_shown_needs_no_contrast(style: str, lint: Lint) -> None:
    assert dim(lint(f'<div style="color:#fff;{style}">Preheader <b>and</b> more</div>')) == []


def test_what_is_shown_again_within_what_is_hidden_counts(lint: Lint) -> None:
    body = '<p style="color:#ccc;{0}"><span style="visibility:visible;font-size:15px">Text</span></p>'

    assert len(dim(lint(body.format("font-size:0")))) == 1
    assert len(dim(lint(body.format("visibility:hidden")))) == 1
    assert dim(lint(body.format("display:none"))) == []
    assert dim(lint('<p hidden style="color:#ccc">Text</p>')) == []


def test_decoration_and_what_only_outlook_reads_need_no_contrast(lint: Lint) -> None:
    assert dim(lint('<p style="color:#ddd">&middot; &#9632; --</p>')) == []
    assert dim(lint('<!--[if mso]><p style="color:#ddd">Text</p><![endif]-->')) == []


def test_what_all_but_outlook_read_counts(lint: Lint) -> None:
    assert len(dim(lint('<!--[if !mso]><!--><p style="color:#ddd">Text</p><!--<![endif]-->'))) == 1


def test_a_rule_of_a_sheet_counts_where_no_style_stands_against_it(lint: Lint) -> None:
    sheet = "<style>p{color:#ccc} .a{color:#ddd} p.b{color:#bbb} .b{color:#eee}</style>"

    found = dim(lint('<p>One</p><p class="a">Two</p><p class="b">Three</p><p style="color:#000">Four</p>', sheet))

    assert [message.split(" on ")[0] for message in found] == ["ink #cccccc", "ink #dddddd", "ink #bbbbbb"]


def test_a_selector_finds_the_body_of_a_table_that_browsers_add(lint: Lint) -> None:
    rows = "<tr><td>One</td></tr><tr><td>Two</td></tr><caption>Three</caption><tr><td>Four</td></tr>"

    (message,) = dim(lint(f'<table role="none">{rows}</table>', "<style>table>tbody>tr>td{color:#ccc}</style>"))

    assert "in 'One' and 2 other texts" in message


def test_an_important_rule_wins_over_a_style(lint: Lint) -> None:
    (message,) = dim(lint('<p style="color:#000" class="a">One</p>', "<style>.a{color:#ccc!important}</style>"))

    assert "ink #cccccc" in message


@pytest.mark.parametrize(
    "rule",
    [
        "p:hover{color:#ccc}",
        "@media (max-width:480px){p{color:#ccc}}",
        "@media print{p{color:#ccc}}",
        "@media (prefers-color-scheme:dark) and (max-width:480px){p{color:#ccc}}",
        "[data-ogsc] p{color:#ccc}",
        "p::first-line{color:#ccc}",
        "p, :fancy({color:#ccc}",
        "h2{color:#ccc}",
        "@container (width){p{color:#ccc}}",
    ],
)
def test_rules_for_other_states_media_and_elements_say_nothing(rule: str, lint: Lint) -> None:
    assert dim(lint("<p>Text</p>", f"<style>{rule}</style>")) == []


@pytest.mark.parametrize(
    "rule", ["@media screen{p{color:#ccc}}", "@media print, screen{p{color:#ccc}}", "@supports (x){p{color:#ccc}}"]
)
def test_rules_for_screens_count(rule: str, lint: Lint) -> None:
    assert len(dim(lint("<p>Text</p>", f"<style>{rule}</style>"))) == 1


def test_the_media_of_a_sheet_count(lint: Lint) -> None:
    assert dim(lint("<p>Text</p>", '<style media="print">p{color:#ccc}</style>')) == []
    assert len(dim(lint("<p>Text</p>", '<style media="screen">p{color:#ccc}</style>'))) == 1


def test_a_style_that_the_night_forgot_is_told_by_night(lint: Lint) -> None:
    night = NIGHT % ".paper{background:#1d1c1a!important}.ink{color:#ece9e3!important}"
    good, lost = '<p class="ink" style="color:#111">Good</p>', '<p style="color:#333">Lost</p>'
    body = f'<div class="paper" style="background:#fff">{good}{lost}</div>'

    (message,) = dim(lint(body, night))

    assert (
        "ink #333333 on #1d1c1a has a contrast of 1.34 by night, in 'Lost'; text needs at least 4.5, as #858585 has"
        in message
    )


def test_a_rule_of_the_night_that_is_not_important_loses_to_a_style(lint: Lint) -> None:
    night = NIGHT % ".paper{background:#000!important} p{color:#fff}"

    (message,) = dim(lint('<div class="paper" style="background:#fff"><p style="color:#111">Text</p></div>', night))

    assert "ink #111111 on #000000" in message


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="color-scheme" content="light dark">',
        "<style>:root{color-scheme:light dark}</style>",
    ],
)
def test_a_page_that_says_it_is_made_for_the_night_is_drawn_dark(head: str, lint: Lint) -> None:
    (message,) = dim(lint('<p>Drawn</p><p style="color:#111">Lost</p>', head))

    assert "ink #111111 on #121212 has a contrast of 1.0 by night, in 'Lost'" in message


def test_a_page_without_a_night_is_looked_at_by_day_alone(lint: Lint) -> None:
    (message,) = dim(lint('<p style="color:#aaa">Text</p>'))

    assert "by day" in message


def test_the_colours_of_the_body_are_those_of_the_page(lint: Lint) -> None:
    title, text = dim(lint("<p>Text</p>", "<style>body{background:#333}</style>"))

    assert title.startswith("ink #000000 on #333333 has a contrast of 1.66 by day, in 'Auto Daily'; large text")
    assert text.startswith("ink #000000 on #333333 has a contrast of 1.66 by day, in 'Text'; text")

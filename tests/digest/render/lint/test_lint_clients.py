"""What some mail programs do not know is told, each feature once."""

import re

import pytest

from digest.render.lint import Finding, Rule, Severity
from digest.render.lint.clients import features
from digest.render.lint.uses import finder
from tests.digest.render.lint.conftest import Lint


def told(findings: tuple[Finding, ...]) -> dict[str, str]:
    """Return how each feature is used, by its slug."""
    matches = (re.match(r"(.*?) \(([\w-]+)\) is ", one.message) for one in findings if one.rule is Rule.CLIENT_SUPPORT)
    return {match[2]: match[1] for match in matches if match}


PLAIN = "html-body", "html-dir", "html-doctype", "html-lang", "html-role"


def accept(*slugs: str) -> dict[str, str]:
    return dict.fromkeys([*PLAIN, *slugs], "asked for")


def test_a_feature_is_told_once_with_who_lacks_it_and_what_to_do(lint: Lint) -> None:
    page = '<p style="object-fit:cover">a</p><p style="object-fit:cover">b</p>'

    (finding,) = lint(page, accepted=accept())

    assert (finding.severity, finding.rule) == (Severity.WARNING, Rule.CLIENT_SUPPORT)
    assert finding.message.startswith("object-fit: cover (css-object-fit) is not known to Gmail")
    assert "Outlook (Windows, Windows Mail)" in finding.message
    assert re.search(r" and \d+ more", finding.message)
    assert finding.message.endswith("; do without it, or accept css-object-fit in lint/accepted.txt with the reason")


def test_a_feature_that_all_know_in_part_is_told_as_such(lint: Lint) -> None:
    (finding,) = lint('<p style="line-height:1.5">a</p>', accepted=accept())

    assert " is only partly known to Outlook (Windows, Windows Mail), Orange (Android, iOS);" in finding.message


def test_what_is_accepted_is_not_told(lint: Lint) -> None:
    assert lint('<p style="line-height:1.5">a</p>', accepted=accept("css-line-height")) == ()


def test_what_every_program_knows_is_not_told(lint: Lint) -> None:
    assert lint("<p>a <b>b</b> <strong>c</strong> <br>d</p>", accepted=accept()) == ()


@pytest.mark.parametrize(
    ("body", "slug", "used"),
    [
        (
            '<p style="background-image:url(https://a.example/x)">a</p>',
            "css-background-image",
            "background-image: url(https",
        ),
        (
            '<p style="background:#fff url(https://a.example/x)">a</p>',
            "css-background-image",
            "background: #fff url(https",
        ),
        ('<p style="Object-Fit:cover">a</p>', "css-object-fit", "object-fit: cover"),
        ('<p style="width:calc(1px + 2em)">a</p>', "css-unit-calc", "width: calc(1px + 2em)"),
        ('<p style="width:2.5rem">a</p>', "css-unit-rem", "width: 2.5rem"),
        ('<p style="width:50vw">a</p>', "css-unit-vw", "width: 50vw"),
        ('<p style="color:var(--ink)">a</p>', "css-variables", "color: var(--ink)"),
        ('<p style="color:#000!important">a</p>', "css-important", "color: #000 !important"),
        ('<p style="margin-inline-start:1px">a</p>', "css-margin-inline-start-end", "margin-inline-start: 1px"),
        ("<video></video>", "html-video", "<video>"),
        ("<details><summary>a</summary></details>", "html-semantics", "<details>"),
        ('<a href="https://a.example/" target="_blank">Story</a>', "html-target", '<a target="_blank">'),
        ('<a href="#top">Top</a>', "html-anchor-links", '<a href="#top">'),
        ('<input type="CHECKBOX">', "html-input-checkbox", '<input type="CHECKBOX">'),
        (
            '<img src="https://a.example/p.webp?x" alt="" width="9" height="9">',
            "image-webp",
            '<img src="https://a.example',
        ),
        ("", "html-doctype", "<!DOCTYPE html>"),
    ],
)
def test_what_stands_in_the_body_is_found(body: str, slug: str, used: str, lint: Lint) -> None:
    found = told(lint(body, accepted={}))

    assert found[slug].startswith(used)


@pytest.mark.parametrize(
    ("sheet", "slug", "used"),
    [
        ("@media (prefers-color-scheme:dark){p{color:#fff}}", "css-at-media-prefers-color-scheme", "@media (prefers-"),
        ("@font-face{font-family:x}", "css-at-font-face", "@font-face"),
        ("@supports (display:grid){p{color:#000}}", "css-at-supports", "@supports (display:grid)"),
        ("a:hover{color:#000}", "css-pseudo-class-hover", "a:hover"),
        ("p:nth-child(2n+1){color:#000}", "css-pseudo-class-nth-child", "p:nth-child(2n+1)"),
        ("p+a{color:#000}", "css-selector-adjacent-sibling", "p+a"),
        ("p ~ a{color:#000}", "css-selector-general-sibling", "p ~ a"),
        ("p>a{color:#000}", "css-selector-child", "p>a"),
        ("p a{color:#000}", "css-selector-descendant", "p a"),
        ("[lang]{color:#000}", "css-selector-attribute", "[lang]"),
        (".a.b{color:#000}", "css-selector-chaining", ".a.b"),
        ("p{/* why */color:#000}", "css-comments", "/*"),
    ],
)
def test_what_stands_in_a_style_sheet_is_found(sheet: str, slug: str, used: str, lint: Lint) -> None:
    found = told(lint("<p>a</p>", f"<style>{sheet}</style>", accepted={}))

    assert found[slug].startswith(used)


@pytest.mark.parametrize(
    ("sheet", "slug"),
    [
        ("p:nth-child(2n+1){color:#000}", "css-selector-adjacent-sibling"),
        ("[class~=a]{color:#000}", "css-selector-general-sibling"),
        (":not(a, b){color:#000}", "css-selector-grouping"),
        ("a:focus-within{color:#000}", "css-pseudo-class-focus"),
        ("p{width:minmax(1px, 2px)}", "css-function-max"),
        ("p{color:#1em1em;width:10px}", "css-unit-em"),
        ("p{border-top-left-radius:1px}", "css-border"),
    ],
)
def test_what_only_looks_alike_is_not_taken_for_it(sheet: str, slug: str, lint: Lint) -> None:
    assert slug not in told(lint("<p>a</p>", f"<style>{sheet}</style>", accepted={}))


def test_the_media_of_a_sheet_are_found(lint: Lint) -> None:
    assert "css-at-media" in told(lint("<p>a</p>", '<style media="print">p{color:#000}</style>', accepted={}))


def test_what_only_outlook_reads_is_not_looked_at(lint: Lint) -> None:
    assert lint('<!--[if mso]><p style="display:grid">a</p><![endif]-->', accepted=accept()) == ()


@pytest.mark.parametrize("pattern", ["colour:red", "attribute:img", "attribute:[src]"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        finder(pattern)


def test_the_table_can_be_read_as_a_whole() -> None:
    table = features()

    assert len(table) > 290
    assert sum(bool(feature.unknown_to) for feature in table.values()) > 200
    assert "Outlook (Windows)" in table["css-object-fit"].unknown_to
    assert not set(table["css-object-fit"].unknown_to) & set(table["css-object-fit"].partly_known_to)

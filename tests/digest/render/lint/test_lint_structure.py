"""What screen readers go by."""

import pytest

from digest.render.lint import Rule, Severity, Yardstick, lint_page
from tests.digest.render.lint.conftest import Lint, write


def test_a_page_without_fault_has_no_findings(lint: Lint) -> None:
    assert lint() == ()


@pytest.mark.parametrize("title", ["", "<title></title>", "<title> \n</title>"])
def test_a_page_without_a_title_is_told(title: str, yardstick: Yardstick) -> None:
    (finding,) = lint_page(write().replace("<title>Auto Daily</title>", title), yardstick)

    assert (finding.severity, finding.rule) == (Severity.WARNING, Rule.TITLE)
    assert "no <title>" in finding.message


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('<html lang="en"', "<html", "<html> has no lang"),
        ('<html lang="en" dir="ltr"', '<html lang="en"', "<html> has no dir"),
        ('"article" lang="en"', '"article"', "the article has no lang"),
        ('"article" lang="en" dir="ltr"', '"article" lang="en" dir="auto"', "the article has no dir"),
        ('role="article"', "", 'no element of the page has role="article"'),
        ('<html lang="en"', '<html lang="english!"', "'english!' is the lang of a text but no language tag"),
        ('<html lang="en"', '<html lang="und"', "'und' is the lang"),
    ],
)
def test_a_page_that_does_not_say_its_language_is_told(
    written: str, instead: str, message: str, yardstick: Yardstick
) -> None:
    (finding,) = lint_page(write().replace(written, instead), yardstick)

    assert finding.rule is Rule.LANGUAGE
    assert message in finding.message


@pytest.mark.parametrize("tag", ["de", "pt-BR", "zh-Hant-TW", "de-CH-1996", "es-419", "sr-Latn", "en-x-plain"])
def test_language_tags_of_every_shape_are_known(tag: str, lint: Lint) -> None:
    assert lint(f'<p lang="{tag}">text</p>') == ()


def test_texts_in_languages_that_are_none_are_counted_in_one_finding(lint: Lint) -> None:
    (finding,) = lint('<p lang="x">a</p><p lang="">b</p><p lang="e n">c</p>')

    assert finding.message.startswith("3 values of lang are no language tags, such as 'x'")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<h1>Another</h1>", "2 headings h1"),
        ("<h3>Story</h3>", "the h3 'Story' follows the h1 'Auto Daily'; leave no level out"),
        ("<h3>A</h3><h2>B</h2><h4>C</h4>", "2 times a level is left out: the h3 'A' follows"),
    ],
)
def test_headings_out_of_order_are_told(body: str, message: str, lint: Lint) -> None:
    (finding,) = lint(body)

    assert finding.rule is Rule.HEADING
    assert message in finding.message


def test_a_page_without_a_first_heading_is_told(yardstick: Yardstick) -> None:
    (finding,) = lint_page(write("<h2>A</h2>").replace("<h1>Auto Daily</h1>", ""), yardstick)

    assert "the page has no h1" in finding.message


def test_headings_may_climb_by_any_number_of_levels(lint: Lint) -> None:
    assert lint("<h2>A</h2><h3>B</h3><h4>C</h4><h2>D</h2>") == ()


def test_a_table_without_a_role_is_told_unless_it_shows_data(lint: Lint) -> None:
    data = "<table><tr><th>Year</th></tr></table>"
    layout = '<table role="presentation"><tr><td>a</td></tr></table><table role="none"><tr><td>a</td></tr></table>'

    (finding,) = lint(f"{data}{layout}<table><tr><td>Words</td></tr></table>")

    assert finding.rule is Rule.TABLE
    assert finding.message.startswith("the table with 'Words' has no role; write role=\"presentation\" on it")

"""What the compiler would let pass is found in the markup, with its line and a remedy."""

import pytest

from digest.render.lint import Rule, Severity, lint_markup
from digest.render.lint.vocabulary import ATTRIBUTES, NAMES, PARENTS


def column(content: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{content}</mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize(
    ("mjml", "message"),
    [
        (column("\n<mj-txt/>"), "line 2: <mj-txt> is no element of MJML; did you mean mj-text?"),
        (column("<mj-zzzz/>"), "line 1: <mj-zzzz> is no element of MJML; mend the name or take it out"),
        (
            column("<mj-table/>"),
            "<mj-table> is no element of MJML for mails that must read well everywhere; write <table",
        ),
        (column("<mj-social/>"), "build it of mj-section, mj-column and mj-text"),
        ("<mjml><mj-include path='x'/></mjml>", "use Jinja's include"),
        (column('\n\n<mj-text paddding="1"/>'), "line 3: <mj-text> has no attribute paddding; did you mean padding?"),
        (column('<mj-text onclick="1"/>'), "<mj-text> has no attribute onclick; mend the name or take it out"),
        ("<mjml><mj-head><mj-attributes><mj-all colour='2'/></mj-attributes></mj-head></mjml>", "did you mean color?"),
        ("<mjml><mj-head><mj-style>@import url(x)</mj-style></mj-head></mjml>", "@import"),
        ("<mjml><mj-head><mj-style>@IMPORT url(x)</mj-style></mj-head></mjml>", "@import"),
        ("<mjml><p></mjml>", "line 1: it is not well formed"),
        ("<mjml>\n<mj-body width=1/></mjml>", "line 2: it is not well formed"),
        (column("<mj-text>a&nbsp;b</mj-text>"), "write entities as numbers"),
        (column("<mj-text>\n<script/></mj-text>"), "line 2: <script> is refused by mailboxes; take it out"),
        (column("""<mj-text><i lang="en"\ntitle='a "b"'/></mj-text>"""), "line 2: an attribute in single quotes holds"),
    ],
)
def test_a_fault_is_told_once_with_its_line_and_a_remedy(mjml: str, message: str) -> None:
    (finding,) = lint_markup(mjml)

    assert finding.severity is Severity.ERROR
    assert message in finding.message


@pytest.mark.parametrize(
    ("mjml", "message"),
    [
        ("<mjml><mj-body><mj-text/></mj-body></mjml>", "<mj-text> stands in <mj-body>; put it into <mj-column>"),
        (
            "<mjml><mj-body><mj-column/></mj-body></mjml>",
            "<mj-column> stands in <mj-body>; put it into <mj-section> or <mj-group>",
        ),
        (column("<mj-text><mj-button/></mj-text>"), "<mj-button> stands in <mj-text>; put it into <mj-column>"),
        (column("<mj-text><p><mj-text/></p></mj-text>"), "<mj-text> stands in <p>; put it into <mj-column>"),
        (column("<mjml/>"), "<mjml> stands in <mj-column>; make it the root"),
        (column("<p/>"), "<p> stands in <mj-column>; put it into <mj-text>"),
        ("<mjml><mj-head><meta/></mj-head></mjml>", "<meta> stands in <mj-head>; put it into <mj-raw>"),
        (column("<mj-text/>stray"), "text stands in <mj-column>: 'stray'; put it into <mj-text>"),
        ("<mjml><mj-body>stray</mj-body></mjml>", "text stands in <mj-body>: 'stray'; put it into <mj-text>"),
    ],
)
def test_what_stands_in_a_wrong_place_is_told(mjml: str, message: str) -> None:
    (finding,) = lint_markup(mjml)

    assert finding.rule is Rule.MARKUP
    assert message in finding.message


def test_like_faults_are_told_in_one_finding() -> None:
    (finding,) = lint_markup(column('<mj-text colour="1"/>\n<mj-text colour="2"/>\n<mj-text colour="3"/>'))

    assert finding.message == "line 1 and 2 more: <mj-text> has no attribute colour; did you mean color?"


def test_what_templates_are_made_of_has_no_findings() -> None:
    source = """<mjml lang="en">
<mj-head>
<mj-title>T</mj-title>
<mj-attributes>
<mj-all color="red"/><mj-text padding="0"/><mj-class name="x" color="red"/>
</mj-attributes>
<mj-style inline="inline">p{}</mj-style><mj-raw><meta/></mj-raw>
</mj-head>
<mj-body>
<mj-raw><!-- mark --></mj-raw>
<mj-wrapper><mj-section><mj-group><mj-column>
<mj-text mj-class="x"><i x="y" style="font:'A'">it's</i> @import</mj-text><mj-divider/><mj-spacer/>
</mj-column></mj-group></mj-section></mj-wrapper>
</mj-body>
</mjml>"""

    assert lint_markup(source) == ()


def test_markup_that_no_file_can_hold_is_told_and_not_raised() -> None:
    (finding,) = lint_markup("<mjml>\x00\ud800</mjml>")

    assert "not well formed" in finding.message


def test_every_element_has_its_place_and_every_place_is_an_element() -> None:
    assert set(PARENTS) | {"mjml"} == NAMES
    assert {parent for parents in PARENTS.values() for parent in parents} <= set(ATTRIBUTES)

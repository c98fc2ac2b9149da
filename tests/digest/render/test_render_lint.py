"""What the linter finds."""

import pytest

from digest.render.lint import Severity, lint_markup, lint_page

GOOD = '<img src="https://a.example/p.png" alt="" width="1" height="1"><a href="https://a.example/">text</a>'


@pytest.mark.parametrize(
    ("html", "severity", "message"),
    [
        ("<script>x</script>", Severity.ERROR, "<script> is refused"),
        ("<form></form>", Severity.ERROR, "<form> is refused"),
        ("<svg></svg>", Severity.ERROR, "<svg> is refused"),
        ('<img src="https://a.example/p.png" width="1">', Severity.ERROR, "has no alt and no height"),
        ('<img src="http://a.example/p.png" alt="" width="1" height="1">', Severity.WARNING, "not come by https"),
        ('<a href="/relative">text</a>', Severity.ERROR, "leads to '/relative'"),
        ("<a>text</a>", Severity.ERROR, "leads to ''"),
        ('<a href="https://a.example/"> </a>', Severity.ERROR, "has no text"),
        ("x" * 92_200, Severity.WARNING, "of 92,160; drop"),
        ("x" * 104_500, Severity.ERROR, "clip it at 104,448"),
    ],
)
def test_a_fault_of_a_page_is_found_once_and_told(html: str, severity: Severity, message: str) -> None:
    (finding,) = lint_page(f"<p>{GOOD}{html}{html if len(html) < 1000 else ''}</p>")

    assert finding.severity is severity
    assert message in finding.message


def test_pictures_in_the_open_are_counted_in_one_finding() -> None:
    pictures = "".join(f'<img src="http://a.example/{n}.png" alt="" width="1" height="1">' for n in range(3))

    (finding,) = lint_page(f"<p>{GOOD}{pictures}</p>")

    assert finding.message.startswith("3 pictures do not come by https")
    assert "such as http://a.example/0.png" in finding.message


def test_a_page_without_fault_has_no_findings() -> None:
    assert lint_page(f"<p>{GOOD}</p>") == ()


@pytest.mark.parametrize(
    ("mjml", "message"),
    [
        ("<mjml><mj-txt/></mjml>", "<mj-txt> is no element"),
        ("<mjml><mj-table/></mjml>", "<mj-table> is no element of MJML, or not one"),
        ('<mjml><mj-section paddding="1" colour="2"/></mjml>', "<mj-section> has no attribute colour, paddding"),
        ('<mjml><mj-attributes><mj-all colour="2"/></mj-attributes></mjml>', "<mj-all> has no attribute colour"),
        ("<mjml><mj-style>@import url(x)</mj-style></mjml>", "@import"),
        ("<mjml><p></mjml>", "not well formed"),
        ("<mjml><mj-text><script/></mj-text></mjml>", "<script> is refused"),
    ],
)
def test_what_the_compiler_would_let_pass_is_found_in_the_markup(mjml: str, message: str) -> None:
    (finding,) = lint_markup(mjml)

    assert finding.severity is Severity.ERROR
    assert message in finding.message


def test_markup_with_defaults_and_html_has_no_findings() -> None:
    assert (
        lint_markup('<mjml><mj-attributes><mj-all color="red"/></mj-attributes><mj-text><i x="y"/></mj-text></mjml>')
        == ()
    )

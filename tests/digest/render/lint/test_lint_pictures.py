"""Pictures that some cannot see, and those that see the reader."""

import pytest

from digest.render.lint import Rule, Severity
from tests.digest.render.lint.conftest import Lint

GOOD = '<img src="https://a.example/p.jpg" alt="" width="88" height="88">'


def test_a_picture_with_everything_has_no_findings(lint: Lint) -> None:
    assert lint(GOOD) == ()
    assert lint(GOOD.replace("https://a.example/p.jpg", "cid:p@digest.example")) == ()


def test_a_picture_that_lacks_something_is_an_error(lint: Lint) -> None:
    (finding,) = lint('<img src="https://a.example/p.jpg" width="88">')

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.PICTURE)
    assert finding.message == "the picture https://a.example/p.jpg has no alt and no height; give them"


def test_pictures_that_lack_the_same_are_counted_in_one_finding(lint: Lint) -> None:
    (finding,) = lint("".join(f'<img src="https://a.example/{n}.jpg" width="88" height="88">' for n in range(3)))

    assert finding.message == "3 pictures have no alt, such as https://a.example/0.jpg; give them"


def test_a_picture_alone_in_its_link_needs_words(lint: Lint) -> None:
    link = '<a href="https://a.example/"{}>{}</a>'

    (finding,) = lint(link.format("", GOOD))

    assert finding.severity is Severity.ERROR
    assert "https://a.example/p.jpg is all that its link has, and has no words; give it an alt" in finding.message
    assert lint(link.format("", f"{GOOD} Ferries")) == ()
    assert lint(link.format("", GOOD.replace('alt=""', 'alt="A ferry"'))) == ()
    assert lint(link.format("", GOOD + GOOD.replace('alt=""', 'alt="A ferry"'))) == ()
    assert lint(link.format(' aria-hidden="true" tabindex="-1"', GOOD)) == ()


@pytest.mark.parametrize(
    "size",
    [
        'width="1" height="1"',
        'width="0" height="88"',
        'width="88" height="0"',
        'width="88" height="88" style="width:1px;height:1px"',
        'width="1px" height="0.5"',
    ],
)
def test_a_picture_that_nobody_can_see_is_an_error(size: str, lint: Lint) -> None:
    (finding,) = lint(f'<img src="https://a.example/t.gif" alt="" {size}>')

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.TRACKING)
    assert "https://a.example/t.gif is too small to be seen; it can only tell who reads" in finding.message


@pytest.mark.parametrize("size", ['width="1" height="88"', 'width="100%" height="auto"', 'width="" height="1"'])
def test_a_narrow_picture_or_one_of_unknown_size_is_none_that_follows_readers(size: str, lint: Lint) -> None:
    assert lint(f'<img src="https://a.example/t.gif" alt="" {size}>') == ()


def test_pictures_in_the_open_are_counted_in_one_warning(lint: Lint) -> None:
    (finding,) = lint("".join(GOOD.replace("https://a.example/p", f"http://a.example/{n}") for n in range(3)))

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("3 pictures do not come by https")
    assert "such as http://a.example/0.jpg" in finding.message


@pytest.mark.parametrize("source", ["/i/p.jpg", "", "data:image/png;base64,AAAA"])
def test_a_picture_that_no_mailbox_fetches_is_an_error(source: str, lint: Lint) -> None:
    (finding,) = lint(GOOD.replace("https://a.example/p.jpg", source))

    assert finding.severity is Severity.ERROR
    assert f"the picture {source!r} has no web address" in finding.message

"""Where links lead, what they are called, and whom they tell."""

import pytest

from digest.render.lint import Rule, Severity, Yardstick, lint_page
from tests.digest.render.lint.conftest import Lint


@pytest.mark.parametrize(
    ("href", "told"),
    [
        ("/relative", "a link leads to '/relative'"),
        ("news.example/a", "a link leads to 'news.example/a'"),
        ("https:///nowhere", "a link leads to 'https:///nowhere'"),
        ("http://[broken", "a link leads to 'http://[broken'"),
        ("ftp://news.example/", "a link leads to 'ftp://news.example/'"),
        ("#part", "a link leads to '#part'"),
        ("", "a link leads to ''"),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(href: str, told: str, lint: Lint) -> None:
    (finding,) = (one for one in lint(f'<a href="{href}">text</a>') if one.severity is Severity.ERROR)

    assert finding.rule is Rule.LINK
    assert finding.message == f"{told}; make it an absolute https address"


def test_a_link_without_an_address_is_an_error(lint: Lint) -> None:
    (finding,) = lint("<a>text</a>")

    assert "leads to ''" in finding.message


@pytest.mark.parametrize("href", ["https://news.example/a", "mailto:desk@digest.example", "HTTPS://news.example"])
def test_a_link_to_the_web_or_to_an_address_is_good(href: str, lint: Lint) -> None:
    assert lint(f'<a href="{href}">text</a>') == ()


def test_links_without_https_are_counted_in_one_warning(lint: Lint) -> None:
    (finding,) = lint("".join(f'<a href="http://news.example/{n}">Story {n}</a>' for n in range(3)))

    assert (finding.severity, finding.rule) == (Severity.WARNING, Rule.LINK)
    assert finding.message.startswith("3 links lead on without https, such as http://news.example/0;")


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_addresses_on_this_machine_need_no_https_while_ours_is_there_too(base: str, lint: Lint) -> None:
    page = f'<a href="{base}/u/x">Leave</a><img src="http://127.0.0.5:1/x.jpg" alt="" width="9" height="9">'

    assert lint(page, base_url=base) == ()
    assert len(lint(page, base_url="http://digest.example")) == 2


def test_our_own_address_elsewhere_needs_https(lint: Lint) -> None:
    (finding,) = lint('<a href="http://digest.example/u/x">Leave</a>', base_url="http://digest.example")

    assert "a link leads to http://digest.example/u/x without https" in finding.message


@pytest.mark.parametrize("content", ["", " ", "<b>\n</b>", "&zwnj;"])
def test_a_link_without_text_is_an_error(content: str, lint: Lint) -> None:
    (finding,) = lint(f'<a href="https://a.example/">{content}</a>')

    assert finding.severity is Severity.ERROR
    assert finding.message == "the link to https://a.example/ has no text; give it some"


@pytest.mark.parametrize(
    "text",
    ["here", "Click here!", "Read more →", "LINK", "weiterlesen", "cliquez ici", "aquí", "leggi", "aqui", "meer"],
)
def test_a_link_whose_name_says_nothing_is_a_warning(text: str, lint: Lint) -> None:
    (finding,) = lint(f'<a href="https://a.example/"> <b>{text}</b></a>')

    assert (finding.severity, finding.rule) == (Severity.WARNING, Rule.LINK)
    assert finding.message == f"a link is called {text!r}; call it by what it leads to"


def test_a_link_is_called_by_its_label_its_picture_or_not_at_all_where_nobody_is_told(lint: Lint) -> None:
    picture = '<img src="https://a.example/p.jpg" alt="{}" width="9" height="9">'

    assert lint('<a href="https://a.example/" aria-label="The story of the ferry">here</a>') == ()
    assert lint(f'<a href="https://a.example/">{picture.format("A ferry")}</a>') == ()
    assert lint('<a href="https://a.example/" aria-hidden="true" tabindex="-1"></a>') == ()


def test_one_name_may_lead_to_different_places(lint: Lint) -> None:
    assert lint('<a href="https://a.example/">Motorpost</a><a href="https://b.example/">Motorpost</a>') == ()


def test_parameters_that_follow_readers_are_told_unless_they_are_kept(lint: Lint) -> None:
    page = (
        '<a href="https://a.example/?id=1&amp;utm_source=x&amp;fbclid=2">A</a>'
        '<img src="https://b.example/p.jpg?gclid=1" alt="" width="9" height="9">'
        '<a href="https://[b/?utm_source=1"></a>'
    )

    (finding,) = (one for one in lint(page) if one.rule is Rule.TRACKING)

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("2 addresses tell third parties, such as https://a.example/?id=1&utm_source=x")
    assert "(utm_source, fbclid)" in finding.message
    assert not [one for one in lint(page, keeps_tracking=True) if one.rule is Rule.TRACKING]


LEAVE = "https://digest.example/u/abc"
LINK = f'<a href="{LEAVE}">Unsubscribe</a>'
STORIES = f"<h2>Electric</h2><p>{'many words ' * 100}</p>"


def leaving(lint: Lint, body: str) -> list[tuple[Severity, str]]:
    return [(one.severity, one.message) for one in lint(body, unsubscribe_url=LEAVE) if one.rule is Rule.UNSUBSCRIBE]


def test_a_way_out_at_the_top_and_in_the_footer_is_good(lint: Lint) -> None:
    assert leaving(lint, f"{LINK}{STORIES}{LINK}") == []


def test_a_mail_that_cannot_be_left_is_an_error(lint: Lint) -> None:
    ((severity, message),) = leaving(lint, f'<a href="{LEAVE}x">Unsubscribe</a>{STORIES}')

    assert severity is Severity.ERROR
    assert message.startswith(f"no link leads to {LEAVE}, by which the reader leaves")


def test_a_way_out_in_the_footer_alone_is_a_warning(lint: Lint) -> None:
    ((severity, message),) = leaving(lint, f"{STORIES}{LINK}")

    assert severity is Severity.WARNING
    assert "no link to unsubscribe stands near the top" in message


def test_a_way_out_at_the_top_alone_is_a_warning(lint: Lint) -> None:
    ((severity, message),) = leaving(lint, f"{LINK}{STORIES}")

    assert severity is Severity.WARNING
    assert "stands in the footer" in message


def test_before_the_first_section_is_near_the_top_however_little_follows(lint: Lint) -> None:
    assert leaving(lint, f"<p>{'many words ' * 50}</p>{LINK}<h2>Electric</h2><p>A few</p>{LINK}") == []


def test_a_mail_that_nobody_unsubscribes_from_needs_no_way_out(yardstick: Yardstick, lint: Lint) -> None:
    assert yardstick.unsubscribe_url == ""
    assert lint(STORIES) == ()


def test_a_fault_is_told_once_however_often_it_stands_there(yardstick: Yardstick) -> None:
    (finding,) = (one for one in lint_page('<a href="/x">A</a>' * 3, yardstick) if one.rule is Rule.LINK)

    assert finding.message.startswith("a link leads to '/x'")

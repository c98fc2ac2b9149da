"""Feeds made to cost time and memory: refused in words or read, and the pages that do the same with one tag."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import parse
from digest.gather.pages import tree
from digest.model.entry import Entry

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MANY = 100_000
XHTML = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A title</title><content type="xhtml">'


def read(body: str) -> tuple[Entry, ...]:
    return parse(body.encode(), url="https://origin.example/", fetched_at=FETCHED_AT)


def rss(inside: str) -> str:
    return f'<rss version="2.0"><channel><title>T</title>{inside}<item><title>The last</title></item></channel></rss>'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (rss("<a>" * 3_000_000), "nests more than"),
        (rss("& " * 1_000_000), "ampersands"),
        (rss("<![CDATA[" * 1_000_000), "not well-formed"),
        (rss("<![CDATA[" + "]" * 5_000_000), "not well-formed"),
        (rss("<" * 5_000_000), "opening brackets"),
        (rss("".join(f"<p{n}:x/>" for n in range(20_000))), "not well-formed"),
        ('{"items":[' + "[]," * 1_000_000 + "[]]}", "brackets"),
        ("<!DOCTYPE rss [" * MANY + rss(""), "plain text"),
    ],
    ids=["open", "ampersands", "cdata", "cdata-end", "brackets", "prefixes", "json", "doctypes"],
)
def test_what_would_cost_too_much_is_refused_in_words(body: str, reason: str) -> None:
    with pytest.raises(UnreadableInput, match=reason):
        read(body)


@pytest.mark.parametrize(
    "inside",
    [
        f"<item><title>x</title><description><![CDATA[{'<div>' * 50_000}]]></description></item>",
        f"<item><title>x</title><description>{'&lt;div&gt;' * 50_000}</description></item>",
        "<item><title>x</title><description><![CDATA[<p "
        + " ".join(f'a{n}="1"' for n in range(MANY))
        + ">x</p>]]></description></item>",
        f"<item><title>{'&amp;lt;b&amp;gt;' * MANY}</title></item>",
        f"<item><title>x</title><keywords>{'x,' * 1_000_000}</keywords></item>",
        f"<x>{'&eacute; ' * MANY}</x>",
        "<x> & " + "<![CDATA[]]>" * MANY + "</x>",
        "<x>" + "\0" * 1_000_000 + "</x>",
        "<x><![CDATA[" + "]" * 1_000_000 + "]]></x>",
    ],
    ids=["nested", "escaped", "attributes", "title", "keywords", "names", "sections", "controls", "cdata-end"],
)
def test_a_monster_among_the_items_costs_none_of_the_others(inside: str) -> None:
    entries = read(rss(inside))

    assert entries[-1].title == "The last"
    assert all(len(entry.title) <= 500 and len(entry.labels) <= 20 for entry in entries)


def test_twenty_thousand_items_are_all_read() -> None:
    entries = read(rss("".join(f"<item><guid>{n}</guid><title>Piece {n}</title></item>" for n in range(20_000))))

    assert len(entries) == 20_001
    assert entries[19_999].title == "Piece 19999"


def test_a_text_of_very_many_elements_is_read_from_its_start() -> None:
    (entry,) = read(f"{XHTML}{'<b>word </b>' * MANY}</content></entry></feed>")

    assert entry.body.startswith("word word word")


def one_tag(attribute: Callable[[int], str], between: str = " ") -> str:
    return f"<html><body><p {between.join(map(attribute, range(MANY)))}>Text.</p></body></html>"


@pytest.mark.parametrize(
    "page",
    [
        one_tag(lambda n: f'a{n}="1"'),
        one_tag(lambda n: f'a{n}="1"', between=""),
        one_tag(lambda n: f"a{n}", between="/"),
        one_tag(lambda n: f"a{n}", between="\f"),
        one_tag(lambda n: f"a{n}='>'"),
        one_tag(lambda n: f"a{n}=<"),
        one_tag(lambda n: f'a{n}"'),
    ],
    ids=["plain", "without-spaces", "slashes", "form-feeds", "ends-in-quotes", "starts", "stray-quotes"],
)
def test_a_page_with_very_many_attributes_on_one_tag_is_refused_before_it_is_parsed(page: str) -> None:
    with pytest.raises(UnreadableInput, match="a tag of more than"):
        tree.parse(page)


def test_a_long_text_is_no_long_tag() -> None:
    text = "It isn't so: a < b and c > d, said 'nobody'. " * 2_000

    parsed = tree.parse(f'<html><body><p title="a > b">{text}</p></body></html>')

    assert tree.text_of(parsed).count("nobody") == 2_000

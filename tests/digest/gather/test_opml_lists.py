"""Lists of feeds: read whatever feed readers write, well-formed or not, and write what every reader takes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import UnreadableInput
from digest.gather.finding import opml
from digest.gather.finding.opml import Outline, OutlineFeed
from digest.gather.text.clean import plain
from digest.model.newsletter import SourceKind

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
TIDY = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head><title>Feeds of the desk</title></head>
  <body>
    <outline text="World">
      <outline text="Harbours">
        <outline type="rss" text="Harbour News" xmlUrl="https://harbour.example/feed" language="en-GB"/>
      </outline>
      <outline type="rss" title="Aldmere Post" text="ignored" xmlUrl="https://aldmere.example/rss?x=1&amp;y=2"/>
    </outline>
    <outline type="rss" text="Loose" xmlUrl="http://loose.example/atom.xml" category="/Region/North,World"/>
    <outline type="rss" text="Bare" xmlURL="https://bare.example/feed"/>
  </body>
</opml>"""


def read(text: str | bytes) -> Outline:
    return opml.read(text if isinstance(text, bytes) else text.encode(), name="The list")


def listed(body: str) -> str:
    return f'<opml version="1.0">\n<head><title>T</title></head>\n<body>\n{body}\n</body>\n</opml>'


def test_feeds_come_with_title_address_language_and_the_path_of_their_categories() -> None:
    found = read(TIDY)

    assert found.title == "Feeds of the desk"
    assert found.faults == ()
    assert found.feeds == (
        OutlineFeed(
            title="Harbour News", address="https://harbour.example/feed", category=("World", "Harbours"), language="en"
        ),
        OutlineFeed(title="Aldmere Post", address="https://aldmere.example/rss?x=1&y=2", category=("World",)),
        OutlineFeed(title="Loose", address="http://loose.example/atom.xml", category=("Region", "North")),
        OutlineFeed(title="Bare", address="https://bare.example/feed"),
    )


def test_bare_ampersands_and_doubled_quotes_hide_no_feed() -> None:
    body = (
        '<outline text="Cars & Roads" title="Cars & Roads">\n'
        '  <outline text="Reply" description=""\'A show about harbours\' and ferries." - The Post." '
        'xmlUrl="https://reply.example/feed?a=1&b=2" type="rss" />\n'
        '  <outline text="Less < more" xmlUrl="https://less.example/feed" type="rss" />\n'
        "</outline>"
    )

    found = read(listed(body))

    assert [(feed.title, feed.address, feed.category) for feed in found.feeds] == [
        ("Reply", "https://reply.example/feed?a=1&b=2", ("Cars & Roads",)),
        ("Less < more", "https://less.example/feed", ("Cars & Roads",)),
    ]
    assert found.faults == ()


def test_what_is_lost_is_told_with_its_line() -> None:
    body = (
        '<outline text="No address" type="rss"/>\n'
        '<outline text="Mail" type="rss" xmlUrl="mailto:ana@desk.example"/>\n'
        '<outline text="Fine" type="rss" xmlUrl="https://fine.example/feed"/>'
    )

    tidy, broken = (
        read(listed(body)),
        read(listed(f"{body}\n<outline >\n<outline text='&' xmlUrl=\"https://b.example/f\"/>")),
    )

    assert tidy.faults == (
        'line 4: "No address" has no xmlUrl',
        'line 5: "mailto:ana@desk.example" is no web address of up to 2000 characters',
    )
    assert broken.faults[0] == "line 7: cannot be read: <outline >"
    assert set(broken.faults[1:]) == set(tidy.faults)
    assert [feed.title for feed in broken.feeds] == ["Fine", "&"]


def test_lines_count_from_the_first_of_the_file() -> None:
    head = '<?xml version="1.0"?>\n<!-- exported -->\n\n'

    assert read(head + listed('<outline text="X" type="rss"/>')).faults == ('line 7: "X" has no xmlUrl',)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("feed://aldmere.example/rss", "http://aldmere.example/rss"),
        ("feed:https://aldmere.example/rss", "https://aldmere.example/rss"),
        ("feed://https://aldmere.example/rss", "https://aldmere.example/rss"),
        (" https://aldmere.example/rss\n", "https://aldmere.example/rss"),
    ],
)
def test_addresses_of_old_browsers_are_understood(address: str, url: str) -> None:
    assert read(listed(f'<outline text="A" type="rss" xmlUrl="{address}"/>')).feeds[0].address == url


def test_an_outline_that_is_never_closed_still_names_its_feeds() -> None:
    body = '<outline text="World"><outline text="A" xmlUrl="https://a.example/f"/><outline text="B" xmlUrl="https://b.example/f"/>'

    assert [feed.title for feed in read(listed(body)).feeds] == ["A", "B"]


def test_what_is_written_is_read_back_the_same_with_the_kinds_that_are_ours() -> None:
    feeds = (
        OutlineFeed(title='A "quoted" & <marked> title', address="https://a.example/?x=1&y='2'", category=("World",)),
        OutlineFeed(
            title="Sitemap",
            address="https://b.example/s.xml",
            category=("World", "Nord & Süd"),
            kind=SourceKind.SITEMAP,
        ),
        OutlineFeed(
            title="Page", address="https://c.example/", category=("World",), kind=SourceKind.PAGE, language="de"
        ),
        OutlineFeed(title="None", address="https://d.example/"),
    )

    written = opml.write("Morning & more", feeds, at=NOW)

    assert read(written) == Outline(title="Morning & more", feeds=feeds)
    assert b"<dateCreated>Mon, 23 Nov 2026 05:00:00 +0000</dateCreated>" in written
    assert b'<opml version="2.0">' in written


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20).map(plain).filter(bool)
FEEDS = st.builds(
    OutlineFeed,
    title=WORDS,
    address=st.integers(0, 99).map(lambda n: f"https://paper{n}.example/feed"),
    category=st.lists(WORDS, max_size=3).map(tuple),
)


@given(st.lists(FEEDS, max_size=8))
def test_any_list_survives_the_round_trip(feeds: list[OutlineFeed]) -> None:
    assert read(opml.write("T", feeds, at=NOW)).feeds == tuple(feeds)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no OPML list"),
        ("<html><body/></html>", "no OPML list"),
        ('<rss version="2.0"/>', "no OPML list"),
        ('<!DOCTYPE o [<!ENTITY a "b">]><opml/>', "declares entities"),
        (listed('<outline text="x">' * 5000), "nests more than 256"),
        (listed("<outline " * 20_000), "not well-formed"),
    ],
    ids=["empty", "page", "feed", "entities", "deep", "wide"],
)
def test_what_is_no_list_or_could_harm_is_refused_in_words(body: str, words: str) -> None:
    with pytest.raises(UnreadableInput, match=words):
        read(body)


def test_a_long_list_is_bounded_and_says_so() -> None:
    body = "".join(f'<outline type="rss" text="{n}" xmlUrl="https://p.example/{n}"/>' for n in range(5002))

    found = read(listed(body))

    assert len(found.feeds) == 5000
    assert found.faults == ("it names 5,002 feeds; only the first 5,000 were read",)


def test_many_faults_are_counted() -> None:
    found = read(listed('<outline type="rss" text="x"/>' * 150))

    assert len(found.faults) == 101
    assert found.faults[-1] == "and 50 more"

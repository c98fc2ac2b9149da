"""Sitemaps: what news sites list for search engines, and what is made of plain, packed, broken and hostile ones."""

import gzip
from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import Feed
from digest.gather.listings import sitemap

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
URL = "https://www.aldmere.example/sitemap-news.xml"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)
NEWS = """<url><loc>{loc}</loc><lastmod>2026-11-23T04:00:00Z</lastmod><news:news><news:publication>
<news:name>The Aldmere Post</news:name><news:language>de</news:language></news:publication>
<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>
<news:keywords>Harbour, Bridges ,Council</news:keywords></news:news>
<image:image><image:loc>/pictures/bridge.jpg</image:loc><image:title>A bridge</image:title></image:image></url>"""


def read(body: str | bytes, *, url: str = URL) -> Feed:
    content = body.encode() if isinstance(body, str) else body
    return sitemap.read(content, url=url, content_type="application/xml", fetched_at=NOW)


def urlset(*urls: str) -> str:
    return HEAD + "".join(urls) + "</urlset>"


def plain(loc: str, lastmod: str = "") -> str:
    return f"<url><loc>{loc}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</url>"


def news(loc: str, title: str, date: str = "2026-11-22T20:00:00+01:00") -> str:
    return NEWS.format(loc=loc, title=title, date=date)


def test_the_news_extension_gives_title_date_language_labels_and_picture() -> None:
    body = urlset(news("https://www.aldmere.example/a-1", "Harbour bridge opens &amp;amp; nobody pays"))

    [entry] = read(body).entries

    assert entry.title == "Harbour bridge opens & nobody pays"
    assert entry.link == entry.guid == "https://www.aldmere.example/a-1"
    assert entry.published == datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
    assert entry.language == "de"
    assert entry.labels == ("Harbour", "Bridges", "Council")
    assert entry.image == "https://www.aldmere.example/pictures/bridge.jpg"


def test_the_newest_come_first_and_each_address_once() -> None:
    older = news("https://www.aldmere.example/old", "An older story", "2026-11-20")
    newer = news("https://www.aldmere.example/new", "A newer story", "2026-11-22")

    assert [entry.title for entry in read(urlset(older, newer, older)).entries] == ["A newer story", "An older story"]


def test_without_titles_the_words_of_the_address_stand_for_them() -> None:
    body = urlset(plain("https://aldmere.example/region/harbour-bridge-opens-at-last-a-3f2a9c1e.html", "2026-11-22"))

    [entry] = read(body).entries

    assert (entry.title, entry.published) == ("Harbour bridge opens at last", datetime(2026, 11, 22, tzinfo=UTC))


def test_lists_and_forms_of_a_plain_sitemap_are_no_pieces() -> None:
    pages = ("", "about", "tag/the-harbour-and-its-bridges", "authors/ada-quill", "politics", "feed.xml", "a/b.jpg")
    body = urlset(
        *(plain(f"https://aldmere.example/{page}", "2026-11-22") for page in pages),
        plain("https://aldmere.example/2026/11/21/council-votes-again", "2026-11-21"),
    )

    assert [entry.title for entry in read(body).entries] == ["Council votes again"]


def test_where_no_address_looks_like_a_piece_all_but_lists_are_taken() -> None:
    body = urlset(*(plain(f"https://aldmere.example/{page}", "2026-11-22") for page in ("launch", "tour", "about")))

    assert {entry.link.rpartition("/")[2] for entry in read(body).entries} == {"launch", "tour"}


def test_the_day_in_an_address_beats_a_later_change() -> None:
    body = urlset(
        plain("https://aldmere.example/2026/11/02/harbour-bridge-opens", "2026-11-22T10:00:00Z"),
        plain("https://aldmere.example/2026/11/22/council-votes-again", "2026-11-22T10:00:00Z"),
    )

    assert [entry.published for entry in read(body).entries] == [
        datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    ]


def test_one_change_date_for_all_is_that_of_the_last_build_and_dates_nothing() -> None:
    body = urlset(*(plain(f"https://aldmere.example/blog/a-post-about-number-{n}", "2026-11-22") for n in range(12)))

    assert {entry.published for entry in read(body).entries} == {None}


@pytest.mark.parametrize(
    ("loc", "is_taken"),
    [
        ("https://aldmere.example/a-story-of-the-day", True),
        ("http://sport.aldmere.example/a-story-of-the-day", True),
        ("https://brackwater.example/a-story-of-the-day", False),
        ("https://notaldmere.example/a-story-of-the-day", False),
        ("ftp://aldmere.example/a-story-of-the-day", False),
        ("javascript:alert(1)", False),
        ("https://[::1/a-story-of-the-day", False),
    ],
)
def test_only_web_addresses_of_the_same_site_are_taken(loc: str, is_taken: bool) -> None:
    assert len(read(urlset(plain(loc))).entries) == is_taken


def test_without_an_address_of_its_own_every_site_counts() -> None:
    assert len(read(urlset(plain("https://brackwater.example/a-story-of-the-day")), url="").entries) == 1


def test_a_packed_sitemap_is_unpacked() -> None:
    body = gzip.compress(urlset(news("https://aldmere.example/a-1", "Packed and read")).encode())

    assert read(body).entries[0].title == "Packed and read"


def test_at_most_a_thousand_are_taken_the_newest() -> None:
    days = (f"2026-11-{1 + n % 20:02}T00:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(1500))
    body = urlset(*(news(f"https://aldmere.example/{n}", f"Story {n}", day) for n, day in enumerate(days)))

    entries = read(body).entries

    assert len(entries) == 1000
    assert min(entry.published.day for entry in entries if entry.published) > 6


def test_a_broken_sitemap_is_mended_and_read() -> None:
    body = urlset(news("https://aldmere.example/a?x=1&y=2", "Ferries & buses stop <b>early"))

    [entry] = read(body).entries

    assert entry.link == "https://aldmere.example/a?x=1&y=2"
    assert entry.title.startswith("Ferries & buses stop")


def test_an_extension_is_known_by_its_name_whatever_its_namespace() -> None:
    body = urlset(news("https://aldmere.example/a", "Under another roof"))
    body = body.replace("http://www.google.com/schemas/sitemap-news/0.9", "https://www.google.com/sitemap-news")

    assert read(body).entries[0].title == "Under another roof"


def test_an_index_leads_to_the_sitemaps_of_news_first_then_the_newest_and_to_lists_last() -> None:
    children = {
        "tag-sitemap.xml": "2026-11-23",
        "post-sitemap1.xml": "2026-10-01",
        "post-sitemap3.xml": "2026-11-22",
        "post-sitemap2.xml": "2026-11-01",
        "news.xml": "2026-11-02",
        "author-sitemap.xml": "2026-11-23",
        "https://brackwater.example/news.xml": "2026-11-23",
    }
    items = "".join(
        f"<sitemap><loc>{loc if '://' in loc else f'https://www.aldmere.example/{loc}'}</loc><lastmod>{day}</lastmod></sitemap>"
        for loc, day in children.items()
    )

    found = read(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>')

    assert found.entries == ()
    assert [url.rpartition("/")[2] for url in found.further] == [
        "news.xml", "post-sitemap3.xml", "post-sitemap2.xml", "post-sitemap1.xml", "tag-sitemap.xml",
    ]  # fmt: skip


def test_undated_children_of_an_index_are_taken_from_the_last_number_on_and_never_the_index_itself() -> None:
    items = "".join(f"<sitemap><loc>https://www.aldmere.example/{n}.xml</loc></sitemap>" for n in range(1, 12))

    found = read(f"<sitemapindex>{items}<sitemap><loc>{URL}</loc></sitemap></sitemapindex>")

    assert [url.rpartition("/")[2] for url in found.further] == ["11.xml", "10.xml", "9.xml", "8.xml", "7.xml"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty, not a sitemap"),
        (b"no sitemap at all", "is plain text, not a sitemap"),
        (b"<!doctype html><html><body/></html>", "is an HTML page, not a sitemap"),
        (b'<rss version="2.0"><channel/></rss>', "is a feed, not a sitemap"),
        (BOMB.encode(), "declares entities"),
        (b"<urlset>" + b"<url>" * 300 + b"</url>" * 300 + b"</urlset>", "nests more than"),
        (gzip.compress(urlset().encode())[:-9], "damaged"),
        (gzip.compress(b"<urlset>" + b" " * 10_000_001, mtime=0), "more than 10 MB when unpacked"),
    ],
    ids=["empty", "text", "page", "feed", "entities", "deep", "damaged", "bomb"],
)
def test_what_is_no_sitemap_or_could_harm_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(UnreadableInput, match=words):
        read(body)


def test_an_empty_sitemap_has_no_pieces() -> None:
    assert read(urlset()).entries == ()


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (urlset().encode(), True),
        (gzip.compress(b"<sitemapindex/>", mtime=0), True),
        (b"<rss/>", False),
        (b"\x1f\x8bnot really packed", False),
        (b"", False),
    ],
)
def test_a_sitemap_is_told_by_how_it_begins(body: bytes, is_one: bool) -> None:
    assert sitemap.looks_like_one(body) is is_one

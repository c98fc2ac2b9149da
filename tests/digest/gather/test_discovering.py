"""What is found at a site: feeds that it names or hides, sitemaps, or its own page; and how little is asked of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import FetchFailed, UnreadableInput
from digest.gather.finding.discover import Found, discover
from digest.http import Response, UnwelcomeStatus
from digest.model.newsletter import SourceKind

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ROOT = "https://aldmere.example"
LONG = "The council has voted once more, and again the night buses were kept for another year. " * 20


class Site:
    """A stand-in for the client, and the pages that it gives by their address."""

    def __init__(self, pages: dict[str, str], *, moved: dict[str, str] | None = None) -> None:
        self.pages = {url if "://" in url else ROOT + url: text for url, text in pages.items()}
        self.moved = moved or {}
        self.asked: list[str] = []

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        self.asked.append(url)
        host = url.split("/")[2]
        if not any(host in known for known in self.pages):
            raise FetchFailed(f"The name {host} could not be resolved.")
        if url.startswith("https://plain."):
            raise FetchFailed(f"{host} refused the connection.")
        here = self.moved.get(url, url)
        if here not in self.pages:
            raise UnwelcomeStatus(f"{host} answered 404 Not Found.", status=404)
        moved_to = here if here != url else None
        return Response(status=200, url=here, body=self.pages[here].encode(), moved_permanently_to=moved_to)


def look(site: Site, address: str = "aldmere.example") -> tuple[Found, ...]:
    return asyncio.run(discover(address, site, now=NOW))


def rss(*titles: str, at: datetime = NOW - timedelta(hours=3), title: str = "The Aldmere Post", text: str = "") -> str:
    items = "".join(
        f"<item><title>{one}</title><link>{ROOT}/{n}-{one.replace(' ', '-')}</link><description>{text}</description>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n, one in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'


def page(head: str = "", body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def named(*hrefs: str, kind: str = "application/rss+xml") -> str:
    return "".join(f'<link rel="alternate" type="{kind}" href="{href}">' for href in hrefs)


def newsmap(*titles: str) -> str:
    urls = "".join(
        f"<url><loc>{ROOT}/{title.replace(' ', '-')}</loc><news:news><news:title>{title}</news:title>"
        "<news:publication_date>2026-11-23T01:00:00Z</news:publication_date></news:news></url>"
        for title in titles
    )
    return f'<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'


ARTICLES = "<ul>" + "".join(
    f'<li><a href="/2026/11/2{n}/a-story-of-the-day-{n}">A story of the day number {n}</a></li>' for n in range(6)
) + "</ul>"  # fmt: skip


def test_an_address_that_is_a_feed_is_told_as_it_is_with_one_request() -> None:
    site = Site({"/news.rss": rss("Bridge opens", "Buses stay", "Ferries stop", "Rain comes")})

    [found] = look(site, f"{ROOT}/news.rss")

    assert (found.address, found.kind, found.title) == (f"{ROOT}/news.rss", SourceKind.FEED, "The Aldmere Post")
    assert (found.items, found.newest) == (4, NOW - timedelta(hours=3))
    assert found.samples == ("Bridge opens", "Buses stay", "Ferries stop")
    assert len(site.asked) == 1


def test_an_address_that_is_a_sitemap_is_told_as_one() -> None:
    [found] = look(Site({"/sitemap.xml": newsmap("Bridge opens", "Buses stay")}), f"{ROOT}/sitemap.xml")

    assert (found.kind, found.items) == (SourceKind.SITEMAP, 2)


def test_feeds_that_the_page_names_come_fullest_first_and_those_of_comments_last() -> None:
    site = Site(
        {
            "": page(named("/comments/feed", "/short.xml", "https://feeds.example/full")),
            "/comments/feed": rss("Comment by Ben", text=LONG, title="Comments for The Aldmere Post"),
            "/short.xml": rss("Bridge opens"),
            "https://feeds.example/full": rss("Buses stay", text=LONG),
        }
    )

    assert [found.address for found in look(site)] == [
        "https://feeds.example/full",
        f"{ROOT}/short.xml",
        f"{ROOT}/comments/feed",
    ]


def test_a_feed_that_has_long_been_silent_comes_after_one_that_lives() -> None:
    site = Site(
        {
            "": page(named("/old.xml", "/new.xml")),
            "/old.xml": rss("Bridge opens", at=NOW - timedelta(days=400), text=LONG),
            "/new.xml": rss("Buses stay"),
        }
    )

    assert [found.address for found in look(site)] == [f"{ROOT}/new.xml", f"{ROOT}/old.xml"]


def test_links_for_people_that_look_like_feeds_are_tried_but_only_on_the_site() -> None:
    site = Site(
        {
            "": page(
                body='<a href="/service/all">RSS</a><a href="https://other.example/feed">RSS</a><a href="/x/rss">x</a>'
            ),
            "/service/all": rss("Bridge opens"),
            "/x/rss": rss("Buses stay"),
            "https://other.example/feed": rss("Of another site"),
        }
    )

    assert {found.address for found in look(site)} == {f"{ROOT}/service/all", f"{ROOT}/x/rss"}


def test_feeds_in_usual_places_are_found_where_the_page_names_none() -> None:
    site = Site({"/news/": page(), "/atom.xml": rss("Bridge opens")}, moved={f"{ROOT}/news": f"{ROOT}/news/"})

    [found] = look(site, f"{ROOT}/news")

    assert found.address == f"{ROOT}/atom.xml"
    assert f"{ROOT}/news/feed" in site.asked


def test_a_page_where_a_feed_was_promised_is_not_offered_as_one() -> None:
    site = Site({"": page(named("/feed")), "/feed": page(body="Please sign in."), "/rss": rss("Bridge opens")})

    assert [found.address for found in look(site)] == [f"{ROOT}/rss"]


def test_one_feed_under_two_addresses_is_offered_once() -> None:
    site = Site({"": page(named("/feed", "/feed/rss")), "/feed": rss("Bridge opens"), "/feed/rss": rss("Bridge opens")})

    assert len(look(site)) == 1


def test_sitemaps_that_robots_txt_names_are_offered_after_feeds() -> None:
    site = Site(
        {
            "": page(named("/feed")),
            "/feed": rss("Bridge opens"),
            "/robots.txt": f"User-agent: *\nSitemap: {ROOT}/all.xml\nsitemap: /news-map.xml\nSitemap: https://other.example/s.xml",
            "/all.xml": "<urlset/>",
            "/news-map.xml": newsmap("Bridge opens", "Buses stay"),
        }
    )

    assert [(found.kind, found.address) for found in look(site)] == [
        (SourceKind.FEED, f"{ROOT}/feed"),
        (SourceKind.SITEMAP, f"{ROOT}/news-map.xml"),
    ]


def test_a_robots_txt_of_empty_lines_holds_nobody_up() -> None:
    site = Site({"": page(named("/feed")), "/feed": rss("The ferry sails again"), "/robots.txt": "\n" * 400_000})

    found = look(site)

    assert [one.address for one in found] == [f"{ROOT}/feed"]


def test_an_index_of_sitemaps_is_followed() -> None:
    items = "".join(f"<sitemap><loc>{ROOT}/{name}.xml</loc></sitemap>" for name in ("news", "gone"))
    index = f"<sitemapindex>{items}</sitemapindex>"
    site = Site({"": page(), "/sitemap.xml": index, "/news.xml": newsmap("Bridge opens")})

    [found] = look(site)

    assert (found.address, found.kind, found.items) == (f"{ROOT}/sitemap.xml", SourceKind.SITEMAP, 1)


def test_a_site_without_feed_or_sitemap_is_offered_as_a_page_of_articles() -> None:
    [found] = look(Site({"": page(body=ARTICLES)}))

    assert (found.kind, found.items, found.address) == (SourceKind.PAGE, 6, "https://aldmere.example")


def test_a_site_with_nothing_to_read_gives_nothing() -> None:
    assert look(Site({"": page(body="<p>Welcome.</p>")})) == ()


def test_at_most_twenty_requests_are_made() -> None:
    feeds = [f"/feeds/{n}" for n in range(40)]
    robots = "\n".join(f"Sitemap: /map-{n}.xml" for n in range(40))
    site = Site({"": page(named(*feeds), '<a href="/rss">RSS</a>'), "/robots.txt": robots})

    assert look(site) == ()

    assert len(site.asked) <= 20
    assert len(site.asked) == len(set(site.asked))


def test_a_site_that_only_speaks_plain_http_is_asked_so() -> None:
    site = Site({"http://plain.example": page(named("/feed")), "http://plain.example/feed": rss("Bridge opens")})

    assert [found.address for found in look(site, "plain.example")] == ["http://plain.example/feed"]


def test_a_front_page_that_is_refused_does_not_hide_a_feed() -> None:
    assert [found.address for found in look(Site({"/rss.xml": rss("Bridge opens")}))] == [f"{ROOT}/rss.xml"]


def test_a_site_that_does_not_answer_is_told_in_words() -> None:
    with pytest.raises(FetchFailed, match=r"The name nowhere\.example could not be resolved"):
        look(Site({}), "nowhere.example")


def test_a_search_that_takes_too_long_is_told_in_words() -> None:
    with pytest.raises(FetchFailed, match="did not show what it has within 0 seconds"):
        asyncio.run(
            discover(
                "aldmere.example",
                Site({"": page(named("/feed")), "/feed": rss("Bridge opens")}),
                now=NOW,
                longest=timedelta(0),
            )
        )


def test_a_site_that_refuses_everything_is_told_in_words() -> None:
    with pytest.raises(FetchFailed, match="404"):
        look(Site({"/x": page()}))


def test_a_broken_feed_at_the_very_address_is_told_in_words() -> None:
    with pytest.raises(UnreadableInput, match="JSON"):
        look(Site({"/feed.json": '{"items": 1}'}), f"{ROOT}/feed.json")


def test_an_empty_feed_at_the_very_address_is_offered_all_the_same() -> None:
    [found] = look(Site({"/feed": rss()}), f"{ROOT}/feed")

    assert (found.items, found.newest, found.text) == (0, None, 0)

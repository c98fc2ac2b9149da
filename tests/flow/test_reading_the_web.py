"""Sources that only name their articles: the pages behind the links are found, read once, and become news."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from digest import pipeline
from digest.model.article import Article
from digest.services import Services
from tests.conftest import MakeServices
from tests.flow.publisher import Site

SENTENCES = (
    "The ferry company says that the boats will go every night from the first of December.",
    "Two of them were built at the yard across the bay and carry forty cars each.",
    "The island council has asked for such a line since the bridge was closed.",
)
PIECES = {
    "night-ferry-line-opens-between-the-islands": "Night ferry line opens between the islands",
    "council-buys-the-old-lighthouse-at-last": "Council buys the old lighthouse at last",
}


def article_page(title: str) -> str:
    paragraphs = "".join(f"<p>{title.split(maxsplit=1)[0]} news: {sentence}</p>" for sentence in SENTENCES * 2)
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>"
        f'<meta property="og:title" content="{title}">'
        '<meta property="article:published_time" content="2026-11-23T03:00:00Z"></head>'
        f"<body><nav><a href=/>Home</a></nav><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as started:
        for slug, title in PIECES.items():
            started.pages[f"/{slug}"] = ("text/html; charset=utf-8", article_page(title))
        yield started


def reading(make_services: MakeServices, sqlite_url: str, source: str) -> Services:
    return make_services(
        sqlite_url,
        more_site='[gather]\nallow_networks = ["127.0.0.0/8"]',
        more=f'[[newsletter.source]]\n{source}\nsection = "World"',
    )


def kept(services: Services) -> dict[str, Article]:
    with services.reading() as session:
        return {article.title: article for article in session.scalars(select(Article))}


def test_the_articles_of_an_index_page_are_read_once_and_what_robots_may_not_see_is_left(
    make_services: MakeServices, sqlite_url: str, site: Site
) -> None:
    items = "".join(f"<li><h2><a href=/{slug}>{title}</a></h2></li>" for slug, title in PIECES.items())
    site.pages["/news"] = ("text/html", f"<html><body><ul class=list>{items}</ul></body></html>")
    site.pages["/robots.txt"] = ("text/plain", "User-agent: *\nDisallow: /council\n")
    services = reading(make_services, sqlite_url, f'page = "{site.url}/news"\nselectors = {{ links = "h2 a" }}')

    first = pipeline.gather_due(services)
    asked = len(site.asked)
    second = pipeline.gather_due(services)

    articles = kept(services)
    assert (first.new, first.pages) == (2, 1)
    assert SENTENCES[1] in articles["Night ferry line opens between the islands"].body
    assert articles["Night ferry line opens between the islands"].is_dated
    assert articles["Council buys the old lighthouse at last"].body == ""
    assert [address for address, _ in first.faults] == [f"{site.url}/council-buys-the-old-lighthouse-at-last"]
    assert "robots.txt" in first.faults[0][1]
    assert (second.asked, second.pages, len(site.asked)) == (0, 0, asked)


def test_a_feed_read_in_full_has_its_pages_read_too(make_services: MakeServices, sqlite_url: str, site: Site) -> None:
    slug, title = next(iter(PIECES.items()))
    site.pages["/feed.xml"] = (
        "application/rss+xml",
        (
            f"<rss version='2.0'><channel><title>Wire</title><item><title>{title}</title><link>{site.url}/{slug}</link>"
            "<pubDate>Mon, 23 Nov 2026 03:00:00 GMT</pubDate></item></channel></rss>"
        ),
    )
    services = reading(make_services, sqlite_url, f'feed = "{site.url}/feed.xml"\nfull_text = true')

    report = pipeline.gather_due(services)

    assert (report.new, report.pages, report.faults) == (1, 1, [])
    assert SENTENCES[2] in kept(services)[title].body


def test_a_news_sitemap_names_articles_whose_pages_are_read(
    make_services: MakeServices, sqlite_url: str, site: Site
) -> None:
    slug, title = next(iter(PIECES.items()))
    site.pages["/sitemap.xml"] = (
        "application/xml",
        (
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
            "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"
            f"<url><loc>{site.url}/{slug}</loc><news:news><news:publication_date>2026-11-23T03:00:00Z"
            f"</news:publication_date><news:title>{title}</news:title></news:news></url></urlset>"
        ),
    )
    services = reading(make_services, sqlite_url, f'sitemap = "{site.url}/sitemap.xml"')

    report = pipeline.gather_due(services)

    assert (report.new, report.pages, report.failures, report.faults) == (1, 1, [], [])
    assert SENTENCES[2] in kept(services)[title].body

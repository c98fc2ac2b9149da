"""A link that an editor has pasted: what its page says of itself, or a sentence that says why that cannot be had."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from digest import pipeline
from digest.desk.fetching import Card, fetch_card
from digest.http import Limits
from digest.model.article import Article
from digest.services import Services
from tests.conftest import MakeServices
from tests.flow.publisher import Site

HTML = "text/html; charset=utf-8"
HEAD = """<meta property="og:title" content="Night ferry line opens between the islands">
<meta property="og:description" content="The boats go every night from the first of December, says the company.">
<meta property="og:image" content="/ferry.jpg"><meta property="og:site_name" content="The Aldmere &amp; Sea Post">
<meta property="article:published_time" content="2026-11-23T03:00:00Z">"""


def page(head: str = HEAD, body: str = "<p>The ferry company says that the boats will go every night.</p>") -> str:
    return f"<!doctype html><html lang=en><head>{head}</head><body><article>{body}</article></body></html>"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as started:
        started.pages["/ferry"] = (HTML, page())
        yield started


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    return make_services(database_url, more_site='[gather]\nallow_networks = ["127.0.0.0/8"]')


def refused(services: Services, url: str, limits: Limits | None = None) -> str:
    said = fetch_card(services, url) if limits is None else fetch_card(services, url, limits=limits)
    assert isinstance(said, str), said
    assert said.endswith("."), said
    return said


def card(services: Services, url: str) -> Card:
    said = fetch_card(services, url)
    assert isinstance(said, Card), said
    return said


def test_a_page_gives_title_summary_picture_site_and_date(services: Services, site: Site) -> None:
    found = card(services, f" {site.url}/ferry ")

    assert found == Card(
        url=f"{site.url}/ferry",
        title="Night ferry line opens between the islands",
        summary="The boats go every night from the first of December, says the company.",
        image=f"{site.url}/ferry.jpg",
        source="The Aldmere & Sea Post",
        published=dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC),
        language="en",
    )


def test_a_page_that_we_have_read_already_brings_its_article(services: Services, site: Site) -> None:
    feed = f"<rss version='2.0'><channel><item><title>Ferry</title><link>{site.url}/ferry</link></item></channel></rss>"
    Path(services.newsletter("morning").sources[0].address, "a.xml").write_text(feed, encoding="utf-8")
    site.pages["/ferry?utm_source=mail"] = site.pages["/ferry"]
    pipeline.gather_due(services)
    with services.reading() as session:
        known = session.scalars(select(Article)).one().id

    found = card(services, f"{site.url}/ferry?utm_source=mail#top")
    site.pages.clear()
    offline = card(services, f"{site.url}/ferry")

    assert (found.article_id, found.title) == (known, "Night ferry line opens between the islands")
    assert (offline.article_id, offline.title, offline.published) == (known, "Ferry", None)


@pytest.mark.parametrize("named", ["https://other.example/ferry", "/"])
def test_the_address_that_a_page_gives_itself_is_not_taken_when_it_leads_elsewhere(
    services: Services, site: Site, named: str
) -> None:
    site.pages["/ferry"] = (HTML, page(f'{HEAD}<link rel="canonical" href="{named}">'))

    assert card(services, f"{site.url}/ferry").url == f"{site.url}/ferry"


def test_the_address_that_a_page_gives_itself_is_taken(services: Services, site: Site) -> None:
    site.pages["/ferry?print=1"] = (HTML, page(f'{HEAD}<link rel="canonical" href="/ferry">'))

    assert card(services, f"{site.url}/ferry?print=1").url == f"{site.url}/ferry"


def test_the_letters_of_markup_in_a_title_stay_letters(services: Services, site: Site) -> None:
    site.pages["/x"] = (HTML, page("<title>Why &lt;b&gt; is\n\x07 &amp;lt;bold&amp;gt;</title>"))

    found = card(services, f"{site.url}/x")

    assert (found.title, found.source) == ("Why <b> is &lt;bold&gt;", "127.0.0.1")


def test_a_page_without_a_title_is_called_by_its_first_words_and_one_without_words_is_refused(
    services: Services, site: Site
) -> None:
    site.pages |= {"/bare": (HTML, page("")), "/blank": (HTML, page("", "")), "/empty": (HTML, "")}

    assert card(services, f"{site.url}/bare").title.startswith("The ferry company says")
    assert "neither a title nor a text" in refused(services, f"{site.url}/blank")
    assert "is empty" in refused(services, f"{site.url}/empty")


def test_what_is_no_page_is_refused_by_its_kind(services: Services, site: Site) -> None:
    site.pages["/report.pdf"] = ("application/pdf", b"%PDF-1.7")

    assert "application/pdf, not a page" in refused(services, f"{site.url}/report.pdf")


def test_a_huge_page_a_circle_of_redirects_and_a_lost_page_are_told_in_words(services: Services, site: Site) -> None:
    site.pages["/huge"] = (HTML, b"x" * 2_000)
    site.moved = {"/here": "/there", "/there": "/here"}
    quick = Limits(size=1_000, redirects=2, pause=dt.timedelta(0))

    assert "sent more than" in refused(services, f"{site.url}/huge", quick)
    assert "redirects more than 2 times" in refused(services, f"{site.url}/here", quick)
    assert "answered 404" in refused(services, f"{site.url}/lost")


def test_a_page_that_never_ends_answering_is_given_up(services: Services, site: Site) -> None:
    done = threading.Event()

    def hang(_path: str) -> None:
        done.wait(30)

    site.on_asked = hang

    said = refused(services, f"{site.url}/ferry", Limits(total=dt.timedelta(milliseconds=200)))
    done.set()

    assert "did not finish answering" in said


def test_private_networks_are_refused_even_behind_a_redirect(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)

    assert "not public" in refused(services, "http://127.0.0.1:8080/")
    assert "not public" in refused(services, "10.0.0.1")


@pytest.mark.parametrize("url", ["", "ferry line", "javascript:alert(1)", "file:///etc/passwd", "http://[", "https://"])
def test_what_is_no_address_is_refused_before_anybody_is_asked(
    make_services: MakeServices, sqlite_url: str, url: str
) -> None:
    assert refused(make_services(sqlite_url), url)

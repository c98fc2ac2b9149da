"""The Atom feed: what it says, that it reads, and that it is sent again only when it has changed."""

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import etree

from digest.gather.feeds.feed import read
from digest.services import Services
from digest.store import editions
from subscribers.cadence import Cadence
from tests.digest.web.newsroom import BASE, TODAY, gone_out, paper
from tests.digest.web.test_archive_pages import HOSTILE, PREHEADER, SUBJECT, draft
from tests.fakes import FixedClock

FEED = "/archive/wattage/feed.xml"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
XML = "{http://www.w3.org/XML/1998/namespace}"


def tree(client: TestClient) -> etree._Element:
    return etree.fromstring(client.get(FEED).content)


def texts(parent: Any, path: str) -> list[str]:
    return [str(found) for found in parent.xpath(path, namespaces=ATOM)]


def test_the_feed_says_what_it_is(client: TestClient, services: Services, clock: FixedClock) -> None:
    gone_out(services, draft(clock), draft(clock, TODAY - timedelta(days=1)))

    answer = client.get(FEED)

    feed = etree.fromstring(answer.content)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    assert feed.get(f"{XML}lang") == "en"
    assert texts(feed, "a:title/text()") == ["The Wattage"]
    assert texts(feed, "a:subtitle/text()") == ["Electric cars, grids and cells, five minutes before work."]
    assert texts(feed, "a:author/a:name/text()") == ["The Wattage"]
    assert texts(feed, "a:updated/text()") == ["2026-11-23T05:00:00+00:00"]
    assert texts(feed, "a:link[@rel='self']/@href") == [BASE + FEED]
    assert texts(feed, "a:link[@rel='alternate']/@href") == [f"{BASE}/archive/wattage"]
    assert texts(feed, "a:id/text()")[0].startswith("urn:uuid:")


def test_an_entry_is_an_edition(client: TestClient, services: Services, clock: FixedClock) -> None:
    gone_out(services, draft(clock))

    (entry,) = tree(client).findall("a:entry", ATOM)

    assert texts(entry, "a:id/text()") == ["tag:news.example.org,2026-11-23:wattage/daily"]
    assert texts(entry, "a:title/text()") == [SUBJECT]
    assert texts(entry, "a:published/text()") == texts(entry, "a:updated/text()") == ["2026-11-23T05:00:00+00:00"]
    assert texts(entry, "a:link[@rel='alternate']/@href") == [f"{BASE}/archive/wattage/daily/2026-11-23"]
    assert texts(entry, "a:summary/text()") == [PREHEADER]


def test_the_feed_holds_the_thirty_newest_the_newest_first(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    first = draft(clock)
    gone_out(services, *(dataclasses.replace(first, date=TODAY - timedelta(days=days)) for days in range(31)))

    ids = texts(tree(client), "a:entry/a:id/text()")

    assert len(set(ids)) == 30
    assert ids == [f"tag:news.example.org,{TODAY - timedelta(days=days)}:wattage/daily" for days in range(30)]


def test_what_an_entry_is_called_outlives_its_subject_its_number_and_the_site(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, draft(clock), draft(clock, cadence=Cadence.WEEKLY))
    before = texts(tree(client), "//a:id/text()")

    with services.session() as session:
        edition = editions.find(session, "wattage", Cadence.DAILY, TODAY)
        assert edition is not None
        assert edition.draft_json is not None
        edition.draft_json = edition.draft_json | {"subject": "Another"}
        edition.number, edition.sent_at = 99, clock.now()
    object.__setattr__(services.links, "base_url", "https://moved.example")

    after = tree(client)
    assert texts(after, "//a:id/text()") == before
    assert len(set(before)) == 3
    assert "Another" in texts(after, "//a:title/text()")
    assert texts(after, "a:link[@rel='self']/@href") == [f"https://moved.example{FEED}"]


def test_a_feed_without_entries_is_whole(client: TestClient) -> None:
    answer = client.get(FEED)

    feed = etree.fromstring(answer.content)
    assert texts(feed, "a:updated/text()") == ["1970-01-01T00:00:00+00:00"]
    assert texts(feed, "a:entry") == []
    assert "last-modified" not in answer.headers
    assert read(answer.content, url=BASE + FEED, fetched_at=datetime(2026, 11, 23, tzinfo=UTC)).entries == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_headline_breaks_the_feed(client: TestClient, services: Services, clock: FixedClock, text: str) -> None:
    noise = f"{text}\x01\x0b\x1f\x7f\x85\u2028\ufffe\uffff"
    gone_out(services, draft(clock, subject=noise, preheader=noise), draft(clock, TODAY - timedelta(days=1)))

    entries = tree(client).findall("a:entry", ATOM)

    assert len(entries) == 2
    title = entries[0].findtext("a:title", namespaces=ATOM)
    assert title is not None
    assert title == entries[0].findtext("a:summary", namespaces=ATOM)
    assert "".join(re.findall("[ -~]", text)).split() == title.split()
    assert len(entries[0]) == 6


def test_our_own_reader_reads_it(client: TestClient, services: Services, clock: FixedClock) -> None:
    days = [date(2026, 11, 23), date(2026, 11, 22)]
    gone_out(services, *(draft(clock, day, subject=f"Cells & <grids> of {day}") for day in days))
    answer = client.get(FEED)

    feed = read(
        answer.content,
        url=BASE + FEED,
        content_type=answer.headers["content-type"],
        fetched_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
    )

    assert (feed.title, feed.site, feed.language) == ("The Wattage", f"{BASE}/archive/wattage", "en")
    assert [entry.title for entry in feed.entries] == [f"Cells & <grids> of {day}" for day in days]
    assert [entry.link for entry in feed.entries] == [f"{BASE}/archive/wattage/daily/{day}" for day in days]
    assert [entry.published for entry in feed.entries] == [datetime(2026, 11, day, 5, tzinfo=UTC) for day in (23, 22)]
    assert all("Brann recalls" in entry.summary for entry in feed.entries)


# -- conditional requests ----------------------------------------------------------------------------------------------


def test_who_has_the_feed_is_not_sent_it_again(client: TestClient, services: Services, clock: FixedClock) -> None:
    gone_out(services, draft(clock))
    first = client.get(FEED).headers
    tag, changed = first["etag"], first["last-modified"]

    known = [
        client.get(FEED, headers=headers)
        for headers in (
            {"If-None-Match": tag},
            {"If-None-Match": f'"other", W/{tag}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": changed},
            {"If-None-Match": tag, "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        )
    ]

    assert changed == "Mon, 23 Nov 2026 05:00:00 GMT"
    assert [answer.status_code for answer in known] == [304] * 5
    assert {answer.content for answer in known} == {b""}
    assert {(answer.headers["etag"], answer.headers["cache-control"]) for answer in known} == {
        (tag, "public, max-age=900")
    }
    assert client.head(FEED, headers={"If-None-Match": tag}).status_code == 304


def test_who_has_an_older_feed_gets_the_new_one(client: TestClient, services: Services, clock: FixedClock) -> None:
    gone_out(services, draft(clock, TODAY - timedelta(days=1)))
    first = client.get(FEED).headers

    gone_out(services, dataclasses.replace(paper(clock), subject="Another"))

    for headers in (
        {"If-None-Match": first["etag"]},
        {"If-Modified-Since": first["last-modified"]},
        {"If-None-Match": first["etag"], "If-Modified-Since": "Mon, 23 Nov 2026 05:00:00 GMT"},
        {"If-None-Match": "rubbish", "If-Modified-Since": "rubbish"},
        {},
    ):
        answer = client.get(FEED, headers=headers)
        assert answer.status_code == 200
        assert "Another" in answer.text
    assert client.head(FEED).status_code == 200

import http.client
import json
import re
import socket
import threading
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from struct import unpack_from
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import feedparser
import pytest

from digest.demo.readers import SAMPLE_READERS
from digest.demo.site import SourceSite
from digest.errors import WrongState
from digest.model.newsletter import SourceKind

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
FEEDS = {
    "fanal-de-castelune/flux.xml": ("rss20", 3),
    "fanal-de-castelune/actualites.xml": ("rss20", 2),
    "fieldglass/atom.xml": ("atom10", 8),
    "gaslight-review/feed.xml": ("rss20", 6),
    "harbour-post/world.xml": ("rss20", 6),
    "harbour-post/business.xml": ("rss20", 5),
    "harbour-post/science.xml": ("rss20", 2),
    "kilowatt-road/feed.json": ("json", 8),
    "ledger-and-loom/rss": ("rss20", 9),
    "meridian-dispatch/world.atom": ("atom10", 8),
    "meridian-dispatch/weekend.atom": ("atom10", 4),
    "quiet-orbit/index.rdf": ("rss10", 6),
}
#: Names of formats and vocabularies that look like addresses; nobody goes there.
VOCABULARIES = {"www.w3.org", "purl.org", "schema.org", "jsonfeed.org", "search.yahoo.com"}


@pytest.fixture(scope="module")
def site() -> Iterator[SourceSite]:
    with SourceSite(lambda: NOW) as running:
        yield running


def ask(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", headers=headers or {})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def feeds(site: SourceSite) -> dict[str, bytes]:
    plans = [plan for plan in site.sources() if plan.kind is SourceKind.FEED]
    return {urlsplit(plan.address).path[1:]: ask(plan.address)[2] for plan in plans}


def items(body: bytes) -> list[dict[str, Any]]:
    """Return the entries of a feed with their link, and their date where it can be read."""
    if body.startswith(b"{"):
        return [
            {"link": item["url"], "title": item["title"], "date": datetime.fromisoformat(item["date_published"])}
            for item in json.loads(body)["items"]
        ]
    return [
        {"link": entry["link"], "title": entry["title"], "date": instant(entry)}
        for entry in feedparser.parse(body, sanitize_html=False)["entries"]
    ]


def instant(entry: Any) -> datetime | None:
    parts = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return datetime.fromtimestamp(timegm(parts), UTC) if parts else None


def every_document(site: SourceSite) -> dict[str, tuple[str, bytes]]:
    """Walk from the index over all links of the site; return media type and body by address."""
    found: dict[str, tuple[str, bytes]] = {}
    waiting = [site.url, *(plan.address for plan in site.sources() if plan.kind is SourceKind.FEED)]
    while waiting:
        url = waiting.pop()
        if url in found:
            continue
        status, headers, body = ask(url)
        assert status == 200, url
        found[url] = headers["content-type"], body
        if not headers["content-type"].startswith("image/"):
            waiting += re.findall(r'http://127\.[0-9.]+:\d+/[^\s"<?&]*', body.decode())
    return found


def size(jpeg: bytes) -> tuple[int, int]:
    """Return width and height from the frame header of a JPEG: ITU-T T.81, B.2.2."""
    at = 2
    while jpeg[at + 1] not in {0xC0, 0xC1, 0xC2}:
        at += 2 + int(unpack_from(">H", jpeg, at + 2)[0])
    height, width = unpack_from(">HH", jpeg, at + 5)
    return int(width), int(height)


def test_each_feed_is_read_as_its_format_with_all_its_items(site: SourceSite) -> None:
    bodies = feeds(site)

    read = {
        path: ("json" if body.startswith(b"{") else feedparser.parse(body)["version"], len(items(body)))
        for path, body in bodies.items()
    }

    assert read == FEEDS


def test_news_is_of_the_last_day_but_for_one_slip_into_the_future_and_two_pieces_without_a_date(
    site: SourceSite,
) -> None:
    dates = [item["date"] for body in feeds(site).values() for item in items(body)]

    told = [date for date in dates if date]

    assert len([date for date in told if date > NOW]) == 1
    assert all(NOW - timedelta(hours=24) < date for date in told)
    # One has no date at all, two tell theirs as "7 hours ago", which feedparser leaves alone.
    assert dates.count(None) == 3


def test_the_faults_that_real_feeds_have_are_all_there(site: SourceSite) -> None:
    bodies = feeds(site)

    trade, arts = bodies["ledger-and-loom/rss"], bodies["gaslight-review/feed.xml"]
    french = bodies["fanal-de-castelune/flux.xml"]

    assert feedparser.parse(trade)["bozo"]
    assert b"Ledger & Loom" in trade
    assert b"hours ago</pubDate>" in trade
    assert b"appeared first on" in trade
    assert trade.count(b"<guid") == trade.count(b"<item>") - 1
    assert b"&lt;i&gt;The Salt Bride" in arts
    assert b"utm_source=" in arts
    assert b'encoding="iso-8859-1"' in french
    assert "opéra" in french.decode("utf-8")


def test_two_papers_print_one_wire_report_under_one_title(site: SourceSite) -> None:
    papers: dict[str, list[str]] = {}

    for path, body in feeds(site).items():
        for item in items(body):
            papers.setdefault(item["title"], []).append(path.partition("/")[0])

    assert [title for title, printed in papers.items() if len(printed) > 1] == [
        "Valmere central bank trims its rate to 2.75 per cent, first cut in three years"
    ]


def test_every_link_of_the_site_answers_and_leads_nowhere_else(site: SourceSite) -> None:
    documents = every_document(site)

    hosts = {
        urlsplit(address).hostname
        for media_type, body in documents.values()
        if not media_type.startswith("image/")
        for address in re.findall(r"""https?://[^\s"'<>]+""", body.decode())
    }

    assert len([url for url in documents if "/pictures/" in url]) >= 18
    assert {host for host in hosts if host and not host.startswith("127.")} <= VOCABULARIES


def test_article_pages_carry_their_facts_for_machines(site: SourceSite) -> None:
    body = feeds(site)["harbour-post/world.xml"]
    entry = feedparser.parse(body)["entries"][0]

    status, headers, page = ask(entry["link"])

    facts = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.decode(), re.DOTALL)[0])
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert facts["headline"] == entry["title"]
    assert datetime.fromisoformat(facts["datePublished"]) == parsedate_to_datetime(entry["published"])
    assert f'<meta property="og:image" content="{facts["image"][0]}">' in page.decode()


def test_pictures_are_jpegs_of_one_size_and_small(site: SourceSite) -> None:
    pictures = [body for media_type, body in every_document(site).values() if media_type == "image/jpeg"]

    assert pictures
    assert {size(picture) for picture in pictures} == {(1104, 620)}
    assert max(len(picture) for picture in pictures) <= 60_000


@pytest.mark.parametrize("validator", ["etag", "last-modified"])
def test_a_feed_that_the_asker_has_is_not_sent_again(site: SourceSite, validator: str) -> None:
    address = site.sources()[0].address
    _, headers, _ = ask(address)
    condition = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}[validator]

    status, again, body = ask(address, {condition: headers[validator]})

    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]


@pytest.mark.parametrize(
    "condition",
    [
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday, I think"},
        {"If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 -0000"},
        {"If-None-Match": '"other"', "If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT"},
    ],
)
def test_a_feed_that_the_asker_has_not_is_sent(site: SourceSite, condition: dict[str, str]) -> None:
    status, _, body = ask(site.sources()[0].address, condition)

    assert status == 200
    assert body


def test_unknown_pages_and_writing_are_refused(site: SourceSite) -> None:
    assert ask(f"{site.url}no/such/page")[0] == 404
    assert ask(f"{site.url}../../etc/hostname")[0] == 404
    assert ask(site.url, method="POST")[0] == 405
    assert ask(site.url, method="HEAD")[::2] == (200, b"")


def test_each_paper_is_a_publisher_of_its_own(site: SourceSite) -> None:
    origins = {plan.name: urlsplit(plan.address).hostname for plan in site.sources() if plan.kind is SourceKind.FEED}

    assert len(origins) == 8
    # Linux answers on all of 127/8; where a system has only 127.0.0.1, the papers share it.
    assert len(set(origins.values())) in {8, 1}


def test_the_folder_source_is_two_pages_and_the_bare_text_of_a_third(site: SourceSite, tmp_path: Path) -> None:
    (plan,) = site.drop_folder(tmp_path)

    files = {path.name: path.read_text(encoding="utf-8") for path in Path(plan.address).iterdir()}
    dump = files.pop("orrery-latch-recall.txt")
    assert plan.kind is SourceKind.FOLDER
    assert plan in site.sources()
    assert all(text.startswith("<!doctype html>") for text in files.values())
    assert sorted(files) == ["garage-sisters.html", "wren-order-books.html"]
    assert dump.count("Frozen plugs: Orrery calls back every Pallas van\n") == 2
    assert "5 hours ago" in dump
    assert "<" not in dump


def test_sources_and_readers_name_only_sections_that_there_are(site: SourceSite, tmp_path: Path) -> None:
    site.drop_folder(tmp_path)

    known = {section.slug for section in site.sections()}

    assert {plan.section for plan in site.sources()} == known
    assert {slug for reader in SAMPLE_READERS for slug in reader.sections or ()} == known


def test_sample_readers_are_people_whom_no_mail_can_reach() -> None:
    assert len({reader.address for reader in SAMPLE_READERS}) == len(SAMPLE_READERS) == 8
    assert all(reader.address.endswith(".example") for reader in SAMPLE_READERS)
    assert any(not reader.name.isascii() for reader in SAMPLE_READERS)
    assert all(ZoneInfo(reader.time_zone) for reader in SAMPLE_READERS)


def test_a_stopped_site_leaves_no_thread_and_frees_its_port() -> None:
    before = threading.active_count()
    site = SourceSite(lambda: NOW)
    site.start()
    port = urlsplit(site.url).port or 0
    half = socket.create_connection(("127.0.0.1", port))
    half.sendall(b"GET / HT")

    site.stop()
    site.stop()

    half.close()
    assert threading.active_count() == before
    with SourceSite(lambda: NOW, port=port) as again:
        assert ask(again.url)[0] == 200


def test_a_site_says_what_it_cannot_do() -> None:
    idle = SourceSite(lambda: NOW)

    with pytest.raises(WrongState, match="before it is started"):
        idle.sources()
    with pytest.raises(ValueError, match="not a loopback address"):
        SourceSite(lambda: NOW, host="192.0.2.1")
    with SourceSite(lambda: NOW) as running:
        with pytest.raises(WrongState, match="already serves"):
            running.start()
        with pytest.raises(OSError, match="in use"):
            SourceSite(lambda: NOW, port=urlsplit(running.url).port or 0).start()

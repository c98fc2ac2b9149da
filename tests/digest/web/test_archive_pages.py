"""The archive's pages: the Editions of a month, and each Edition as a page of the web."""

import dataclasses
import re
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from digest.model.draft import Draft
from digest.model.edition import EditionState
from digest.services import Services
from subscribers.cadence import Cadence
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import BASE, TODAY, gone_out, paper, parsed, token
from tests.fakes import FixedClock

PAGE = "/archive/wattage/daily/2026-11-23"
SUBJECT = "Sodium battery passes 600 km in its first winter test"
PREHEADER = "One plug for three motorways · Brann recalls 12,000 vans · A cell that mends itself"
HOSTILE = (
    "</title><script>alert(1)</script>",
    '" onload="alert(1)" \' x=\'',
    "\u202eto the left\u202c and \u2067back\u2069 \x08\x1b[31m",
    "<!-- </head><body> --> {{ 7 * 7 }} & &amp; ]]>",
    "A battery that never ends " * 12,
)


def draft(clock: FixedClock, day: date = TODAY, **changes: object) -> Draft:
    return dataclasses.replace(paper(clock), date=day, **changes)  # type: ignore[arg-type]


def properties(page: str) -> dict[str, str]:
    tree = parsed(page)
    return {
        str(meta.get("property") or meta.get("name")): str(meta.get("content"))
        for meta in tree.xpath("/html/head/meta[@property or @name]")
    }


# -- by month ----------------------------------------------------------------------------------------------------------


def test_the_newest_month_lists_each_edition_with_what_it_tells(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(
        services,
        draft(clock),
        draft(clock, date(2026, 11, 21), cadence=Cadence.WEEKLY, number=7, preheader=""),
        draft(clock, date(2026, 11, 20), cadence=Cadence.SPECIAL, number=1, preheader=""),
        draft(clock, date(2026, 9, 1)),
    )

    rows = parsed(client.get("/archive/wattage").text).xpath("//ol/li")

    said = [" ".join(row.text_content().split()) for row in rows]
    assert said == [
        f"{SUBJECT} {PREHEADER} No. 42 · Mon 23 Nov 2026",
        f"{SUBJECT} No. 7 · Sat 21 Nov 2026 · the week",
        f"{SUBJECT} No. 1 · Fri 20 Nov 2026 · special",
    ]
    assert [row.xpath("string(.//a/@href)") for row in rows] == [
        PAGE,
        "/archive/wattage/weekly/2026-11-21",
        "/archive/wattage/special/2026-11-20",
    ]


def test_every_month_leads_to_those_beside_it_and_to_all_others(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    days = (date(2025, 12, 31), date(2026, 9, 1), date(2026, 9, 2), TODAY)
    gone_out(services, *(draft(clock, day) for day in days))

    tree = parsed(client.get("/archive/wattage/2026-09").text)

    assert tree.xpath("string(//h1)") == "September 2026"
    assert tree.xpath("//a[@rel='prev']/@href") == ["/archive/wattage/2025-12"]
    assert tree.xpath("//a[@rel='next']/@href") == ["/archive/wattage/2026-11"]
    years = tree.xpath("//nav[@aria-label='All months']/section")
    listed = [" ".join(year.text_content().split()) for year in years]
    assert listed == ["2026 Sep2, 2 editions Nov1, 1 edition", "2025 Dec1, 1 edition"]
    assert tree.xpath("//*[@aria-current='page']/@href") == ["/archive/wattage/2026-09"]
    assert "/subscribe/wattage" in tree.xpath("//main//a/@href")


def test_a_months_head_names_its_feed_and_its_one_address(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, draft(clock))

    for path in ("/archive/wattage", "/archive/wattage/2026-11"):
        tree = parsed(client.get(path).text)
        assert tree.xpath("//head/link[@rel='canonical']/@href") == [f"{BASE}/archive/wattage/2026-11"]
        feed = tree.xpath("//head/link[@rel='alternate'][@type='application/atom+xml']/@href")
        assert feed == ["/archive/wattage/feed.xml"]


def test_before_the_first_edition_the_archive_says_so_and_has_no_month(client: TestClient) -> None:
    assert "has not come out yet" in client.get("/archive/wattage").text
    assert client.get("/archive/wattage/2026-11").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/archive/wattage/2026-10",
        "/archive/wattage/2026-13",
        "/archive/wattage/2026-00",
        "/archive/wattage/0000-01",
        "/archive/wattage/9999-12",
        "/archive/wattage/2026-1",
        "/archive/wattage/2026-11-23",
        "/archive/wattage/202611",
        "/archive/wattage/-026-11",
        "/archive/wattage/2026-11%0A",
        "/archive/wattage/%D9%A2%D9%A0%D9%A2%D9%A6-%D9%A1%D9%A1",
        "/archive/wattage/rubbish",
        "/archive/wattage/feed",
        "/archive/wattage/feed.xml/more",
        "/archive/nothing/2026-11",
        "/archive/nothing/feed.xml",
        "/archive/wattage/daily/20261123",
        "/archive/wattage/daily/1795392000",
        "/archive/wattage/daily/2026-11-23T00:00:00",
        "/archive/wattage/weekdays/2026-11-23",
        "/archive/wattage/weekly/2026-11-23",
        "/archive/wattage/daily/2026-11-22",
        "/archive/wattage/daily/2026-11-22/card.png",
        "/archive/wattage/daily/2026-11-23/card.jpg",
        "/archive/wattage/daily/rubbish/card.png",
        "/archive/nothing/daily/2026-11-23/card.png",
    ],
)
def test_rubbish_in_an_address_is_not_there(
    client: TestClient, services: Services, clock: FixedClock, path: str
) -> None:
    gone_out(services, draft(clock))

    assert client.get(path).status_code == 404
    assert client.head(path).status_code == 404


# -- an Edition --------------------------------------------------------------------------------------------------------


def test_an_editions_head_tells_previews_and_search_engines_what_it_is(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, draft(clock))

    page = client.get(PAGE)

    tree = parsed(page.text)
    assert tree.xpath("/html/head/link[@rel='canonical']/@href") == [BASE + PAGE]
    assert tree.xpath("/html/head/link[@type='application/atom+xml']/@href") == ["/archive/wattage/feed.xml"]
    told = properties(page.text)
    assert told["description"] == told["og:description"] == PREHEADER
    assert told["og:type"] == "article"
    assert told["og:title"] == SUBJECT
    assert told["og:url"] == BASE + PAGE
    assert (told["og:site_name"], told["og:locale"]) == ("The Wattage", "en_US")
    assert told["og:image"] == f"{BASE}{PAGE}/card.png"
    assert (told["og:image:width"], told["og:image:height"]) == ("1200", "630")
    assert told["og:image:alt"] == f"The Wattage, No. 42: {SUBJECT}"
    assert told["article:published_time"] == "2026-11-23T05:00:00+00:00"
    assert told["twitter:card"] == "summary_large_image"


def test_a_mail_without_preheader_is_described_by_its_newsletter(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, draft(clock, preheader=""))

    assert properties(client.get(PAGE).text)["description"] == (
        "Electric cars, grids and cells, five minutes before work."
    )


def test_the_strip_leads_to_the_neighbours_of_the_same_cadence_and_in(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(
        services,
        *(draft(clock, TODAY + timedelta(days=days), number=42 + days) for days in (-2, 0, 1)),
        draft(clock, TODAY - timedelta(days=1), cadence=Cadence.WEEKLY, number=7),
    )

    middle, last = (parsed(client.get(f"/archive/wattage/daily/2026-11-{day}").text) for day in (23, 24))

    links = [(" ".join(a.text_content().split()), a.get("href")) for a in middle.xpath("/html/body/header//a")]
    assert links == [
        ("The Wattage", "/archive/wattage"),
        ("← No. 40", "/archive/wattage/daily/2026-11-21"),
        ("All editions", "/archive/wattage/2026-11"),
        ("No. 43 →", "/archive/wattage/daily/2026-11-24"),
        ("Subscribe", "/subscribe/wattage"),
    ]
    assert last.xpath("/html/body/header//a[@rel='next']") == []
    assert last.xpath("/html/body/header//a[@rel='prev']/@href") == [PAGE]


def test_an_edition_is_still_a_mail_in_a_sandbox(client: TestClient, services: Services, clock: FixedClock) -> None:
    gone_out(services, draft(clock))

    page = client.get(PAGE)

    assert "Lindqvist" in page.text
    assert page.text.count("<body") == 1
    assert page.headers["content-security-policy"].startswith("sandbox allow-popups")
    assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
    assert "x-robots-tag" not in page.headers
    assert client.head(PAGE).status_code == 200


def test_a_readers_own_copy_stays_as_it_was_sent(
    client: TestClient, services: Services, clock: FixedClock, reader: str
) -> None:
    gone_out(services, draft(clock))

    page = client.get(f"/v/1/{token(services, Purpose.VIEW, reader)}")

    assert page.status_code == 200
    assert "og:" not in page.text
    assert "archive-strip" not in page.text
    assert 'rel="canonical"' not in page.text
    assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")
    assert page.headers["content-security-policy"].startswith("sandbox allow-popups")


@pytest.mark.parametrize("state", [EditionState.CANCELLED, EditionState.PAUSED, EditionState.APPROVED])
def test_what_is_not_out_has_no_page_no_card_and_no_entry(
    client: TestClient, services: Services, clock: FixedClock, state: EditionState
) -> None:
    gone_out(services, draft(clock), state=state)

    assert client.get(PAGE).status_code == 404
    assert client.get(f"{PAGE}/card.png").status_code == 404
    assert "<entry>" not in client.get("/archive/wattage/feed.xml").text
    assert "has not come out yet" in client.get("/archive/wattage").text


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_headline_holds_it_stays_text(
    client: TestClient, services: Services, clock: FixedClock, text: str
) -> None:
    gone_out(services, draft(clock, subject=text, preheader=text), draft(clock, TODAY - timedelta(days=1)))

    listing, page = client.get("/archive/wattage").text, client.get(PAGE).text

    plain = re.sub(r"\s+", " ", re.sub("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", " ", text)).strip()
    told = properties(page)
    assert told["og:title"] == told["og:description"] == plain
    assert plain in parsed(listing).xpath("string(//ol/li[1])")
    for answer in (listing, page):
        tree = parsed(answer)
        assert tree.xpath("//script | //*[@onload]") == []
        assert len(tree.xpath("//body")) == 1
        assert not set(answer) & set("\x08\x1b\u202e\u2067")

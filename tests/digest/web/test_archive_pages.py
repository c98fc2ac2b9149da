"""The archive's pages: the Editions of a month, and each Edition as a page of the web."""

import dataclasses
from datetime import date

import pytest
from fastapi.testclient import TestClient

from digest.model.draft import Draft
from digest.services import Services
from subscribers.cadence import Cadence
from tests.digest.web.newsroom import BASE, TODAY, gone_out, paper, parsed
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


# -- by month ----------------------------------------------------------------------------------------------------------


def test_the_newest_month_lists_each_edition_with_what_it_tells(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(
        services,
        draft(clock),
        draft(clock, date(2026, 11, 21), cadence=Cadence.WEEKLY, number=7, preheader=""),
        draft(clock, date(2026, 9, 1)),
    )

    rows = parsed(client.get("/archive/wattage").text).xpath("//ol/li")

    said = [" ".join(row.text_content().split()) for row in rows]
    assert said == [
        f"{SUBJECT} {PREHEADER} No. 42 · Mon 23 Nov 2026",
        f"{SUBJECT} No. 7 · Sat 21 Nov 2026 · the week",
    ]
    assert [row.xpath("string(.//a/@href)") for row in rows] == [PAGE, "/archive/wattage/weekly/2026-11-21"]


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
    assert listed == ["2026 Sep, editions: 2 Nov, editions: 1", "2025 Dec, editions: 1"]
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

"""Pages of Articles: read as far as their sites let robots, each with its own fate, one after the other on a site."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from digest.errors import FetchFailed
from digest.gather.reading import read_pages
from digest.http import Response, UnwelcomeStatus
from digest.http.robots import Robots
from digest.model.entry import Entry, Failed, PageCheck, PageRead
from digest.model.ids import ArticleId
from digest.model.newsletter import Selectors

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
PARAGRAPH = "For the first time in nine years ships have to wait for an icebreaker before they can leave the harbour."
PAGE = f"""<!doctype html><html><head><title>The harbour freezes over again</title>
<meta property="og:title" content="The harbour freezes over again"></head>
<body><article><h1>The harbour freezes over again</h1>{f"<p>{PARAGRAPH}</p>" * 5}<p class="by">Mira Holt</p></article>
</body></html>"""
Answer = str | Exception


class Web:
    """Stands in for the guarded client at its port: answers from a table, nothing where it is silent about robots."""

    def __init__(self, answers: Mapping[str, Answer], content_type: str = "text/html; charset=utf-8") -> None:
        self.answers = dict(answers)
        self.content_type = content_type
        self.asked: list[str] = []
        self.pauses: dict[str, timedelta] = {}
        self.running: dict[str, int] = defaultdict(int)
        self.at_once = 0

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, pause: timedelta = timedelta(0)
    ) -> Response:
        host = url.split("/")[2]
        self.asked.append(url)
        self.pauses[url] = pause
        self.running[host] += 1
        self.at_once = max(self.at_once, self.running[host])
        await asyncio.sleep(0)
        self.running[host] -= 1
        answer = self.answers.get(url, "" if url.endswith("/robots.txt") else PAGE)
        if isinstance(answer, Exception):
            raise answer
        return Response(status=200, url=url, body=answer.encode(), content_type=self.content_type)


def check(number: int, url: str, **fields: object) -> PageCheck:
    return PageCheck(article_id=ArticleId(number), url=url, **fields)  # type: ignore[arg-type]  # named by the test


def read(web: Web, *urls: str, robots: Robots | None = None, at: datetime = NOW) -> list[Entry | Failed]:
    return outcomes(web, [check(number, url) for number, url in enumerate(urls)], robots=robots, at=at)


def outcomes(
    web: Web, checks: Sequence[PageCheck], *, robots: Robots | None = None, at: datetime = NOW
) -> list[Entry | Failed]:
    """Return the outcomes in the order of *checks*, after seeing that each has exactly one."""

    async def story() -> list[PageRead]:
        return [one async for one in read_pages(checks, web, now=at, robots=robots)]

    found = asyncio.run(story())
    assert sorted(one.article_id for one in found) == sorted(one.article_id for one in checks)
    assert all(one.at >= at for one in found)
    by_id = {one.article_id: one.outcome for one in found}
    return [by_id[one.article_id] for one in checks]


def reasons(found: Sequence[Entry | Failed]) -> list[str]:
    return [one.reason if isinstance(one, Failed) else "" for one in found]


def failed(status: int, wait: timedelta | None = None) -> UnwelcomeStatus:
    return UnwelcomeStatus(f"paper.example answered {status}.", status=status, wait=wait)


def test_a_page_gives_its_article() -> None:
    (entry,) = read(Web({}), "https://paper.example/ice")

    assert isinstance(entry, Entry)
    assert (entry.title, entry.link, entry.language) == (
        "The harbour freezes over again", "https://paper.example/ice", "en",
    )  # fmt: skip
    assert PARAGRAPH in entry.body


def test_each_page_has_its_own_fate() -> None:
    site = "https://paper.example"
    web = Web({
        f"{site}/gone": failed(410),
        f"{site}/missing": failed(404),
        f"{site}/error": failed(500, timedelta(hours=1)),
        f"{site}/empty": "",
        f"{site}/fault": ZeroDivisionError("never expected"),
    })  # fmt: skip

    found = read(web, *(f"{site}/{name}" for name in ("gone", "missing", "error", "empty", "fault", "good")))

    assert found[0] == Failed(reason="paper.example answered 410.", gone=True)
    assert found[1] == Failed(reason="paper.example answered 404.", gone=True)
    assert found[2] == Failed(reason="paper.example answered 500.", wait=timedelta(hours=1))
    assert isinstance(found[3], Failed)
    assert reasons(found)[4] == "The page could not be read, for a fault of our own: ZeroDivisionError."
    assert isinstance(found[5], Entry)


def test_what_is_no_page_is_not_read() -> None:
    found = read(Web({}, content_type="Application/PDF; q=1"), "https://paper.example/ice")

    assert reasons(found) == ["https://paper.example/ice is application/pdf, not a page."]


def test_a_page_that_says_nothing_of_its_type_is_read() -> None:
    assert isinstance(read(Web({}, content_type=""), "https://paper.example/ice")[0], Entry)


def test_selectors_and_the_language_of_the_source_are_heeded() -> None:
    asked = check(1, "https://paper.example/ice", language="nl-NL", selectors=Selectors(authors="p.by"))

    (entry,) = outcomes(Web({}), [asked])

    assert isinstance(entry, Entry)
    assert (entry.language, entry.authors) == ("nl", ("Mira Holt",))


def test_robots_txt_is_asked_first_and_heeded() -> None:
    web = Web({"https://paper.example/robots.txt": "User-agent: DailyDigest\nDisallow: /archive/\n"})

    found = read(web, "https://paper.example/archive/ice", "https://paper.example/ice")

    assert web.asked == ["https://paper.example/robots.txt", "https://paper.example/ice"]
    assert found[0] == Failed(reason="The robots.txt of its site asks us not to read it.", wait=timedelta(hours=24))
    assert isinstance(found[1], Entry)


def test_robots_txt_is_asked_once_for_each_site_and_once_a_day_when_kept() -> None:
    web, robots = Web({}), Robots()

    for hours in (0, 1, 25):
        read(web, "https://a.example/1", "https://a.example/2", "https://b.example/1", robots=robots,
             at=NOW + timedelta(hours=hours))  # fmt: skip

    assert web.asked.count("https://a.example/robots.txt") == 2
    assert web.asked.count("https://b.example/robots.txt") == 2


def test_of_a_site_whose_robots_txt_cannot_be_had_nothing_is_read() -> None:
    web = Web({"https://paper.example/robots.txt": failed(503, timedelta(hours=2))})

    found = read(web, "https://paper.example/1", "https://paper.example/2", "https://other.example/1")

    assert found[0] == found[1] == Failed(
        reason="Whether robots may read it is not known: paper.example answered 503.", wait=timedelta(hours=2)
    )  # fmt: skip
    assert isinstance(found[2], Entry)
    assert "https://paper.example/1" not in web.asked


def test_a_fault_of_our_own_with_robots_txt_costs_only_its_site() -> None:
    found = read(
        Web({"https://a.example/robots.txt": ZeroDivisionError()}), "https://a.example/1", "https://b.example/1"
    )

    assert reasons(found)[0].endswith("for a fault of our own: ZeroDivisionError.")
    assert isinstance(found[1], Entry)


def test_a_site_is_asked_one_page_after_the_other() -> None:
    web = Web({})

    read(web, *(f"https://paper.example/{number}" for number in range(5)))

    assert web.at_once == 1


def test_a_crawl_delay_is_the_pause_and_what_does_not_fit_waits_for_another_round() -> None:
    web = Web({"https://paper.example/robots.txt": "User-agent: *\nCrawl-delay: 30\n"})

    found = read(web, *(f"https://paper.example/{number}" for number in range(6)))

    assert [isinstance(one, Entry) for one in found] == [True, True, True, True, False, False]
    assert web.pauses["https://paper.example/3"] == timedelta(seconds=30)
    assert reasons(found)[5] == "https://paper.example wants 30 seconds between two pages; this one has to wait."


def test_a_site_that_says_it_is_busy_is_left_alone() -> None:
    web = Web({"https://paper.example/1": failed(429, timedelta(hours=3))})

    found = read(web, *(f"https://paper.example/{number}" for number in (1, 2, 3)), "https://other.example/1")

    assert found[:3] == [Failed(reason="paper.example answered 429.", wait=timedelta(hours=3))] * 3
    assert isinstance(found[3], Entry)
    assert "https://paper.example/2" not in web.asked


def test_a_site_that_does_not_answer_three_times_in_a_row_is_left_alone() -> None:
    down = FetchFailed("paper.example did not finish answering within 30 seconds.")
    site = "https://paper.example"
    web = Web({f"{site}/{number}": down for number in (0, 1, 3, 4, 5, 6, 7)})

    found = read(web, *(f"{site}/{number}" for number in range(8)))

    assert [isinstance(one, Entry) for one in found] == [False, False, True, False, False, False, False, False]
    assert [f"{site}/{number}" in web.asked for number in (5, 6, 7)] == [True, False, False]


def test_an_address_that_is_none_fails_in_words() -> None:
    web = Web({})
    web.answers["http://[/robots.txt"] = FetchFailed('"http://[/robots.txt" is no web address.')

    found = read(web, "http://[")

    assert reasons(found) == ['Whether robots may read it is not known: "http://[/robots.txt" is no web address.']


def test_no_pages_give_nothing() -> None:
    assert read(Web({})) == []


def test_a_listener_that_leaves_early_stops_the_rest() -> None:
    class Slow(Web):
        async def get(
            self,
            url: str,
            *,
            etag: str | None = None,
            last_modified: str | None = None,
            pause: timedelta = timedelta(0),
        ) -> Response:
            if "slow" in url:
                await asyncio.Event().wait()
            return await super().get(url)

    async def story() -> int:
        found = read_pages([check(1, "https://quick.example/"), check(2, "https://slow.example/")], Slow({}), now=NOW)
        first = await anext(found)
        await found.aclose()
        assert not asyncio.all_tasks() - {asyncio.current_task()}
        return int(first.article_id)

    assert asyncio.run(story()) == 1

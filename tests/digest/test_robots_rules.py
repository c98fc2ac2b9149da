"""robots.txt as RFC 9309 has it: groups, longest match, wildcards, escapes; and what is kept of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from digest import services
from digest.errors import FetchFailed
from digest.http import Response, UnwelcomeStatus
from digest.http.robots import PRODUCT, Robots, Rules, site_of

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
SITE = "https://paper.example"

#: After RFC 9309 §5.1.
GROUPS = """\
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


def rules(*lines: str) -> Rules:
    return Rules.parse("\n".join(["User-agent: *", *lines]))


@pytest.mark.parametrize(
    ("robot", "path", "allowed"),
    [
        ("otherbot", "/", True),
        ("otherbot", "/picture.gif", False),
        ("otherbot", "/picture.gif?size=2", True),
        ("otherbot", "/example/page.html", False),
        ("otherbot", "/publications/2026.html", True),
        ("otherbot", "/publications/cover.gif", True),
        ("foobot", "/", False),
        ("foobot", "/publications/", False),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("FooBot", "/example/other.html", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/", True),
        ("quxbot", "/example/", True),
    ],
)
def test_the_group_for_a_robot_counts_else_the_one_for_all(robot: str, path: str, allowed: bool) -> None:
    assert Rules.parse(GROUPS, robot).allow(SITE + path) is allowed


def test_our_own_group_is_found_whatever_its_case_and_version() -> None:
    text = "user-agent: *\nallow: /\nUSER-AGENT: dailydigest/9 # that one\ndisallow: /\n"

    assert not Rules.parse(text).allow(f"{SITE}/news")


def test_we_look_for_the_name_that_we_tell() -> None:
    assert services.PRODUCT.partition("/")[0] == PRODUCT


def test_a_robot_whose_name_only_begins_like_ours_is_another() -> None:
    text = "User-agent: DailyDigestBot\nDisallow: /\nUser-agent: Daily\nDisallow: /\n"

    assert Rules.parse(text).allow(f"{SITE}/news")


def test_groups_for_the_same_robot_count_together() -> None:
    text = "User-agent: *\nDisallow: /a\n\nUser-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /b\n"

    found = Rules.parse(text)

    assert [found.allow(SITE + path) for path in ("/a", "/b", "/c")] == [False, False, True]


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/", "/anything", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish.html", False),
        ("/fish", "/sea/fish", False),
        ("/fish/", "/fish", False),
        ("/fish*", "/fishing?id=1", True),
        ("/*.php", "/folder/file.php?x=1", True),
        ("/*.php$", "/file.php", True),
        ("/*.php$", "/file.php?x=1", False),
        ("/*.php$", "/a.php/b.php", True),
        ("/fish*.php", "/fishheads/catfish.php?x", True),
        ("/fish*.php", "/Fish.php", False),
        ("*/amp/", "/2026/amp/", True),
        ("/$", "/", True),
        ("/$", "/news", False),
        ("/*a*b*a$", "/aaba", True),
        ("/*ab*ab$", "/xab", False),
        ("/page$", "/page", True),
        ("/page$", "/pages", False),
        ("/a$b", "/a$bc", True),
        ("/*?", "/news?page=2", True),
        ("/*?", "/news", False),
        # RFC 9309 §2.2.2
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz", True),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", True),
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", True),
        ("/foo/bar/\u30c4", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%e3%83%84", "/foo/bar/\u30c4", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/foo/bar/baz", "/foo/bar/%62%61%7a", True),
        ("/a%2Fb", "/a/b", False),
        # RFC 9309 §2.2.3
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-b.html", False),
        ("/path/foo-%24", "/path/foo-$", True),
    ],
)
def test_a_pattern_fits_what_begins_like_it_with_wildcards_and_escapes(pattern: str, path: str, fits: bool) -> None:
    assert rules(f"Disallow: {pattern}").allow(SITE + path) is not fits


@pytest.mark.parametrize(
    ("lines", "path", "allowed"),
    [
        (("Allow: /example/page/", "Disallow: /example/page/disallowed.gif"), "/example/page/", True),
        (("Allow: /example/page/", "Disallow: /example/page/disallowed.gif"), "/example/page/disallowed.gif", False),
        (("Disallow: /folder", "Allow: /folder"), "/folder/page", True),
        (("Allow: /folder", "Disallow: /folder"), "/folder/page", True),
        (("Allow: /page", "Disallow: /*.html"), "/page.html", False),
        (("Allow: /$", "Disallow: /"), "/", True),
        (("Allow: /$", "Disallow: /"), "/page", False),
        (("Disallow:",), "/page", True),
        (("Disallow: /", "Allow:"), "/page", False),
    ],
)
def test_the_longest_pattern_decides_and_of_two_as_long_the_kind_one(
    lines: tuple[str, ...], path: str, allowed: bool
) -> None:
    assert rules(*lines).allow(SITE + path) is allowed


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("Crawl-delay: 5", 5), ("crawl-delay:0.5 # please", 0.5), ("Crawl-delay: 3600", 30), ("Crawl-delay: inf", 30),
     ("Crawl-delay: -3", 0), ("Crawl-delay: nan", 0), ("Crawl-delay: soon", 0)],
)  # fmt: skip
def test_the_pause_that_a_site_asks_for_is_half_a_minute_at_most(line: str, seconds: float) -> None:
    assert rules(line).pause == timedelta(seconds=seconds)


def test_what_is_no_robots_txt_forbids_nothing() -> None:
    for text in ("", "<!doctype html><title>Not found</title>", "Disallow: /", "\0\ufffd:\n\n::", "User-agent: *"):
        assert Rules.parse(text) == Rules()


def test_a_file_of_another_system_is_read_line_by_line() -> None:
    found = Rules.parse("\ufeffUser-agent : *\r\nSitemap: https://paper.example/s.xml\rDisallow : /a\r\n")

    assert not found.allow(f"{SITE}/a")


def test_a_pattern_full_of_wildcards_takes_no_time_to_refuse() -> None:
    found = rules("Disallow: /" + "*a" * 5000 + "b$")

    assert found.allow(f"{SITE}/" + "a" * 50_000)


@given(text=some.text(), path=some.text())
def test_no_text_breaks_it(text: str, path: str) -> None:
    found = Rules.parse(f"User-agent: *\nDisallow: {text}\n{text}")

    assert found.allow(f"{SITE}/{path}") in {True, False}


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://Paper.example/a?b#c", "https://paper.example"),
        ("http://paper.example:8080", "http://paper.example:8080"),
        ("https://reader:secret@paper.example/a", "https://paper.example"),
        ("http://[", "http://["),
    ],
)
def test_a_site_is_scheme_host_and_port(url: str, site: str) -> None:
    assert site_of(url) == site


# -- asking for it -----------------------------------------------------------------------------------------------------


class Web:
    """Stands in for the guarded client: gives one answer after the other, and counts."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        self.asked.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Response(status=200, url=url, body=answer)


def asked(web: Web, robots: Robots, at: datetime = NOW) -> Rules:
    return asyncio.run(robots.rules(SITE, web, now=at))


def status(code: int) -> UnwelcomeStatus:
    return UnwelcomeStatus(f"paper.example answered {code}.", status=code)


CLOSED, OPEN = b"User-agent: *\nDisallow: /", b""


def test_a_site_is_asked_once_in_a_day() -> None:
    web, robots = Web(CLOSED, OPEN), Robots()

    answers = [asked(web, robots, NOW + timedelta(hours=hours)).allow(f"{SITE}/a") for hours in (0, 23, 24, 47)]

    assert answers == [False, False, True, True]
    assert web.asked == [f"{SITE}/robots.txt"] * 2


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 451])
def test_a_site_without_rules_may_be_read_and_is_not_asked_again(code: int) -> None:
    web, robots = Web(status(code)), Robots()

    answers = [asked(web, robots).allow(f"{SITE}/a") for _ in range(2)]

    assert answers == [True, True]


@pytest.mark.parametrize("trouble", [status(500), status(503), status(429), FetchFailed("It did not answer.")])
def test_a_site_that_cannot_say_may_not_be_read_until_it_can(trouble: Exception) -> None:
    web, robots = Web(trouble, OPEN), Robots()

    with pytest.raises(FetchFailed):
        asked(web, robots)

    assert asked(web, robots).allow(f"{SITE}/a")


def test_of_an_endless_file_only_the_beginning_counts() -> None:
    head = b"User-agent: *\nDisallow: /early\n"
    web = Web(head + b"#" * 600_000 + b"\nDisallow: /late\n")

    found = asked(web, Robots())

    assert not found.allow(f"{SITE}/early")
    assert found.allow(f"{SITE}/late")

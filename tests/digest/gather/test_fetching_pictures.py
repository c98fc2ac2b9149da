"""Pictures are fetched through the guard and decoded in processes of their own, each with its own fate, all in time."""

import asyncio
import ipaddress
import multiprocessing
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from PIL import Image

from digest.errors import FetchFailed
from digest.gather import pictures
from digest.gather.pictures import PICTURE_LIMITS, fetch_pictures
from digest.gather.resizing import develop
from digest.gather.worker import ReadingLimits
from digest.http import GuardedClient, Response
from digest.model.developed import Developed, PictureCheck, PictureRead
from digest.model.entry import Failed
from digest.model.look import PLACES, Theme
from tests.digest.stranger import Handler, Site, answer
from tests.pictures import encoded, picture

SIZES = PLACES[Theme.CLASSIC]
LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)
T = TypeVar("T")


def client() -> GuardedClient:
    return GuardedClient(user_agent="Digest/1.0 (+mailto:desk@example.org)", allowed=LOOPBACK, limits=PICTURE_LIMITS)


def check(url: str) -> PictureCheck:
    return PictureCheck(url=url, sizes=SIZES)


def fetched(pages: Mapping[str, bytes | Handler], *paths: str, **options: Any) -> list[Developed | Failed]:
    """Return what the pictures at *paths* came to, in this order, after seeing that each has come to one thing."""

    async def story() -> tuple[list[PictureRead], str]:
        async with Site(dict(pages)) as site, client() as http:
            checks = [check(site.url(path)) for path in paths]
            return [read async for read in fetch_pictures(checks, http, **options)], site.url("")

    reads, site = asyncio.run(story())
    assert sorted(read.url for read in reads) == sorted(f"{site}{path}" for path in paths)
    outcomes = {read.url.removeprefix(site): read.outcome for read in reads}
    return [outcomes[path] for path in paths]


def reasons(outcomes: Sequence[Developed | Failed]) -> list[str]:
    return [outcome.reason if isinstance(outcome, Failed) else "" for outcome in outcomes]


def run(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


def test_a_picture_comes_cut_for_each_place_that_wants_it() -> None:
    content = picture()

    (developed,) = fetched({"/ice.jpg": answer(body=content, Content_Type="image/jpeg")}, "/ice.jpg")

    assert developed == develop(content, SIZES)
    assert isinstance(developed, Developed)
    assert [print_.copy.place for print_ in developed.prints] == list(SIZES)


def test_each_picture_has_its_own_fate() -> None:
    pages = {
        "/gone": answer("404 Not Found", b"no such picture"),
        "/error": answer("500 Internal Server Error"),
        "/page": answer(body=b"<!doctype html><title>Log in to read</title>", Content_Type="image/jpeg"),
        "/cut": answer(body=picture()[:2000], Content_Type="image/jpeg"),
        "/huge": answer(body=bytes(8_000_001), Content_Type="image/jpeg"),
        "/away": answer("302 Found", Location="http://169.254.169.254/latest/meta-data"),
        "/beside": answer("302 Found", Location="http://127.0.0.2:8080/"),
        "/file": answer("302 Found", Location="file:///etc/passwd"),
        "/moved": answer("302 Found", Location="/good"),
        "/good": answer(body=picture(kind="WEBP"), Content_Type="text/html"),
        "/small": answer(body=picture(120, 90)),
    }

    outcomes = fetched(pages, *pages)

    refused = "leads to an address that is not public; if that is meant, add it to allow_networks in [gather]."
    assert reasons(outcomes) == [
        "127.0.0.1 answered 404 Not Found.",
        "127.0.0.1 answered 500 Internal Server Error.",
        "It is no picture that can be read.",
        "It is no picture that can be read.",
        "127.0.0.1 sent more than 8 MB.",
        f"169.254.169.254 {refused}",
        f"127.0.0.2 {refused}",
        '"file:///etc/passwd" is no web address; it must begin with http:// or https://.',
        "",
        "",
        "",
    ]
    assert outcomes[8] == outcomes[9] == develop(picture(kind="WEBP"), SIZES)
    assert outcomes[10] == develop(picture(120, 90), SIZES)


@pytest.mark.parametrize("url", ["data:image/png;base64,iVBORw0KGgo=", "", "http://[", "//paper.example/ice.jpg"])
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    async def story() -> list[PictureRead]:
        async with client() as http:
            return [read async for read in fetch_pictures([check(url)], http)]

    (read,) = run(story())

    assert read.url == url
    assert isinstance(read.outcome, Failed)
    assert "is no web address" in read.outcome.reason


def test_no_picture_is_opened_in_our_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"/ice.jpg": answer(body=picture())}
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened here"))

    assert reasons(fetched(pages, "/ice.jpg")) == [""]


def test_a_picture_that_needs_too_much_memory_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DECODING_LIMITS", ReadingLimits(memory=60_000_000))
    heavy = encoded(Image.new("RGBA", (6000, 4000), "teal"), "PNG")

    outcomes = fetched({"/heavy": answer(body=heavy), "/light": answer(body=picture())}, "/heavy", "/light")

    assert reasons(outcomes) == ["Reading it needs too much memory.", ""]


def test_a_picture_that_takes_too_long_to_decode_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DECODING_LIMITS", ReadingLimits(time=timedelta(0)))

    outcomes = fetched({"/ice.jpg": answer(body=picture()), "/gone": answer("404 Not Found")}, "/ice.jpg", "/gone")

    assert reasons(outcomes) == ["It takes more than 0 seconds to read.", "127.0.0.1 answered 404 Not Found."]


def test_a_slow_server_holds_up_no_other_picture() -> None:
    async def story() -> list[str]:
        good_is_there = asyncio.Event()

        async def slow(_head: str, writer: asyncio.StreamWriter) -> None:
            await good_is_there.wait()
            writer.write(answer(body=picture()))

        order: list[str] = []
        async with Site({"/slow": slow, "/good": answer(body=picture())}) as site, client() as http:
            async for read in fetch_pictures([check(site.url("/slow")), check(site.url("/good"))], http):
                assert isinstance(read.outcome, Developed)
                order.append(read.url.rpartition("/")[2])
                good_is_there.set()
        return order

    assert run(story()) == ["good", "slow"]


async def never(_head: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\xff\xd8")
    await writer.drain()
    await writer.wait_closed()  # until the other side has had enough


def test_what_is_not_there_in_time_has_failed_and_nobody_waits_for_it() -> None:
    pages = {f"/{number}": never for number in range(20)}

    outcomes = fetched(pages, *pages, within=timedelta(seconds=0.3))

    assert set(reasons(outcomes)) == {"It was not there within 0.3 seconds."}
    assert multiprocessing.active_children() == []


class Busy:
    """Stands in for the guarded client and counts how many pictures are in hand at once."""

    def __init__(self) -> None:
        self.in_hand = self.most_in_hand = 0

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        await asyncio.sleep(0)
        self.in_hand -= 1
        raise FetchFailed(f"{url} is closed today.")


def test_no_more_bodies_are_held_in_memory_than_a_dozen() -> None:
    async def story() -> tuple[int, int]:
        busy = Busy()
        checks = [check(f"https://{number}.example/") for number in range(40)]
        return len([read async for read in fetch_pictures(checks, busy)]), busy.most_in_hand

    assert run(story()) == (40, 12)


class Broken:
    """Stands in for the guarded client and has a fault of our own."""

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        if url.endswith("/broken"):
            raise ZeroDivisionError
        return Response(status=200, url=url, body=picture())


def test_a_fault_of_our_own_costs_one_picture_and_says_whose_it_is() -> None:
    async def story() -> dict[str, Developed | Failed]:
        urls = ["https://a.example/broken", "https://b.example/"]
        return {read.url: read.outcome async for read in fetch_pictures([check(url) for url in urls], Broken())}

    outcomes = run(story())

    assert outcomes["https://a.example/broken"] == Failed(
        reason="The picture could not be read, for a fault of our own: ZeroDivisionError."
    )
    assert isinstance(outcomes["https://b.example/"], Developed)


def test_whoever_leaves_early_stops_the_rest() -> None:
    async def story() -> int:
        async with Site({"/quick": answer("404 Not Found"), "/slow": never}) as site, client() as http:
            async with aclosing(fetch_pictures([check(site.url("/quick")), check(site.url("/slow"))], http)) as found:
                await anext(found)
            return sum("picture" in str(task.get_coro()) for task in asyncio.all_tasks())

    assert run(story()) == 0
    assert multiprocessing.active_children() == []


def test_no_pictures_give_nothing_and_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.context.ForkServerProcess, "start", lambda _: pytest.fail("started"))

    assert fetched({}) == []


def test_a_round_tells_how_many_came_and_how_many_stayed(capsys: pytest.CaptureFixture[str]) -> None:
    fetched({"/ice": answer(body=picture()), "/gone": answer("404 Not Found")}, "/ice", "/gone")

    said = capsys.readouterr().out

    assert "pictures_fetched" in said
    for field in ("checks=2", "developed=1", "failed=1", "prints=2"):
        assert field in said

"""The guarded client against a real server on loopback that misbehaves in every way we know."""

import asyncio
import gzip
import ipaddress
import socket
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from digest.errors import FetchFailed
from digest.http import GuardedClient, Limits, Response, UnwelcomeStatus, is_public
from digest.http.turns import Turns
from tests.digest.stranger import Handler, Site, answer

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
T = TypeVar("T")

NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"


def run(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return asyncio.run(main())


def client(**limits: Any) -> GuardedClient:
    return GuardedClient(
        user_agent="Digest/1.0 (+mailto:desk@example.org)",
        allowed=LOOPBACK,
        limits=Limits(**{"pause": timedelta(0), **limits}),
    )


async def ask(
    pages: dict[str, bytes | Handler], path: str = "/", *, host: str = "127.0.0.1", **limits: Any
) -> Response:
    async with Site(pages) as site, client(**limits) as http:
        return await http.get(site.url(path, host))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.88.99.1", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1",
        "ff02::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "2002:7f00:1::", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "2001::1", "2001:db8::1", "3fff::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plainly_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_may_be_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_every_way_to_write_loopback_is_refused_without_a_connection(host: str) -> None:
    async def story() -> list[str]:
        guarded = GuardedClient(user_agent="Digest/1.0")
        async with Site({"/": answer()}) as site, guarded as http:
            with pytest.raises(FetchFailed, match=r"not public|could not be"):
                await http.get(site.url("/", host))
            return site.asked

    assert run(story()) == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname",
        "ftp://a.example/",
        "gopher://a.example/",
        "",
        "//a.example/",
        "http://",
        "http://[::1",
        "news",
    ],
)
def test_only_web_addresses_are_asked(url: str) -> None:
    async def story() -> None:
        async with client() as http:
            await http.get(url)

    with pytest.raises(FetchFailed, match="no web address"):
        run(story())


def test_a_port_of_another_service_is_refused() -> None:
    async def story() -> None:
        async with client() as http:
            await http.get("http://mail.example:25/")

    with pytest.raises(FetchFailed, match="port 25"):
        run(story())


def test_a_page_comes_with_its_headers_and_we_say_who_we_are() -> None:
    page = answer(
        body=b"news", Content_Type="text/xml", ETag='W/"7"', Last_Modified="yesterday", Cache_Control="max-age=900"
    )

    async def story() -> tuple[Response, str]:
        async with Site({"/feed": page}) as site, client() as http:
            return await http.get(site.url("/feed"), etag='"6"', last_modified="before"), site.asked[0]

    response, asked = run(story())

    assert (response.status, response.body, response.content_type) == (200, b"news", "text/xml")
    assert (response.etag, response.last_modified, response.wait) == ('W/"7"', "yesterday", timedelta(minutes=15))
    assert response.moved_permanently_to is None
    assert "User-Agent: Digest/1.0 (+mailto:desk@example.org)" in asked
    assert 'If-None-Match: "6"' in asked
    assert "If-Modified-Since: before" in asked


def test_not_modified_is_an_answer_without_a_body() -> None:
    async def story() -> Response:
        async with Site({"/": NOT_MODIFIED}) as site, client() as http:
            return await http.get(site.url("/"), etag='"7"')

    response = run(story())

    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize("etag", [None, "", "bad\r\nX-Evil: 1"])
def test_not_modified_is_no_answer_to_somebody_who_named_nothing(etag: str | None) -> None:
    async def story() -> None:
        async with Site({"/": NOT_MODIFIED}) as site, client() as http:
            await http.get(site.url("/"), etag=etag)

    with pytest.raises(UnwelcomeStatus, match="answered 304 Not Modified"):
        run(story())


def test_permanent_redirects_tell_the_new_address_and_a_temporary_one_in_between_does_not() -> None:
    pages: dict[str, bytes | Handler] = {
        "/old": answer("301 Moved", Location="/newer"),
        "/newer": answer("308 Moved", Location="new?a=b#part"),
        "/mixed": answer("301 Moved", Location="/today"),
        "/today": answer("302 Found", Location="/new?a=b"),
        "/new?a=b": answer(body=b"here"),
    }

    old, mixed = run(ask(pages, "/old")), run(ask(pages, "/mixed"))

    assert old.body == mixed.body == b"here"
    assert old.moved_permanently_to == old.url
    assert old.url.endswith("/new?a=b")
    assert mixed.moved_permanently_to is None


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://10.0.0.1/", "not public"),
        ("http://169.254.169.254/latest/meta-data", "not public"),
        ("http://[::1]:8080/", "not public"),
        ("file:///etc/passwd", "no web address"),
        ("http://127.0.0.1:22/", "port 22"),
        ("http://[", "no address"),
    ],
)
def test_a_redirect_is_looked_at_like_a_first_address(target: str, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        run(ask({"/": answer("302 Found", Location=target)}))


def test_a_circle_of_redirects_ends_after_five() -> None:
    async def story() -> int:
        async with Site({"/": answer("302 Found", Location="/")}) as site, client() as http:
            with pytest.raises(FetchFailed, match="redirects more than 5 times"):
                await http.get(site.url("/"))
            return len(site.asked)

    assert run(story()) == 6


def test_a_password_in_an_address_is_not_shown_and_not_passed_to_another_host() -> None:
    async def story() -> tuple[Response, list[str]]:
        async with Site({"/end": answer(body=b"x")}) as other, Site({}) as site, client() as http:
            site.pages["/"] = answer("302 Found", Location=other.url("/end"))
            return await http.get(site.url("/", "reader:secret@127.0.0.1")), site.asked + other.asked

    response, (first, second) = run(story())

    assert "Authorization: Basic" in first
    assert "Authorization" not in second
    assert "secret" not in response.url


def test_a_status_of_no_use_is_told_with_its_number_and_wait() -> None:
    with pytest.raises(UnwelcomeStatus, match="answered 503 Busy") as caught:
        run(ask({"/": answer("503 Busy", Retry_After="7200")}))

    assert caught.value.status == 503
    assert caught.value.wait == timedelta(hours=2)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "99999999999999999999"}, timedelta(hours=24)),
        ({"Cache_Control": "public, max-age=604800"}, timedelta(hours=24)),
        ({"Cache_Control": "no-cache, max-age=600"}, None),
        ({"Cache_Control": "max-age=rubbish"}, None),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "Mon, 23 Nov 2026 13:00:00 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, timedelta(hours=1)),
        ({"Retry_After": "Mon, 23 Nov 2026 13:00:00 GMT"}, None),
        ({"Retry_After": "tomorrow", "Date": "today"}, None),
        ({"Retry_After": f"Mon, 23 Nov {'9' * 20} 13:00:00 GMT", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, None),
        ({"Retry_After": f"Mon, 23 Nov 2026 13:00:00 +{'9' * 20}", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, None),
    ],
)
def test_the_publishers_wish_to_wait_is_read_and_capped(headers: dict[str, str], wait: timedelta | None) -> None:
    assert run(ask({"/": answer(body=b"x", **headers)})).wait == wait


def test_a_gzip_bomb_is_stopped_by_its_unpacked_size() -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)

    with pytest.raises(FetchFailed, match="more than 1 MB"):
        run(ask({"/": answer(body=bomb, Content_Encoding="gzip")}, size=1_000_000))


def test_an_endless_body_is_stopped_by_its_size() -> None:
    async def endless(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    with pytest.raises(FetchFailed, match=r"more than 0\.5 MB"):
        run(ask({"/": endless}, size=500_000))


def test_a_server_that_drips_is_given_up_when_its_time_is_over() -> None:
    async def drips(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    with pytest.raises(FetchFailed, match=r"did not finish answering within 0\.2 seconds"):
        run(ask({"/": drips}, total=timedelta(seconds=0.2)))


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "closed the connection without answering"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "breaks off"),
        (answer(body=b"no gzip", Content_Encoding="gzip"), "cannot be unpacked"),
        (answer("302 Found"), "without saying where"),
    ],
)
def test_a_broken_answer_is_told_in_words(page: bytes, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        run(ask({"/": page}))


def test_a_dead_server_a_name_without_address_and_a_server_without_tls_are_told_apart() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def reason(url: str) -> str:
        async with client() as http:
            with pytest.raises(FetchFailed) as caught:
                await http.get(url)
            return str(caught.value)

    async def without_tls() -> str:
        async with Site({}) as site, client() as http:
            with pytest.raises(FetchFailed) as caught:
                await http.get(f"https://127.0.0.1:{site.port}/")
            return str(caught.value)

    assert "refused the connection" in run(reason(f"http://127.0.0.1:{port}/"))
    assert "could not be resolved" in run(reason("http://nowhere.invalid/"))
    assert "secure connection" in run(without_tls())


def test_one_host_is_asked_by_two_connections_at_once_and_waiting_costs_no_time() -> None:
    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(answer(body=b"x"))
        await writer.drain()

    async def story() -> tuple[int, int]:
        async with Site({"/": slow}) as site, client(total=timedelta(seconds=1)) as http:
            responses = await asyncio.gather(*(http.get(site.url("/")) for _ in range(12)))
            return len(responses), site.most_at_once

    assert run(story()) == (12, 2)


class Sleeps:
    """Stands in for time: every sleep is over at once, and kept."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        self.slept.append(seconds)


@pytest.mark.parametrize(
    ("pause", "slept"), [(timedelta(0), [1.0, 1.0]), (timedelta(seconds=9), [9.0, 9.0])], ids=["ours", "the host's own"]
)
def test_a_redirect_within_a_host_waits_its_turn_like_any_request(pause: timedelta, slept: list[float]) -> None:
    async def story() -> list[float]:
        sleeps = Sleeps()
        pages: dict[str, bytes | Handler] = {"/": answer("302 Found", Location="/b"), "/b": answer(body=b"x")}
        async with Site(pages) as site, client(pause=timedelta(seconds=1)) as http:
            http._turns = Turns(connections=32, per_host=2, now=sleeps.now, sleep=sleeps.sleep)
            await http.get(site.url("/"), pause=pause)
            await http.get(site.url("/b"), pause=pause)
        return sleeps.slept

    assert run(story()) == slept


def test_a_redirect_to_another_host_need_not_wait() -> None:
    async def story() -> list[float]:
        sleeps = Sleeps()
        async with Site({"/b": answer(body=b"x")}) as other, Site({}) as site, client() as http:
            site.pages["/"] = answer("302 Found", Location=other.url("/b"))
            http._turns = Turns(connections=32, per_host=2, now=sleeps.now, sleep=sleeps.sleep)
            await http.get(site.url("/"), pause=timedelta(seconds=9))
        return sleeps.slept

    assert run(story()) == []


@pytest.mark.parametrize("private", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_name_that_turns_private_between_two_requests_is_refused(
    private: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ["127.0.0.1", private]
    real = socket.getaddrinfo

    def turning(host: str, *args: Any, **kwargs: Any) -> Any:
        return real(addresses.pop(0) if host == "turning.example" else host, *args, **kwargs)

    async def story() -> tuple[bytes, str, int]:
        async with Site({"/": answer(body=b"x")}) as site:
            monkeypatch.setattr(socket, "getaddrinfo", turning)
            async with client() as http:
                first = await http.get(site.url("/", "turning.example"))
            async with client() as http:
                with pytest.raises(FetchFailed) as caught:
                    await http.get(site.url("/", "turning.example"))
            return first.body, str(caught.value), len(site.asked)

    body, reason, asked = run(story())

    assert body == b"x"
    assert reason.startswith("turning.example leads to an address that is not public")
    assert asked == 1
    assert addresses == []


def test_only_what_can_be_unpacked_within_bounds_is_offered() -> None:
    async def story() -> str:
        async with Site({"/": answer(body=b"x")}) as site, client() as http:
            await http.get(site.url("/"))
            return site.asked[0]

    assert "Accept-Encoding: gzip, deflate\r\n" in run(story())


def test_a_permanent_redirect_is_told_with_nothing_new_too() -> None:
    pages: dict[str, bytes | Handler] = {
        "/old": answer("301 Moved", Location="/new"),
        "/new": NOT_MODIFIED,
    }

    async def story() -> Response:
        async with Site(pages) as site, client() as http:
            return await http.get(site.url("/old"), last_modified="yesterday")

    response = run(story())

    assert response.status == 304
    assert response.moved_permanently_to == response.url
    assert response.url.endswith("/new")

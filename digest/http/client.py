"""Fetches what strangers name, at arm's length."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from digest.errors import FetchFailed
from digest.http.addresses import Guard, Network
from digest.http.faults import UnwelcomeStatus, in_words
from digest.http.turns import Turns
from digest.http.waits import wait_of

PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How long and how much we let a stranger take, and how hard we lean on one.

    *total* is the time of one answer with its redirects; waiting for its turn costs a request nothing. *size* counts
    bytes after decompression. *per_host* connections at once, *pause* between the starts of two requests to a host.
    """

    connect: timedelta = timedelta(seconds=10)
    total: timedelta = timedelta(seconds=30)
    size: int = 10_000_000
    redirects: int = 5
    connections: int = 32
    per_host: int = 2
    pause: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    A usable answer: status 200 to 299 with its decoded *body*, or 304 without one. *url* holds no password.

    304 comes only to those who named what they know. *wait* is how long the publisher asks us to stay away
    (Retry-After, max-age), at most 24 hours. *moved_permanently_to* is the final address when every redirect on the way
    was a permanent one.
    """

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    wait: timedelta | None = None
    moved_permanently_to: str | None = None


class GuardedClient:
    """
    Fetches pages that strangers name, without being led into private networks or held up.

    An async context manager. *user_agent* names product, version and a contact. *allowed* are private networks that
    may be reached all the same.
    """

    def __init__(self, *, user_agent: str, allowed: Sequence[Network] = (), limits: Limits | None = None) -> None:
        self._user_agent = user_agent
        self._guard = Guard(allowed)
        self._limits = limits or Limits()
        self._turns = Turns(connections=self._limits.connections, per_host=self._limits.per_host)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # The turns bound the connections: waiting for one in here would use up the time of a request.
            connector=aiohttp.TCPConnector(limit=0, socket_factory=self._guard.open_socket),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect.total_seconds()),
            cookie_jar=aiohttp.DummyCookieJar(),
            # No Brotli: what is not asked for need not be unpacked within bounds.
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, pause: timedelta = timedelta(0)
    ) -> Response:
        """
        Return what *url* answers, after at most five redirects.

        *pause* is the host's own wish for the time between two requests, where it is longer than ours. Raises
        FetchFailed with one sentence for the operator; UnwelcomeStatus when the server did answer, and with 304 when
        it takes us for somebody who knows the page already.
        """
        here = start = _checked(url)
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value and value.isprintable()}
        permanent, left = True, self._limits.total.total_seconds()
        for _ in range(self._limits.redirects + 1):
            async with self._turns.turn((here.host or "", here.port or 0), max(pause, self._limits.pause)):
                began = time.monotonic()
                try:
                    async with asyncio.timeout(left):
                        answer = await self._ask(here, headers, moved=here != start and permanent)
                except TimeoutError:
                    seconds = self._limits.total.total_seconds()
                    raise FetchFailed(f"{start.host} did not finish answering within {seconds:g} seconds.") from None
                left -= time.monotonic() - began
            if isinstance(answer, Response):
                return answer
            here, permanent = answer.target, permanent and answer.permanent
        raise FetchFailed(f"{start.host} redirects more than {self._limits.redirects} times.")

    async def _ask(self, url: URL, headers: Mapping[str, str], *, moved: bool) -> "Response | _Redirect":
        if self._session is None:
            raise RuntimeError("a GuardedClient fetches only inside its async with block")
        with in_words(url.host or ""):
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in REDIRECTS:
                    return _redirect(url, answer)
                wait = wait_of(answer.headers)
                is_known = answer.status == 304 and bool(headers)
                if not is_known and not 200 <= answer.status <= 299:
                    raise UnwelcomeStatus(
                        f"{url.host} answered {answer.status} {answer.reason or ''}".rstrip() + ".",
                        status=answer.status,
                        wait=wait,
                    )
                return Response(
                    status=answer.status,
                    url=str(url.with_user(None)),
                    body=b"" if answer.status == 304 else await self._body(url, answer),
                    content_type=answer.headers.get("Content-Type", ""),
                    etag=answer.headers.get("ETag"),
                    last_modified=answer.headers.get("Last-Modified"),
                    wait=wait,
                    moved_permanently_to=str(url) if moved else None,
                )

    async def _body(self, url: URL, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > self._limits.size:
                answer.close()  # or the rest would be read, to keep the connection
                raise FetchFailed(f"{url.host} sent more than {self._limits.size / 1e6:g} MB.")
        return bytes(body)


@dataclass(frozen=True, slots=True)
class _Redirect:
    target: URL
    permanent: bool


def _redirect(url: URL, answer: aiohttp.ClientResponse) -> _Redirect:
    location = answer.headers.get("Location")
    if not location:
        raise FetchFailed(f"{url.host} redirects without saying where to.")
    try:
        target = url.join(URL(location))
    except ValueError:
        raise FetchFailed(f"{url.host} redirects to something that is no address.") from None
    return _Redirect(_checked(str(target)), permanent=answer.status in PERMANENT)


def _checked(address: str) -> URL:
    """Return *address* as a URL that may be asked; FetchFailed says why not."""
    try:
        url = URL(address)
        host, port = url.host, url.port
    except ValueError:
        raise FetchFailed(f'"{address[:200]}" is no web address.') from None
    if url.scheme not in {"http", "https"} or not host:
        raise FetchFailed(f'"{address[:200]}" is no web address; it must begin with http:// or https://.')
    if port is None or (port < 1024 and port not in {80, 443}):
        raise FetchFailed(f"{host} is to be asked on port {port}, which is not a port of the web.")
    return url.with_fragment(None)

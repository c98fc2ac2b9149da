"""The one client that speaks to strangers: it looks at each address before connecting, and bounds time and size."""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from digest.errors import FetchFailed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]

LONGEST_WAIT = timedelta(hours=24)
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 65_536

# The only IPv6 addresses in public use (IANA). The rest is local, multicast, or holds an IPv4 address in disguise:
# mapped, compatible, translated, NAT64.
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# Within the public ranges, what ipaddress calls global although it leads elsewhere: Teredo and 6to4 hold an IPv4
# address (RFC 4380, RFC 3056), 192.88.99.0/24 is the way to 6to4 (RFC 7526), 3fff::/20 is for documents (RFC 9637).
DISGUISED = tuple(map(ipaddress.ip_network, ("2001::/32", "2002::/16", "192.88.99.0/24", "3fff::/20")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much we let a stranger take. *size* counts bytes after decompression."""

    connect: timedelta = timedelta(seconds=10)
    total: timedelta = timedelta(seconds=30)
    size: int = 10_000_000
    redirects: int = 5
    connections: int = 32
    per_host: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    A usable answer: status 200 to 299 with its decoded *body*, or 304 without one. *url* holds no password.

    *wait* is how long the publisher asks us to stay away (Retry-After, max-age), at most 24 hours.
    *moved_permanently_to* is the final address when every redirect on the way was a permanent one.
    """

    status: int
    url: str
    body: bytes = b""
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    wait: timedelta | None = None
    moved_permanently_to: str | None = None


class UnwelcomeStatus(FetchFailed):
    """The server answered, but with a status that is of no use."""

    def __init__(self, message: str, *, status: int, wait: timedelta | None = None) -> None:
        self.status = status
        self.wait = wait
        super().__init__(message)


class _AddressRefusedError(OSError):
    """Raised while connecting; an OSError, so that the next address of the same name is still tried."""


class GuardedClient:
    """
    Fetches pages that strangers name, without being led into private networks or held up.

    An async context manager. *user_agent* names product, version and a contact. *allowed* are private networks that
    may be reached all the same.
    """

    def __init__(self, *, user_agent: str, allowed: Sequence[Network] = (), limits: Limits | None = None) -> None:
        self._user_agent = user_agent
        self._allowed = tuple(allowed)
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(self._limits.connections)
        self._host_slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(self._limits.per_host))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # The slots bound the connections already: waiting for one must not use up the time of a request.
            connector=aiohttp.TCPConnector(
                limit=0, limit_per_host=self._limits.per_host, socket_factory=self._open_socket
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect.total_seconds()),
            cookie_jar=aiohttp.DummyCookieJar(),
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

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """
        Return what *url* answers, after at most five redirects.

        Raises FetchFailed with one sentence for the operator; UnwelcomeStatus when the server did answer.
        """
        start = _checked(url)
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value and value.isprintable()}
        async with self._host_slots[start.host or ""], self._slots:
            try:
                async with asyncio.timeout(self._limits.total.total_seconds()):
                    return await self._follow(start, headers)
            except TimeoutError:
                seconds = self._limits.total.total_seconds()
                raise FetchFailed(f"{start.host} did not finish answering within {seconds:g} seconds.") from None

    async def _follow(self, start: URL, headers: Mapping[str, str]) -> Response:
        here, permanent = start, True
        for _ in range(self._limits.redirects + 1):
            answer = await self._ask(here, headers, moved=here != start and permanent)
            if isinstance(answer, Response):
                return answer
            here, permanent = answer.target, permanent and answer.permanent
        raise FetchFailed(f"{start.host} redirects more than {self._limits.redirects} times.")

    async def _ask(self, url: URL, headers: Mapping[str, str], *, moved: bool) -> "Response | _Redirect":
        if self._session is None:
            raise RuntimeError("a GuardedClient fetches only inside its async with block")
        with _in_words(url.host or ""):
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in REDIRECTS:
                    return _redirect(url, answer)
                wait = _wait(answer.headers)
                if answer.status != 304 and not 200 <= answer.status <= 299:
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

    def _open_socket(self, address: AddrInfo) -> socket.socket:
        """Refuse to connect to where a stranger must not lead us; sees the address itself, whatever name led there."""
        family, kind, protocol, _, place = address
        if not is_public(str(place[0])) and not self._is_allowed(str(place[0])):
            raise _AddressRefusedError
        return socket.socket(family, kind, protocol)

    def _is_allowed(self, address: str) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found in network for network in self._allowed)


def is_public(address: str) -> bool:
    """Return whether the IP *address* leads into the public internet, and not by way of an embedded IPv4 address."""
    found = ipaddress.ip_address(address)
    if not found.is_global or found.is_multicast or found.is_reserved:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found not in PUBLIC_IPV6:
        return False
    return not any(found in network for network in DISGUISED)


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


@contextmanager
def _in_words(host: str) -> Iterator[None]:
    """Turn whatever goes wrong with *host* into FetchFailed with one sentence."""
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed(_fault(host, error)) from None


#: The first that fits tells; order matters, since these are subclasses of one another.
FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "The name {host} could not be resolved."),
    (aiohttp.ConnectionTimeoutError, "{host} did not accept a connection in time."),
    (aiohttp.ServerDisconnectedError, "{host} closed the connection without answering."),
    (aiohttp.ClientPayloadError, "{host} sent a body that breaks off or cannot be unpacked."),
    (aiohttp.ClientResponseError, "{host} sent an answer that is not valid HTTP."),
)


def _fault(host: str, error: Exception) -> str:
    for kind, sentence in FAULTS:
        if isinstance(error, kind):
            return sentence.format(host=host)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"The certificate of {host} is not valid: {_certificate_fault(error)}."
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{host} could not agree with us on a secure connection."
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connect_fault(host, error.os_error)
    return f"{host} could not be asked: {str(error) or type(error).__name__}."


def _certificate_fault(error: aiohttp.ClientConnectorCertificateError) -> str:
    cause = error.certificate_error
    return cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__


def _connect_fault(host: str, error: OSError) -> str:
    if isinstance(error, _AddressRefusedError):
        return f"{host} leads to an address that is not public; allow its network in the settings if that is meant."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection."
    return f"{host} could not be reached: {error.strerror or error}."


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return the longest wait that the headers ask for (RFC 9110 §10.2.3, RFC 9111 §5.2.2.1), at most 24 hours."""
    waits = [_retry_after(headers), _max_age(headers.get("Cache-Control", ""))]
    longest = max((wait for wait in waits if wait is not None), default=timedelta(0))
    return min(longest, LONGEST_WAIT) or None


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return _seconds(text)
    try:
        # Both times are the server's, so its clock may be wrong.
        return max(parsedate_to_datetime(text) - parsedate_to_datetime(headers["Date"]), timedelta(0))
    except (KeyError, ValueError, TypeError):
        return None


def _max_age(text: str) -> timedelta | None:
    if re.search(r"\bno-(cache|store)\b", text, re.IGNORECASE):
        return None
    found = re.search(r"\bmax-age\s*=\s*\"?(\d+)", text, re.IGNORECASE | re.ASCII)
    return _seconds(found[1]) if found else None


def _seconds(digits: str) -> timedelta:
    return timedelta(seconds=int(digits)) if len(digits) < 9 else LONGEST_WAIT

"""Find what of a site can be read: its feeds, its sitemaps, or the page itself as a list of articles."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from urllib.parse import urljoin, urlsplit

from digest.errors import DigestError, FetchFailed
from digest.gather.bodies import Body
from digest.gather.feeds.feed import Feed
from digest.gather.fetch import Client
from digest.gather.finding.hints import hints_in
from digest.gather.finding.scout import Scout, Sight
from digest.gather.identity import host_of, url_key
from digest.gather.listings import site
from digest.gather.text.decode import decode
from digest.gather.worker import Readers
from digest.http import UnwelcomeStatus
from digest.model.newsletter import SourceKind

MOST_REQUESTS = 20
#: Of the feeds that a page names.
MOST_NAMED = 7
MOST_SITEMAPS = 2
#: A search that takes longer ends with what it has found.
LONGEST = timedelta(minutes=2)
#: A page with fewer links to articles is no list of them.
FEWEST_ON_A_PAGE = 5
SAMPLES = 3
#: What has brought nothing for so long is likely abandoned.
FRESH = timedelta(days=30)
#: Characters of text in the middle one of the pieces, from which a feed gives whole articles, and teasers.
WHOLE, TEASERS = 1000, 60

FEED_PLACES = ("feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feed.json")
SITEMAP_PLACES = ("sitemap-news.xml", "news-sitemap.xml", "sitemap.xml")
SITEMAP_LINE = re.compile(r"^[ \t]*+sitemap[ \t]*+:[ \t]*+(\S+)", re.IGNORECASE | re.MULTILINE)
LONGEST_ROBOTS = 500_000
OF_COMMENTS = re.compile(r"comments?\b|kommentare?\b|commentaires?\b|comentarios\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A Source that works: where it is, what it calls itself, and what it has to tell."""

    address: str
    kind: SourceKind
    title: str
    items: int
    #: The date of its newest piece; None where it gives no dates.
    newest: datetime | None
    #: Titles of its first pieces.
    samples: tuple[str, ...]
    #: Characters of text in the middle one of its pieces.
    text: int


async def discover(address: str, client: Client, *, now: datetime, longest: timedelta = LONGEST) -> tuple[Found, ...]:
    """
    Return what can be read of the site or feed at *address*, with or without its scheme; the best first.

    Each was fetched and read, with at most 20 requests in all: those that the page names, else those in usual places,
    the sitemaps, and the page itself. Gives nothing when the site has nothing to read. Raises FetchFailed when it
    does not answer, UnreadableInput when the feed at *address* itself cannot be read.
    """
    async with Readers(count=1) as readers:
        search = _Search(Scout(client, readers, now=now, requests=MOST_REQUESTS), now)
        try:
            async with asyncio.timeout(longest.total_seconds()):
                await search.run(address.strip())
        except TimeoutError:
            if not search.found:
                seconds = longest.total_seconds()
                raise FetchFailed(f"{address} did not show what it has within {seconds:g} seconds.") from None
    return search.ranked()


class _Search:
    def __init__(self, scout: Scout, now: datetime) -> None:
        self.found: list[Found] = []
        self._scout = scout
        self._now = now
        self._tried: set[str] = set()
        self._told: set[tuple[SourceKind, tuple[str, ...]]] = set()

    async def run(self, address: str) -> None:
        """Look where a Source may lie, the likely places first."""
        start: Sight | None = None
        refusal: UnwelcomeStatus | None = None
        try:
            start = await self._start(address)
        except UnwelcomeStatus as fault:
            refusal = fault
        here = start.body.url if start is not None else _with_scheme(address)
        if start is not None and start.kind is not SourceKind.PAGE:
            # What was asked for by its own address is told, even if it is empty just now.
            self.found.append(_found(start, await self._scout.read(start)))
            return
        await self._try(await self._named(start.body) if start is not None else (), most=MOST_NAMED)
        if not self.found:
            await self._try(_places(here))
        await self._sitemaps(here)
        if start is not None:
            await self._take(start)
        if refusal is not None and not self.found:
            raise refusal

    def ranked(self) -> tuple[Found, ...]:
        """Return what was found: the living before the dead, feeds first, the fullest and newest before others."""
        return tuple(sorted(self.found, key=self._rank))

    async def _start(self, address: str) -> Sight:
        try:
            sight = await self._scout.see(_with_scheme(address))
        except UnwelcomeStatus:
            raise
        except FetchFailed:
            if "://" in address:
                raise
            sight = await self._scout.see(f"http://{address}")
        self._tried |= {url_key(sight.address), url_key(sight.body.url)}
        return sight

    async def _named(self, body: Body) -> tuple[str, ...]:
        """Return the addresses that the page itself names as feeds."""
        try:
            return await self._scout.readers.read(hints_in, body)
        except DigestError:
            return ()

    async def _try(
        self, addresses: Iterable[str], *, most: int = MOST_REQUESTS, kind: SourceKind = SourceKind.FEED
    ) -> None:
        """Look at *addresses* and keep those where a Source of *kind* lies."""
        fresh = {key: url for url in addresses if (key := url_key(url)) not in self._tried}
        for key, address in list(fresh.items())[:most]:
            self._tried.add(key)
            try:
                sight = await self._scout.see(address)
            except FetchFailed:
                continue
            if sight.kind is kind:
                await self._take(sight)

    async def _sitemaps(self, here: str) -> None:
        try:
            said = (await self._scout.see(urljoin(here, "/robots.txt"))).body
        except FetchFailed:
            lines = []
        else:
            lines = SITEMAP_LINE.findall(decode(said.content[:LONGEST_ROBOTS], said.content_type))
        own = [url for line in lines if site.is_same_site(url := urljoin(here, line), here)]
        own.sort(key=lambda url: "news" not in urlsplit(url).path.lower())
        await self._try(own, most=MOST_SITEMAPS, kind=SourceKind.SITEMAP)
        if not self.found:
            await self._try((urljoin(here, f"/{place}") for place in SITEMAP_PLACES), kind=SourceKind.SITEMAP)

    async def _take(self, sight: Sight) -> None:
        """Keep what *sight* shows if it can be read, has something, and tells other pieces than what we have."""
        try:
            listed = await self._scout.read(sight)
        except DigestError:
            return
        told = (sight.kind, tuple(url_key(entry.link or entry.guid) for entry in listed.entries[:FEWEST_ON_A_PAGE]))
        fewest = FEWEST_ON_A_PAGE if sight.kind is SourceKind.PAGE else 1
        if len(listed.entries) >= fewest and told not in self._told:
            self._told.add(told)
            self.found.append(_found(sight, listed))

    def _rank(self, found: Found) -> tuple[bool, int, int, int, float]:
        age = self._now - found.newest if found.newest is not None else None
        return (
            bool(OF_COMMENTS.search(f"{urlsplit(found.address).path} {found.title}")),
            1 if age is None else 2 if age > FRESH else 0,
            (SourceKind.FEED, SourceKind.SITEMAP, SourceKind.PAGE).index(found.kind),
            -((found.text >= WHOLE) + (found.text >= TEASERS)),
            age.total_seconds() if age is not None else 0,
        )


def _found(sight: Sight, listed: Feed) -> Found:
    dates = [entry.published for entry in listed.entries if entry.published is not None]
    lengths = [max(len(entry.body), len(entry.summary)) for entry in listed.entries]
    return Found(
        address=sight.address,
        kind=sight.kind,
        title=listed.title or host_of(sight.address),
        items=len(listed.entries),
        newest=max(dates, default=None),
        samples=tuple(entry.title for entry in listed.entries[:SAMPLES]),
        text=round(median(lengths)) if lengths else 0,
    )


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"https://{address}"


def _places(here: str) -> Sequence[str]:
    """Return where software usually puts feeds: below the page that was named, and at the root."""
    below = [urljoin(here, f"{urlsplit(here).path.rstrip('/')}/feed")] if urlsplit(here).path.strip("/") else []
    return [*below, *(urljoin(here, f"/{place}") for place in FEED_PLACES)]

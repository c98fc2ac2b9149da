"""Look at addresses without keeping anything: what kind of Source lies there, and what it lists."""

from dataclasses import dataclass, replace
from datetime import datetime

from digest.errors import DigestError, FetchFailed
from digest.gather.bodies import Body, read_listing
from digest.gather.feeds import feed
from digest.gather.feeds.feed import Feed
from digest.gather.fetch import Client
from digest.gather.listings import sitemap
from digest.gather.piece import distinct
from digest.gather.text.decode import decode
from digest.gather.worker import Readers
from digest.model.newsletter import NO_SELECTORS, Selectors, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen at *address*, which is the new one where it has moved for good, and what kind of Source it is."""

    address: str
    body: Body
    kind: SourceKind


class Scout:
    """Asks strangers' servers at most *requests* times, and reads what they send in *readers*."""

    def __init__(self, client: Client, readers: Readers, *, now: datetime, requests: int) -> None:
        self.readers = readers
        self._client = client
        self._now = now
        self._left = requests

    async def see(self, address: str, kind: SourceKind | None = None) -> Sight:
        """Return what lies at *address*, of *kind* if that is known; FetchFailed when it cannot be had."""
        if not self._left:
            raise FetchFailed("So many addresses were asked that the rest was left alone.")
        self._left -= 1
        said = await self._client.get(address)
        body = Body(content=said.body, url=said.url, content_type=said.content_type, fetched_at=self._now)
        return Sight(address=said.moved_permanently_to or address, body=body, kind=kind or kind_of(body))

    async def read(self, sight: Sight, selectors: Selectors = NO_SELECTORS) -> Feed:
        """Return what is listed there, and for an index of sitemaps in those that it leads to; else DigestError."""
        listed = await self._listed(sight, selectors)
        entries = list(listed.entries)
        for address in listed.further:
            try:
                entries += (await self._listed(await self.see(address, sight.kind), selectors)).entries
            except DigestError:
                # The others may answer; an index of which none does lists nothing.
                continue
        return replace(listed, entries=distinct(entries))

    async def _listed(self, sight: Sight, selectors: Selectors) -> Feed:
        return await self.readers.read(read_listing, sight.kind, sight.body, selectors)


def kind_of(body: Body) -> SourceKind:
    """Return what *body* begins like: a feed or a sitemap, else a page."""
    if sitemap.looks_like_one(body.content, body.content_type):
        return SourceKind.SITEMAP
    if feed.looks_like_one(decode(body.content[: sitemap.BEGINNING], body.content_type)):
        return SourceKind.FEED
    return SourceKind.PAGE

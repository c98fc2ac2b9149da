"""Look before something is added: what a site has to read, and what would be taken from an address."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from digest.errors import FetchFailed
from digest.gather.finding.discover import Found, discover
from digest.gather.finding.scout import Scout
from digest.gather.pages.selectors import check
from digest.gather.worker import Readers
from digest.model.entry import Entry
from digest.model.newsletter import NO_SELECTORS, Selectors, SourceKind
from digest.services import Services

#: An index of sitemaps and those that it leads to.
MOST_REQUESTS = 6
#: Who searches a whole site has patience; what is found until then counts.
LONGEST = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be taken from an address, if it were a Source."""

    address: str
    kind: SourceKind
    title: str
    entries: tuple[Entry, ...]


def found_at(services: Services, address: str, *, longest: timedelta = LONGEST) -> tuple[Found, ...]:
    """
    Return what can be read of the site or feed at *address*, the best first; FetchFailed when it does not answer.

    After *longest* the search ends with what it has found.
    """

    async def look() -> tuple[Found, ...]:
        async with services.web_client() as client:
            return await discover(address, client, now=services.clock.now(), longest=longest)

    return asyncio.run(look())


def preview(
    services: Services,
    address: str,
    *,
    kind: SourceKind | None = None,
    selectors: Selectors = NO_SELECTORS,
    longest: timedelta = LONGEST,
) -> Preview:
    """
    Return what would be taken from *address*, and keep nothing; without *kind* it is told by what lies there.

    Raises FetchFailed when it does not answer within *longest*, UnreadableInput for one of *selectors* or a body that
    is of no use.
    """
    check(selectors)

    async def look() -> Preview:
        async with services.web_client() as client, Readers(count=1) as readers:
            scout = Scout(client, readers, now=services.clock.now(), requests=MOST_REQUESTS)
            async with asyncio.timeout(longest.total_seconds()):
                sight = await scout.see(address, kind)
                listed = await scout.read(sight, selectors)
            return Preview(address=sight.address, kind=sight.kind, title=listed.title, entries=listed.entries)

    try:
        return asyncio.run(look())
    except TimeoutError:
        seconds = longest.total_seconds()
        raise FetchFailed(f"{address} did not show what it has within {seconds:g} seconds.") from None

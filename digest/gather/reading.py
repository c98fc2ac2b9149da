"""Read the pages of Articles: politely, one after the other on each site, and many sites at once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from digest.errors import DigestError, FetchFailed, UnreadableInput
from digest.gather.bodies import Body, read_article
from digest.gather.fetch import Client
from digest.gather.watch import Watch
from digest.gather.worker import Readers, own_fault
from digest.http import Response, UnwelcomeStatus
from digest.http.robots import Robots, Rules, site_of
from digest.model.entry import Entry, Failed, PageCheck, PageRead

#: Nothing said is taken for HTML too.
PAGES = frozenset({"", "text/html", "application/xhtml+xml"})
#: A site that asks for long pauses gets as many questions as fit into this time; its other pages wait.
TIME_OF_A_SITE = timedelta(minutes=2)
#: Answers missed in a row after which a site is left alone for the rest of the round.
MOST_MISSED = 3
BUSY = frozenset({429, 503})
GONE = frozenset({404, 410})
#: How soon to look whether a page that robots may not read has been opened to them.
CLOSED_WAIT = timedelta(hours=24)

log = structlog.get_logger(__name__)


class PausingClient(Client, Protocol):
    """A Client that can be told how long to wait between two requests to a host."""

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, pause: timedelta = ...
    ) -> Response:
        """Return the answer of *url*, or raise FetchFailed."""
        ...


async def read_pages(
    checks: Sequence[PageCheck],
    client: PausingClient,
    *,
    now: datetime,
    robots: Robots | None = None,
) -> AsyncGenerator[PageRead, None]:
    """
    Read the pages of *checks*, as far as their sites let robots, and yield what each came to, as soon as it is known.

    Yields exactly one PageRead for each PageCheck and raises for none of them. *robots*, when kept from round to round,
    asks each site for its rules only once a day. Close the generator when leaving it early (``contextlib.aclosing``),
    so that the rest is stopped.
    """
    sites: dict[str, list[PageCheck]] = defaultdict(list)
    for check in checks:
        sites[site_of(check.url)].append(check)
    counts: Counter[str] = Counter(checks=len(checks), sites=len(sites))
    async with Readers() as readers:
        round_ = _Round(client, readers, robots or Robots(), Watch(now))
        tasks = [asyncio.create_task(round_.visit(site, pages)) for site, pages in sites.items()]
        try:
            for _ in checks:
                read = await round_.found.get()
                counts[type(read.outcome).__name__.lower()] += 1
                yield read
        finally:
            for unfinished in tasks:
                unfinished.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("pages_read", **counts)


@dataclass(slots=True)
class _Visit:
    """How far a site has let us read in this round. *closed* is the answer to all that is still asked of it."""

    rules: Rules
    closed: Failed | None = None
    missed: int = 0

    def most(self, pages: int) -> int:
        """Return how many of so many *pages* may be read."""
        return max(1, TIME_OF_A_SITE // self.rules.pause) if self.rules.pause else pages

    def miss(self, failed: Failed, *, is_busy: bool = False) -> Failed:
        """Take note that the site has not answered, or *is_busy*, and return *failed*."""
        self.missed += 1
        if is_busy or self.missed >= MOST_MISSED:
            self.closed = failed
        return failed


class _Round:
    """One round of reading: what its pages share."""

    def __init__(self, client: PausingClient, readers: Readers, robots: Robots, watch: Watch) -> None:
        self._client, self._readers, self._robots, self._watch = client, readers, robots, watch
        self.found: asyncio.Queue[PageRead] = asyncio.Queue()

    async def visit(self, site: str, checks: Sequence[PageCheck]) -> None:
        """Read the pages of one site, one after the other, until it has had enough of us."""
        visit = await self._begun(site)
        most = visit.most(len(checks))
        for check in checks[:most]:
            self._tell(check, visit.closed or await self._page(check, visit))
        pause = visit.rules.pause.total_seconds()
        for check in checks[most:]:
            self._tell(check, Failed(reason=f"{site} wants {pause:g} seconds between two pages; this one has to wait."))

    async def _begun(self, site: str) -> _Visit:
        try:
            return _Visit(await self._robots.rules(site, self._client, now=self._watch.time()))
        except FetchFailed as error:
            wait = error.wait if isinstance(error, UnwelcomeStatus) else None
            return _Visit(Rules(), Failed(reason=f"Whether robots may read it is not known: {error}", wait=wait))
        except Exception as error:
            log.exception("robots_not_read", site=site)
            return _Visit(Rules(), Failed(reason=own_fault("The robots.txt of its site", error)))

    async def _page(self, check: PageCheck, visit: _Visit) -> Entry | Failed:
        """Return what the page of *check* says; a fault of any kind becomes Failed."""
        try:
            if not visit.rules.allow(check.url):
                return Failed(reason="The robots.txt of its site asks us not to read it.", wait=CLOSED_WAIT)
            said = await self._client.get(check.url, pause=visit.rules.pause)
            visit.missed = 0
            return await self._article(check, said)
        except UnwelcomeStatus as error:
            failed = Failed(reason=str(error), gone=error.status in GONE, wait=error.wait)
            return visit.miss(failed, is_busy=True) if error.status in BUSY else failed
        except FetchFailed as error:
            return visit.miss(Failed(reason=str(error)))
        except DigestError as error:
            return Failed(reason=str(error))
        except Exception as error:
            # The edge of one page: a fault of our own must not cost the others their turn.
            log.exception("page_not_read", article_id=check.article_id)
            return Failed(reason=own_fault("The page", error))

    async def _article(self, check: PageCheck, said: Response) -> Entry:
        kind = said.content_type.partition(";")[0].strip().lower()
        if kind not in PAGES:
            raise UnreadableInput(f"{said.url} is {kind}, not a page.")
        body = Body(content=said.body, url=said.url, content_type=said.content_type, fetched_at=self._watch.time())
        return await self._readers.read(read_article, body, check.selectors, check.language)

    def _tell(self, check: PageCheck, outcome: Entry | Failed) -> None:
        self.found.put_nowait(PageRead(article_id=check.article_id, outcome=outcome, at=self._watch.time()))

"""Fetch the pictures of an Edition: many at once, each with its own fate, all within a time that can be waited for."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta

import structlog

from digest.errors import DigestError
from digest.gather.fetch import Client
from digest.gather.resizing import develop
from digest.gather.worker import Readers, ReadingLimits, own_fault
from digest.http import Limits
from digest.model.developed import Developed, PictureCheck, PictureRead
from digest.model.entry import Failed

#: A page with ten pictures is shown by every browser at once, with six connections and no pause; we lean on a host a
#: little less. A picture of a news page that has more than 8 MB is a mistake.
PICTURE_LIMITS = Limits(total=timedelta(seconds=20), size=8_000_000, per_host=4, pause=timedelta(milliseconds=100))
#: Decoding 50 million pixels takes one second.
DECODING_LIMITS = ReadingLimits(time=timedelta(seconds=10), memory=512_000_000)
#: An editor waits for it, and so does the hour of the Edition.
TIME_OF_A_ROUND = timedelta(seconds=60)
#: As many bodies as are held in memory.
AT_ONCE = 12

log = structlog.get_logger(__name__)


async def fetch_pictures(
    checks: Sequence[PictureCheck], client: Client, *, within: timedelta = TIME_OF_A_ROUND
) -> AsyncGenerator[PictureRead, None]:
    """
    Fetch the pictures of *checks*, each of another address, and yield what each came to, as soon as it is known.

    Yields exactly one PictureRead for each PictureCheck and raises for none of them; what is not there *within* this
    time has failed. Close the generator when leaving it early (``contextlib.aclosing``), so that the rest is stopped.
    """
    counts: Counter[str] = Counter(checks=len(checks))
    async with Readers(limits=DECODING_LIMITS) as readers:
        round_ = _Round(client, readers, within)
        tasks = [asyncio.create_task(round_.picture(check)) for check in checks]
        try:
            for task in asyncio.as_completed(tasks):
                read = await task
                counts[type(read.outcome).__name__.lower()] += 1
                counts["prints"] += len(read.outcome.prints) if isinstance(read.outcome, Developed) else 0
                yield read
        finally:
            for unfinished in tasks:
                unfinished.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("pictures_fetched", **counts)


class _Round:
    """One round of fetching: what its pictures share."""

    def __init__(self, client: Client, readers: Readers, within: timedelta) -> None:
        self._client, self._readers, self._within = client, readers, within
        self._end = asyncio.get_running_loop().time() + within.total_seconds()
        self._hands = asyncio.Semaphore(AT_ONCE)

    async def picture(self, check: PictureCheck) -> PictureRead:
        """Return what *check* came to; a fault of any kind becomes Failed."""
        try:
            async with asyncio.timeout_at(self._end), self._hands:
                said = await self._client.get(check.url)
                outcome: Developed | Failed = await self._readers.read(develop, said.body, check.sizes)
        except TimeoutError:
            outcome = Failed(reason=f"It was not there within {self._within.total_seconds():g} seconds.")
        except DigestError as error:
            outcome = Failed(reason=str(error))
        except Exception as error:
            # The edge of one picture: a fault of our own must not cost the others their turn.
            log.exception("picture_not_read")
            outcome = Failed(reason=own_fault("The picture", error))
        return PictureRead(url=check.url, outcome=outcome)

"""Ask many sources at once; whatever goes wrong with one stays with that one."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from digest.errors import DigestError, UnreadableInput
from digest.gather import feed, folder
from digest.gather.fetch import Client, News, fetch
from digest.gather.language import detect, primary
from digest.gather.piece import distinct
from digest.model.entry import Check, Entry, Failed, Fetched, Gathered, Unchanged
from digest.model.newsletter import SourceKind

Outcome = Fetched | Unchanged | Failed
T = TypeVar("T")

#: A feed or page that takes longer to read is given up.
READING_TIME = timedelta(seconds=60)
#: ETags and dates beyond this are no validators that a server would know again.
LONGEST_VALIDATOR = 200

log = structlog.get_logger(__name__)


async def gather(
    checks: Sequence[Check], client: Client, *, now: datetime, languages: Sequence[str] = ()
) -> AsyncGenerator[Gathered, None]:
    """
    Ask the sources of *checks* at once and yield what each came to, as soon as it is known.

    Yields exactly one Gathered for each Check and raises for none of them. *languages* are those that pieces without
    a label may be in. Close the generator when leaving it early (``contextlib.aclosing``), so that the rest is stopped.
    """
    round_ = _Round(client, now, tuple(languages))
    tasks = [asyncio.create_task(round_.ask(check)) for check in checks]
    counts: Counter[str] = Counter(checks=len(checks))
    try:
        for task in asyncio.as_completed(tasks):
            gathered = await task
            counts[type(gathered.outcome).__name__.lower()] += 1
            counts["entries"] += len(gathered.outcome.entries) if isinstance(gathered.outcome, Fetched) else 0
            yield gathered
    finally:
        for unfinished in tasks:
            unfinished.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        log.info("sources_gathered", **counts)


class _Round:
    """One round of questions: what its checks share."""

    def __init__(self, client: Client, now: datetime, languages: tuple[str, ...]) -> None:
        self._client = client
        self._languages = languages
        self._clock = asyncio.get_running_loop().time
        self._began, self._now = self._clock(), now
        # Reading keeps a processor busy, so one at a time; fetching goes on beside it.
        self._reading = asyncio.Semaphore(1)

    async def ask(self, check: Check) -> Gathered:
        """Return what *check* came to; a fault of any kind becomes Failed."""
        began = self._clock()
        outcome: Outcome
        try:
            outcome = await (self._folder(check) if check.kind is SourceKind.FOLDER else self._feed(check))
        except DigestError as error:
            outcome = Failed(reason=str(error))
        except Exception as error:
            # The edge of one source: a fault of our own must not cost the other two hundred.
            log.exception("source_not_read", source_id=check.source_id)
            outcome = Failed(reason=f"The source could not be read, for a fault of our own: {type(error).__name__}.")
        return Gathered(
            source_id=check.source_id, outcome=outcome, at=self._time(), took=timedelta(seconds=self._clock() - began)
        )

    async def _feed(self, check: Check) -> Outcome:
        answer = await fetch(check, self._client)
        if not isinstance(answer, News):
            return answer
        said = answer.response
        entries = await self._in_time(
            partial(feed.parse, said.body, url=said.url, content_type=said.content_type, fetched_at=self._time())
        )
        return Fetched(
            entries=self._in_languages(entries, check),
            moved_to=said.moved_permanently_to,
            etag=_validator(said.etag),
            last_modified=_validator(said.last_modified),
            body_hash=answer.body_hash,
            wait=said.wait,
        )

    async def _folder(self, check: Check) -> Outcome:
        root = Path(check.address)
        files, state, faults = await self._in_time(partial(folder.survey, root))
        if state == check.body_hash:
            return Unchanged()
        entries: list[Entry] = []
        for path in files:
            place = folder.place_of(path, root)
            try:
                entries += await self._in_time(partial(folder.read, path, root, fetched_at=self._time()))
            except UnreadableInput as error:
                faults.append(f"{place}: {error}")
            except Exception as error:
                log.exception("file_not_read", source_id=check.source_id, place=place)
                faults.append(f"{place}: could not be read, for a fault of our own: {type(error).__name__}.")
        # Of a piece in several files the last is kept: snapshots of a feed carry their date in their names.
        newest = distinct(entries[::-1])[::-1]
        return Fetched(entries=self._in_languages(newest, check), body_hash=state, faults=tuple(faults))

    async def _in_time(self, work: Callable[[], T]) -> T:
        """Return what *work* gives in a thread; UnreadableInput when it takes too long, and the thread is left."""
        async with self._reading:
            try:
                async with asyncio.timeout(READING_TIME.total_seconds()):
                    return await asyncio.to_thread(work)
            except TimeoutError:
                seconds = READING_TIME.total_seconds()
                raise UnreadableInput(f"It takes more than {seconds:g} seconds to read.") from None

    def _in_languages(self, entries: tuple[Entry, ...], check: Check) -> tuple[Entry, ...]:
        """Return *entries* with a language each: the one set for the source, the piece's own, the one of its text."""
        said = primary(check.language)
        return tuple(
            replace(entry, language=said or entry.language or detect(f"{entry.title} {entry.summary}", self._languages))
            for entry in entries
        )

    def _time(self) -> datetime:
        return self._now + timedelta(seconds=self._clock() - self._began)


def _validator(value: str | None) -> str | None:
    return value if value and len(value) <= LONGEST_VALIDATOR else None

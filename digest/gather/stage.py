"""Ask many sources at once; whatever goes wrong with one stays with that one."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from digest.errors import DigestError, FetchFailed, UnreadableInput
from digest.gather import folder
from digest.gather.bodies import Body, read_file, read_listing
from digest.gather.feeds.feed import Feed
from digest.gather.fetch import Client, News, fetch
from digest.gather.piece import distinct
from digest.gather.watch import Watch
from digest.gather.worker import Readers, own_fault
from digest.http import Response
from digest.model.entry import Check, Entry, Failed, Fetched, Gathered, Manners, Unchanged
from digest.model.newsletter import SourceKind

Outcome = Fetched | Unchanged | Failed

#: A folder that takes longer to look through is given up.
SURVEY_TIME = timedelta(seconds=60)
#: ETags and dates beyond this are no validators that a server would know again.
LONGEST_VALIDATOR = 200

log = structlog.get_logger(__name__)


async def gather(checks: Sequence[Check], client: Client, *, now: datetime) -> AsyncGenerator[Gathered, None]:
    """
    Ask the sources of *checks* at once and yield what each came to, as soon as it is known.

    Yields exactly one Gathered for each Check and raises for none of them. Close the generator when leaving it early
    (``contextlib.aclosing``), so that the rest is stopped.
    """
    counts: Counter[str] = Counter(checks=len(checks))
    async with Readers() as readers:
        round_ = _Round(client, readers, Watch(now))
        tasks = [asyncio.create_task(round_.ask(check)) for check in checks]
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

    def __init__(self, client: Client, readers: Readers, watch: Watch) -> None:
        self._client, self._readers, self._watch = client, readers, watch

    async def ask(self, check: Check) -> Gathered:
        """Return what *check* came to; a fault of any kind becomes Failed."""
        began = self._watch.time()
        outcome: Outcome
        try:
            outcome = await (self._folder(check) if check.kind is SourceKind.FOLDER else self._listing(check))
        except DigestError as error:
            outcome = Failed(reason=str(error))
        except Exception as error:
            # The edge of one source: a fault of our own must not cost the other two hundred.
            log.exception("source_not_read", source_id=check.source_id)
            outcome = Failed(reason=own_fault("The source", error))
        at = self._watch.time()
        return Gathered(source_id=check.source_id, outcome=outcome, at=at, took=at - began)

    async def _listing(self, check: Check) -> Outcome:
        answer = await fetch(check, self._client)
        if not isinstance(answer, News):
            return answer
        said = answer.response
        found = await self._read(check, said)
        if found.further:
            return await self._further(check, said, found.further)
        return Fetched(
            entries=found.entries,
            moved_to=said.moved_permanently_to,
            etag=_validator(said.etag),
            last_modified=_validator(said.last_modified),
            body_hash=answer.body_hash,
            wait=said.wait,
            manners=Manners(ttl=found.ttl, skip_hours=found.skip_hours, skip_days=found.skip_days),
        )

    async def _further(self, check: Check, index: Response, addresses: Sequence[str]) -> Outcome:
        """Return what the lists at *addresses*, to which *index* leads, hold; nothing new when none has changed."""
        lists: list[Response] = []
        faults: list[str] = []
        for address in addresses:
            try:
                lists.append(await self._client.get(address))
            except FetchFailed as error:
                faults.append(str(error))
        state = hashlib.sha256(b"".join(hashlib.sha256(one.body).digest() for one in lists)).hexdigest()
        if state == check.body_hash and not faults:
            return Unchanged(moved_to=index.moved_permanently_to, wait=index.wait)
        entries: list[Entry] = []
        for one in lists:
            try:
                entries += (await self._read(check, one)).entries
            except UnreadableInput as error:
                faults.append(str(error))
        if len(faults) == len(addresses):
            raise UnreadableInput(f"None of its {len(addresses)} lists could be read: {faults[0]}")
        # No validators: the index may stand while a list that it leads to changes.
        return Fetched(
            entries=distinct(entries),
            moved_to=index.moved_permanently_to,
            body_hash=state,
            wait=index.wait,
            faults=tuple(faults),
        )

    async def _read(self, check: Check, said: Response) -> Feed:
        body = Body(content=said.body, url=said.url, content_type=said.content_type, fetched_at=self._watch.time())
        return await self._readers.read(read_listing, check.kind, body, check.selectors, check.language)

    async def _folder(self, check: Check) -> Outcome:
        root = Path(check.address)
        try:
            async with asyncio.timeout(SURVEY_TIME.total_seconds()):
                files, state, faults = await asyncio.to_thread(folder.survey, root)
        except TimeoutError:
            raise UnreadableInput(
                f"It takes more than {SURVEY_TIME.total_seconds():g} seconds to look through."
            ) from None
        if state == check.body_hash:
            return Unchanged()
        entries: list[Entry] = []
        for path in files:
            place = folder.place_of(path, root)
            try:
                fetched_at = self._watch.time()
                entries += await self._readers.read(read_file, path, check, fetched_at=fetched_at)
            except UnreadableInput as error:
                faults.append(f"{place}: {error}")
            except Exception as error:
                log.exception("file_not_read", source_id=check.source_id, place=place)
                faults.append(f"{place}: {own_fault('It', error)}")
        # Of a piece in several files the last is kept: snapshots of a feed carry their date in their names.
        newest = distinct(entries[::-1])[::-1]
        return Fetched(entries=newest, body_hash=state, faults=tuple(faults))


def _validator(value: str | None) -> str | None:
    return value if value and len(value) <= LONGEST_VALIDATOR else None

"""The way out: those who leave at the same moment go through one transaction together."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from digest.errors import DatabaseNotReady
from digest.logs import logger
from digest.services import Services
from subscribers import unsubscribe
from subscribers.unsubscribe import Leaving

log = logger(__name__)

#: So many leave in one transaction at most, which takes some 20 ms: others wait for the write lock as well.
LARGEST_GROUP = 200
#: So many may wait; a queue any longer could not be served within PATIENCE.
LONGEST_QUEUE = 5_000
#: How long a leaving may wait before its mail program is told to come again.
PATIENCE = timedelta(seconds=10)


class WayOut:
    """
    Ends Subscriptions, many in one transaction, and says so to each when that is committed.

    While one group is being written in a thread, the next gathers: under no load a group is one, and nobody waits for
    company. It belongs to the event loop that calls it. Nothing of it is left when nobody waits.
    """

    def __init__(
        self, services: Services, *, patience: timedelta = PATIENCE, longest_queue: int = LONGEST_QUEUE
    ) -> None:
        self._services, self._patience, self._longest = services, patience, longest_queue
        self._queue: list[tuple[Leaving, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def leave(self, leaving: Leaving) -> None:
        """
        End the Subscription that *leaving* names; returned from when it is committed, or had been before.

        DatabaseNotReady when that has not happened within the patience, or too many are waiting: it may yet happen, and
        can be asked for again.
        """
        if len(self._queue) >= self._longest:
            raise DatabaseNotReady(f"{len(self._queue)} leavings are waiting for the database; look at its load")
        done = asyncio.get_running_loop().create_future()
        self._queue.append((leaving, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await done
        except TimeoutError:
            seconds = self._patience.total_seconds()
            raise DatabaseNotReady(
                f"a leaving was not written within {seconds:g} s; see who holds the database's write lock"
            ) from None

    async def _write(self) -> None:
        """Write group after group until nobody waits."""
        try:
            while self._queue:
                group, self._queue = self._queue[:LARGEST_GROUP], self._queue[LARGEST_GROUP:]
                faults = await asyncio.to_thread(self._end, [leaving for leaving, _ in group])
                for (_, done), fault in zip(group, faults, strict=True):
                    if done.done():  # out of patience, or gone
                        continue
                    if fault is None:
                        done.set_result(None)
                    else:
                        done.set_exception(fault)
        finally:
            self._writing = None

    def _end(self, group: Sequence[Leaving]) -> Sequence[Exception | None]:
        """End the Subscriptions of *group*; return what went wrong with each, mostly None."""
        try:
            with self._services.session() as session:
                unsubscribe.one_click_all(session, group, now=self._services.clock.now())
        except DatabaseNotReady as fault:
            return [fault] * len(group)
        except Exception as fault:  # noqa: BLE001 (each is raised where its leaving is waited for)
            if len(group) == 1:
                return [fault]
            # One of them is at fault; the others are not to wait for its mending.
            log.warning("leavings are written one by one", count=len(group), kind=type(fault).__name__)
            return [self._end([leaving])[0] for leaving in group]
        return [None] * len(group)

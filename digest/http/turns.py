"""Whose turn it is: how many requests run at once, and how soon one host is asked again."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

#: Name and port.
Host = tuple[str, int]


@dataclass(slots=True)
class _Place:
    slots: asyncio.Semaphore
    gate: asyncio.Lock
    last_start: float = float("-inf")


class Turns:
    """
    Lets requests begin: at most *connections* at once, at most *per_host* of them to one host.

    Whoever waits for a host is served in the order of coming, and holds up no other host. *now* counts seconds.
    """

    def __init__(
        self,
        *,
        connections: int,
        per_host: int,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._slots = asyncio.Semaphore(connections)
        self._places: dict[Host, _Place] = defaultdict(lambda: _Place(asyncio.Semaphore(per_host), asyncio.Lock()))
        self._now, self._sleep = now, sleep

    @asynccontextmanager
    async def turn(self, host: Host, pause: timedelta) -> AsyncIterator[None]:
        """Wait until *host* may be asked, at least *pause* after one last began; the block is the request."""
        place = self._places[host]
        async with place.slots:
            # The gate stays shut until the request really begins: what waits for a connection has not begun.
            async with place.gate:
                while (left := place.last_start + pause.total_seconds() - self._now()) > 0:
                    await self._sleep(left)
                await self._slots.acquire()
                place.last_start = self._now()
            try:
                yield
            finally:
                self._slots.release()

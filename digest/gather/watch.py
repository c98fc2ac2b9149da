"""What time it is during a round that began at a given time."""

import asyncio
from datetime import datetime, timedelta


class Watch:
    """Goes on from *now* by the clock of the running event loop, which nobody can set."""

    def __init__(self, now: datetime) -> None:
        self._clock = asyncio.get_running_loop().time
        self._now, self._began = now, self._clock()

    def time(self) -> datetime:
        """Return the present instant."""
        return self._now + timedelta(seconds=self._clock() - self._began)

"""Outside: pages of the desk that wait for somebody else's server, never more than three at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from digest.errors import DigestError

#: Each holds a thread, of which all pages together have forty, and a process that reads what comes.
MOST_AT_ONCE = 3
_turns = BoundedSemaphore(MOST_AT_ONCE)


class Crowded(DigestError):
    """As many wait for servers elsewhere as may; nobody was asked. The message says to come back."""


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the places; Crowded when none is free."""
    if not _turns.acquire(blocking=False):
        raise Crowded("Several people look at other sites just now. Press the button again in a moment.")
    try:
        yield
    finally:
        _turns.release()

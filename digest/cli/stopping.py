"""Commands that are asked to end, and end where their work allows it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from digest.cli.output import err


@contextmanager
def stoppable() -> Iterator[Event]:
    """
    Give an event that is set when the process is asked to end (SIGTERM, Ctrl-C), instead of interrupting its work.

    A database driver that is interrupted in the middle loses its connection, and says only that.
    """
    stop = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        err.print("Finishing what is in flight …")
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

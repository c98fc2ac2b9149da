"""
One Edition sent by a process of its own, and what that took, measured from within: starting Python does not count.

``python -m benchmarks.send.ours CONFIG DATE`` prints one JSON object: seconds, cpu_seconds, peak_megabytes, messages.
"""

import datetime as dt
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.send import readers
from benchmarks.spent import peak_megabytes
from digest import logs, sending
from digest.clock import SystemClock
from digest.model.ids import EditionId
from digest.services import Services
from digest.settings import load


@contextmanager
def told(messages: int) -> Iterator[None]:
    """Print what the work within took, and that it sent so many *messages*."""
    spent, began = _cpu_seconds(), time.perf_counter()
    yield
    seconds, spent = time.perf_counter() - began, _cpu_seconds() - spent
    said = {"seconds": seconds, "cpu_seconds": spent, "peak_megabytes": peak_megabytes(), "messages": messages}
    print(json.dumps(said))


def _cpu_seconds() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(config: Path, date: dt.date, senders: int = 1) -> None:
    """Send the Edition of *date* by so many processes; SystemExit when any Delivery did not come to be sent."""
    settings = load(config)
    logs.configure(settings.log_level, settings.log_format)
    services = Services.start(settings, SystemClock())
    try:
        edition_id = readers.find(services, date)
        intended = readers.planned(services, edition_id)
        with told(intended):
            others = [_another(services, edition_id) for _ in range(senders - 1)]
            sending.send_edition(services, edition_id, every_wave=True)
            for process in others:
                os.waitpid(process, 0)
        sent = sending.send_edition(services, edition_id, every_wave=True)  # finds nothing to do, and counts
        if sent.account.sent != intended:
            raise SystemExit(f"of {intended} mails {sent.account} were sent. {sent.halted}")
    finally:
        services.close()


def _another(services: Services, edition_id: EditionId) -> int:
    """Start one more process that sends the same Edition, and return its number."""
    process = os.fork()
    if process:
        return process
    try:
        services.database.engine.dispose(close=False)  # its connections are the other's
        sending.send_edition(services, edition_id, every_wave=True)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 1)

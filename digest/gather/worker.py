"""
Processes that read what strangers sent: a body that blocks, grows or crashes its reader harms nobody else.

They are forked from a server process that has loaded the reading modules once. It starts with the first body to read
and ends with this process; the readers themselves live for one round.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from pickle import loads
from types import ModuleType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from digest.errors import DigestError, UnreadableInput

P = ParamSpec("P")
T = TypeVar("T")

MOST_READERS = 2
#: What the server loads before it forks.
NURSERY = "digest.gather.nursery"
CONTEXT = multiprocessing.get_context("forkserver")
#: Held while a reader is started: the server is one, and so are the modules that it is told to load.
STARTING = threading.Lock()
#: Ctrl-C, and a service manager that signals a whole group, mean the parent: it ends its readers by itself.
NOT_FOR_READERS = {signal.SIGINT, signal.SIGTERM}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What reading one body may take: *time* by the clock, and *memory* in bytes beyond what a reader begins with."""

    time: timedelta = timedelta(seconds=20)
    memory: int = 1_000_000_000


class ReadingFault(Exception):
    """A fault of our own, by its name, that came up in a reader; its note tells where."""


def own_fault(what: str, error: Exception) -> str:
    """Return the sentence that tells an operator that *what* could not be read, and that we are to blame."""
    name = str(error) if isinstance(error, ReadingFault) else type(error).__name__
    return f"{what} could not be read, for a fault of our own: {name}."


class Readers:
    """
    Up to *count* reader processes, begun when there is something to read and gone at the end of the block.

    An async context manager. By default there are as many as processors, and two at most.
    """

    def __init__(self, *, count: int | None = None, limits: ReadingLimits | None = None) -> None:
        self._limits = limits or ReadingLimits()
        count = count or min(os.cpu_count() or 1, MOST_READERS)
        self._free = asyncio.Semaphore(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reader")
        self._idle: list[_Reader] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._idle:
            self._threads.submit(reader.end)
        await asyncio.to_thread(self._threads.shutdown)

    async def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Return what *work*, a function of a module, gives in a reader.

        Raises the DigestError that it raises there; UnreadableInput when it takes too long or too much memory, or
        breaks its reader; ReadingFault for a fault of our own.
        """
        async with self._free:
            reader = self._idle.pop() if self._idle else _Reader(self._limits)
            task = partial(work, *args, **kwargs)
            try:
                is_done, outcome = await asyncio.get_running_loop().run_in_executor(self._threads, reader.ask, task)
            except BaseException:
                reader.kill()
                raise
            self._idle.append(reader)
        if not is_done:
            raise outcome
        return outcome  # type: ignore[no-any-return]  # as *work* gave it


class _Reader:
    """One process and our end of the line to it. ``ask`` and ``end`` wait; ``kill`` never does."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._process: ForkServerProcess | None = None
        self._is_killed = False

    def ask(self, task: Callable[[], object]) -> tuple[bool, Any]:
        """Return whether *task* was done, and what it gave or raised. When this raises, the process has ended."""
        try:
            return self._answer(task)
        except BaseException:
            self.kill()
            self.end()
            raise

    def kill(self) -> None:
        """End the process at once; one that is just being started, as soon as it is there."""
        self._is_killed = True
        if self._process is not None and self._process.is_alive():
            self._process.kill()

    def end(self) -> None:
        """Let the process end, and wait for it."""
        if self._process is not None:
            self._line.close()
            self._process.join()

    def _answer(self, task: Callable[[], object]) -> tuple[bool, Any]:
        if self._process is None:
            self._process, self._line = _start(self._limits)
        if self._is_killed:
            raise UnreadableInput("Nobody waited for it to be read.")
        try:
            self._line.send(task)
            if not self._line.poll(self._limits.time.total_seconds()):
                raise UnreadableInput(f"It takes more than {self._limits.time.total_seconds():g} seconds to read.")
            is_done, outcome = loads(self._line.recv_bytes())  # noqa: S301 (written by our own process)
        except (EOFError, OSError):
            raise UnreadableInput("Reading it broke its reader.") from None
        if isinstance(outcome, MemoryError):
            raise UnreadableInput("Reading it needs too much memory.")
        return is_done, outcome


def _start(limits: ReadingLimits) -> tuple[ForkServerProcess, "Connection[Any, Any]"]:
    """Start a reader and return it with our end of the line to it."""
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_serve, args=(theirs, limits), name="reader", daemon=True)
    with STARTING, _blocked(NOT_FOR_READERS), theirs:
        CONTEXT.set_forkserver_preload(_preloaded())
        process.start()
    return process, ours


def _preloaded() -> list[str]:
    """Name what the server loads: the reading modules, and what our main file imports, since each reader runs that."""
    named = vars(sys.modules["__main__"]).values()
    behind_main = {
        thing.__name__ if isinstance(thing, ModuleType) else str(getattr(thing, "__module__", "")) for thing in named
    }
    return [NURSERY, *sorted(behind_main & sys.modules.keys() - {"__main__"})]


@contextmanager
def _blocked(signals: set[signal.Signals]) -> Iterator[None]:
    """Start processes with *signals* blocked for good, from their first moment on."""
    # Started by itself on first use, it would unblock them.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- in the reader -----------------------------------------------------------------------------------------------------


def _serve(line: "Connection[Any, Any]", limits: ReadingLimits) -> None:
    """Do one task after the other until the line is closed, or our parent has gone."""
    _bound(resource.RLIMIT_CORE, 0)
    if used := _address_space():
        _bound(resource.RLIMIT_AS, used + limits.memory)
    try:
        while True:
            task = line.recv_bytes()
            # Should our parent be gone, nobody else will stop us.
            _bound(resource.RLIMIT_CPU, int(time.process_time() + limits.time.total_seconds()) + 2)
            line.send_bytes(_done(task))
    except (EOFError, OSError):
        return


def _done(task: bytes) -> bytes:
    """Do *task* and return whether it was done and what it gave or raised, pickled."""
    try:
        return bytes(ForkingPickler.dumps((True, loads(task)())))  # noqa: S301 (written by our parent)
    except MemoryError:
        return bytes(ForkingPickler.dumps((False, MemoryError())))
    except DigestError as error:
        return bytes(ForkingPickler.dumps((False, error)))
    except Exception as error:  # noqa: BLE001 (the edge of a process: our parent tells it)
        fault = ReadingFault(type(error).__name__)
        fault.add_note(traceback.format_exc())
        return bytes(ForkingPickler.dumps((False, fault)))


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _address_space() -> int:
    """Return the bytes of address space in use, 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0

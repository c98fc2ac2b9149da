"""Readers are real processes: they are ended when they overrun, replaced when they break, and never left behind."""

import asyncio
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds import feed
from digest.gather.worker import Readers, ReadingFault, ReadingLimits, own_fault

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
AGES = 600


def with_readers(
    story: Callable[[Readers], Coroutine[Any, Any, T]], *, count: int = 1, limits: ReadingLimits | None = None
) -> T:
    async def main() -> T:
        async with Readers(count=count, limits=limits) as readers:
            return await story(readers)

    return asyncio.run(main())


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_work_is_done_in_one_process_beside_this_one_that_ends_with_the_block() -> None:
    async def story(readers: Readers) -> list[int]:
        return [await readers.read(os.getpid) for _ in range(3)]

    pids = with_readers(story)

    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()
    assert is_gone(pids[0])
    assert multiprocessing.active_children() == []


def test_where_there_is_nothing_to_read_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(_: Readers) -> None:
        monkeypatch.setattr(multiprocessing.context.ForkServerProcess, "start", lambda _: pytest.fail("started"))

    with_readers(story)


def test_two_readers_read_at_once(tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)

    async def story(readers: Readers) -> tuple[int, str]:
        # Each waits in the middle of its work until the other is there.
        written, read = await asyncio.gather(readers.read(meeting.write_text, "met"), readers.read(meeting.read_text))
        return written, read

    assert with_readers(story, count=2) == (3, "met")


def test_no_more_readers_are_started_than_there_is_work_for() -> None:
    async def story(readers: Readers) -> set[int]:
        one_by_one = {await readers.read(os.getpid) for _ in range(5)}
        return one_by_one | set(await asyncio.gather(*(readers.read(os.getpid) for _ in range(20))))

    assert len(with_readers(story, count=2)) <= 2


def test_a_reader_that_overruns_is_ended_and_replaced() -> None:
    async def story(readers: Readers) -> tuple[int, str, int]:
        first = await readers.read(os.getpid)
        with pytest.raises(UnreadableInput) as caught:
            await readers.read(time.sleep, AGES)
        return first, str(caught.value), await readers.read(os.getpid)

    first, reason, second = with_readers(story, limits=ReadingLimits(time=timedelta(seconds=0.5)))

    assert reason == "It takes more than 0.5 seconds to read."
    assert second != first
    assert is_gone(first)


def test_a_reader_that_needs_too_much_memory_is_ended_and_replaced() -> None:
    async def story(readers: Readers) -> tuple[int, str, int, int]:
        first = await readers.read(os.getpid)
        with pytest.raises(UnreadableInput) as caught:
            await readers.read(bytearray, 400_000_000)
        return first, str(caught.value), await readers.read(os.getpid), len(await readers.read(bytearray, 10_000_000))

    first, reason, second, fits = with_readers(story, limits=ReadingLimits(memory=200_000_000))

    assert reason == "Reading it needs too much memory."
    assert second != first
    assert fits == 10_000_000
    assert is_gone(first)


@pytest.mark.parametrize(
    ("work", "how"), [(signal.raise_signal, signal.SIGSEGV), (signal.raise_signal, signal.SIGKILL), (os._exit, 0)]
)
def test_a_reader_that_breaks_is_replaced(work: Callable[[int], object], how: int) -> None:
    async def story(readers: Readers) -> tuple[str, int]:
        with pytest.raises(UnreadableInput) as caught:
            await readers.read(work, how)
        return str(caught.value), await readers.read(abs, -5)

    assert with_readers(story) == ("Reading it broke its reader.", 5)


def test_what_is_wrong_with_a_body_is_told_as_it_is_and_its_reader_goes_on() -> None:
    async def story(readers: Readers) -> tuple[int, str, int]:
        first = await readers.read(os.getpid)
        with pytest.raises(UnreadableInput) as caught:
            await readers.read(feed.read, b"<html>", url="https://wire.example/", fetched_at=NOW)
        return first, str(caught.value), await readers.read(os.getpid)

    first, reason, second = with_readers(story)

    assert reason == "https://wire.example/ is an HTML page, not a feed."
    assert first == second


@pytest.mark.parametrize(
    ("work", "given", "name"), [(operator.truediv, (1, 0), "ZeroDivisionError"), (threading.Lock, (), "TypeError")]
)
def test_a_fault_of_our_own_tells_its_name_and_where_it_was(
    work: Callable[..., object], given: tuple[int, ...], name: str
) -> None:
    async def story(readers: Readers) -> ReadingFault:
        with pytest.raises(ReadingFault) as caught:
            await readers.read(work, *given)
        return caught.value

    fault = with_readers(story)

    assert own_fault("It", fault) == f"It could not be read, for a fault of our own: {name}."
    assert "Traceback" in fault.__notes__[0]
    assert name in fault.__notes__[0]


def test_whoever_stops_waiting_leaves_no_process_behind() -> None:
    pids: list[int] = []

    async def story(readers: Readers) -> None:
        pids.append(await readers.read(os.getpid))
        reading = asyncio.ensure_future(readers.read(time.sleep, AGES))
        await asyncio.sleep(0.05)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    with_readers(story)

    assert is_gone(pids[0])
    assert multiprocessing.active_children() == []


def test_a_reader_that_is_not_waited_for_while_it_starts_is_not_left_behind_either() -> None:
    async def story(readers: Readers) -> None:
        reading = asyncio.ensure_future(readers.read(time.sleep, AGES))
        await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    with_readers(story)

    assert multiprocessing.active_children() == []


def test_a_fault_in_the_block_leaves_no_process_behind() -> None:
    async def story(readers: Readers) -> None:
        await readers.read(os.getpid)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        with_readers(story)

    assert multiprocessing.active_children() == []


def test_readers_serve_several_threads_each_with_a_loop_of_its_own() -> None:
    pids: list[int] = []

    def serve() -> None:
        async def story(readers: Readers) -> int:
            return await readers.read(os.getpid)

        pids.append(with_readers(story))

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(pids)) == 3
    assert all(map(is_gone, pids))


PROGRAM = """\
import asyncio, os, signal, sys, time
from digest.gather.worker import Readers

async def main():
    async with Readers() as readers:
        {before}
        print("reading", flush=True)
        print(await readers.read({work}), flush=True)

if __name__ == "__main__":
    {first}
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
"""


def started(folder: Path, work: str, *, before: str = "pass", first: str = "pass") -> "subprocess.Popen[str]":
    """Start a program that reads, in a process group of its own, and wait until it does."""
    path = folder / "program.py"
    path.write_text(PROGRAM.format(work=work, before=before, first=first), encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "reading\n"
    return program


def wait_until_group_is_gone(group: int) -> None:
    """Return when no process of *group* is left; what hangs is stopped by the time limit of the whole test run."""
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)


@pytest.mark.parametrize("before", ["pass", "await readers.read(abs, 1)"], ids=["while it starts", "while it reads"])
def test_ctrl_c_ends_it_all_without_a_word_from_the_readers(tmp_path: Path, before: str) -> None:
    program = started(tmp_path, f"time.sleep, {AGES}", before=before)

    os.killpg(program.pid, signal.SIGINT)
    _, errors = program.communicate()

    assert (program.returncode, errors) == (130, "")
    wait_until_group_is_gone(program.pid)


def test_a_reader_whose_parent_is_killed_ends_by_itself(tmp_path: Path) -> None:
    program = started(tmp_path, "time.sleep, 0.5", before="await readers.read(abs, 1)")

    program.kill()
    _, errors = program.communicate()

    assert errors == ""
    wait_until_group_is_gone(program.pid)


def test_a_service_that_is_asked_to_stop_with_its_whole_group_finishes_what_it_reads(tmp_path: Path) -> None:
    program = started(
        tmp_path,
        "time.sleep, 0.5",
        before="await readers.read(abs, 1)",
        first="signal.signal(signal.SIGTERM, lambda *_: None)",
    )

    os.killpg(program.pid, signal.SIGTERM)
    output, errors = program.communicate()

    assert (program.returncode, output, errors) == (0, "None\n", "")
    wait_until_group_is_gone(program.pid)

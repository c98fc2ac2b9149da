"""What work costs: processor time, as a median of several runs, and memory, in a process of its own."""

import gc
import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

STATUS = Path("/proc/self/status")
FORGET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a piece of work in a process of its own gave, and what it took; *result* is None when it was given up."""

    result: Any
    #: Of the processor.
    seconds: float
    #: The peak above what the process held before.
    megabytes: float


def cpu_race(contenders: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Return the median processor seconds of each contender; they take turns, so that they share each bad moment."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, work in contenders.items():
            gc.collect()
            began = time.process_time()
            work()
            seconds[name].append(time.process_time() - began)
    return {name: median(taken) for name, taken in seconds.items()}


def in_child(work: Callable[..., Callable[[], Any]], *arguments: Any, patience: float = 120) -> Spent:
    """
    Measure in a new process what ``work(*arguments)()`` takes; what ``work(*arguments)`` prepares does not count.

    Given up after *patience* seconds of the wall clock.
    """
    fresh = multiprocessing.get_context("spawn")
    ours, theirs = fresh.Pipe(duplex=False)
    child = fresh.Process(target=_measured, args=(theirs, work, arguments), daemon=True)
    child.start()
    theirs.close()
    try:
        if ours.poll(patience):
            result, seconds, megabytes = ours.recv()
            return Spent(result=result, seconds=seconds, megabytes=megabytes)
        return Spent(result=None, seconds=patience, megabytes=0)
    except EOFError:
        return Spent(result=None, seconds=0, megabytes=0)
    finally:
        child.kill()
        child.join()


def _measured(answer: Connection, work: Callable[..., Callable[[], Any]], arguments: tuple[Any, ...]) -> None:
    ready = work(*arguments)
    gc.collect()
    if FORGET_PEAK.exists():
        FORGET_PEAK.write_text("5", encoding="ascii")
    idle, began = peak_megabytes(), time.process_time()
    result = ready()
    seconds = time.process_time() - began
    answer.send((result, seconds, peak_megabytes() - idle))


def peak_megabytes() -> float:
    """Return the most memory that this process has held; on Linux since it was last told to forget."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

"""Processes that are measured from without: seconds, processor seconds, and memory over time."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: In seconds; a look takes some 50 microseconds.
BETWEEN_LOOKS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a process took, from its start to its end."""

    seconds: float
    #: In user and system mode; those of its children that it waited for too.
    cpu_seconds: float
    #: The most memory that it held (VmHWM), as last seen before its end.
    peak_megabytes: float
    #: (seconds since the start, megabytes held), one for each look at it.
    held: Sequence[tuple[float, float]]

    def held_at(self, share: float) -> float:
        """Return the megabytes held when *share* of its time had passed."""
        return next((megabytes for at, megabytes in self.held if at >= share * self.seconds), self.held[-1][1])


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None) -> Ran:
    """
    Run *command* to its end and return what it took; SystemExit when it fails.

    What it prints goes to the file *log*, or nowhere.
    """
    with (log or Path(os.devnull)).open("ab") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)
        peak = [0.0]
        held: list[tuple[float, float]] = []
        is_over = threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, began, peak, held, is_over))
        watch.start()
        # Not Popen.wait, which does not tell the rusage of this one child.
        _, status, spent = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        is_over.set()
        watch.join()
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log is not None else ""
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{said}")
    return Ran(
        seconds=seconds,
        # ru_maxrss would not do: it begins with what this process held when it forked.
        cpu_seconds=spent.ru_utime + spent.ru_stime,
        peak_megabytes=peak[0],
        held=held or [(0.0, 0.0)],
    )


def memory(pid: int) -> tuple[float, float]:
    """Return the megabytes that process *pid* holds and the most it ever held; zeros when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0, 0.0
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmHWM" not in fields:
        return 0.0, 0.0
    return int(fields["VmRSS"].split()[0]) / 1000, int(fields["VmHWM"].split()[0]) / 1000


def _watch(
    pid: int, began: float, peak: list[float], held: list[tuple[float, float]], is_over: threading.Event
) -> None:
    while not is_over.wait(BETWEEN_LOOKS):
        now, most = memory(pid)
        if most:
            peak[0] = most
            held.append((time.perf_counter() - began, now))

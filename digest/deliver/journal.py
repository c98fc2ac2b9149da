"""
The journal of one sender: what it began and what the relay replied, outside the database, so that a kill loses nothing.

A line says ``S`` before the write that can complete a message, and ``R`` when its fate is known. After a kill, replay
tells: R, that fate; S alone, in doubt; neither, untouched. An append outlives the process at once; against a power cut
the file is synced every tenth of a second. The owner keeps its file locked, so that a living sender is never replayed.
"""

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from digest.errors import DigestError, RelayHalted
from digest.logs import logger
from digest.model.delivery import REPLY_LENGTH, DeliveryState, Reason, Settlement

#: Mail of so many seconds may go out twice after a power cut.
SYNC_EVERY = 0.1
#: Bytes after which a journal is begun anew with what is still open.
LONGEST = 4_000_000
SUFFIX = ".journal"
_HEAD = "digest-journal 1"
#: Whether the relay had its say, and whether it had seen the whole message then.
_ATTEMPTS = {(True, True): "1", (True, False): "2", (False, True): "0", (False, False): "0"}
_OWNER = re.compile(r"[\w.:@-]{1,100}")
#: Ends a line that could not be written whole, so that the next does not make it pass for one; no reply holds a NUL.
_VOID = "\0\n"

log = logger(__name__)


class JournalFailed(RelayHalted):
    """Nothing could be written down, so nothing more is sent."""


class Journal:
    """An open journal: appended to by one thread, deleted when all that it tells stands in the database."""

    def __init__(self, folder: Path, owner: str, kind: str) -> None:
        """Make and lock the journal of *owner* for mails of *kind* in *folder*; JournalFailed when that cannot be."""
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"{owner!r} cannot name a journal; take letters, digits and . : @ - _")
        self.path = folder / f"{owner}{SUFFIX}"
        self._head = f"{_HEAD} {kind} {owner}\n".encode()
        #: The last word on each mail whose fate the database does not hold yet.
        self._open: dict[str, bytes] = {}
        self._is_torn = False
        self._is_synced = True
        self._synced_at = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._fresh()
        except OSError as fault:
            raise JournalFailed(
                f"the journal {self.path} cannot be made ({fault.strerror}); "
                "check the folder of [site] state, its space and permissions"
            ) from fault

    def began(self, key: str, lease_no: int) -> None:
        """Say that the next write can complete the message to *key*; JournalFailed means that it must not be made."""
        line = f"S {key} {lease_no}\n".encode()
        self._append(line)
        self._open[key] = line

    def ended(self, key: str, settlement: Settlement[Any]) -> None:
        """Say what became of it."""
        self._open[key] = line = f"R {key} {_written(settlement)}\n".encode()
        self._append(line)

    def committed(self, keys: Iterable[str]) -> None:
        """Take note that the database holds the fate of *keys*; a file that has grown long is begun anew."""
        for key in keys:
            self._open.pop(key, None)
        if self._size > LONGEST:
            try:
                fresh = self._fresh()
            except OSError:
                return  # there is no room for another; this one still tells all
            os.close(self._file)
            self._file = fresh

    def sync(self, *, now: float) -> None:
        """Bring what was appended to the disk, if the last time is long enough ago (*now* in monotonic seconds)."""
        if not self._is_synced and now - self._synced_at >= SYNC_EVERY:
            try:
                os.fdatasync(self._file)
            except OSError as fault:
                raise self._failed(fault) from fault
            self._synced_at, self._is_synced = now, True

    def close(self, *, is_settled: bool) -> None:
        """Let go of it; one whose mails are all settled is deleted, any other waits for its replay."""
        if is_settled:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _fresh(self) -> int:
        """Return a new file with what is still open; written and locked before it gets its name."""
        path = self.path.with_suffix(".new")
        path.unlink(missing_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lines = self._head + b"".join(self._open.values())
            _write(file, lines)
            os.fdatasync(file)
            path.rename(self.path)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._size = len(lines)
        return file

    def _append(self, line: bytes) -> None:
        if self._is_torn:
            line = _VOID.encode() + line
        try:
            _write(self._file, line)
        except OSError as fault:
            self._is_torn = True
            raise self._failed(fault) from fault
        self._size += len(line)
        self._is_torn = self._is_synced = False

    def _failed(self, fault: OSError) -> JournalFailed:
        return JournalFailed(
            f"the journal {self.path} cannot be written ({fault.strerror}), so nothing more is sent; make room"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a journal tells of one mail: its lease, and its fate; None when the message may have been completed."""

    key: str
    lease_no: int
    settlement: Settlement[str] | None


class Left:
    """A journal whose sender has gone; locked as long as this is open. A context manager."""

    def __init__(self, path: Path, file: int) -> None:
        self.path = path
        self._file = file
        with open(file, encoding="utf-8", errors="replace", closefd=False) as lines:
            head = lines.readline()
        words = head.rstrip("\n").rsplit(" ", 2)
        #: Empty where the file is none of ours.
        self.kind, self.owner = words[1:] if words[0] == _HEAD and len(words) == 3 and head.endswith("\n") else ("", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        os.close(self._file)

    def told(self) -> list[Told]:
        """Return the last word on each mail that was begun; a line that was cut counts for nothing."""
        found: dict[str, Told] = {}
        os.lseek(self._file, 0, os.SEEK_SET)
        with open(self._file, encoding="utf-8", errors="replace", newline="\n", closefd=False) as lines:
            for line in lines:
                told = _read(line)
                if told is not None:
                    found[told.key] = told
        return list(found.values())

    def forget(self) -> None:
        """Delete it: all that it told stands in the database."""
        self.path.unlink(missing_ok=True)


def left_behind(folder: Path) -> Iterator[Left]:
    """Give each journal in *folder* whose sender lives no more, one at a time."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # its sender, or another's replay, was just done with it
        except OSError as fault:
            log.warning("a journal cannot be opened; mend its permissions", journal=path.name, fault=fault.strerror)
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            continue
        if not _is_at(path, file):
            os.close(file)
            continue  # deleted, or begun anew by a sender that lives
        with Left(path, file) as journal:
            yield journal


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _write(file: int, data: bytes) -> None:
    """Write all of *data* at once; OSError where there is no room for it."""
    if os.write(file, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _written(settlement: Settlement[Any]) -> str:
    next_at = settlement.next_at
    return " ".join(
        (
            str(settlement.lease_no),
            settlement.state.value,
            (settlement.reason.value if settlement.reason else "-").replace(" ", "_"),
            f"{next_at.timestamp():.0f}" if next_at is not None else "-",
            _ATTEMPTS[settlement.is_attempt, settlement.at_dot],
            str(settlement.code or "-"),
            settlement.relay or "-",
            settlement.reply[:REPLY_LENGTH],
        )
    )


def _read(line: str) -> Told | None:
    """Return what *line* tells; None for one that is not whole."""
    if not line.endswith("\n") or line.endswith(_VOID):
        return None
    word, _, rest = line.rstrip("\n").partition(" ")
    try:
        if word == "S":
            key, lease_no = rest.split(" ")
            return Told(key=key, lease_no=int(lease_no), settlement=None)
        if word != "R":
            return None
        key, number, state, reason, next_at, is_attempt, code, relay, reply = rest.split(" ", 8)
        settlement = Settlement(
            key=key,
            lease_no=int(number),
            state=DeliveryState(state),
            is_attempt=is_attempt != "0",
            at_dot=is_attempt != "2",
            reason=None if reason == "-" else Reason(reason.replace("_", " ")),
            next_at=None if next_at == "-" else datetime.fromtimestamp(int(next_at), UTC),
            code=None if code == "-" else int(code),
            relay="" if relay == "-" else relay,
            reply=reply,
        )
    except (ValueError, OverflowError, OSError, DigestError):  # an instant may be none that there is
        return None
    return Told(key=key, lease_no=int(number), settlement=settlement)

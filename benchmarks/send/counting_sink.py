"""
An SMTP server that takes every mail, writes down which, and only then says so.

A program of its own: ``python -m benchmarks.send.counting_sink LOG GAUGE MILLISECONDS`` prints its port. It offers
PIPELINING and answers each dot after a random while of at most so many *milliseconds*, half of it before and half after
it has written the mail's key to LOG, so that a client that is killed leaves mails that were taken, and mails that were
not. GAUGE is a file of numbers that tells what goes on inside.
"""

import asyncio
import mmap
import os
import random
import re
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Mails taken; connections; conversations about a mail; conversations whose dot waits for its answer.
_NUMBERS = struct.Struct("<4Q")
_OFFERED = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 104857600\r\n"
_MESSAGE_ID = re.compile(rb"^message-id:\s*<(\d+)\.(\d+)\.[^>]*>", re.IGNORECASE | re.MULTILINE)
#: Stands in the log for a mail that is no Delivery, and for one that came without its end.
KEYLESS, MAIMED = "keyless", "maimed"


@dataclass(frozen=True, slots=True)
class Reading:
    """The gauge: mails *taken* so far, open *connections*, *conversations* about a mail, unanswered *dots*."""

    taken: int
    connections: int
    conversations: int
    dots: int


@dataclass(frozen=True, slots=True)
class CountingSink:
    """A sink that runs, as seen from without."""

    port: int
    log: Path
    _gauge: mmap.mmap

    def read(self) -> Reading:
        """Return what its gauge shows at this moment."""
        return Reading(*_NUMBERS.unpack_from(self._gauge))

    def taken(self) -> tuple[Counter[int], Counter[str]]:
        """Return how often it took the mail of each Subscriber's id, and of what else."""
        keys, others = Counter[int](), Counter[str]()
        for line in self.log.read_text(encoding="ascii").splitlines():
            key = line.split()[0]
            if key.isdigit():
                keys[int(key)] += 1
            else:
                others[key] += 1
        return keys, others

    def mean_size(self) -> float:
        """Return the mean bytes of the mails it took, as they came over the wire."""
        sizes = [int(line.split()[1]) for line in self.log.read_text(encoding="ascii").splitlines()]
        return sum(sizes) / len(sizes)


@contextmanager
def counting_sink(folder: Path, milliseconds: float) -> Iterator[CountingSink]:
    """Run a counting sink whose files lie in *folder*, and give it."""
    log, gauge = folder / "taken.log", folder / "gauge"
    log.touch()
    gauge.write_bytes(bytes(_NUMBERS.size))
    command = [sys.executable, "-m", __name__, str(log), str(gauge), str(milliseconds)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with gauge.open("r+b") as file, mmap.mmap(file.fileno(), _NUMBERS.size) as shown:
            yield CountingSink(port, log, shown)
    finally:
        process.terminate()
        process.wait()


class _Books:
    """What all conversations share: log, gauge, chance."""

    def __init__(self, log: Path, gauge: Path, milliseconds: float) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND)
        with gauge.open("r+b") as file:
            self._gauge = mmap.mmap(file.fileno(), _NUMBERS.size)
        self._longest = milliseconds / 1000
        self._chance = random.Random(5)
        self.numbers = [0, 0, 0, 0]

    def change(self, *, taken: int = 0, connections: int = 0, conversations: int = 0, dots: int = 0) -> None:
        """Show on the gauge what has changed."""
        changes = (taken, connections, conversations, dots)
        self.numbers = [number + change for number, change in zip(self.numbers, changes, strict=True)]
        _NUMBERS.pack_into(self._gauge, 0, *self.numbers)

    def half_a_delay(self) -> float:
        """Return the seconds to wait this time."""
        return self._chance.random() * self._longest / 2

    def take(self, message: bytes) -> None:
        """Write down *message*; unbuffered, so that no fault of this process can lose it."""
        found = _MESSAGE_ID.search(message)
        is_whole = message.rstrip(b"\r\n").endswith(b"--")
        key = (found[2].decode() if is_whole else MAIMED) if found else KEYLESS
        os.write(self._log, f"{key} {len(message)}\n".encode())
        self.change(taken=1)


class _Conversation(asyncio.Protocol):
    """One connection. While a dot waits for its answer, whatever else has come waits behind it."""

    def __init__(self, books: _Books) -> None:
        self._books = books
        self._buffer = bytearray()
        self._searched = 0
        self._is_in_data = self._is_waiting = self._is_open = self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._books.change(connections=1)
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._is_lost = True
        self._books.change(connections=-1, conversations=-self._is_open, dots=-self._is_waiting)

    def _go_on(self) -> None:
        replies = []
        while not self._is_waiting:
            if self._is_in_data:
                if (message := self._next(b"\r\n.\r\n")) is None:
                    break
                self._hold(message)
            else:
                if (line := self._next(b"\r\n")) is None:
                    break
                replies.append(self._reply(line))
        if replies:
            self._transport.write(b"".join(replies))

    def _next(self, end: bytes) -> bytes | None:
        """Return what stands before *end*, and take both out; None while that has not come."""
        buffer = self._buffer
        if end != b"\r\n" and buffer.startswith(b".\r\n"):
            del buffer[:3]
            return b""
        at = buffer.find(end, self._searched)
        if at < 0:
            self._searched = max(0, len(buffer) - len(end) + 1)
            return None
        found = bytes(buffer[:at])
        del buffer[: at + len(end)]
        self._searched = 0
        return found

    def _reply(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return _OFFERED
        if verb == b"MAIL":
            self._begin()
        elif verb == b"DATA":
            if not self._is_open:
                return b"503 5.5.1 MAIL first\r\n"
            self._is_in_data = True
            return b"354 go on\r\n"
        elif verb == b"RSET":
            self._end()
        elif verb == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
            return b""
        return b"250 2.0.0 ok\r\n"

    def _hold(self, message: bytes) -> None:
        self._is_in_data, self._is_waiting = False, True
        self._books.change(dots=1)
        asyncio.get_running_loop().call_later(self._books.half_a_delay(), self._take, message)

    def _take(self, message: bytes) -> None:
        if self._is_lost:  # as a server that had not come to its queue yet
            return
        self._books.take(message)
        asyncio.get_running_loop().call_later(self._books.half_a_delay(), self._answer)

    def _answer(self) -> None:
        if self._is_lost:
            return
        self._is_waiting = False
        self._books.change(dots=-1)
        self._end()
        self._transport.write(b"250 2.0.0 taken\r\n")
        self._go_on()

    def _begin(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._books.change(conversations=1)

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._books.change(conversations=-1)


async def _serve(log: Path, gauge: Path, milliseconds: float) -> None:
    books = _Books(log, gauge, milliseconds)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Conversation(books), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))

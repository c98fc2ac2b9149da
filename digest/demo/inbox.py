"""The local inbox: an SMTP server on loopback that keeps each mail as a file, just as it came."""

import asyncio
import re
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

#: Larger mails are refused, as most servers refuse them.
LARGEST = 10_000_000
_NAME = re.compile(r"(\d{6,})-[A-Za-z0-9@._+-]*\.eml")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One mail in the list: its file's name, and its headers as a mail program shows them."""

    name: str
    sender: str
    recipient: str
    subject: str
    #: As its Date header says; None where that cannot be read.
    date: datetime | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMail:
    """One mail as it is read: all its headers in order, and its two parts, empty where it has none."""

    mail: StoredMail
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


class Inbox:
    """
    Takes any mail to anybody on *host* and *port* (0: any that is free) and keeps it in *directory*.

    The newest *keep* mails stay. Only loopback: ValueError for another host. A context manager: it starts and stops.
    """

    def __init__(self, directory: Path, *, host: str = "127.0.0.1", port: int = 0, keep: int = 1000) -> None:
        if not ip_address(host).is_loopback:
            raise ValueError(f"{host} is not a loopback address; the local inbox is for this machine only")
        self.directory = directory
        self.host = host
        self.port = port
        self._keep = keep
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; ``port`` then tells where. OSError when the port is taken or the directory cannot be made."""
        if self._thread is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        started: Future[int] = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(started)), name="inbox")
        self._thread.start()
        try:
            self.port = started.result()
        except OSError:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Stop listening, and hang up on whoever is still connected."""
        if self._thread is None or self._stop is None:
            return
        loop, stop = self._stop
        loop.call_soon_threadsafe(stop.set)
        self._thread.join()
        self._thread = self._stop = None

    def files(self) -> list[Path]:
        """Return the files of all mails, oldest first."""
        return sorted(path for path in self.directory.glob("*.eml") if _NAME.fullmatch(path.name))

    def messages(self) -> list[StoredMail]:
        """Return all mails, newest first."""
        return [_stored(path, _header(path)) for path in reversed(self.files())]

    def read(self, name: str) -> bytes:
        """Return the mail in the file *name* as it came; FileNotFoundError when there is none."""
        return self._path(name).read_bytes()

    def open(self, name: str) -> OpenedMail:
        """Return the mail in the file *name* to be read; FileNotFoundError when there is none."""
        message = message_from_bytes(self.read(name), policy=policy.compat32)
        return OpenedMail(
            mail=_stored(self._path(name), message),
            headers=tuple((header, _shown(value)) for header, value in message.items()),
            text=_part(message, "text/plain"),
            html=_part(message, "text/html"),
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name for it)
        """Keep the mail, and say so only when it is kept."""
        content = envelope.original_content or b""
        try:
            name = self._keep_mail(content, str(envelope.rcpt_tos[0]))
        except OSError as fault:
            return f"452 4.3.1 cannot keep the mail: {fault.strerror}"
        return f"250 2.0.0 kept as {name}"

    async def _serve(self, started: "Future[int]") -> None:
        loop = asyncio.get_running_loop()
        connections: weakref.WeakSet[SMTP] = weakref.WeakSet()

        def connected() -> SMTP:
            connection = SMTP(
                self, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost", ident="inbox", loop=loop
            )
            connections.add(connection)
            return connection

        try:
            server = await loop.create_server(connected, self.host, self.port)
        except OSError as fault:
            started.set_exception(fault)
            return
        stop = asyncio.Event()
        self._stop = (loop, stop)
        started.set_result(server.sockets[0].getsockname()[1])
        await stop.wait()
        server.close()
        for connection in list(connections):
            if isinstance(connection.transport, asyncio.Transport):
                connection.transport.abort()
        await server.wait_closed()

    def _keep_mail(self, content: bytes, recipient: str) -> str:
        files = self.files()
        number = _number(files[-1]) + 1 if files else 1
        name = f"{number:06}-{re.sub(r'[^A-Za-z0-9@._+-]+', '-', recipient)[:80]}.eml"
        unfinished = self.directory / f".{name}.part"
        try:
            unfinished.write_bytes(content)
            unfinished.replace(self.directory / name)
        except OSError:
            unfinished.unlink(missing_ok=True)  # or a full disk would stay full of pieces
            raise
        for old in files[: max(0, len(files) + 1 - self._keep)]:
            old.unlink(missing_ok=True)
        return name

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(f"there is no mail called {name!r}")
        return self.directory / name


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    return int(found[1])


def _header(path: Path) -> Message:
    with path.open("rb") as file:
        return BytesHeaderParser(policy=policy.compat32).parse(file)


def _stored(path: Path, message: Message) -> StoredMail:
    return StoredMail(
        name=path.name,
        sender=_shown(message.get("From", "")),
        recipient=_shown(message.get("To", "")),
        subject=_shown(message.get("Subject", "")),
        date=_date(message.get("Date", "")),
        size=path.stat().st_size,
    )


def _shown(value: object) -> str:
    """Return a header's value decoded and on one line; as it stands where it is no proper header."""
    unfolded = " ".join(str(value).split())
    try:
        return str(make_header(decode_header(unfolded)))
    except (ValueError, LookupError, UnicodeError):
        return unfolded


def _date(value: object) -> datetime | None:
    try:
        return parsedate_to_datetime(str(value))
    except (ValueError, TypeError, OverflowError):
        return None


def _part(message: Message, kind: str) -> str:
    return next((_decoded(part) for part in _leaves(message) if part.get_content_type() == kind), "")


def _leaves(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)  # a leaf's payload
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")

"""A small IMAP server on loopback with one folder in memory, whose every command can be made to fail."""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

OK = "OK done"
_UID_SET = re.compile(rb"[\d,]+")


@dataclass
class Kept:
    """A mail in the folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ScriptedImap:
    """
    Serves *mails* to whoever signs in as reports with the password secret.

    *on_command* sees each command before it is done; it may raise ConnectionError to break the connection, or return
    what is to be answered instead.
    """

    mails: list[Kept] = field(default_factory=list)
    capabilities: str = "IMAP4rev1 UIDPLUS MOVE"
    on_command: Callable[[str, str], str | None] = lambda _name, _rest: None
    commands: list[str] = field(default_factory=list)
    folders: dict[str, list[Kept]] = field(default_factory=dict)

    @classmethod
    def holding(cls, *raws: bytes, **traits: object) -> Self:
        """Return a server whose folder holds *raws*."""
        return cls(mails=[Kept(number * 3, raw) for number, raw in enumerate(raws, 1)], **traits)  # type: ignore[arg-type]  # a test names real traits

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def unseen(self) -> list[int]:
        return [mail.uid for mail in self.mails if "\\Seen" not in mail.flags]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                try:
                    connection.sendall(b"* OK ready\r\n")
                    for line in lines:
                        if not self._answer(connection, line.rstrip(b"\r\n")):
                            break
                except OSError:
                    pass

    def _answer(self, connection: socket.socket, line: bytes) -> bool:
        tag, _, rest = line.partition(b" ")
        name, _, rest = rest.partition(b" ")
        if name.upper() == b"UID":
            name, _, rest = rest.partition(b" ")
        verb, words = name.decode().upper(), rest.decode()
        self.commands.append(f"{verb} {words}".strip())
        untagged, reply = b"", self.on_command(verb, words)
        if reply is None:
            untagged, reply = self._done(verb, words)
        connection.sendall(untagged + tag + b" " + reply.encode() + b"\r\n")
        return verb != "LOGOUT"

    def _done(self, verb: str, words: str) -> tuple[bytes, str]:
        acts: dict[str, Callable[[str], tuple[bytes, str]]] = {
            "CAPABILITY": lambda _words: (f"* CAPABILITY {self.capabilities}\r\n".encode(), OK),
            "LOGIN": lambda words: (b"", OK if words == '"reports" "secret"' else f"NO {words} is wrong"),
            "SELECT": lambda words: (
                f"* {len(self.mails)} EXISTS\r\n".encode(),
                OK if words == '"INBOX"' else "NO none",
            ),
            "SEARCH": lambda words: (self._searched(words), OK),
            "FETCH": lambda words: (self._fetched(words), OK),
            "STORE": lambda words: (self._stored(words), OK),
            "MOVE": lambda words: self._moved(verb, words),
            "COPY": lambda words: self._moved(verb, words),
            "CREATE": lambda words: (self._made(words), OK),
            "EXPUNGE": lambda words: (self._expunged(words), OK),
        }
        return acts[verb](words) if verb in acts else (b"", OK)

    def _made(self, words: str) -> bytes:
        self.folders[words] = []
        return b""

    def _expunged(self, words: str) -> bytes:
        chosen = set(self._uids(words)) if words else {mail.uid for mail in self.mails}
        self.mails[:] = [mail for mail in self.mails if mail.uid not in chosen or "\\Deleted" not in mail.flags]
        return b""

    def _searched(self, words: str) -> bytes:
        first, last = map(int, words.partition(" ")[0].split(":"))
        found = [m for m in self.mails[first - 1 : last] if not m.flags & {"\\Seen", "\\Deleted"}]
        return f"* SEARCH {' '.join(str(mail.uid) for mail in found)}\r\n".encode()

    def _fetched(self, words: str) -> bytes:
        (uid,) = self._uids(words)
        number, mail = next((n, m) for n, m in enumerate(self.mails, 1) if m.uid == uid)
        body = mail.raw[: int(words.rpartition(".")[2].rstrip(">)"))]
        head = f"* {number} FETCH (UID {uid} RFC822.SIZE {len(mail.raw)} BODY[]<0> {{{len(body)}}}\r\n"
        return head.encode() + body + b")\r\n"

    def _stored(self, words: str) -> bytes:
        chosen = set(self._uids(words))
        flags = set(re.findall(r"\\\w+", words))
        for mail in self.mails:
            if mail.uid in chosen:
                mail.flags |= flags
        return b""

    def _moved(self, verb: str, words: str) -> tuple[bytes, str]:
        folder = words.partition(" ")[2]
        if folder not in self.folders:
            return b"", "NO [TRYCREATE] there is no such folder"
        chosen = set(self._uids(words))
        self.folders[folder] += [mail for mail in self.mails if mail.uid in chosen]
        if verb == "MOVE":
            self.mails[:] = [mail for mail in self.mails if mail.uid not in chosen]
        return b"", OK

    @staticmethod
    def _uids(words: str) -> list[int]:
        found = _UID_SET.match(words.encode())
        assert found is not None
        return [int(uid) for uid in found[0].split(b",")]

"""An SMTP server on loopback that does what a script says, so that every fault can be played."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Self

#: Break the connection so that the other side sees a reset.
RESET = "RESET"
#: Say nothing, and wait until the other side leaves.
SILENT = "SILENT"

Step = str | list[str]

USUAL: Mapping[str, Step] = {
    "BANNER": "220 relay.example ready",
    "EHLO": "250-relay.example\r\n250 SIZE 1000000",
    "STARTTLS": "220 go ahead",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "BODY": "",
    "DOT": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class _LeaveError(Exception):
    """The script says to end this connection."""


@dataclass
class ScriptedServer:
    """
    Answers each command as *script* says, else as usual.

    A list gives one answer after the other, over all connections, and repeats its last. Replies that begin with 421 end
    the connection, as does RESET. *tls* is a server context for STARTTLS, or with *tls_at_once* from the first byte.
    *answers* is asked first, with the whole command or "DOT"; None leaves it to the script. With *lmtp* only LHLO
    greets it; *path* makes it listen on a Unix socket.
    """

    script: Mapping[str, Step] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    answers: Callable[[str], str | None] | None = None
    lmtp: bool = False
    path: Path | None = None
    #: Whether refused messages are kept too.
    keeps_all: bool = False
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    _reading: tuple[socket.socket, BufferedReader] | None = None

    def __enter__(self) -> Self:
        steps: dict[str, Step] = {**USUAL, **self.script}
        self._steps = {key: list(step) if isinstance(step, list) else [step] for key, step in steps.items()}
        if self.path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
        else:
            self._listener = socket.create_server(str(self.path), family=socket.AF_UNIX)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                connection.close()
        self._thread.join()
        for thread in self._threads:
            thread.join()

    def peek(self) -> bool:
        """Return whether more has come over the one connection than was read of it; asked within *answers*."""
        if self._reading is None:
            return False
        connection, file = self._reading
        connection.settimeout(0)
        try:
            return bool(file.peek())
        except ssl.SSLWantReadError:
            return False
        finally:
            connection.settimeout(None)

    def break_off(self, words: str) -> None:
        """Say *words* on every open connection, and break it so that the other side sees a reset."""
        for connection in self._open:
            connection.sendall(words.encode() + b"\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
        for thread in self._threads:
            thread.join()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.path is None:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._converse, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            if self.tls_at_once and self.tls is not None:
                connection = self._encrypted(connection)
            self._answer(connection, "BANNER")
            file = connection.makefile("rb")
            self._reading = connection, file
            has_recipient = False
            while line := file.readline():
                command = line.decode("utf-8", "replace").strip()
                self.commands.append(command)
                verb = command.split(" ")[0].split(":")[0].upper()
                if verb == "DATA" and not has_recipient and "DATA" not in self.script:
                    self._say(connection, "554 5.5.1 no valid recipients")
                    continue
                reply = self._answer(connection, self._key(verb), command)
                has_recipient = reply.startswith("2") if verb == "RCPT" else has_recipient and verb != "MAIL"
                if verb == "STARTTLS" and reply.startswith("220") and self.tls is not None:
                    file.close()
                    connection = self._encrypted(connection)
                    file = connection.makefile("rb")
                    self._reading = connection, file
                if verb == "DATA" and reply.startswith("354"):
                    self._take(connection, file)
                if verb == "QUIT":
                    break
            file.close()
        except (_LeaveError, OSError):
            pass
        finally:
            self._reading = None  # what it holds would keep the connection open
            connection.close()

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        assert self.tls is not None
        encrypted = self.tls.wrap_socket(connection, server_side=True)
        self._open.append(encrypted)
        return encrypted

    def _take(self, connection: socket.socket, file: BufferedReader) -> None:
        readline = file.readline
        if self._steps["BODY"] != [""]:
            readline()
            self._answer(connection, "BODY")
            raise _LeaveError
        message = b""
        while (line := readline()) != b".\r\n":
            if not line:
                raise _LeaveError
            message += line[1:] if line.startswith(b".") else line
        reply = self._next("DOT", "DOT")
        if reply.startswith("2") or self.keeps_all:
            self.messages.append(message)  # before the reply, after which the test may look
        self._say(connection, reply)

    def _key(self, verb: str) -> str:
        """Return what the script calls the command *verb*."""
        if verb == "LHLO" or (verb == "EHLO" and self.lmtp):
            return "EHLO" if verb == "LHLO" and self.lmtp else "unknown"
        return verb

    def _answer(self, connection: socket.socket, key: str, command: str = "") -> str:
        reply = self._next(key, command or key)
        self._say(connection, reply)
        return reply

    def _next(self, key: str, command: str) -> str:
        answer = self.answers(command) if self.answers is not None else None
        if answer is not None:
            return answer
        steps = self._steps.get(key, ["502 5.5.2 what?"])
        return steps.pop(0) if len(steps) > 1 else steps[0]

    def _say(self, connection: socket.socket, reply: str) -> None:
        if reply == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise _LeaveError
        if reply == SILENT:
            while connection.recv(4096):
                pass
            raise _LeaveError
        connection.sendall(reply.encode() + b"\r\n")
        if reply.startswith("421"):
            raise _LeaveError

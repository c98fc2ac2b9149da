"""
What a sender is measured against and with, on loopback: smtp-sink, smtp-source, a Postfix and a PostgreSQL of our own.

Each is started in a folder of its own, stopped by its process id, and leaves nothing behind.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from digest.database import Database

LOOPBACK = "127.0.0.1"
#: Debian keeps it out of the search path of those who are not root.
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
#: Connections that wait to be taken; smtp-sink wants it as an argument.
BACKLOG = 256
#: A server that does not answer within so many seconds never will.
PATIENCE = 30.0

#: As Debian installs it, but for chroots, network names and what a relay that only takes mail never uses.
_MASTER = """\
{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
inet_interfaces = {address}
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = {transport}
"""
#: Mail that Postfix has taken and not brought to its end lies in these.
_QUEUES = ("maildrop", "incoming", "active", "deferred")


def tool(name: str) -> str | None:
    """Return where the program *name* is installed, also beside root's; None where it is not."""
    return shutil.which(name, path=SYSTEM_PATH)


def has_postfix() -> bool:
    """Return whether a Postfix can be run here: it starts as root and nobody else."""
    return tool("postfix") is not None and os.getuid() == 0


def initdb() -> Path | None:
    """Return the program that makes a PostgreSQL cluster, the newest; None where there is none."""
    if found := tool("initdb"):
        return Path(found).resolve()
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def smtp_sink() -> Iterator[int]:
    """
    Run Postfix's smtp-sink, which throws all mail away, and give its port.

    It has no delays unless told to, takes 256 connections at once and offers PIPELINING; ``-f`` and ``-r`` would end
    that. As root it must be told which user to become.
    """
    sink = tool("smtp-sink")
    if sink is None:
        raise SystemExit("smtp-sink is missing; on Debian: apt-get install --no-install-recommends postfix")
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    with _running([sink, *user, f"{LOOPBACK}:{port}", str(BACKLOG)]) as process:
        _wait_for_port(port, process)
        yield port


def smtp_source(port: int, *, sessions: int, messages: int, length: int) -> list[str]:
    """
    Return the command that has Postfix's smtp-source send *messages*, each with a body of *length* bytes.

    Connections are kept (``-d``), and each recipient is another (``-N``), as with an Edition.
    """
    source = tool("smtp-source")
    if source is None:
        raise SystemExit("smtp-source is missing; on Debian: apt-get install --no-install-recommends postfix")
    numbers = ["-s", str(sessions), "-m", str(messages), "-l", str(length)]
    return [source, "-d", "-N", *numbers, "-f", "morning@news.example.org", "-t", "reader@mail.example",
            f"{LOOPBACK}:{port}"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Postfix:
    """A Postfix that runs from the folder *home*."""

    home: Path
    port: int

    @property
    def waiting(self) -> int:
        """Return how many mails it has taken and not yet brought to their end."""
        return sum(
            1 for queue in _QUEUES for _, _, files in os.walk(self.home / "queue" / queue, onerror=None) for _ in files
        )

    def drain(self, patience: float = 300) -> None:
        """Wait until all its mail is gone, at most *patience* seconds."""
        until = time.monotonic() + patience
        while self.waiting:
            if time.monotonic() > until:
                raise SystemExit(f"Postfix still holds {self.waiting} mails; see {self.home / 'maillog'}")
            time.sleep(0.1)


@contextmanager
def postfix(transport: str = "discard:") -> Iterator[Postfix]:
    """
    Run a Postfix with its own configuration, queue and data, and give it.

    It takes mail from loopback and hands all of it to *transport*: discard, which throws it away, or
    ``smtp:[127.0.0.1]:port``. Nothing else of it differs from Postfix's own defaults; its queue is on a disk and
    synchronous, as any.
    """
    command = tool("postfix")
    assert command is not None
    with _folder("postfix") as home:
        for name in ("config", "queue", "data"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        given = {"home": home, "address": LOOPBACK, "port": free_port(), "transport": transport}
        (home / "config/main.cf").write_text(_MAIN.format(**given), encoding="ascii")
        (home / "config/master.cf").write_text(_MASTER.format(**given), encoding="ascii")
        control = [command, "-c", str(home / "config")]
        quiet: dict[str, Any] = {"capture_output": True, "env": os.environ | {"PATH": SYSTEM_PATH}}
        subprocess.run([*control, "start"], **quiet, check=True)
        pid = int((home / "queue/pid/master.pid").read_text(encoding="ascii"))
        try:
            _wait_for_port(int(str(given["port"])))
            yield Postfix(home, int(str(given["port"])))
        finally:
            subprocess.run([*control, "stop"], **quiet, check=False)
            _wait_for_end(pid)


@dataclass(frozen=True, slots=True)
class Postgresql:
    """A PostgreSQL that listens on a socket in the folder *home* only; *pid* is that of its first process."""

    home: Path
    pid: int

    def url(self, name: str = "postgres") -> str:
        """Return the SQLAlchemy address of its database *name*."""
        return f"postgresql+psycopg://digest@/{name}?host={self.home}"

    def say(self, statement: str) -> None:
        """Carry out *statement*, which needs no transaction."""
        database = Database(self.url())
        try:
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(statement)
        finally:
            database.close()

    @property
    def cpu_seconds(self) -> float:
        """Return the processor seconds of the server so far, those of its processes that have ended among them."""
        first = psutil.Process(self.pid)
        times = first.cpu_times()
        total = times.user + times.system + times.children_user + times.children_system
        for child in first.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return float(total)


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """
    Run a PostgreSQL of our own, and give it.

    Its settings are those it comes with: every commit waits for the disk (``fsync`` on), as in production and other
    than in our tests.
    """
    maker = initdb()
    assert maker is not None
    binaries = maker.parent
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    as_user: dict[str, Any] = {"user": user} if os.getuid() == 0 else {}
    with _folder("pg") as home:
        if as_user:
            shutil.chown(home, user)
        data = home / "data"
        quiet: dict[str, Any] = {"capture_output": True, "cwd": "/", **as_user}
        subprocess.run(
            [binaries / "initdb", "-A", "trust", "-N", "--locale=C.UTF-8", "-U", "digest", "-D", data],
            **quiet,
            check=True,
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=on"
        subprocess.run(
            [binaries / "pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start"], **quiet, check=True
        )
        try:
            pid = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
            yield Postgresql(home, pid)
        finally:
            subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop"], **quiet, check=True)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Give a new folder that other users may pass through; a Unix socket's path must stay short."""
    home = Path(tempfile.mkdtemp(prefix=name, dir="/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for_port(port: int, process: "subprocess.Popen[bytes] | None" = None) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or (process is not None and process.poll() is not None):
                raise SystemExit(f"nobody came to listen on port {port} of loopback") from None
            time.sleep(0.02)
        else:
            return


def _wait_for_end(pid: int) -> None:
    until = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.05)

"""Databases that are filled once and copied for each run, so that every run finds the same."""

import datetime as dt
import enum
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from benchmarks.send import peers
from benchmarks.send.installation import Installation, Orders
from benchmarks.send.peers import Postgresql
from benchmarks.send.readers import Page, fill


class Kind(enum.StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"

    @property
    def shown(self) -> str:
        """Return its name."""
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[self.value]


#: The option with which a program is told which databases to take.
OPTION = {"default": "both", "choices": ("both", *Kind), "help": "which database to send from (both)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """An Edition planned for its readers, in a database that is never sent from, only copied."""

    kind: Kind
    home: Path
    original: Installation
    server: Postgresql | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def copy(self, orders: Orders) -> Iterator[Installation]:
        """Give an installation with a copy of the database, for a sender with *orders*; it is gone afterwards."""
        number = next(self._numbers)
        home = self.home / f"copy{number}"
        shutil.copytree(self.original.home / "state", home / "state")
        url = self._copied(home, f"copy{number}")
        installation = Installation(home=home, database_url=url)
        installation.write(orders)
        try:
            yield installation
        finally:
            shutil.rmtree(home, ignore_errors=True)
            if self.server is not None:
                self.server.say(f"DROP DATABASE copy{number} WITH (FORCE)")

    def _copied(self, home: Path, name: str) -> str:
        if self.server is None:
            shutil.copy(self.home / "original.db", home / "digest.db")
            return f"sqlite:///{home / 'digest.db'}"
        self.server.say(f"CREATE DATABASE {name} TEMPLATE original")
        self.server.say("CHECKPOINT")  # so that none falls into a run because of the copy
        return self.server.url(name)


@contextmanager
def stock(kind: Kind, readers: int, page: Page, date: dt.date) -> Iterator[Stock]:
    """Give a Stock of *kind*: an approved Edition of *date* for so many *readers*."""
    with installation(kind) as (made, server):
        services = made.start()
        try:
            fill(services, readers, page, date)
        finally:
            services.close()  # SQLite then takes its journal into the file
        yield Stock(kind=kind, home=made.home, original=made, server=server)


@contextmanager
def installation(kind: Kind) -> Iterator[tuple[Installation, Postgresql | None]]:
    """Give an installation with an empty database of *kind*, and the server of that where it has one."""
    with tempfile.TemporaryDirectory(prefix="send-bench-") as folder:
        home = Path(folder)
        if kind is Kind.SQLITE:
            yield _begun(home, f"sqlite:///{home / 'original.db'}"), None
            return
        with peers.postgresql() as server:
            server.say("CREATE DATABASE original")
            yield _begun(home, server.url("original")), server


def _begun(home: Path, url: str) -> Installation:
    made = Installation(home=home, database_url=url)
    made.write(Orders(port=peers.free_port()))
    return made


def chosen(name: str) -> list[Kind]:
    """Return the databases that the option says, without PostgreSQL where that is not installed."""
    kinds = list(Kind) if name == "both" else [Kind(name)]
    if Kind.POSTGRESQL in kinds and peers.initdb() is None:
        print("PostgreSQL is left out: it is not installed (Debian: apt-get install postgresql).")
        kinds.remove(Kind.POSTGRESQL)
    return kinds

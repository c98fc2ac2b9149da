"""
How fast an Edition goes out, beside Postfix's smtp-source, which is written in C and sends the same bytes each time.

Each run of ours is one of a pair with a run of smtp-source into the same smtp-sink, in turn first and second; the ratio
is the median over the pairs. The relay is smtp-sink on the same cores, so its work counts for all.
"""

import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.send import databases, peers, processes
from benchmarks.send.counting_sink import counting_sink
from benchmarks.send.databases import Kind, Stock
from benchmarks.send.installation import Installation, Orders, can_sign, has_connections, new_key
from benchmarks.send.readers import LARGE
from digest.model.relay import Conduct

SESSIONS = (2, 16)
C = "smtp-source (C), no database, one text"
PREBUILT = "ours, one text, no database"
NAIVE, NAIVE_SIGNED = "EmailMessage + smtplib", "EmailMessage + dkimpy + smtplib"
#: The naive ways are so much slower that they get one message for so many of ours.
FEWER = 25
#: Readers whose mails are weighed before.
WEIGHED = 300


class Spent(NamedTuple):
    """What one run took: messages a second, processor seconds a message of the client and of the database server."""

    per_second: float
    client: float
    server: float
    peak_megabytes: float


class Paired(NamedTuple):
    """One run of a contender, and the run of smtp-source that goes with it."""

    theirs: Spent
    ours: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way to send: a *name*, over how many *sessions*, and one run of it into the sink at a port."""

    name: str
    sessions: int
    send: Callable[[int], Spent]


def measure(arguments: Arguments) -> Report:
    """Send with every contender, each time beside smtp-source."""
    messages, date = arguments.own["messages"], arguments.date
    length = round(mean_size(date))
    with ExitStack() as stack:
        port = stack.enter_context(peers.smtp_sink())
        key = new_key(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "dkim.pem")
        stocks = [
            stack.enter_context(databases.stock(kind, messages, LARGE, date))
            for kind in databases.chosen(arguments.own["database"])
        ]
        found: dict[tuple[str, int], list[Paired]] = {}
        contenders = list(_contenders(stocks, key, date, messages, length))
        for number in range(arguments.runs):
            for contender in contenders:
                theirs = beside(contender.sessions, messages, length)
                paired = pair(theirs, contender.send, port, ours_first=bool(number % 2))
                found.setdefault((contender.name, contender.sessions), []).append(paired)
    return Report(tables=[_table(found, messages, length)], floors=list(floors(found)) if has_connections() else [])


def _contenders(stocks: Sequence[Stock], key: Path, date: dt.date, messages: int, length: int) -> Iterator[Contender]:
    for stock in stocks:
        for sessions in SESSIONS if has_connections() else (1,):
            for signing in (None, key) if can_sign() else (None,):
                yield Contender(
                    name=named(stock.kind, signed=signing is not None),
                    sessions=sessions,
                    send=ours(stock, Orders(port=0, connections=sessions, key=signing), date),
                )
        most = max(SESSIONS)
        eager = Orders(port=0, connections=most, conduct=Conduct.EAGER)
        yield Contender(name=f"{named(stock.kind, signed=False)}, eager", sessions=most, send=ours(stock, eager, date))
        twice = Orders(port=0, connections=most // 2, key=key, senders=2)
        yield Contender(
            name=f"{named(stock.kind, signed=True)}, 2 senders", sessions=most, send=ours(stock, twice, date)
        )
    for sessions in SESSIONS:
        yield Contender(name=PREBUILT, sessions=sessions, send=_prebuilt(sessions, messages, length))
    if stocks:
        few = max(40, messages // FEWER)
        yield Contender(name=NAIVE, sessions=1, send=_naive(stocks[0], None, date, few))
        yield Contender(name=NAIVE_SIGNED, sessions=1, send=_naive(stocks[0], key, date, few))


def named(kind: Kind, *, signed: bool) -> str:
    """Return what our sender with this database is called in the tables."""
    return f"ours, {kind.shown}, RSA-2048 DKIM" if signed else f"ours, {kind.shown}"


def ours(stock: Stock, orders: Orders, date: dt.date) -> Callable[[int], Spent]:
    """Return one run of our sender with *orders*, but for the port, from a copy of *stock*."""

    def send(port: int) -> Spent:
        told = replace(orders, port=port)
        with stock.copy(told) as installation, _server_seconds(stock) as server:
            said = _told(installation, "ours", str(installation.config), date.isoformat(), str(orders.senders))
        return _spent(said, server[0])

    return send


def _prebuilt(sessions: int, messages: int, length: int) -> Callable[[int], Spent]:
    def send(port: int) -> Spent:
        words = (str(port), str(sessions), str(messages), str(length))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.send.prebuilt", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        return _spent(json.loads(done.stdout.splitlines()[-1]), 0)

    return send


def _naive(stock: Stock, key: Path | None, date: dt.date, messages: int) -> Callable[[int], Spent]:
    def send(port: int) -> Spent:
        with stock.copy(Orders(port=port)) as installation:
            signing = [str(key)] if key is not None else []
            words = (str(installation.config), date.isoformat(), str(messages), *signing)
            return _spent(_told(installation, "naive", *words), 0)

    return send


def beside(sessions: int, messages: int, length: int) -> Callable[[int], Spent]:
    """Return one run of smtp-source."""

    def send(port: int) -> Spent:
        ran = processes.run(peers.smtp_source(port, sessions=sessions, messages=messages, length=length))
        return Spent(messages / ran.seconds, ran.cpu_seconds / messages, 0, ran.peak_megabytes)

    return send


def pair(theirs: Callable[[int], Spent], mine: Callable[[int], Spent], port: int, *, ours_first: bool) -> Paired:
    """Run both, one after the other, into the relay at *port*."""
    if ours_first:
        spent = mine(port)
        return Paired(theirs(port), spent)
    return Paired(theirs(port), mine(port))


def _told(installation: Installation, module: str, *words: str) -> Mapping[str, float]:
    """Return what a program of this package says of its work."""
    log = installation.home / "sender.log"
    with log.open("wb") as complaints:
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.send.{module}", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{module} ended with {done.returncode}\n{log.read_text(encoding='utf-8')[-2000:]}")
    said: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


@contextmanager
def _server_seconds(stock: Stock) -> Iterator[list[float]]:
    """Give a list that holds, afterwards, the processor seconds that the database server has spent within."""
    spent = [0.0]
    before = stock.server.cpu_seconds if stock.server is not None else 0.0
    yield spent
    spent[0] = stock.server.cpu_seconds - before if stock.server is not None else 0.0


def _spent(said: Mapping[str, float], server_seconds: float) -> Spent:
    messages = said["messages"]
    return Spent(
        messages / said["seconds"], said["cpu_seconds"] / messages, server_seconds / messages, said["peak_megabytes"]
    )


def mean_size(date: dt.date) -> float:
    """Return the mean bytes of our mails as they come over the wire, unsigned."""
    with (
        tempfile.TemporaryDirectory() as folder,
        counting_sink(Path(folder), 0) as sink,
        databases.stock(Kind.SQLITE, WEIGHED, LARGE, date) as stock,
    ):
        ours(stock, Orders(port=0, connections=1), date)(sink.port)
        return sink.mean_size()


def _table(found: Mapping[tuple[str, int], Sequence[Paired]], messages: int, length: int) -> Table:
    rows: list[Sequence[object]] = []
    for sessions in sorted({sessions for _, sessions in found}):
        theirs = [paired.theirs for (_, each), pairs in found.items() if each == sessions for paired in pairs]
        rows.append([C, sessions, *_figures(theirs), 1])
        rows += [
            [name, sessions, *_figures([paired.ours for paired in pairs]), times(pairs)]
            for (name, each), pairs in found.items()
            if each == sessions
        ]
    return Table(
        title=f"An Edition of {messages:,} personal messages of {length / 1000:.1f} KB into smtp-sink, same machine",
        columns={
            "sender": "", "connections": "d", "messages/s": ",.0f", "client µs": ",.0f", "database server µs": ",.0f",
            "peak, MB": ",.0f", "times smtp-source": ".2f",
        },
        rows=rows,
        note=(
            "Processor time per message, of the sender alone and without its start; that of the PostgreSQL server "
            "(fsync on) apart. Medians; the last column is the median of pairs. smtp-source sends bodies of the same "
            f"mean length over kept connections. The naive ways send 1 message for {FEWER} of ours and keep no record."
        ),
    )  # fmt: skip


def _figures(runs: Sequence[Spent]) -> list[float | None]:
    server = median(run.server for run in runs)
    return [
        median(run.per_second for run in runs),
        1e6 * median(run.client for run in runs),
        1e6 * server if server else None,
        median(run.peak_megabytes for run in runs),
    ]


def times(pairs: Sequence[Paired]) -> float:
    """Return the median over *pairs* of how many messages of ours go in the time of one of theirs."""
    return median(ratio(paired.ours.per_second, paired.theirs.per_second) for paired in pairs)


def floors(found: Mapping[tuple[str, int], Sequence[Paired]]) -> Iterator[Floor]:
    """Return what is promised, where it was measured."""
    most = max(SESSIONS)
    yield Floor(claim="one text, times smtp-source", value=times(found[PREBUILT, most]), bound=1.0, spec=".2f")
    plain = found.get((named(Kind.SQLITE, signed=False), most))
    signed = found.get((named(Kind.SQLITE, signed=True), most))
    served = found.get((named(Kind.POSTGRESQL, signed=True), most))
    if plain:
        yield Floor(claim="SQLite, times smtp-source", value=times(plain), bound=0.9, spec=".2f")
        yield _cpu("SQLite, client µs per message", plain, 130)
    if served:
        yield Floor(claim="PostgreSQL with DKIM, times smtp-source", value=times(served), bound=0.5, spec=".2f")
        twice = found[f"{named(Kind.POSTGRESQL, signed=True)}, 2 senders", most]
        yield Floor(
            claim="PostgreSQL with DKIM, 2 senders, times smtp-source", value=times(twice), bound=0.5, spec=".2f"
        )
        yield _cpu("PostgreSQL with DKIM, client µs per message", served, 500)
    if signed:
        yield _cpu("SQLite with DKIM, client µs per message", signed, 500)
        naive = found[NAIVE_SIGNED, 1]
        faster = ratio(
            median(paired.ours.per_second for paired in signed), median(paired.ours.per_second for paired in naive)
        )
        yield Floor(claim=f"SQLite with DKIM, times {NAIVE_SIGNED}", value=faster, bound=15, spec=".1f")


def _cpu(claim: str, pairs: Sequence[Paired], microseconds: float) -> Floor:
    value = 1e6 * median(paired.ours.client for paired in pairs)
    return Floor(claim=claim, value=value, bound=microseconds, at_most=True, spec=".0f")


if __name__ == "__main__":
    Program(
        name="send_throughput", about=__doc__ or "", measure=measure, topic="send", makes_its_data=True,
        peers=("dkimpy", "cryptography", "sqlalchemy", "psycopg"),
        options={
            "messages": {"type": int, "default": 10_000, "help": "messages a run (10,000)"},
            "database": databases.OPTION,
        },
    ).run()  # fmt: skip

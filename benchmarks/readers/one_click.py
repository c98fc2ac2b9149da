"""
How many readers leave per second by the button of their mail program (RFC 8058), each with a token of their own.

Each POST is answered once the leaving is in the database for good. Client and server share the machine.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.readers.serving import Way, served
from benchmarks.send import databases, peers
from benchmarks.send.databases import Stock
from benchmarks.send.installation import Installation, Orders
from benchmarks.send.readers import LARGE, add_readers
from digest.services import Services
from subscribers.model import ConsentEvent, ConsentKind, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose, sign

CONNECTIONS = 32
FLOOR = 400
#: Pages shown per run; they change nothing, so that the same readers can ask again.
PAGES = 2_000
BODY = b"List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one run of requests took: requests per second, and the waits for an answer in milliseconds."""

    per_second: float
    waits: Sequence[float]

    def wait(self, percent: int) -> float:
        """Return the wait that *percent* of the requests did not exceed."""
        return statistics.quantiles(self.waits, n=100)[percent - 1]


def measure(arguments: Arguments) -> Report:
    """Let all readers leave in each way and on each database, a fresh copy of it for every run."""
    readers = arguments.own["readers"]
    rows: list[list[object]] = []
    best = 0.0
    for kind in databases.chosen(arguments.own["database"]):
        with databases.installation(kind) as (made, server):
            services = made.start()
            try:
                add_readers(services, readers, LARGE)
                tokens = _tokens(services)
            finally:
                services.close()
            stock = Stock(kind=kind, home=made.home, original=made, server=server)
            ways = list(Way) if kind is databases.Kind.SQLITE else [Way.OURS, Way.NAIVE]
            for way in ways:
                runs = [_leave(stock, way, tokens) for _ in range(arguments.runs)]
                rows.append([kind.shown, _SAID[way], *_summary(runs)])
                if way is Way.OURS and kind is databases.Kind.SQLITE:
                    best = statistics.median(run.per_second for run in runs)
            shown = [_look(stock, tokens[:PAGES]) for _ in range(arguments.runs)]
            rows.append([kind.shown, "the page (GET)", *_summary(shown)])
    table = Table(
        title=f"{readers:,} readers leave over {CONNECTIONS} connections",
        columns={"database": "", "way": "", "per second": ",.0f", "median ms": ".1f", "99 % ms": ".1f"},
        rows=rows,
        note="Client and server on one machine. After each run every reader had left once, with one line of proof.",
    )
    floors = [Floor(claim="leavings per second, SQLite", value=best, bound=FLOOR, spec=",.0f")] if best else []
    return Report(tables=[table], floors=floors)


_SAID = {
    Way.OURS: "this service",
    Way.NAIVE: "a session and a page each",
    Way.BARE: "the web server alone, nothing done",
}


def _summary(runs: Sequence[Asked]) -> list[float]:
    middle = sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]
    return [middle.per_second, middle.wait(50), middle.wait(99)]


def _tokens(services: Services) -> list[str]:
    with services.reading() as session:
        ids = session.scalars(select(Subscription.public_id).order_by(Subscription.id)).all()
    return [sign(Purpose.UNSUBSCRIBE, Claim(public_id), services.keys.tokens) for public_id in ids]


def _leave(stock: Stock, way: Way, tokens: Sequence[str]) -> Asked:
    requests = [_post(token) for token in tokens]
    with stock.copy(Orders(port=peers.free_port())) as installation:
        with served(installation.config, way) as port:
            asked = asyncio.run(_ask(port, requests))
        if way is not Way.BARE:
            _check(installation, len(tokens))
    return asked


def _look(stock: Stock, tokens: Sequence[str]) -> Asked:
    requests = [f"GET /u/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for token in tokens]
    with stock.copy(Orders(port=peers.free_port())) as installation, served(installation.config, Way.OURS) as port:
        return asyncio.run(_ask(port, requests))


def _post(token: str) -> bytes:
    head = (
        f"POST /u/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


async def _ask(port: int, requests: Sequence[bytes]) -> Asked:
    """Send *requests*, each over the next connection that is free; SystemExit when one is not answered with 200."""
    waits: list[float] = []
    waiting = iter(requests)

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the server answered {head[:60]!r}")
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            waits.append(1000 * (time.perf_counter() - began))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    return Asked(per_second=len(requests) / (time.perf_counter() - began), waits=waits)


def _check(installation: Installation, count: int) -> None:
    """See that everybody has left, and that it is written down once for each."""
    services = installation.start()
    try:
        with services.reading() as session:
            ended = select(func.count()).where(Subscription.state == SubscriptionState.ENDED)
            proofs = select(func.count(), func.count(ConsentEvent.subscriber_id.distinct())).where(
                ConsentEvent.kind == ConsentKind.WITHDRAWN
            )
            found = (session.scalar(ended), *session.execute(proofs).one())
    finally:
        services.close()
    if found != (count, count, count):
        raise SystemExit(f"of {count} readers {found[0]} have left, with {found[1]} proofs of {found[2]} readers")


PROGRAM = Program(
    name="one_click",
    about=__doc__.strip().partition("\n")[0],
    measure=measure,
    peers=("uvicorn", "starlette", "fastapi", "sqlalchemy"),
    options={
        "readers": {"type": int, "default": 20_000, "help": "so many readers leave (20000)"},
        "database": databases.OPTION,
    },
    topic="readers",
    makes_its_data=True,
)

if __name__ == "__main__":
    PROGRAM.run()

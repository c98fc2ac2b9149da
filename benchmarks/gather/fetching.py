"""Fetching: whole rounds over a thousand feeds on a thousand hosts of loopback, and the client against httpx."""

import asyncio
import ipaddress
import multiprocessing
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil
from aiohttp import web

from benchmarks.gather import sets
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from digest.gather import gather
from digest.http import GuardedClient, Limits
from digest.model.entry import Check, Fetched, Gathered
from digest.model.ids import SourceId
from digest.model.newsletter import SourceKind

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
AGENT = "benchmark"
CONNECTIONS = 32
REQUESTS = 2000
SERVER = "sites"
Client = Callable[[str, str | None], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What some work took: on the wall clock, and of the processor, that of the reading processes included."""

    wall: float
    processor: float


def measure(arguments: Arguments) -> Report:
    """Run the rounds, then the race of the clients."""
    count = arguments.own["feeds"]
    with _serving(arguments.data) as port:
        checks = [_check(number, port) for number in range(count)]
        rounds: list[tuple[Cost, Cost, Counter[str], Counter[str]]] = []
        for _ in range(arguments.runs):
            first, answers = _round(checks, arguments.now)
            again = [_known(check, answers[check.source_id]) for check in checks]
            second, unchanged = _round(again, arguments.now)
            rounds.append((first, second, _outcomes(answers.values()), _outcomes(unchanged.values())))
        race = _race(f"http://127.0.0.1:{port}/0", arguments.runs)
    fresh, known = _median([each[0] for each in rounds]), _median([each[1] for each in rounds])
    entries, came = rounds[-1][2], rounds[-1][3]
    per_second = {name: REQUESTS / cost.processor for name, cost in race.items()}
    return Report(
        tables=[
            Table(
                title="Fetching: whole rounds",
                columns={
                    "round": "",
                    "feeds": ",d",
                    "fetched": ",d",
                    "unchanged": ",d",
                    "failed": ",d",
                    "items": ",d",
                    "seconds": ".1f",
                    "processor seconds": ".1f",
                },
                rows=[
                    ["all new", count, *_counts(entries), fresh.wall, fresh.processor],
                    ["nothing new", count, *_counts(came), known.wall, known.processor],
                ],
                note="Fetch and parse, one host for each feed. A server in another process shares the cores.",
            ),
            Table(
                title="Fetching: requests",
                columns={"client": "", "requests/s": ",.0f", "per processor second": ",.0f"},
                rows=[[name, REQUESTS / cost.wall, per_second[name]] for name, cost in race.items()],
                note=f"{REQUESTS:,} requests to one host over {CONNECTIONS} connections.",
            ),
        ],
        floors=[
            Floor(
                claim="200, times httpx per processor second",
                value=ratio(per_second["GuardedClient, 200"], per_second["httpx, 200"]),
                bound=2,
                spec=".1f",
            ),
            Floor(
                claim="304, times httpx per processor second",
                value=ratio(per_second["GuardedClient, 304"], per_second["httpx, 304"]),
                bound=10,
                spec=".1f",
            ),
            Floor(
                claim="seconds for 1,000 new feeds", value=1000 * fresh.wall / count, bound=15, at_most=True, spec=".1f"
            ),
            Floor(
                claim="seconds for 1,000 unchanged feeds",
                value=1000 * known.wall / count,
                bound=1,
                at_most=True,
                spec=".1f",
            ),
        ],
    )


# -- rounds ------------------------------------------------------------------------------------------------------------


def _check(number: int, port: int) -> Check:
    host = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
    return Check(source_id=SourceId(number), kind=SourceKind.FEED, address=f"http://{host}:{port}/{number}")


def _known(check: Check, gathered: Gathered) -> Check:
    """Return the question to ask next, with what the first answer has told."""
    said = gathered.outcome
    if not isinstance(said, Fetched):
        return check
    return replace(check, etag=said.etag, last_modified=said.last_modified, body_hash=said.body_hash)


def _round(checks: Sequence[Check], now: datetime) -> tuple[Cost, dict[int, Gathered]]:
    async def ask() -> dict[int, Gathered]:
        async with GuardedClient(user_agent=AGENT, allowed=[LOOPBACK]) as client:
            return {gathered.source_id: gathered async for gathered in gather(checks, client, now=now)}

    answers: dict[int, Gathered] = {}
    cost = _cost_of(lambda: answers.update(asyncio.run(ask())))
    return cost, answers


def _outcomes(answers: Iterable[Gathered]) -> Counter[str]:
    found: Counter[str] = Counter()
    for gathered in answers:
        found[type(gathered.outcome).__name__] += 1
        found["items"] += len(gathered.outcome.entries) if isinstance(gathered.outcome, Fetched) else 0
    return found


def _counts(found: Counter[str]) -> list[int]:
    return [found["Fetched"], found["Unchanged"], found["Failed"], found["items"]]


# -- clients -----------------------------------------------------------------------------------------------------------


def _race(address: str, runs: int) -> dict[str, Cost]:
    """Return the median cost of the same requests by each client; they take turns."""
    costs: dict[str, list[Cost]] = {}
    for _ in range(runs):
        for name, etag, run in (
            ("GuardedClient, 200", None, _by_guarded_client),
            ("httpx, 200", None, _by_httpx),
            ("GuardedClient, 304", '"0"', _by_guarded_client),
            ("httpx, 304", '"0"', _by_httpx),
        ):
            costs.setdefault(name, []).append(_cost_of(partial(_finish, run, address, etag)))
    return {name: _median(taken) for name, taken in costs.items()}


def _finish(run: Client, address: str, etag: str | None) -> None:
    asyncio.run(run(address, etag))


async def _by_guarded_client(address: str, etag: str | None) -> None:
    limits = Limits(connections=CONNECTIONS, per_host=CONNECTIONS, pause=timedelta(0))
    async with GuardedClient(user_agent=AGENT, allowed=[LOOPBACK], limits=limits) as client:
        await _many(lambda: client.get(address, etag=etag))


async def _by_httpx(address: str, etag: str | None) -> None:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    headers = {"User-Agent": AGENT, **({"If-None-Match": etag} if etag else {})}
    async with httpx.AsyncClient(limits=limits, headers=headers, trust_env=False) as client:
        await _many(lambda: client.get(address))


async def _many(ask: Callable[[], Awaitable[object]]) -> None:
    """Ask REQUESTS times, CONNECTIONS at once."""
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))


def _cost_of(work: Callable[[], object]) -> Cost:
    wall, processor = time.perf_counter(), _processor_seconds()
    work()
    return Cost(time.perf_counter() - wall, _processor_seconds() - processor)


def _processor_seconds() -> float:
    """Return what this process and those that read for it have spent, the server apart."""
    servers = {child.pid for child in multiprocessing.active_children() if child.name == SERVER}
    ours = psutil.Process()
    # The times of a process hold those of its children that have ended.
    return sum(sum(each.cpu_times()[:4]) for each in (ours, *ours.children(recursive=True)) if each.pid not in servers)


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(cost.wall for cost in costs), median(cost.processor for cost in costs))


# -- the sites ---------------------------------------------------------------------------------------------------------


@contextmanager
def _serving(data: Path) -> Iterator[int]:
    """Serve the feeds under every number, on all addresses of loopback, in a process of its own; give the port."""
    fresh = multiprocessing.get_context("spawn")
    ours, theirs = fresh.Pipe(duplex=False)
    child = fresh.Process(target=_serve, args=(theirs, data), name=SERVER, daemon=True)
    child.start()
    try:
        yield ours.recv()
    finally:
        child.kill()
        child.join()


def _serve(told: Connection, data: Path) -> None:
    asyncio.run(_site(told, [file.body for file in sets.feeds(data)]))


async def _site(told: Connection, bodies: Sequence[bytes]) -> None:
    """Answer with one of *bodies* and an ETag, or 304 to the one who knows it."""

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        etag = f'"{number}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        # A comment of its own, so that no two feeds are one body.
        body = bodies[number % len(bodies)] + f"<!-- {number} -->".encode()
        return web.Response(body=body, content_type="application/xml", headers={"ETag": etag})

    site = web.Application()
    site.router.add_get("/{number:\\d+}", answer)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    # On Linux one socket answers for all of 127.0.0.0/8 only when it is bound to every address.
    await web.TCPSite(runner, "0.0.0.0", 0, backlog=1024).start()
    told.send(runner.addresses[0][1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    Program(
        name="fetching",
        about=__doc__ or "",
        measure=measure,
        peers=("aiohttp", "httpx"),
        options={"feeds": {"type": int, "default": 1000, "help": "how many feeds a round asks (1000)"}},
    ).run()

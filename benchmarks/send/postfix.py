"""How fast an Edition goes into a real Postfix on the same cores, signed by us, beside smtp-source into the same."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.send import databases, peers
from benchmarks.send.databases import Kind
from benchmarks.send.installation import Orders, can_sign, has_connections, new_key
from benchmarks.send.peers import Postfix
from benchmarks.send.readers import LARGE
from benchmarks.send.throughput import Spent, beside, mean_size, named, ours, pair, times

#: More only wait for one another.
SESSIONS = 16


def measure(arguments: Arguments) -> Report:
    """Send an Edition and as many mails of smtp-source in turn, each into an empty queue."""
    if not peers.has_postfix():
        raise SystemExit("Postfix is missing, or this is not root; on Debian: apt-get install postfix")
    messages, date = arguments.own["messages"], arguments.date
    length = round(mean_size(date))
    sessions = SESSIONS if has_connections() else 1
    rows: list[list[object]] = []
    floors: list[Floor] = []
    with ExitStack() as stack:
        relay = stack.enter_context(peers.postfix())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        key = new_key(folder / "dkim.pem") if can_sign() else None
        for kind in databases.chosen(arguments.own["database"]):
            stock = stack.enter_context(databases.stock(kind, messages, LARGE, date))
            send = ours(stock, Orders(port=0, connections=sessions, key=key), date)
            theirs, mine = (_after_a_drain(relay, each) for each in (beside(sessions, messages, length), send))
            pairs = [pair(theirs, mine, relay.port, ours_first=bool(turn % 2)) for turn in range(arguments.runs)]
            name = named(kind, signed=key is not None)
            rows += [
                ["smtp-source (C)", *_figures([paired.theirs for paired in pairs]), 1],
                [name, *_figures([paired.ours for paired in pairs]), times(pairs)],
            ]
            if key is not None and kind is Kind.SQLITE:
                floors.append(Floor(claim=f"{name}, times smtp-source", value=times(pairs), bound=0.6, spec=".2f"))
    return Report(
        tables=[
            Table(
                title=f"{messages:,} messages of {length / 1000:.1f} KB into Postfix, {sessions} connections",
                columns={"sender": "", "messages/s": ",.0f", "client µs": ",.0f", "times smtp-source": ".2f"},
                rows=rows,
                note=(
                    "Until Postfix has taken the last one; its queue is on disk, and its transport throws the mail "
                    "away meanwhile on the same cores. Each run begins with an empty queue."
                ),
            )
        ],
        floors=floors,
    )


def _after_a_drain(relay: Postfix, send: Callable[[int], Spent]) -> Callable[[int], Spent]:
    def drained(port: int) -> Spent:
        relay.drain()
        return send(port)

    return drained


def _figures(runs: list[Spent]) -> list[float]:
    return [median(run.per_second for run in runs), 1e6 * median(run.client for run in runs)]


if __name__ == "__main__":
    Program(
        name="send_postfix", about=__doc__ or "", measure=measure, topic="send", makes_its_data=True,
        options={
            "messages": {"type": int, "default": 3_000, "help": "messages a run (3,000)"},
            "database": databases.OPTION,
        },
    ).run()  # fmt: skip

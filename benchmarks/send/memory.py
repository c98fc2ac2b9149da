"""How much memory a sender holds from the beginning to the end of a large Edition."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.send import databases, peers, processes
from benchmarks.send.databases import Kind
from benchmarks.send.installation import Orders, can_sign, new_key
from benchmarks.send.processes import Ran
from benchmarks.send.readers import LARGE

#: Of the time that the sender ran.
SHARES = (0.1, 0.5, 1.0)


def measure(arguments: Arguments) -> Report:
    """Send one Edition from each database, with the command that operators use."""
    count = arguments.own["readers"]
    found = {kind: _sent(kind, count, arguments) for kind in databases.chosen(arguments.own["database"])}
    return Report(
        tables=[
            Table(
                title=f"Memory of a sender of {count:,} mails, MB",
                columns={
                    "database": "", **{f"at {share:.0%}": ",.0f" for share in SHARES}, "peak": ",.0f",
                    "minutes": ",.1f", "messages/s": ",.0f",
                },
                rows=[
                    [kind.shown, *(ran.held_at(share) for share in SHARES), ran.peak_megabytes, ran.seconds / 60,
                     count / ran.seconds]
                    for kind, ran in found.items()
                ],
                note=(
                    "Resident memory of `digest edition send` when that share of its time had passed, looked at "
                    f"every {processes.BETWEEN_LOOKS * 1000:.0f} ms; the peak is VmHWM. Starting Python is in the time."
                ),
            )
        ],
        floors=[floor for kind, ran in found.items() for floor in _floors(kind, ran)],
    )  # fmt: skip


def _sent(kind: Kind, count: int, arguments: Arguments) -> Ran:
    with ExitStack() as stack:
        port = stack.enter_context(peers.smtp_sink())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        key = new_key(folder / "dkim.pem") if can_sign() else None
        stock = stack.enter_context(databases.stock(kind, count, LARGE, arguments.date))
        orders = Orders(port=port, connections=arguments.own["connections"], key=key)
        installation = stack.enter_context(stock.copy(orders))
        return processes.run(installation.command(arguments.date), log=folder / "sender.log")


def _floors(kind: Kind, ran: Ran) -> list[Floor]:
    grown = ran.held_at(1) - ran.held_at(SHARES[0])
    return [
        Floor(claim=f"{kind.shown}, peak, MB", value=ran.peak_megabytes, bound=150, at_most=True, spec=".0f"),
        Floor(claim=f"{kind.shown}, grown since 10 % of the time, MB", value=grown, bound=10, at_most=True, spec=".0f"),
    ]


if __name__ == "__main__":
    Program(
        name="send_memory", about=__doc__ or "", measure=measure, topic="send", makes_its_data=True,
        options={
            "readers": {"type": int, "default": 1_000_000, "help": "readers of the Edition (1,000,000)"},
            "connections": {"type": int, "default": 16, "help": "connections to the relay (16)"},
            "database": databases.OPTION,
        },
    ).run()  # fmt: skip

"""
What becomes of an Edition whose sender is killed again and again: lost mails, mails sent twice, mails in doubt.

The sender is ``digest edition send`` in a process of its own. It gets SIGKILL at a random moment within half a second,
0.1 to 0.6 s after its first mail came to the relay, and only while a conversation is open; then it is simply started
again. The relay, which lives on, writes down every mail before it says that it has taken it. With ``--stop`` the sender
gets SIGTERM instead, and has to end by itself with nothing in doubt.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.send import databases
from benchmarks.send.counting_sink import KEYLESS, MAIMED, CountingSink, counting_sink
from benchmarks.send.databases import Kind, Stock
from benchmarks.send.installation import Installation, Orders
from benchmarks.send.readers import SMALL
from digest.database import Database
from digest.model.delivery import Delivery, DeliveryState

#: Seconds after the first mail of a run, between which it is killed.
SOONEST, LATEST = 0.1, 0.6
#: A sender that ends by itself and leaves mail behind is started again so often.
LAST_TRIES = 3
#: A sender that gets nothing through for so many seconds is given up.
PATIENCE = 120.0
#: A sender that was asked to stop must have ended within so many seconds.
LONGEST_STOP = 30.0
#: Between looks at the gauge, in seconds.
LOOK = 0.001
#: What a Delivery may have come to when all is done.
ENDED = {DeliveryState.SENT, DeliveryState.IN_DOUBT}


@dataclass(slots=True, kw_only=True)
class Counts:
    """What the rounds with one database came to."""

    rounds: int = 0
    kills: int = 0
    #: Mails that the relay took.
    mails: int = 0
    #: Marked as sent, and the relay never took them.
    lost: int = 0
    #: Taken more than once.
    twice: int = 0
    #: Neither sent nor in doubt at the end.
    unfinished: int = 0
    #: Taken, and neither marked as sent nor in doubt: a later run would send them again.
    forgotten: int = 0
    in_doubt: int = 0
    #: Of those in doubt, the ones that the relay had taken.
    arrived: int = 0
    #: Came without a key of ours, or without their end.
    maimed: int = 0
    #: Rounds whose Deliveries were not as many as readers.
    off: int = 0
    #: New doubts after each kill, and connections that were open when it came.
    doubts: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    #: Seconds from SIGTERM to the end; senders that had to be killed after all.
    stops: list[float] = field(default_factory=list)
    deaf: int = 0
    #: The last words of senders that failed.
    complaints: Counter[str] = field(default_factory=Counter)


def measure(arguments: Arguments) -> Report:
    """Kill senders until it has been done often enough, on each database."""
    kinds = databases.chosen(arguments.own["database"])
    found = {kind: _rounds(kind, arguments) for kind in kinds}
    connections, is_stop = arguments.own["connections"], arguments.own["stop"]
    return Report(
        tables=_tables(found, arguments),
        floors=[floor for kind, counts in found.items() for floor in _floors(kind, counts, connections, is_stop)],
    )


def _rounds(kind: Kind, arguments: Arguments) -> Counts:
    counts = Counts()
    chance = random.Random(arguments.own["seed"])
    with databases.stock(kind, arguments.own["readers"], SMALL, arguments.date) as stock:
        while counts.kills < arguments.own["kills"]:
            before = counts.kills
            _Round(stock, counts, arguments, chance).run()
            counts.rounds += 1
            _say(kind, counts)
            if counts.kills == before:
                _say_why(counts)
                break
    return counts


class _Round:
    """One Edition, from its first sender to its last."""

    def __init__(self, stock: Stock, counts: Counts, arguments: Arguments, chance: random.Random) -> None:
        self.stock = stock
        self.counts = counts
        self.own = arguments.own
        self.date = arguments.date
        self.chance = chance

    def run(self) -> None:
        """Send and kill until every Delivery has come to its end, and count what became of each."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sink = stack.enter_context(counting_sink(folder, self.own["delay"]))
            orders = Orders(port=sink.port, connections=self.own["connections"])
            installation = stack.enter_context(self.stock.copy(orders))
            self._wear_down(installation, sink)
            self._settle(installation, sink)

    def _wear_down(self, installation: Installation, sink: CountingSink) -> None:
        in_doubt = tries = 0
        was_killed = False
        while tries < LAST_TRIES:
            is_killed = self._one_sender(installation, sink)
            states = Counter(_states(installation).values())
            if was_killed:
                # The sender that has just ended had cleared up after the one before.
                self.counts.doubts.append(states[DeliveryState.IN_DOUBT] - in_doubt)
                in_doubt = states[DeliveryState.IN_DOUBT]
            was_killed = is_killed
            if is_killed:
                continue
            tries += 1
            if states.total() == sum(states[state] for state in ENDED):
                break

    def _one_sender(self, installation: Installation, sink: CountingSink) -> bool:
        """Run a sender until it ends or is killed; return whether it was killed."""
        before = sink.read().taken
        log = installation.home / "sender.log"
        with log.open("wb") as out:
            sender = subprocess.Popen(
                installation.command(self.date), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        try:
            has_more_kills = self.counts.kills < self.own["kills"]
            if has_more_kills and self._wait(sender, lambda: sink.read().taken > before):
                time.sleep(self.chance.uniform(SOONEST, LATEST))
                if self._wait(sender, lambda: sink.read().conversations > 0):
                    return self._end(sender, sink)
            self._wait_for_end(sender, sink)
        finally:
            if sender.poll() is None:
                os.killpg(sender.pid, signal.SIGKILL)
                sender.wait()
        if sender.returncode:
            words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""]
            self.counts.complaints[f"{sender.returncode}: {words[-1][:200]}"] += 1
        return False

    def _end(self, sender: "subprocess.Popen[bytes]", sink: CountingSink) -> bool:
        """Kill or stop *sender*; return whether that is what ended it."""
        self.counts.open.append(sink.read().connections)
        began = time.monotonic()
        if self.own["stop"]:
            sender.terminate()
            try:
                sender.wait(LONGEST_STOP)
            except subprocess.TimeoutExpired:
                self.counts.deaf += 1
                os.killpg(sender.pid, signal.SIGKILL)
            self.counts.stops.append(time.monotonic() - began)
        else:
            os.killpg(sender.pid, signal.SIGKILL)
        sender.wait()
        self.counts.kills += 1
        # What the dead had written is still on its way.
        until = time.monotonic() + PATIENCE
        while sink.read().connections and time.monotonic() < until:
            time.sleep(LOOK)
        return True

    @staticmethod
    def _wait(sender: "subprocess.Popen[bytes]", is_so: Callable[[], bool]) -> bool:
        """Wait until *is_so*; False when *sender* ended before, or takes too long."""
        until = time.monotonic() + PATIENCE
        while not is_so():
            if sender.poll() is not None or time.monotonic() > until:
                return False
            time.sleep(LOOK)
        return sender.poll() is None

    @staticmethod
    def _wait_for_end(sender: "subprocess.Popen[bytes]", sink: CountingSink) -> None:
        """Wait for *sender* for as long as it gets mail through."""
        taken, until = sink.read().taken, time.monotonic() + PATIENCE
        while sender.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
            if sink.read().taken != taken:
                taken, until = sink.read().taken, time.monotonic() + PATIENCE

    def _settle(self, installation: Installation, sink: CountingSink) -> None:
        """Compare what the database says with what the relay took."""
        states = _states(installation)
        taken, others = sink.taken()
        counts = self.counts
        counts.mails += taken.total()
        counts.twice += sum(1 for times in taken.values() if times > 1)
        counts.maimed += others[KEYLESS] + others[MAIMED]
        counts.off += len(states) != self.own["readers"] or not taken.keys() <= states.keys()
        for subscriber, state in states.items():
            has_arrived = subscriber in taken
            counts.lost += state == DeliveryState.SENT and not has_arrived
            counts.unfinished += state not in ENDED
            counts.forgotten += has_arrived and state not in ENDED
            counts.in_doubt += state == DeliveryState.IN_DOUBT
            counts.arrived += state == DeliveryState.IN_DOUBT and has_arrived


def _states(installation: Installation) -> dict[int, DeliveryState]:
    """
    Return the state of each Delivery by its Subscriber's id.

    SQLite's files are copied before they are read: opening them, as the next sender will, clears up after a crash.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = make_url(installation.database_url)
        if url.get_backend_name() == "sqlite":
            original = Path(str(url.database))
            for path in original.parent.glob(f"{original.name}*"):
                if not path.name.endswith("-shm"):
                    shutil.copy(path, folder)
            url = url.set(database=str(Path(folder) / original.name))
        database = Database(url.render_as_string(hide_password=False))
        try:
            with database.reading() as session:
                return dict(session.execute(select(Delivery.subscriber_id, Delivery.state)).all())
        finally:
            database.close()


def _tables(found: dict[Kind, Counts], arguments: Arguments) -> list[Table]:
    own = arguments.own
    ended = "stopped with SIGTERM" if own["stop"] else "killed with SIGKILL"
    complaints = Counter[str]()
    for counts in found.values():
        complaints += counts.complaints
    failed = "; ".join(f"{words} ({times} times)" for words, times in complaints.most_common(3))
    return [
        Table(
            title=f"Editions of {own['readers']:,} mails over {own['connections']} connections, their senders {ended}",
            columns={
                "database": "", "rounds": "d", "kills": "d", "mails taken": ",d", "lost": "d", "twice": "d",
                "unfinished": "d", "taken, yet to be sent": "d",
            },
            rows=[
                [
                    kind.shown, counts.rounds, counts.kills, counts.mails, counts.lost, counts.twice,
                    counts.unfinished, counts.forgotten,
                ]
                for kind, counts in found.items()
            ],
            note=(
                f"Each {SOONEST} to {LATEST} s after the first mail of its run, while a conversation was open; nothing "
                "but the same command again in between. Lost: marked as sent, and the relay never took it. The relay "
                f"answers a dot after up to {own['delay']:g} ms."
                + (f" Senders that failed: {failed}" if failed else "")
            ),
        ),
        Table(
            title="Mails in doubt, held for a person to decide",
            columns={
                "database": "", "in doubt": "d", "had arrived": "d", "most per kill": "d", "mean per kill": ".1f",
                "connections open when killed": ".1f",
            },
            rows=[
                [
                    kind.shown, counts.in_doubt, counts.arrived, max(counts.doubts, default=0),
                    sum(counts.doubts) / max(1, len(counts.doubts)), sum(counts.open) / max(1, len(counts.open)),
                ]
                for kind, counts in found.items()
            ],
        ),
    ]  # fmt: skip


def _floors(kind: Kind, counts: Counts, connections: int, is_stop: bool) -> list[Floor]:
    def at_most(claim: str, value: float, bound: float = 0, spec: str = ".0f") -> Floor:
        return Floor(claim=f"{kind.shown}, {claim}", value=value, bound=bound, at_most=True, spec=spec)

    common = [
        at_most("mails lost", counts.lost),
        at_most("mails taken twice", counts.twice),
        at_most("mails unfinished, or taken and yet to be sent", counts.unfinished + counts.forgotten),
        at_most("mails without key or end", counts.maimed),
        at_most("rounds whose account does not add up", counts.off),
    ]
    if is_stop:
        return [
            *common,
            at_most("mails in doubt", counts.in_doubt),
            at_most("longest stop, s", max(counts.stops, default=0), LONGEST_STOP, ".1f"),
            at_most("senders that would not stop", counts.deaf),
        ]
    return [*common, at_most("most in doubt after one kill", max(counts.doubts, default=0), connections)]


def _say(kind: Kind, counts: Counts) -> None:
    print(
        f"{kind.shown}, round {counts.rounds}: {counts.kills} kills, {counts.mails:,} mails, {counts.lost} lost, "
        f"{counts.twice} twice, {counts.in_doubt} in doubt ({counts.arrived} had arrived)",
        file=sys.stderr,
    )


def _say_why(counts: Counts) -> None:
    for words, times in counts.complaints.items():
        print(f"{times} senders ended with {words}", file=sys.stderr)
    print("No sender could be killed in this round; given up.", file=sys.stderr)


if __name__ == "__main__":
    Program(
        name="send_chaos", about=__doc__ or "", measure=measure, topic="send", makes_its_data=True,
        options={
            "kills": {"type": int, "default": 300, "help": "kills on each database (300)"},
            "readers": {"type": int, "default": 20_000, "help": "readers of the Edition of each round (20,000)"},
            "connections": {"type": int, "default": 8, "help": "connections to the relay (8)"},
            "delay": {"type": float, "default": 4.0, "help": "the relay's longest pause before it answers, ms (4)"},
            "stop": {"action": "store_true", "help": "ask senders to stop instead of killing them"},
            "seed": {"type": int, "default": 1, "help": "of the random moments (1)"},
            "database": databases.OPTION,
        },
    ).run()  # fmt: skip

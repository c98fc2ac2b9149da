"""How long it takes to plan a million Deliveries, and how many a second are claimed and settled without a wire."""

import datetime as dt
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.send import databases, readers
from benchmarks.send.databases import Kind
from benchmarks.send.installation import CADENCE, SLUG
from digest import pipeline
from digest.deliver.outbox import EditionOutbox
from digest.model.delivery import DeliveryState, Lease, Settlement
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import deliveries
from subscribers import audience
from subscribers.cadence import Cadence

#: Deliveries that are claimed, and later settled, in one transaction.
BATCH = 500
OWNER = "benchmark"
LEASE = dt.timedelta(minutes=30)


class Taken(NamedTuple):
    """Seconds to plan; rows a second claimed and settled, and either alone."""

    planning: float
    both: float
    claiming: float
    settling: float


def measure(arguments: Arguments) -> Report:
    """Plan, claim and settle on both databases."""
    count, rows = arguments.own["readers"], min(arguments.own["rows"], arguments.own["readers"])
    found = {kind: _measured(kind, count, rows, arguments) for kind in databases.chosen(arguments.own["database"])}
    medians = {kind: Taken(*(median(each) for each in zip(*taken, strict=True))) for kind, taken in found.items()}
    return Report(
        tables=[
            Table(
                title=f"{count:,} Deliveries",
                columns={
                    "database": "", "planned in, s": ".2f", "claimed and settled, rows/s": ",.0f",
                    "claimed, rows/s": ",.0f", "settled, rows/s": ",.0f",
                },
                rows=[[kind.shown, *taken] for kind, taken in medians.items()],
                note=(
                    "Planned by one statement, committed. Claimed with their readers and settled as sent in "
                    f"transactions of {BATCH}, {rows:,} of them, by one worker. SQLite: WAL, synchronous=NORMAL; "
                    "PostgreSQL: fsync on."
                ),
            )
        ],
        floors=[
            Floor(
                claim=f"{count:,} Deliveries planned, {kind.shown}, s", value=taken.planning, bound=5, at_most=True,
                spec=".2f",
            )
            for kind, taken in medians.items()
        ],
    )  # fmt: skip


def _measured(kind: Kind, count: int, rows: int, arguments: Arguments) -> list[Taken]:
    with databases.installation(kind) as (installation, server):
        services = installation.start()
        try:
            readers.add_readers(services, count, readers.LARGE)
            edition_id = readers.add_edition(services, readers.LARGE, arguments.date)
            taken = []
            for _ in range(arguments.runs):
                _forget(services)
                if server is not None:
                    server.say("CHECKPOINT")
                planning = _seconds(lambda: _plan(services, edition_id, arguments.date, count))
                taken.append(Taken(planning, *_claim_and_settle(services, edition_id, rows)))
            return taken
        finally:
            services.close()


def _plan(services: Services, edition_id: EditionId, date: dt.date, count: int) -> None:
    """Plan the Edition as its approval does."""
    with services.session() as session:
        instants = pipeline.waves(session, services.newsletter(SLUG), CADENCE, date)
        due = {(zone, hour): at for (zone, hour), at in instants.items() if zone is not None}
        wanted = audience.readers(SLUG, Cadence.served_by(CADENCE, date), date)
        assert deliveries.plan(session, edition_id, wanted, due) == count


def _claim_and_settle(services: Services, edition_id: EditionId, rows: int) -> tuple[float, float, float]:
    outbox = EditionOutbox(database=services.database, edition_id=edition_id, ignore_wave=True)
    done, claiming, settling = 0, 0.0, 0.0
    while done < rows:
        now = services.clock.now()
        began = time.perf_counter()
        claims = outbox.claim(now, Lease(owner=OWNER, until=now + LEASE), BATCH)
        claiming += time.perf_counter() - began
        sent = [
            Settlement(
                key=claimed.key, lease_no=claimed.lease_no, state=DeliveryState.SENT, is_attempt=True, code=250,
                reply="2.0.0 Ok: queued as 4XyZ12abcdz1",
            )
            for claimed in claims
        ]  # fmt: skip
        began = time.perf_counter()
        assert not outbox.settle(sent, owner=OWNER, now=now)
        settling += time.perf_counter() - began
        done += len(sent)
    return done / (claiming + settling), done / claiming, done / settling


def _forget(services: Services) -> None:
    """Take all Deliveries out, as if the Edition had not been planned."""
    is_sqlite = services.database.engine.dialect.name == "sqlite"
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM delivery" if is_sqlite else "TRUNCATE delivery")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    Program(
        name="send_planning", about=__doc__ or "", measure=measure, topic="send", makes_its_data=True,
        peers=("sqlalchemy", "psycopg"),
        options={
            "readers": {"type": int, "default": 1_000_000, "help": "Deliveries to plan (1,000,000)"},
            "rows": {"type": int, "default": 100_000, "help": "Deliveries to claim and settle (100,000)"},
            "database": databases.OPTION,
        },
    ).run()  # fmt: skip

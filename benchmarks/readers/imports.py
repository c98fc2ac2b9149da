"""How many readers a second an import takes in, how much memory it holds, and how fast they come out again."""

import csv
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from subprocess import run
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.readers import table
from benchmarks.send import databases
from benchmarks.send.databases import Kind
from benchmarks.send.installation import SLUG, Installation
from digest.clock import SystemClock
from digest.services import Services
from digest.settings import load
from subscribers import consent, suppression, unsubscribe
from subscribers.address import Address, fingerprint
from subscribers.consent import Evidence
from subscribers.model import ConsentKind, Subscription, SuppressionReason
from subscribers.signup import SignupWish, add, new_subscriber, new_subscription

EVIDENCE = Evidence(wording="Asked for it at the spring fair.", source="benchmark")
NAIVE_ROWS = 20_000
WITNESS = Path(__file__).parents[1] / "witness.py"


def measure(arguments: Arguments) -> Report:
    """Do each task in a process of its own, on fresh databases."""
    found: dict[tuple[Kind, str], list[tuple[float, float]]] = {}
    for kind in databases.chosen(arguments.own["database"]):
        rows = arguments.own["rows"] if kind is Kind.SQLITE else min(arguments.own["rows"], arguments.own["fewer"])
        for _ in range(arguments.runs):
            with databases.installation(kind) as (installation, _server):
                _prepare(installation, rows)
                for task in ("dry run", "import", "again", "export"):
                    found.setdefault((kind, task), []).append(_done(installation, task, rows))
            with databases.installation(kind) as (installation, _server):
                _prepare(installation, rows)
                found.setdefault((kind, "naive"), []).append(_done(installation, "naive", min(rows, NAIVE_ROWS)))
    medians = {key: (median(pace for pace, _ in each), max(peak for _, peak in each)) for key, each in found.items()}
    return Report(
        tables=[
            Table(
                title="Readers in and out",
                columns={"database": "", "task": "", "rows/s": ",.0f", "peak, MB": ",.0f"},
                rows=[[kind.shown, task, pace, peak] for (kind, task), (pace, peak) in medians.items()],
                note=(
                    f"{arguments.own['rows']:,} rows on SQLite, {arguments.own['fewer']:,} at most on PostgreSQL: 3 % "
                    "duplicates, 2 % faults, 1 % suppressed, 1 % left. Again: the same file once more. Naive: csv, "
                    f"email-validator and ORM objects in one transaction, {NAIVE_ROWS:,} rows. Each is the real "
                    "command with its start, in a process of its own."
                ),
            )
        ],
        floors=[
            floor
            for (kind, task), (pace, peak) in medians.items()
            if task == "import" and kind is Kind.SQLITE
            for floor in (
                Floor(claim="import, SQLite, rows/s", value=pace, bound=20_000, spec=",.0f"),
                Floor(claim="import, SQLite, peak, MB", value=peak, bound=200, at_most=True, spec=".0f"),
            )
        ],
    )


def _prepare(installation: Installation, rows: int) -> None:
    """Write the file, and put in who is suppressed and who has left."""
    services = installation.start()
    try:
        sections = [section.slug for section in services.newsletter(SLUG).sections]
        table.write(installation.home / "readers.csv", rows, sections)
        now = services.clock.now()
        with services.session() as session:
            for number in filter(table.is_suppressed, range(rows)):
                mark = fingerprint(table.address(number), services.keys.fingerprint)
                suppression.suppress(session, mark, SuppressionReason.COMPLAINT, at=now)
        with services.session() as session:
            for number in filter(table.has_left, range(rows)):
                text = table.address(number)
                wish = SignupWish(newsletter=SLUG, address=Address(text, text), language="en", time_zone="UTC")
                begun = add(session, wish, EVIDENCE, fingerprint_key=services.keys.fingerprint, now=now)
                unsubscribe.one_click(session, begun.subscription.public_id, EVIDENCE, now=now)
                session.expunge_all()
    finally:
        services.close()


def _done(installation: Installation, task: str, rows: int) -> tuple[float, float]:
    """Return the rows a second of *task* in a new process, its start included, and that process's peak in MB."""
    own = [sys.executable, "-m", "benchmarks.readers.imports", "--child", str(installation.config), str(rows)]
    command = own if task == "naive" else _command(installation, task)
    said = run([sys.executable, WITNESS, *command], check=True, capture_output=True, text=True).stdout.split()
    number = _readers(installation) if task == "export" else rows
    return number / float(said[0]), float(said[1])


def _readers(installation: Installation) -> int:
    services = installation.start()
    try:
        with services.reading() as session:
            return session.scalar(select(func.count()).select_from(Subscription)) or 0
    finally:
        services.close()


def _command(installation: Installation, task: str) -> list[str]:
    """Return the command of `digest` that does *task*."""
    words = ["-c", "from digest.cli.main import main; main()", "--config", str(installation.config), "subscriber"]
    if task == "export":
        return [sys.executable, *words, "export", SLUG]
    consent, file = ["--consent", EVIDENCE.wording], str(installation.home / "readers.csv")
    return [sys.executable, *words, "import", SLUG, file, *consent, *(["--dry-run"] if task == "dry run" else [])]


def child(config: Path, rows: int) -> None:
    """Take so many *rows* into the installation of *config* in the naive way."""
    services = Services.start(load(config), SystemClock())
    try:
        _naive(services, config.parent / "readers.csv", rows)
    finally:
        services.close()


def _naive(services: Services, path: Path, rows: int) -> None:
    """Take in what comes to mind: valid addresses not seen before, as objects; nothing else is looked at."""
    now, key, seen = datetime.now(UTC), services.keys.fingerprint, set()
    with path.open(encoding="utf-8", newline="") as stream, services.session() as session:
        for row in islice(csv.DictReader(stream), rows):
            try:
                text = validate_email(row["email"], check_deliverability=False).normalized
            except EmailNotValidError:
                continue
            if text.lower() in seen or table.has_left(int(text.split("@")[0].rpartition(".")[2])):
                continue
            seen.add(text.lower())
            wish: Any = SignupWish(newsletter=SLUG, address=Address(text, text.lower()), language="en", time_zone="UTC")
            subscriber = new_subscriber(wish, fingerprint(wish.address.key, key), now)
            subscription = new_subscription(subscriber, wish, now)
            subscription.confirm(now)
            session.add(subscription)
            session.flush()
            consent.record(session, subscription, ConsentKind.IMPORTED, EVIDENCE, at=now)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        Program(
            name="imports",
            about=__doc__ or "",
            measure=measure,
            topic="readers",
            makes_its_data=True,
            peers=("sqlalchemy", "email-validator", "psycopg"),
            options={
                "rows": {"type": int, "default": 1_000_000, "help": "rows of the file (1,000,000)"},
                "fewer": {"type": int, "default": 200_000, "help": "rows at most on PostgreSQL (200,000)"},
                "database": databases.OPTION,
            },
        ).run()

"""A long file goes in by batches: others can write in between, and what was stopped goes on."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from digest.database import Database
from subscribers import export_csv, unsubscribe
from subscribers.consent import Evidence
from subscribers.import_csv import Format, ImportPlan, Onlooker, Reason, import_readers, stage
from subscribers.import_csv.rows import LONGEST_LINE
from subscribers.model import ConsentEvent, Subscriber, Subscription, Suppression

COUNT = 1000
FILE = (
    "email,name,sections,hour,status\n"
    + "".join(f"reader{number}@reader.example,Ana,science world,7:30,\n" for number in range(COUNT))
    + "READER1@reader.example,,,,\nrubbish,,,,\ngone@reader.example,,,,unsubscribed\n"
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "BATCH", 150)


def number_of(database: Database, row: type[Any]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def stream(text: str = FILE) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_what_was_stopped_in_the_middle_goes_on(database: Database, plan: ImportPlan, now: datetime) -> None:
    def stop(rows: int) -> None:
        if rows >= 400:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_readers(database.session, stream(), plan, now=now, onlooker=Onlooker(progress=stop))
    kept = number_of(database, Subscription)
    report = import_readers(database.session, stream(), plan, now=now)

    assert kept == 450
    assert (report.added, report.unchanged) == (COUNT - kept, kept)
    assert report.counts == {Reason.DUPLICATE: 1, Reason.BAD_ADDRESS: 1, Reason.LEFT_ELSEWHERE: 1}
    for row in (Subscriber, Subscription, ConsentEvent):
        assert number_of(database, row) == COUNT
    assert number_of(database, Suppression) == 1


def test_a_batch_that_fails_leaves_the_batches_before(database: Database, plan: ImportPlan, now: datetime) -> None:
    begun: list[int] = []

    @contextmanager
    def third_breaks() -> Iterator[Session]:
        begun.append(1)
        with database.session() as session:
            yield session
            if len(begun) == 3:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        import_readers(third_breaks, stream(), plan, now=now)

    assert number_of(database, Subscription) == 300


def test_others_can_write_between_two_batches(database: Database, plan: ImportPlan, now: datetime) -> None:
    def write_in_between(_rows: int) -> None:
        with database.engine.connect() as another:
            if another.dialect.name == "sqlite":
                another.exec_driver_sql("PRAGMA busy_timeout = 0")
            another.execute(text("UPDATE subscriber SET name = 'Ben'"))
            another.commit()

    import_readers(database.session, stream(), plan, now=now, onlooker=Onlooker(progress=write_in_between))

    with database.reading() as session:
        assert set(session.scalars(select(Subscriber.name))) == {"Ben"}


def test_two_imports_of_the_same_people_at_once_bring_each_in_once(
    database: Database, plan: ImportPlan, now: datetime
) -> None:
    header, *rows = FILE.splitlines(keepends=True)
    texts = [header + "".join(rows), header + "".join(reversed(rows))]

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda text: import_readers(database.session, stream(text), plan, now=now), texts)

    assert first.added + second.added == COUNT
    assert first.rows == second.rows == len(rows)
    assert (
        first.counts
        == second.counts
        == {
            Reason.DUPLICATE: 1,
            Reason.BAD_ADDRESS: 1,
            Reason.LEFT_ELSEWHERE: 1,
        }
    )
    for row in (Subscriber, Subscription, ConsentEvent):
        assert number_of(database, row) == COUNT


def test_who_leaves_while_the_list_goes_in_does_not_come_back_with_it(
    database: Database, plan: ImportPlan, now: datetime
) -> None:
    left: list[str] = []

    def leave(_rows: int) -> None:
        with database.session() as session:
            newest = select(Subscription.public_id).order_by(Subscription.id.desc()).limit(1)
            left.append(session.scalars(newest).one())
            unsubscribe.one_click(session, left[-1], Evidence(wording="one click", source="test"), now=now)

    import_readers(database.session, stream(), plan, now=now, onlooker=Onlooker(progress=leave))
    again = import_readers(database.session, stream(), plan, now=now)

    assert (again.added, again.counts[Reason.LEFT]) == (0, len(set(left)))


def test_a_dry_run_writes_nothing_and_says_the_same(database: Database, plan: ImportPlan, now: datetime) -> None:
    dry = import_readers(database.reading, stream(), plan, now=now, dry_run=True)
    written = number_of(database, Subscriber) + number_of(database, Suppression)

    assert written == 0
    assert import_readers(database.session, stream(), plan, now=now) == dry


def test_rows_have_the_values_that_the_model_gives_them(database: Database, plan: ImportPlan, now: datetime) -> None:
    import_readers(database.session, stream(), plan, now=now)

    with database.reading() as session:
        subscriptions = session.scalars(select(Subscription)).all()
        assert len({each.public_id for each in subscriptions}) == COUNT
        assert {len(each.public_id) for each in subscriptions} == {13}
        assert {each.sections for each in subscriptions} == {("science", "world")}
        assert {str(each.hour) for each in subscriptions} == {"07:30:00"}
        assert {each.confirmed_at for each in subscriptions} == {now}
        assert {each.leaving_words for each in subscriptions} == {""}
        assert {(event.subscriber_id, event.fingerprint) for event in session.scalars(select(ConsentEvent))} == {
            (each.subscriber_id, each.subscriber.fingerprint) for each in subscriptions
        }


def test_rows_that_the_database_refuses_take_no_others_with_them(
    database: Database, plan: ImportPlan, now: datetime
) -> None:
    with database.session() as session:
        session.connection().exec_driver_sql("CREATE UNIQUE INDEX no_namesakes ON subscriber (name)")

    report = import_readers(
        database.session,
        stream("email,name\n" + "".join(f"r{number}@b.example,{number % 140}\n" for number in range(149))),
        plan,
        now=now,
    )

    assert (report.added, report.counts) == (140, {Reason.NOT_STORED: 9})
    assert {(refusal.line - 2) % 140 for refusal in report.refused} == set(range(9))


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("\n" * 100_000 + "ana@b.example\n", []),
        ("a" * 10_000_000 + "@b.example\n", [2]),
        (f'"{"a" * (LONGEST_LINE - 10)}\n' * 3, [2, 3, 4]),
        ("ana@b.example\nben@b.exam", []),
        ("\x00\x01\x02\n\ufffd\n", [2, 3]),
    ],
    ids=["blank lines", "a huge cell", "open quotes", "half a row", "rubbish"],
)
def test_bad_rows_are_told_by_their_lines(
    database: Database, plan: ImportPlan, now: datetime, text: str, faults: list[int]
) -> None:
    report = import_readers(database.session, stream("email\n" + text), plan, now=now)

    assert [refusal.line for refusal in report.refused] == faults


def test_a_file_on_disk_may_be_long(database: Database, plan: ImportPlan, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(FILE.replace("\n", "\r").encode("utf-16"))

    with path.open("rb") as file:
        report = import_readers(database.session, file, plan, now=now)

    assert report.added == COUNT


def test_what_came_in_goes_out_in_order_and_comes_in_again(
    database: Database, plan: ImportPlan, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_csv, "PAGE", 7)
    import_readers(database.session, stream(), plan, now=now)
    exported = io.StringIO(newline="")

    with database.session() as session:
        number = export_csv.write_csv(exported, export_csv.READERS, export_csv.rows(session, plan.newsletter))
        ids = session.scalars(select(Subscriber.address).join(Subscription).order_by(Subscription.id)).all()
        ledger = list(export_csv.ledger(session, plan.newsletter))
        held = list(export_csv.suppressions(session))
        session.execute(delete(Subscriber))
    report = import_readers(database.session, stream(exported.getvalue()), plan, now=now)

    assert [line.split(",")[0] for line in exported.getvalue().splitlines()[1:]] == ids
    assert (number, len(ledger), len(held)) == (COUNT, COUNT, 1)
    assert (report.format, report.added) == (Format.DIGEST, COUNT)

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, insert, select
from sqlalchemy.orm import Session

from subscribers import consent, import_csv, signup, suppression, unsubscribe
from subscribers.address import fingerprint
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import ImportFault
from subscribers.import_csv import ImportPlan, ImportReport, Onlooker, Reason, Refusal, stage
from subscribers.model import (
    ConsentEvent,
    ConsentKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from subscribers.signup import SignupWish

AddOne = Callable[..., Subscription]
TakeIn = Callable[..., ImportReport]


@contextmanager
def savepoint(session: Session) -> Iterator[Session]:
    with session.begin_nested():
        yield session


@pytest.fixture
def take_in(session: Session, plan: ImportPlan, now: datetime) -> TakeIn:
    def take(text: str | bytes, plan: ImportPlan = plan, **options: Any) -> ImportReport:
        data = text.encode() if isinstance(text, str) else text
        return import_csv.import_readers(lambda: savepoint(session), io.BytesIO(data), plan, now=now, **options)

    return take


def number_of(session: Session, row: type[Subscriber | Subscription | ConsentEvent]) -> int:
    return session.scalar(select(func.count(row.id))) or 0


def test_a_full_row_becomes_an_active_reader_with_their_wishes(
    session: Session, take_in: TakeIn, plan: ImportPlan, now: datetime
) -> None:
    report = take_in(
        "E-Mail Address;Full name;Lang;Time_Zone;Sections;Frequency;Hour;Shoe size\n"
        'Ana@reader.example;"Pérez; Ana";pt-BR;america/sao_paulo;"Science, world";Weekdays;7:30;38\n'
    )

    assert (report.added, report.unchanged, report.refused) == (1, 0, ())
    assert report.ignored_columns == ("Shoe size",)
    subscription = session.scalars(select(Subscription)).one()
    subscriber = subscription.subscriber
    assert (subscription.state, subscription.confirmed_at) == (SubscriptionState.ACTIVE, now)
    assert (subscription.sections, subscription.cadence, subscription.hour) == (
        ("science", "world"),
        Cadence.WEEKDAYS,
        time(7, 30),
    )
    assert (subscriber.address, subscriber.address_key) == ("Ana@reader.example", "ana@reader.example")
    assert (subscriber.name, subscriber.language, subscriber.time_zone) == ("Pérez; Ana", "pt-BR", "America/Sao_Paulo")
    (proof,) = consent.history(session, subscriber.fingerprint)
    assert (proof.kind, proof.wording, proof.source) == (
        ConsentKind.IMPORTED,
        plan.ground.wording,
        plan.ground.source,
    )


def test_what_a_row_does_not_say_comes_from_the_plan(session: Session, take_in: TakeIn, plan: ImportPlan) -> None:
    take_in(
        "email,sections,hour\nana@reader.example,,\n",
        replace(plan, cadences=(Cadence.WEEKLY,), language="fr", time_zone="Asia/Tokyo"),
    )

    subscription = session.scalars(select(Subscription)).one()
    assert (subscription.sections, subscription.hour, subscription.cadence) == (None, None, Cadence.WEEKLY)
    assert (subscription.subscriber.language, subscription.subscriber.time_zone) == ("fr", "Asia/Tokyo")


def test_every_bad_row_is_refused_with_its_line_and_reason_and_stops_no_other(
    session: Session, take_in: TakeIn
) -> None:
    report = take_in(
        "address,name,language,time_zone,sections,cadence,hour\n"
        "ana@reader.example,Ana,,,,,\n"
        "no address,,,,,,\n"
        ",,,,,,\n"
        "a1@reader.example,,,Mars/Olympus,,,\n"
        "a2@reader.example,,,,gossip,,\n"
        "a3@reader.example,,,,,hourly,\n"
        "a4@reader.example,,,,,,25\n"
        "a5@reader.example,,the king's,,,,\n"
        f"a6@reader.example,{'n' * 300},,,,,\n"
        "a7@reader.example,too,few\n"
        "a8@reader.example,,,,,,,too many\n"
        'a9@reader.example,"open,,,,,\n'
        "ANA@reader.example,,,,,,\n"
        "a10@reader.example,N\0UL,,,,,\n"
        "ben@reader.example,Ben,,,,,,,\n"
    )

    assert report.added == 2
    assert [(refusal.line, refusal.reason) for refusal in report.refused] == [
        (3, Reason.BAD_ADDRESS),
        (4, Reason.BAD_ADDRESS),
        (5, Reason.BAD_TIME_ZONE),
        (6, Reason.BAD_SECTIONS),
        (7, Reason.BAD_CADENCE),
        (8, Reason.BAD_HOUR),
        (9, Reason.BAD_LANGUAGE),
        (10, Reason.BAD_NAME),
        (11, Reason.MALFORMED),
        (12, Reason.MALFORMED),
        (13, Reason.MALFORMED),
        (14, Reason.DUPLICATE),
        (15, Reason.MALFORMED),
    ]
    assert report.counts[Reason.MALFORMED] == 4
    assert report.rows == 15
    assert set(session.scalars(select(Subscriber.name))) == {"Ana", "Ben"}
    assert str(report.refused[3]).startswith("line 6: sections are unknown: gossip; choose from science, sports, world")


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_is_never_brought_in(
    session: Session, take_in: TakeIn, fingerprint_key: bytes, now: datetime, reason: SuppressionReason
) -> None:
    suppression.suppress(session, fingerprint("ana@reader.example", fingerprint_key), reason, at=now)

    report = take_in("email\nANA@reader.example\nben@reader.example\n")

    assert report.added == 1
    assert report.counts == {Reason.SUPPRESSED: 1}
    assert number_of(session, Subscriber) == 1


def test_who_left_is_not_brought_back_and_who_has_not_confirmed_is_not_either(
    session: Session,
    take_in: TakeIn,
    add_one: AddOne,
    request_one: Callable[..., signup.SignupOutcome],
    evidence: Evidence,
    now: datetime,
) -> None:
    unsubscribe.one_click(session, add_one().public_id, evidence, now=now)
    request_one("ben@reader.example")

    report = take_in("email\nana@reader.example\nben@reader.example\n")

    assert report.added == 0
    assert report.counts == {Reason.LEFT: 1, Reason.UNCONFIRMED: 1}


def test_who_reads_already_keeps_their_own_wishes(session: Session, take_in: TakeIn, add_one: AddOne) -> None:
    ana, ben = add_one(sections=("world",)), add_one("ben@reader.example")
    ben.pause()

    report = take_in("email,name,sections\nana@reader.example,X,sports\nben@reader.example,X,sports\n")

    assert (report.added, report.unchanged, report.refused_count) == (0, 2, 0)
    assert ana.sections == ("world",)
    assert ana.subscriber.name == "Ana Pérez"
    assert ben.state is SubscriptionState.PAUSED
    assert number_of(session, ConsentEvent) == 2


def test_a_known_reader_gets_another_newsletter_and_stays_who_they_are(
    session: Session, take_in: TakeIn, add_one: AddOne
) -> None:
    subscriber = add_one(newsletter="weekly").subscriber

    report = take_in("email,name,time zone\nana@reader.example,X,Asia/Tokyo\n")

    assert report.added == 1
    assert (subscriber.name, subscriber.time_zone) == ("Ana Pérez", "Europe/Paris")
    assert number_of(session, Subscription) == 2


def test_a_second_run_changes_nothing(session: Session, take_in: TakeIn) -> None:
    text = "email\n" + "".join(f"reader{number}@reader.example\n" for number in range(1200))

    first, second = take_in(text), take_in(text)

    assert (first.added, first.unchanged) == (1200, 0)
    assert (second.added, second.unchanged) == (0, 1200)
    assert number_of(session, ConsentEvent) == 1200


def test_a_dry_run_reports_the_same_and_writes_nothing(session: Session, take_in: TakeIn) -> None:
    text = "email\n" + "".join(f"reader{number % 700}@reader.example\n" for number in range(1300)) + "rubbish\n"

    dry = take_in(text, dry_run=True)
    written_by_then = number_of(session, Subscriber) + number_of(session, ConsentEvent)
    real = take_in(text)

    assert written_by_then == 0
    assert dry == real
    assert (real.added, real.counts) == (700, {Reason.DUPLICATE: 600, Reason.BAD_ADDRESS: 1})


def test_the_caller_owns_the_transaction(session: Session, take_in: TakeIn) -> None:
    take_in("email\nana@reader.example\n")
    session.rollback()

    assert number_of(session, Subscriber) == 0


def test_the_onlooker_is_told_of_rows_and_refusals_batch_by_batch(
    take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "BATCH", 500)
    read: list[int] = []
    told: list[int] = []
    refused: list[Refusal] = []
    text = "email\n" + "".join(f"reader{number}@reader.example\n" for number in range(999)) + "rubbish\n" * 1500

    report = take_in(text, onlooker=Onlooker(read=read.append, progress=told.append, refused=refused.append))

    assert read == [2499]
    assert told == [2000, 2499]
    assert [refusal.line for refusal in refused] == list(range(1001, 2501))
    assert report.refused == tuple(refused[:1000])


def test_refusals_are_told_in_full_up_to_a_thousand_and_counted_beyond(take_in: TakeIn) -> None:
    report = take_in("email\n" + "rubbish\n" * 1500)

    assert len(report.refused) == 1000
    assert report.refused_count == report.rows == 1500


def test_a_row_that_the_database_refuses_does_not_take_its_batch_with_it(session: Session, take_in: TakeIn) -> None:
    session.connection().exec_driver_sql("CREATE UNIQUE INDEX no_namesakes ON subscriber (name)")

    report = take_in("email,name\na@reader.example,Ana\nb@reader.example,Ana\nc@reader.example,Cleo\n")

    assert report.added == 2
    assert [refusal.reason for refusal in report.refused] == [Reason.NOT_STORED]
    assert report.refused[0].line in {2, 3}
    assert set(session.scalars(select(Subscriber.name))) == {"Ana", "Cleo"}


def test_a_reader_added_meanwhile_by_another_process_spoils_no_batch(
    session: Session, take_in: TakeIn, wish: Callable[..., SignupWish], fingerprint_key: bytes, now: datetime
) -> None:
    ben = signup.new_subscriber(wish("ben@reader.example"), fingerprint("ben@reader.example", fingerprint_key), now)
    values = {column.name: getattr(ben, column.key) for column in Subscriber.__table__.columns if column.name != "id"}
    raced: list[bool] = []

    def race(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SAVEPOINT") and not raced:
            raced.append(True)
            connection.execute(insert(Subscriber.__table__).values(values))  # type: ignore[arg-type]

    event.listen(session.get_bind(), "before_cursor_execute", race)
    try:
        report = take_in("email\nana@reader.example\nben@reader.example\n")
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", race)

    assert raced
    assert (report.added, report.refused) == (2, ())
    assert number_of(session, Subscriber) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("ana@reader.example\nben@reader.example\n", "line 1 names no columns but somebody's address"),
        ("name,hour\nAna,7\n", 'names no column "address" or "email"; it has "name", "hour": map one to address'),
        ("email,e-mail\na@b.example,b@b.example\n", "address twice"),
        ("\nemail,na\0me\n", "line 2, the header"),
        ("email\nana@reader.example\n".encode("utf-16-le").decode("latin-1"), "header"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_as_a_whole(take_in: TakeIn, text: str, fault: str) -> None:
    with pytest.raises(ImportFault, match=fault):
        take_in(text)


def test_an_import_without_a_ground_is_refused(session: Session, take_in: TakeIn, plan: ImportPlan) -> None:
    with pytest.raises(ImportFault, match="states no ground"):
        take_in("email\nana@reader.example\n", replace(plan, ground=Evidence(wording=" ", source="file")))
    assert number_of(session, Subscriber) == 0


ROWS = st.tuples(
    st.sampled_from(["ana", "BEN", "cleo", "dora", "new1", "new2", "no one"]),
    st.sampled_from(["", "active", "paused", "unsubscribed", "cleaned", "pending", "married"]),
    st.sampled_from(["", "2024-03-01", "2027-03-01", "no"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(ROWS, max_size=12))
def test_a_dry_run_tells_of_each_row_what_the_real_one_does_and_a_second_one_adds_nobody(
    session: Session,
    plan: ImportPlan,
    add_one: AddOne,
    fingerprint_key: bytes,
    now: datetime,
    found: list[tuple[str, str, str]],
) -> None:
    text = "email,status,unsubscribed at\n" + "".join(f"{a}@reader.example,{b},{c}\n" for a, b, c in found)

    def take(*, dry_run: bool = False) -> tuple[import_csv.ImportReport, list[Refusal]]:
        told: list[Refusal] = []
        onlooker = Onlooker(refused=told.append)
        stream = io.BytesIO(text.encode())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stage, "BATCH", 3)
            report = import_csv.import_readers(
                lambda: nullcontext(session), stream, plan, now=now, dry_run=dry_run, onlooker=onlooker
            )
        return report, told

    def standing() -> tuple[object, ...]:
        readers = select(Subscriber.address, Subscription.newsletter, Subscription.state).join(Subscription.subscriber)
        gone = select(Suppression.fingerprint, Suppression.reason)
        return (*(set(map(tuple, session.execute(each))) for each in (readers, gone)), number_of(session, ConsentEvent))

    add_one("ben@reader.example")
    add_one("dora@reader.example", newsletter="weekly")
    suppression.suppress(
        session, fingerprint("cleo@reader.example", fingerprint_key), SuppressionReason.COMPLAINT, at=now
    )
    before = standing()

    dry = take(dry_run=True)
    untouched = standing()
    real = take()
    after = standing()
    again, _ = take()
    settled = standing()
    session.rollback()

    assert dry == real
    assert untouched == before
    assert real[0].rows == len(found)
    assert (again.added, settled) == (0, after)


def _as_utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.from_regex(r"[a-c]@[a-c]\.example(,[^\n]{0,9}){0,3}", fullmatch=True).map(
            lambda text: text.encode("utf-8", "replace")
        ),
        max_size=12,
    )
)
def test_every_row_of_any_file_is_accounted_for(
    session: Session, plan: ImportPlan, now: datetime, lines: list[bytes]
) -> None:
    data = b"\n".join([b"email,name,hour", *lines])

    report = import_csv.import_readers(lambda: nullcontext(session), io.BytesIO(data), plan, now=now)
    added = number_of(session, Subscription)
    session.rollback()

    assert report.added == added
    assert report.rows <= len(data.splitlines()) + data.count(b"\r")
    assert len(report.refused) == report.refused_count

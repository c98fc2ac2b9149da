from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Time,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from subscribers import audience, signup, suppression, unsubscribe
from subscribers.address import fingerprint, parse
from subscribers.audience import Wave
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import Subscription, SubscriptionState, SuppressionReason

AddOne = Callable[..., Subscription]
EVERY = tuple(Cadence)
TODAY = date(2026, 11, 23)


def test_active_readers_of_the_newsletter_and_cadence_get_the_edition(
    session: Session,
    add_one: AddOne,
    request_one: Callable[..., signup.SignupOutcome],
    evidence: Evidence,
    now: datetime,
) -> None:
    add_one("daily@reader.example")
    add_one("weekdays@reader.example", cadence=Cadence.WEEKDAYS)
    add_one("weekly@reader.example", cadence=Cadence.WEEKLY)
    add_one("other@reader.example", newsletter="other")
    add_one("paused@reader.example").pause()
    request_one("pending@reader.example")
    unsubscribe.one_click(session, add_one("ended@reader.example").public_id, evidence, now=now)

    rows = session.execute(audience.readers("daily", (Cadence.DAILY, Cadence.WEEKDAYS), TODAY)).all()

    assert {row.address for row in rows} == {"daily@reader.example", "weekdays@reader.example"}
    assert audience.count(session, "daily", (Cadence.DAILY, Cadence.WEEKDAYS), TODAY) == 2
    assert audience.count(session, "nothing", EVERY, TODAY) == 0


def test_a_row_holds_all_that_a_plan_and_a_letter_need(session: Session, add_one: AddOne) -> None:
    subscription = add_one(sections=("world",), hour=time(7, 30))

    (row,) = session.execute(audience.readers("daily", EVERY, TODAY)).mappings()

    assert dict(row) == {
        "subscriber_id": subscription.subscriber_id,
        "subscription_id": subscription.id,
        "public_id": subscription.public_id,
        "fingerprint": subscription.subscriber.fingerprint,
        "address": "ana@reader.example",
        "name": "Ana Pérez",
        "language": "en",
        "time_zone": "Europe/Paris",
        "hour": time(7, 30),
        "sections": ("world",),
        "cadence": Cadence.DAILY,
        "state": SubscriptionState.ACTIVE,
        "suppressed": False,
    }


def test_a_suppressed_reader_is_in_the_audience_and_marked(session: Session, add_one: AddOne, now: datetime) -> None:
    suppression.suppress(session, add_one().subscriber.fingerprint, SuppressionReason.COMPLAINT, at=now)

    (row,) = session.execute(audience.readers("daily", EVERY, TODAY))

    assert row.suppressed is True


def test_the_audience_feeds_an_insert_from_select(session: Session, add_one: AddOne, now: datetime) -> None:
    ana, ben = add_one(hour=time(6)), add_one("ben@reader.example")
    suppression.suppress(session, ben.subscriber.fingerprint, SuppressionReason.COMPLAINT, at=now)
    table = Table(
        "planned",
        MetaData(),
        Column("edition_id", Integer),
        Column("subscriber_id", Integer),
        Column("zone", String),
        Column("hour", Time),
        Column("suppressed", Boolean),
    )
    table.create(session.connection())

    readers = audience.readers("daily", EVERY, TODAY).subquery()
    columns = (readers.c.subscriber_id, readers.c.time_zone, readers.c.hour, readers.c.suppressed)
    session.execute(insert(table).from_select(list(table.c.keys()), select(literal(42), *columns)))

    assert set(map(tuple, session.execute(select(table)))) == {
        (42, ana.subscriber_id, "Europe/Paris", time(6), False),
        (42, ben.subscriber_id, "Europe/Paris", None, True),
    }


def test_the_wishes_of_this_moment_are_read_for_planned_readers(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    ana, ben, cleo = add_one(), add_one("ben@reader.example"), add_one("cleo@reader.example")
    add_one(newsletter="other")
    unsubscribe.one_click(session, ben.public_id, evidence, now=now)
    suppression.suppress(session, cleo.subscriber.fingerprint, SuppressionReason.HARD_BOUNCE, at=now)
    planned = [ana.subscriber_id, ben.subscriber_id, cleo.subscriber_id, 999]

    rows = {row.subscriber_id: row for row in session.execute(audience.current("daily", planned, TODAY))}

    assert {key: (row.state, row.suppressed) for key, row in rows.items()} == {
        ana.subscriber_id: (SubscriptionState.ACTIVE, False),
        ben.subscriber_id: (SubscriptionState.ENDED, False),
        cleo.subscriber_id: (SubscriptionState.ACTIVE, True),
    }


def test_waves_are_the_distinct_pairs_of_zone_and_hour(session: Session, add_one: AddOne) -> None:
    for number, (zone, hour) in enumerate(
        [
            ("Europe/Paris", None),
            ("Europe/Paris", time(0)),
            ("Europe/Paris", None),
            ("Asia/Tokyo", time(7, 30)),
            ("Europe/Paris", time(6)),
        ]
    ):
        add_one(f"reader{number}@reader.example", time_zone=zone, hour=hour)
    add_one("weekly@reader.example", time_zone="Asia/Tokyo", cadence=Cadence.WEEKLY)

    waves = audience.wave_keys(session, "daily", (Cadence.DAILY,), TODAY)

    assert waves == [
        Wave(time_zone="Asia/Tokyo", hour=time(7, 30), readers=1),
        Wave(time_zone="Europe/Paris", hour=None, readers=2),
        Wave(time_zone="Europe/Paris", hour=time(0), readers=1),
        Wave(time_zone="Europe/Paris", hour=time(6), readers=1),
    ]


def test_operators_find_subscriptions_by_newsletter_state_and_part_of_a_name(
    session: Session, add_one: AddOne, now: datetime
) -> None:
    add_one("ana@reader.example", name="Ana Smith")
    add_one("ben@reader.example", name="Ben_Smith", newsletter="weekly")
    add_one("cleo@reader.example", name="100% Cleo").pause()
    suppression.suppress(
        session, add_one("dora@reader.example", name="Dora").subscriber.fingerprint, SuppressionReason.OPERATOR, at=now
    )

    def found(**wanted: object) -> list[str]:
        return [one.name for one in audience.listing(session, **wanted)]  # type: ignore[arg-type]

    assert found() == ["Ana Smith", "Ben_Smith", "100% Cleo", "Dora"]
    assert found(newsletter="weekly") == ["Ben_Smith"]
    assert found(state=SubscriptionState.PAUSED) == ["100% Cleo"]
    assert found(search="sMITH") == ["Ana Smith", "Ben_Smith"]
    assert found(search="DORA@") == ["Dora"]
    assert found(search="%") == ["100% Cleo"]
    assert found(search="_") == ["Ben_Smith"]
    assert [one.suppressed for one in audience.listing(session)] == [False, False, False, True]


def test_the_listing_goes_on_where_the_last_page_ended(session: Session, add_one: AddOne) -> None:
    for number in range(5):
        add_one(f"reader{number}@reader.example")

    first = audience.listing(session, limit=3)
    second = audience.listing(session, limit=3, after=first[-1].subscription_id)

    assert [one.address for one in (*first, *second)] == [f"reader{number}@reader.example" for number in range(5)]


@pytest.mark.parametrize("query", [audience.readers("daily", EVERY, TODAY), audience.current("daily", [1, 2], TODAY)])
def test_the_queries_compile_for_postgresql(query: Select[*tuple[object, ...]]) -> None:
    text = str(query.compile(dialect=postgresql.psycopg.dialect()))  # type: ignore[no-untyped-call]

    assert "EXISTS" in text


def test_newsletters_in_use_are_those_with_a_live_reader(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    add_one("ana@reader.example")
    add_one("bo@reader.example").pause()
    gone = add_one("cy@reader.example", newsletter="gone")
    unsubscribe.one_click(session, gone.public_id, evidence, now=now)

    assert audience.in_use(session) == {"daily": 2}


def test_live_ids_are_those_of_the_newsletter_or_of_one_address(
    session: Session, add_one: AddOne, fingerprint_key: bytes
) -> None:
    ana, bo = add_one("ana@reader.example"), add_one("bo@reader.example")
    add_one("ana@reader.example", newsletter="other")
    mark = fingerprint(parse("BO@reader.example", allow_special=True).key, fingerprint_key)

    assert audience.live_ids(session, "daily", None) == [ana.public_id, bo.public_id]
    assert audience.live_ids(session, "daily", mark) == [bo.public_id]


def test_another_fingerprint_key_is_told_from_the_one_that_was_used(
    session: Session, add_one: AddOne, fingerprint_key: bytes
) -> None:
    assert audience.is_fingerprinted_with(session, b"any key will do for nobody at all")

    add_one("ana@reader.example")

    assert audience.is_fingerprinted_with(session, fingerprint_key)
    assert not audience.is_fingerprinted_with(session, b"a key that made none of the marks")

"""What a reader changes holds at once: Deliveries on their way follow to waves that are still to come."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest import calendar
from digest.database import Database
from digest.model.delivery import Delivery, DeliveryState, Lease
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.readers import choosing
from digest.readers.rescheduling import reschedule
from digest.services import Services
from digest.settings import load
from digest.store import deliveries, editions
from subscribers import address, signup, tokens
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import Subscription
from subscribers.signup import SignupWish
from subscribers.tokens import Claim, Purpose
from subscribers.wishes import Wishes
from tests.conftest import MakeServices
from tests.factories import config_text
from tests.fakes import FixedClock

#: A Monday; the newsletter's hour is 07:00 in Berlin, 06:00 UTC.
TODAY = date(2026, 11, 23)
EARLY = datetime(2026, 11, 22, 6, tzinfo=UTC)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
MORE = """spread_minutes = 7
cadences = ["daily", "weekly"]
"""
EVENING = """
[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
postal_address = "1 Example Street, Exampleton"
at = "18:00"
zone = "Europe/Berlin"
[[newsletter.source]]
folder = "news"
section = "World"
"""


@pytest.fixture
def services(make_services: MakeServices, database_url: str, clock: FixedClock) -> Services:
    clock.set(EARLY)
    return make_services(database_url, more=MORE)


def join(services: Services, name: str = "ana", newsletter: str = "morning", **wish: object) -> str:
    """Add a reader in Berlin who wants it daily at the usual hour, unless *wish* says otherwise."""
    values = {"language": "en", "time_zone": "Europe/Berlin", **wish}
    with services.session() as session:
        asked = SignupWish(
            newsletter=newsletter,
            address=address.parse(f"{name}@reader.example", allow_special=True),
            **values,  # type: ignore[arg-type]
        )
        ground = Evidence(wording="asked in person", source="test")
        key, now = services.keys.fingerprint, services.clock.now()
        return signup.add(session, asked, ground, fingerprint_key=key, now=now).subscription.public_id


def on_its_way(
    services: Services,
    cadence: Cadence = Cadence.DAILY,
    day: date = TODAY,
    newsletter: str = "morning",
    state: EditionState = EditionState.APPROVED,
) -> EditionId:
    """Add an Edition that was approved a moment ago, with its Deliveries."""
    with services.session() as session:
        found = services.newsletter(newsletter)
        due_at = calendar.due_at(day, found.schedule.at, found.schedule.zone)
        assert due_at is not None
        edition = Edition(
            newsletter=newsletter,
            cadence=cadence,
            date=day,
            due_at=due_at,
            state=state,
            approved_at=services.clock.now(),
        )
        session.add(edition)
        session.flush()
        planned_afresh(session, edition, found)
        return edition.id


def planned_afresh(session: Session, edition: Edition, newsletter: Newsletter) -> None:
    """Plan *edition* as its approval does."""
    readers = session.execute(editions.readers_of(edition)).all()
    keys = [(row.time_zone, row.hour) for row in readers]
    waves = {(zone, hour): at for (zone, hour), at in calendar.waves(edition.date, keys, newsletter.schedule).items()}
    deliveries.plan(session, edition.id, editions.readers_of(edition), waves, spread=newsletter.spread)  # type: ignore[arg-type]  # every key has a zone


def change(services: Services, public_id: str, **values: object) -> None:
    """Let the reader save other wishes."""
    token = tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens)
    before = choosing.wishes(services, token)
    assert before is not None
    names = ("name", "language", "time_zone", "sections", "cadence", "hour")
    wanted = {name: getattr(before.wishes, name) for name in names} | values
    choosing.change_wishes(services, token, Wishes(**wanted), network="")


def pause(services: Services, public_id: str, until: date | None) -> None:
    choosing.pause(
        services, tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens), until, network=""
    )


def resume(services: Services, public_id: str) -> None:
    choosing.resume(services, tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens), network="")


def due(services: Services, edition_id: EditionId, public_id: str) -> datetime | None:
    """Return when the reader's Delivery falls due; None where there is none."""
    with services.reading() as session:
        return session.scalar(
            select(Delivery.due_at).where(Delivery.edition_id == edition_id, Delivery.public_id == public_id)
        )


def claimed(services: Services, edition_id: EditionId, at: datetime) -> dict[str, str]:
    """Claim what is due at *at*; return what has become of every Delivery, by the reader's public id."""
    with services.session() as session:
        deliveries.claim(session, edition_id, at, lease=Lease(owner="a", until=at + timedelta(minutes=15)), limit=99)
    with services.reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.edition_id == edition_id)).all()
        return {row.public_id: row.reason or row.state for row in rows}


def utc(hour: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


# -- hours and zones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(editions.UNDERWAY))
def test_a_changed_hour_or_zone_moves_what_is_planned(services: Services, state: EditionState) -> None:
    ana = join(services)
    edition_id = on_its_way(services, state=state)

    seen = [due(services, edition_id, ana)]
    for values in ({"hour": time(9)}, {"time_zone": "America/New_York"}, {"hour": None}):
        change(services, ana, **values)
        seen.append(due(services, edition_id, ana))

    assert seen == [utc(6), utc(8), utc(14), utc(12)]


def test_a_wave_that_has_passed_is_not_gone_back_to(services: Services, clock: FixedClock) -> None:
    ana = join(services, hour=time(20))
    edition_id = on_its_way(services)
    clock.set(utc(12))

    change(services, ana, hour=time(9))
    stays = due(services, edition_id, ana)
    change(services, ana, hour=time(21))

    assert (stays, due(services, edition_id, ana)) == (utc(19), utc(20))


def test_an_hour_that_has_passed_is_served_with_the_first_wave_of_an_edition_that_has_not_begun(
    services: Services, clock: FixedClock
) -> None:
    moves, stays = join(services, hour=time(20)), join(services, "ben")
    joins = join(services, "cleo", cadence=Cadence.WEEKLY)
    edition_id = on_its_way(services)  # an editor has approved it early
    clock.set(utc(4))

    change(services, moves, hour=time(0))
    change(services, stays, time_zone="Pacific/Kiritimati")
    change(services, joins, cadence=Cadence.DAILY, hour=time(0))

    assert {due(services, edition_id, public_id) for public_id in (moves, stays, joins)} == {utc(6)}


def test_an_earlier_wave_than_the_first_is_looked_for_in_time(services: Services) -> None:
    ana = join(services)
    edition_id = on_its_way(services)

    change(services, ana, time_zone="Asia/Tokyo")

    with services.reading() as session:
        assert editions.get(session, edition_id).due_at == due(services, edition_id, ana) == utc(22, day=22)


def test_what_has_been_tried_or_is_over_stays_as_it_is(services: Services) -> None:
    readers = {
        state: join(services, f"reader{n}")
        for n, state in enumerate(sorted(set(DeliveryState) - {DeliveryState.PLANNED}))
    }
    edition_id = on_its_way(services)
    with services.session() as session:
        for row in session.scalars(select(Delivery)):
            row.state = next(state for state, public_id in readers.items() if public_id == row.public_id)

    for public_id in readers.values():
        change(services, public_id, hour=time(9))

    assert {due(services, edition_id, public_id) for public_id in readers.values()} == {utc(6)}
    with services.reading() as session:
        assert set(session.scalars(select(Delivery.state))) == set(readers)


def test_a_zone_belongs_to_the_person_and_moves_all_that_they_read(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock
) -> None:
    clock.set(EARLY)
    services = make_services(sqlite_url, more_top=EVENING)
    ana, again = join(services), join(services, newsletter="evening")
    ben = join(services, "ben")
    morning, evening = on_its_way(services), on_its_way(services, newsletter="evening")

    change(services, ana, time_zone="America/New_York")

    assert due(services, morning, ana) == utc(12)
    assert due(services, evening, again) == utc(23)
    assert due(services, morning, ben) == utc(6)


# -- cadence -----------------------------------------------------------------------------------------------------------


def test_an_edition_of_another_cadence_is_skipped_with_the_reason(services: Services) -> None:
    ana, ben = join(services), join(services, "ben")
    edition_id = on_its_way(services)

    change(services, ana, cadence=Cadence.WEEKLY)

    assert claimed(services, edition_id, utc(7)) == {ana: "not wanted", ben: "claimed"}


def test_who_comes_back_to_a_cadence_in_time_gets_the_edition(services: Services) -> None:
    ana = join(services)
    edition_id = on_its_way(services)

    change(services, ana, cadence=Cadence.WEEKLY)
    change(services, ana, cadence=Cadence.WEEKDAYS)

    assert claimed(services, edition_id, utc(7)) == {ana: "claimed"}


def test_a_new_daily_reader_gets_the_edition_that_is_on_its_way(services: Services, clock: FixedClock) -> None:
    ana, ben = (join(services, name, cadence=Cadence.WEEKLY) for name in ("ana", "ben"))
    join(services, "cleo")
    edition_id = on_its_way(services)

    change(services, ana, cadence=Cadence.DAILY, hour=time(9))
    clock.set(utc(6) + timedelta(minutes=1))
    change(services, ben, cadence=Cadence.DAILY)

    assert due(services, edition_id, ana) == utc(8)
    assert due(services, edition_id, ben) is None  # their hour has just passed


def test_a_weekday_reader_gets_nothing_of_a_saturday(services: Services) -> None:
    ana = join(services, cadence=Cadence.WEEKLY)
    saturday = date(2026, 11, 28)
    daily, weekly = on_its_way(services, day=saturday), on_its_way(services, Cadence.WEEKLY, day=saturday)

    change(services, ana, cadence=Cadence.WEEKDAYS)

    assert due(services, daily, ana) is None
    assert claimed(services, weekly, utc(7, day=28)) == {ana: "not wanted"}


def test_who_joined_after_the_approval_begins_with_the_next_edition(services: Services, clock: FixedClock) -> None:
    edition_id = on_its_way(services)
    clock.advance(timedelta(hours=1))
    ana = join(services)

    change(services, ana, hour=time(9))

    assert due(services, edition_id, ana) is None


# -- pauses ------------------------------------------------------------------------------------------------------------


def test_a_pause_skips_the_editions_before_its_end_and_no_other(services: Services) -> None:
    ana, ben = join(services), join(services, "ben")
    today, tomorrow = on_its_way(services), on_its_way(services, day=TODAY + timedelta(days=1))

    pause(services, ana, TODAY + timedelta(days=1))

    assert claimed(services, today, utc(7)) == {ana: "paused", ben: "claimed"}
    assert claimed(services, tomorrow, utc(7, day=24)) == {ana: "claimed", ben: "claimed"}


def test_who_resumes_in_time_gets_the_edition_once(services: Services, clock: FixedClock) -> None:
    before, after, late = join(services), join(services, "ben", hour=time(9)), join(services, "cleo")
    for public_id in (after, late):
        pause(services, public_id, None)
    edition_id = on_its_way(services)
    pause(services, before, None)

    for _ in range(2):
        resume(services, before)
        resume(services, after)
    clock.set(utc(6))
    resume(services, late)

    assert claimed(services, edition_id, utc(9)) == {before: "claimed", after: "claimed"}


def test_what_is_not_approved_or_has_gone_out_is_left_alone(services: Services) -> None:
    ana = join(services)
    others = set(EditionState) - editions.UNDERWAY
    made = {
        state: on_its_way(services, day=TODAY + timedelta(days=n), state=state)
        for n, state in enumerate(sorted(others))
    }
    before = {state: due(services, edition_id, ana) for state, edition_id in made.items()}

    change(services, ana, hour=time(9))

    assert {state: due(services, edition_id, ana) for state, edition_id in made.items()} == before


# -- the whole calendar ------------------------------------------------------------------------------------------------

zones = st.sampled_from(ZONES)
hours = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0))
#: Days of clock changes and one that a zone has skipped come up often enough.
days = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 27), date(2011, 12, 30), date(2019, 9, 8)]
) | st.dates(date(2010, 1, 1), date(2035, 12, 31))


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Give services for many examples, each of which takes back what it has done."""
    folder = tmp_path_factory.mktemp("rescheduling")
    (folder / "news").mkdir()
    url = f"sqlite:///{folder / 'digest.db'}"
    database = Database(url)
    database.upgrade()
    database.close()
    (folder / "config.toml").write_text(config_text(database_url=url, more=MORE), encoding="utf-8")
    services = Services.start(load(folder / "config.toml"), FixedClock())
    yield services
    services.close()


@settings(max_examples=150, deadline=None)
@given(
    day=days,
    old=st.tuples(zones, hours),
    new=st.tuples(zones, hours),
    before=st.timedeltas(timedelta(hours=-30), timedelta(hours=30)),
)
@example(
    day=date(2011, 12, 30),
    old=("Europe/Berlin", None),
    new=("Pacific/Apia", time(7)),
    before=timedelta(hours=9),
)
def test_after_a_change_a_delivery_is_due_as_a_fresh_plan_has_it_if_that_or_the_first_wave_is_still_to_come(
    wired: Services,
    day: date,
    old: tuple[str, time | None],
    new: tuple[str, time | None],
    before: timedelta,
) -> None:
    newsletter = wired.newsletter("morning")
    own = calendar.due_at(day, newsletter.schedule.at, ZoneInfo("Europe/Berlin"))
    assert own is not None
    now = own - before
    assume(now.year > 2009)
    wired.clock.set(now)  # type: ignore[attr-defined]  # a clock of tests
    with wired.database.session() as session:
        try:
            subscription = _reader(session, *old, at=now)
            edition = Edition(
                newsletter="morning",
                cadence=Cadence.DAILY,
                date=day,
                due_at=own,
                state=EditionState.APPROVED,
                approved_at=now,
            )
            session.add(edition)
            session.flush()
            planned_afresh(session, edition, newsletter)
            planned = _times(session)
            subscription.subscriber.time_zone, subscription.hour = new

            reschedule(wired, session, subscription.subscriber)
            moved = _times(session)

            session.execute(delete(Delivery))
            planned_afresh(session, edition, newsletter)
            fresh = _times(session)
            first = own, own + (planned[1] - planned[0])
            assert moved == (fresh if fresh[0] > now else first if own > now else planned)
            assert edition.due_at <= moved[0] or moved == planned
        finally:
            session.rollback()


def _reader(session: Session, zone: str, hour: time | None, *, at: datetime) -> Subscription:
    wish = SignupWish(
        newsletter="morning",
        address=address.parse("ana@reader.example", allow_special=True),
        language="en",
        time_zone=zone,
        hour=hour,
    )
    ground = Evidence(wording="asked in person", source="test")
    return signup.add(session, wish, ground, fingerprint_key=b"a key of tests that is no secret", now=at).subscription


def _times(session: Session) -> tuple[datetime, datetime]:
    """Return when the one Delivery is due, and when it is to be tried."""
    due_at, next_at = session.execute(select(Delivery.due_at, Delivery.next_at)).one()
    return due_at, next_at

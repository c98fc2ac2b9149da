"""Every choice is honoured, whatever is chosen when: no Edition is lost or comes twice, and the page foretells each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import calendar, pipeline
from digest.model.delivery import Delivery, DeliveryState, Lease, Reason, Settlement
from digest.model.edition import Edition, EditionState
from digest.pipeline import Start
from digest.readers import foretelling
from digest.readers.rescheduling import reschedule
from digest.services import Services
from digest.store import deliveries, editions
from subscribers import address, preferences, signup
from subscribers.cadence import WISHES, Cadence
from subscribers.consent import Evidence
from subscribers.model import Subscription
from subscribers.signup import SignupWish
from tests.conftest import MakeServices

GROUND = Evidence(wording="asked in person", source="test")
#: The two ends of the world, half hours, and clock changes that fall on midnight, or are half an hour.
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "America/Santiago",
    "Europe/Berlin",
)
HOURS = (None, time(0), time(7), time(23))
#: Days around the clock changes of Berlin and Nuuk, of Santiago, of Lord Howe, and two of no change.
BEGINNINGS = [
    datetime(*day, 12, tzinfo=UTC)
    for day in (
        (2027, 3, 26),
        (2027, 10, 29),
        (2027, 4, 2),
        (2027, 9, 3),
        (2027, 10, 1),
        (2026, 11, 20),
        (2026, 12, 30),
    )
]


@dataclass
class World:
    """The service and one reader, with everything between a wish and a mail that is real but the Edition's content."""

    services: Services
    session: Session
    subscription: Subscription
    now: datetime
    #: The Editions that have come, and when.
    got: list[tuple[Edition, datetime]] = field(default_factory=list)

    def live(self, until: datetime) -> None:
        """Let the time pass to *until*, with a tick whenever something falls due."""
        while self.now < until:
            foretold = self.foretold()
            self.now = min([until, *self._instants(), *([foretold] if foretold else [])])
            self.services.clock.set(self.now)  # type: ignore[attr-defined]  # a clock of tests
            came = self.tick()
            assert all(at == foretold for _, at in came), f"foretold for {foretold}"
            assert came or foretold is None or foretold > self.now, f"nothing came at {foretold}"

    def foretold(self) -> datetime | None:
        newsletter = self.services.newsletter("morning")
        return foretelling.next_mail(self.session, newsletter, self.subscription, self.now)

    def tick(self) -> list[tuple[Edition, datetime]]:
        """Do what is due as the jobs do, but for the making of Drafts; return what has come to the reader."""
        newsletter = self.services.newsletter("morning")
        for cadence, day in calendar.edition_days(self.now, newsletter.schedule):
            edition = pipeline.plan_edition(self.session, newsletter, cadence, day, self.now)
            is_planned = edition.state is EditionState.PLANNED
            if is_planned and calendar.prepare_at(edition.due_at, newsletter.schedule) <= self.now:
                edition.state = EditionState.DRAFT
            if edition.state is EditionState.DRAFT and edition.due_at <= self.now:
                edition.state, edition.approved_at = EditionState.APPROVED, self.now
                self.session.flush()
                due = pipeline.hours(self.session, newsletter, edition, Start(), self.now)
                deliveries.plan(self.session, edition.id, editions.readers_of(edition), due)
        came = [
            (edition, self.now)
            for edition in editions.in_states(self.session, *editions.UNDERWAY)
            if self._send(edition)
        ]
        self.got += came
        return came

    def choose(self, **values: Any) -> None:
        wanted = replace(preferences.of(self.subscription), **values)
        preferences.choose(self.session, self.subscription.public_id, wanted, GROUND, now=self.now)
        reschedule(self.services, self.session, self.subscription.subscriber)

    def pause(self, days: int | None) -> None:
        until = None if days is None else preferences.today(self.subscription.subscriber, self.now) + timedelta(days)
        preferences.pause(self.session, self.subscription.public_id, until, GROUND, now=self.now)
        reschedule(self.services, self.session, self.subscription.subscriber)

    def resume(self) -> None:
        preferences.resume(self.session, self.subscription.public_id, GROUND, now=self.now)
        reschedule(self.services, self.session, self.subscription.subscriber)

    def _send(self, edition: Edition) -> bool:
        if edition.due_at > self.now:
            return False
        catch_up = self.services.newsletter("morning").schedule.catch_up(edition.cadence)
        deliveries.skip_too_late(self.session, edition.id, self.now, catch_up)
        lease = Lease(owner="a", until=self.now + timedelta(minutes=15))
        claims = deliveries.claim(self.session, edition.id, self.now, lease=lease, limit=9)
        sent = [
            Settlement(key=each.key, lease_no=each.lease_no, state=DeliveryState.SENT, is_attempt=True)
            for each in claims
        ]
        deliveries.settle(self.session, sent, owner="a", now=self.now)
        edition.state = EditionState.SENDING
        if deliveries.account(self.session, edition.id).is_finished:
            edition.finish(self.now)
        self.session.flush()
        return bool(claims)

    def _instants(self) -> Iterator[datetime]:
        """Return when something falls due that there is already."""
        schedule = self.services.newsletter("morning").schedule
        for edition in editions.in_states(self.session, EditionState.PLANNED, EditionState.DRAFT, *editions.UNDERWAY):
            hours = deliveries.hours(self.session, edition.id)
            for at in (calendar.prepare_at(edition.due_at, schedule), edition.due_at, hours.first):
                if at is not None and at > self.now:
                    yield at


@contextmanager
def world(services: Services, begin: datetime, **wish: Any) -> Iterator[World]:
    """Give a world that is forgotten afterwards, in which a reader has just agreed."""
    services.clock.set(begin)  # type: ignore[attr-defined]  # a clock of tests
    with services.session() as session:
        asked = SignupWish(
            newsletter="morning",
            address=address.parse("ana@reader.example", allow_special=True),
            language="en",
            **{"time_zone": "Europe/Berlin"} | wish,
        )
        begun = signup.add(session, asked, GROUND, fingerprint_key=services.keys.fingerprint, now=begin)
        yield World(services, session, begun.subscription, begin)
        session.rollback()


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    return make_services(database_url, more='cadences = ["daily", "weekly"]\nweekly_day = "sun"')


cheaply = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
waits = st.integers(1, 40).map(lambda hours: timedelta(hours=hours, minutes=10))
zones = st.sampled_from(ZONES).map(lambda zone: {"time_zone": zone})
hours = st.sampled_from(HOURS).map(lambda hour: {"hour": hour})


@given(
    begin=st.sampled_from(BEGINNINGS),
    steps=st.lists(st.tuples(waits, zones | hours), min_size=1, max_size=4),
)
@example(begin=BEGINNINGS[5], steps=[(timedelta(hours=11), {"time_zone": "Pacific/Kiritimati"})])
@example(
    begin=BEGINNINGS[0],
    steps=[
        (timedelta(hours=1), {"time_zone": "Pacific/Pago_Pago"}),
        (timedelta(hours=30), {"time_zone": "Pacific/Kiritimati"}),
    ],
)
@cheaply
def test_whatever_hours_and_zones_are_chosen_a_daily_reader_gets_every_edition_once_when_it_is_foretold(
    services: Services, begin: datetime, steps: list[tuple[timedelta, dict[str, Any]]]
) -> None:
    with world(services, begin) as life:
        life.tick()
        for wait, choice in steps:
            life.live(life.now + wait)
            life.choose(**choice)
            life.tick()  # as every five minutes
        life.live(life.now + timedelta(days=3))

        days = sorted(edition.date for edition, _ in life.got)
        assert days == [days[0] + timedelta(n) for n in range(len(days))]
        assert days[0] <= begin.date() + timedelta(days=1)
        assert days[-1] >= life.now.date() - timedelta(days=2)  # 23:00 in Pago Pago is on the next day here


acts: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = [
    st.tuples(st.just("choose"), zones | hours),
    st.tuples(st.just("choose"), st.sampled_from(WISHES).map(lambda cadence: {"cadence": cadence})),
    st.tuples(st.just("pause"), st.sampled_from((1, 2, 3, None)).map(lambda days: {"days": days})),
    st.tuples(st.just("resume"), st.just({})),
]


@given(
    begin=st.sampled_from(BEGINNINGS),
    steps=st.lists(st.tuples(waits, st.one_of(acts)), min_size=1, max_size=5),
)
@cheaply
def test_whatever_is_chosen_each_mail_comes_when_it_is_foretold_and_is_one_that_is_wanted(
    services: Services, begin: datetime, steps: list[tuple[timedelta, tuple[str, dict[str, Any]]]]
) -> None:
    with world(services, begin) as life:
        life.tick()
        for wait, (act, values) in steps:
            life.live(life.now + wait)
            getattr(life, act)(**values)
            life.tick()
            before = len(life.got)
            wanted = life.subscription.cadence, life.subscription.state, life.subscription.paused_until
            life.live(life.now + timedelta(hours=1))
            for edition, _ in life.got[before:]:
                assert wanted[0] in Cadence.served_by(edition.cadence, edition.date)
                assert life.subscription.wants(edition.date)
        life.live(life.now + timedelta(days=4))

        keys = [(edition.cadence, edition.date) for edition, _ in life.got]
        assert len(keys) == len(set(keys))
        skipped = select(Delivery.reason).where(Delivery.reason == Reason.TOO_LATE)
        assert life.session.scalars(skipped).all() == []

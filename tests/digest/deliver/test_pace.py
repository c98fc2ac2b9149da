"""The pace of a sender: relays and domains get what they are to get, other mail goes on, and nothing is kept unused."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from digest.database import Database
from digest.deliver import deliver, waiting
from digest.deliver.courier import Courier
from digest.deliver.envelope import parcel
from digest.deliver.outbox import EditionOutbox
from digest.deliver.transaction import Parcel
from digest.model.delivery import Account
from digest.model.ids import EditionId
from digest.model.message import Recipient
from digest.model.pace import Bucket
from digest.model.relay import Limits, Relay
from digest.store import pace
from subscribers.model import Subscriber
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW, planned
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.digest.deliver.test_stage import account, email, letter, rows

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]


class SteppingClock:
    """A clock that goes on by *step* each time it is read, so that nobody has to wait."""

    def __init__(self, step: timedelta) -> None:
        self.at, self.step = NOW, step

    def now(self) -> datetime:
        self.at += self.step
        return self.at


def plan(database: Database, *, here: int, there: int) -> EditionId:
    """Plan an Edition for readers at slow.example and, behind them, readers at mail.example."""
    with database.session() as session:
        edition_id = planned(session, here + there)
        first = select(Subscriber.id).order_by(Subscriber.id).limit(here)
        for subscriber in session.scalars(select(Subscriber).where(Subscriber.id.in_(first))):
            subscriber.address = subscriber.address_key = subscriber.address.replace("mail.example", "slow.example")
        return edition_id


def outbox_of(database: Database, edition_id: EditionId) -> EditionOutbox:
    return EditionOutbox(database=database, edition_id=edition_id)


def taken(database: Database, name: str) -> int:
    with database.reading() as session:
        return session.get_one(Bucket, name).taken


def test_a_relay_gets_no_more_a_minute_than_it_is_to_get(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server, clock = plan(database, here=0, there=12), serve(), SteppingClock(timedelta(milliseconds=50))
    relay = relay_to(server, limits=Limits(rate=2.0, burst=2))

    report = deliver(courier_to(relay, clock=clock), outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=12, sent=12)
    assert report.rests is None
    assert clock.at - NOW >= timedelta(seconds=5)
    assert taken(database, "relay:main") == 12


def test_a_domain_that_is_to_get_little_keeps_no_other_waiting(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = plan(database, here=6, there=30), serve()
    clock = SteppingClock(timedelta(milliseconds=20))
    courier = courier_to(relay_to(server), clock=clock, domains={"slow.example": Limits(rate=2.0, burst=1)})

    deliver(courier, outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=36, sent=36)
    order = ["slow" in command for command in server.commands if command.startswith("RCPT")]
    assert order[:3] == [True, False, False]
    assert sum(order) == 6
    assert taken(database, "domain:slow.example") == 6


def test_when_the_day_is_used_up_the_rest_goes_back_and_the_report_says_until_when(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = plan(database, here=0, there=10), serve()

    report = deliver(courier_to(relay_to(server, limits=Limits(per_day=4))), outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=10, sent=4, waiting=6)
    assert report.rests == "the pace that was set lets nothing through until 2026-11-24 00:00 UTC"
    assert report.halted is None
    assert dict(report.counts) == {"sent": 4, "put_back": 6}
    with database.reading() as session:
        waiting_for = {row.next_at for row in rows(session) if row.state == "planned"}
    assert waiting_for == {NOW + timedelta(minutes=10)}
    assert taken(database, "relay:main") == 4


def test_a_domain_whose_day_is_used_up_ends_no_round_while_there_is_other_mail(
    database: Database, serve: Serve, courier_to: CourierTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ASIDE", 5)
    edition_id, server = plan(database, here=40, there=20), serve()
    courier = courier_to(relay_to(server), batch=12, domains={"slow.example": Limits(per_day=3)})

    report = deliver(courier, outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=60, sent=23, waiting=37)
    assert report.rests is not None
    with database.reading() as session:
        assert {row.attempts for row in rows(session) if row.state == "planned"} == {0}


def test_mail_to_a_slow_domain_beyond_what_may_wait_here_comes_again_in_its_turn(
    database: Database, serve: Serve, courier_to: CourierTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ASIDE", 2)
    edition_id, server = plan(database, here=6, there=0), serve()
    courier = courier_to(relay_to(server), domains={"slow.example": Limits(rate=1 / 120, burst=1)})

    report = deliver(courier, outbox_of(database, edition_id), letter)

    assert report.counts == {"sent": 1, "put_back": 5}
    with database.reading() as session:
        back = sorted((row.next_at - NOW).total_seconds() for row in rows(session) if row.state == "planned")
    assert back == [120, 120, 360, 480, 600]


def test_permits_that_were_not_used_are_given_back(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = plan(database, here=2, there=3), serve()
    limits = Limits(per_day=100)
    courier = courier_to(relay_to(server, limits=limits), domains={"slow.example": limits})

    deliver(courier, outbox_of(database, edition_id), letter)

    assert (taken(database, "relay:main"), taken(database, "domain:slow.example")) == (5, 2)


def test_a_mail_that_was_not_handed_over_uses_no_permit(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = plan(database, here=3, there=0), serve()
    limits = Limits(per_day=100)
    courier = courier_to(relay_to(server, limits=limits), domains={"slow.example": limits})

    def letter_to_some(recipient: Recipient, _relay: Relay) -> Parcel | None:
        return None if recipient.address.startswith("reader1@") else parcel(email(recipient.address))

    deliver(courier, outbox_of(database, edition_id), letter_to_some)

    assert (taken(database, "relay:main"), taken(database, "domain:slow.example")) == (2, 2)


def test_a_connection_that_breaks_uses_no_permit(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = plan(database, here=2, there=0), serve({"RCPT": ["250 ok", "421 enough", "250 ok"]})
    limits = Limits(per_day=2)
    courier = courier_to(relay_to(server, limits=limits), domains={"slow.example": limits})

    deliver(courier, outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=2, sent=2)
    assert (taken(database, "relay:main"), taken(database, "domain:slow.example")) == (2, 2)


def test_a_warm_up_lets_its_number_through(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = plan(database, here=0, there=4), serve()
    with database.session() as session:
        pace.take(session, "relay:main", Limits(), 198, NOW)

    report = deliver(
        courier_to(relay_to(server, limits=Limits(warmup=NOW.date()))), outbox_of(database, edition_id), letter
    )

    assert account(database, edition_id) == Account(intended=4, sent=2, waiting=2)
    assert report.rests is not None


def test_a_domain_that_asks_us_to_slow_down_is_left_alone_and_the_others_go_on(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id = plan(database, here=4, there=3)
    server = serve({"RCPT": ["450 4.7.1 too many of you", "250 ok"]})

    deliver(courier_to(relay_to(server)), outbox_of(database, edition_id), letter)

    assert account(database, edition_id) == Account(intended=7, sent=3, deferred=1, waiting=3)
    with database.reading() as session:
        assert pace.holds(session) == {"slow.example": NOW + timedelta(minutes=1)}
        assert {row.next_at for row in rows(session) if row.state == "planned"} == {NOW + timedelta(minutes=1)}

"""Deliveries: one for each reader, claimed by one sender at a time, and every one accounted for."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from digest.database import Database
from digest.errors import WrongState
from digest.model.delivery import (
    MOVES,
    OPEN,
    Account,
    Attempt,
    Delivery,
    DeliveryKey,
    DeliveryState,
    Lease,
    Reason,
    Settlement,
)
from digest.model.ids import EditionId, SubscriberId
from digest.store import deliveries
from subscribers import audience
from subscribers.cadence import Cadence
from subscribers.model import EndReason, Subscription, SubscriptionState, SuppressionReason
from subscribers.suppression import suppress
from tests.digest.deliver.planned import LATER, NOW, TODAY, WAVES, new_edition, new_readers, plan, planned


def lease(owner: str = "one", *, at: datetime = NOW) -> Lease:
    return Lease(owner=owner, until=at + timedelta(minutes=15))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.session() as session:
        yield session


def settlement(key: DeliveryKey, lease_no: int, state: DeliveryState, **more: Any) -> Settlement[DeliveryKey]:
    again = NOW + timedelta(minutes=5) if state in OPEN else None
    return Settlement(key=key, lease_no=lease_no, state=state, is_attempt=True, **{"next_at": again, **more})


def test_one_delivery_is_planned_for_each_reader_at_their_own_hour(session: Session) -> None:
    new_readers(session, 2)
    new_readers(session, 1, zone="America/New_York")
    new_readers(session, 1, hour=time(9, 30))
    edition_id = new_edition(session)

    count = plan(session, edition_id)

    assert count == 4
    assert sorted(session.scalars(select(Delivery.due_at))) == [NOW, NOW, LATER, LATER]
    assert deliveries.account(session, edition_id) == Account(intended=4, waiting=4)


def test_planning_again_adds_only_those_who_came_since(session: Session) -> None:
    edition_id = planned(session, 3)
    new_readers(session, 2)

    counts = [plan(session, edition_id), plan(session, edition_id)]

    assert counts == [2, 0]
    assert deliveries.account(session, edition_id).intended == 5


def test_a_reader_whose_wave_is_not_named_gets_no_delivery(session: Session) -> None:
    edition_id = planned(session, 1, zone="Pacific/Apia")

    account = deliveries.account(session, edition_id)

    assert account == Account(intended=0)


def test_readers_are_planned_when_none_of_them_has_chosen_an_hour(session: Session) -> None:
    new_readers(session, 2)
    readers = audience.readers("morning", [Cadence.DAILY], TODAY)

    count = deliveries.plan(session, new_edition(session), readers, {("Europe/Berlin", None): NOW})

    assert count == 2


def test_no_waves_plan_nothing(session: Session) -> None:
    new_readers(session, 1)

    count = deliveries.plan(session, new_edition(session), audience.readers("morning", [Cadence.DAILY], TODAY), {})

    assert count == 0


def test_a_wave_is_spread_over_whole_minutes_and_stays_due_at_its_hour(session: Session) -> None:
    new_readers(session, 12)
    new_readers(session, 2, zone="America/New_York")
    new_readers(session, 1, zone="Asia/Tokyo")
    edition_id = new_edition(session)
    readers = audience.readers("morning", [Cadence.DAILY], TODAY)

    count = deliveries.plan(session, edition_id, readers, WAVES, spread=timedelta(minutes=5, seconds=30))

    rows = list(session.scalars(select(Delivery).order_by(Delivery.subscriber_id)))
    assert count == len(rows) == 14
    assert {row.due_at for row in rows[:12]} == {NOW}
    assert {row.due_at for row in rows[12:]} == {LATER}
    assert [row.next_at - row.due_at for row in rows] == [timedelta(minutes=row.subscriber_id % 5) for row in rows]


@pytest.mark.parametrize("spread", [timedelta(0), timedelta(seconds=59)])
def test_less_than_a_minute_spreads_nothing(session: Session, spread: timedelta) -> None:
    new_readers(session, 3)
    edition_id = new_edition(session)

    deliveries.plan(session, edition_id, audience.readers("morning", [Cadence.DAILY], TODAY), WAVES, spread=spread)

    assert set(session.scalars(select(Delivery.next_at))) == {NOW}


def test_spread_deliveries_are_claimed_in_their_minute(session: Session) -> None:
    new_readers(session, 10)
    edition_id = new_edition(session)
    readers = audience.readers("morning", [Cadence.DAILY], TODAY)
    deliveries.plan(session, edition_id, readers, WAVES, spread=timedelta(minutes=5))

    counts = []
    for minute in range(6):
        now = NOW + timedelta(minutes=minute)
        counts.append(len(deliveries.claim(session, edition_id, now, lease=lease(), limit=99)))

    assert counts == [2, 2, 2, 2, 2, 0]


def test_the_spread_can_be_ignored_with_the_wave_but_not_a_wait_that_came_since(session: Session) -> None:
    new_readers(session, 10)
    edition_id = new_edition(session)
    readers = audience.readers("morning", [Cadence.DAILY], TODAY)
    deliveries.plan(session, edition_id, readers, WAVES, spread=timedelta(minutes=5))

    claims = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=99, ignore_wave=True)
    stopped, held = claims[0], claims[1]
    deliveries.settle(
        session,
        [
            settlement(stopped.key, stopped.lease_no, DeliveryState.PLANNED, next_at=stopped.next_at),
            settlement(held.key, held.lease_no, DeliveryState.PLANNED, next_at=NOW + timedelta(minutes=9)),
        ],
        owner="one",
        now=NOW,
    )
    again = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=99, ignore_wave=True)

    assert len(claims) == 10
    assert [claimed.key for claimed in again] == [stopped.key]


def test_a_suppressed_address_is_planned_as_skipped_and_counted_as_suppressed(session: Session) -> None:
    reader, _ = new_readers(session, 2)
    suppress(session, reader.subscriber.fingerprint, SuppressionReason.COMPLAINT, at=NOW)
    session.flush()
    edition_id = new_edition(session)

    plan(session, edition_id)

    assert deliveries.account(session, edition_id) == Account(intended=2, suppressed=1, waiting=1)


def test_only_due_deliveries_are_claimed_and_those_due_longest_come_first(session: Session) -> None:
    new_readers(session, 1, zone="America/New_York")
    edition_id = planned(session, 2)

    early = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)
    late = deliveries.claim(session, edition_id, LATER, lease=lease(), limit=10)

    assert [claimed.due_at for claimed in early] == [NOW, NOW]
    assert [claimed.due_at for claimed in late] == [LATER]


def test_the_wave_can_be_ignored_but_not_a_wait_that_the_relay_asked_for(session: Session) -> None:
    edition_id = planned(session, 2, zone="America/New_York")
    first, _ = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10, ignore_wave=True)
    deliveries.settle(
        session,
        [settlement(first.key, first.lease_no, DeliveryState.DEFERRED, code=450, reply="later")],
        owner="one",
        now=NOW,
    )

    again = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10, ignore_wave=True)

    assert again == []


def test_deliveries_of_any_edition_are_claimed_when_none_is_named(session: Session) -> None:
    new_readers(session, 1)
    editions = {new_edition(session, 22), new_edition(session, 23)}
    for edition_id in editions:
        plan(session, edition_id)

    claimed = deliveries.claim(session, None, NOW, lease=lease(), limit=10)

    assert {one.item.edition_id for one in claimed} == editions


def test_a_claim_gives_the_address_name_and_sections_of_now(session: Session) -> None:
    (reader,) = new_readers(session, 1)
    edition_id = new_edition(session)
    plan(session, edition_id)
    reader.subscriber.address, reader.subscriber.name, reader.sections = "new@mail.example", "Ana", ("science",)
    session.flush()

    (claimed,) = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)

    assert claimed.item.address == "new@mail.example"
    assert claimed.item.name == "Ana"
    assert claimed.item.sections == ("science",)
    assert claimed.item.public_id == reader.public_id


def test_who_left_paused_was_suppressed_or_erased_after_planning_is_skipped_with_the_reason(session: Session) -> None:
    ended, paused, until_tomorrow, weekly, suppressed, erased, kept, until_today = new_readers(session, 8)
    edition_id = new_edition(session)
    plan(session, edition_id)
    ended.end(EndReason.ONE_CLICK, NOW)
    paused.pause()
    until_tomorrow.pause(TODAY + timedelta(days=1))
    until_today.pause(TODAY)
    weekly.cadence = Cadence.WEEKLY
    suppress(session, suppressed.subscriber.fingerprint, SuppressionReason.HARD_BOUNCE, at=NOW)
    session.delete(erased.subscriber)
    session.flush()

    claimed = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)

    assert sorted(one.item.subscriber_id for one in claimed) == [kept.subscriber_id, until_today.subscriber_id]
    account = deliveries.account(session, edition_id)
    assert account == Account(intended=8, suppressed=1, skipped=5, waiting=2)
    assert account.adds_up
    reasons = dict(
        session.execute(select(Delivery.public_id, Delivery.reason).where(Delivery.reason.is_not(None))).all()
    )
    assert Counter(reasons.values()) == {
        Reason.UNSUBSCRIBED: 2,  # one has left, one is not known any more
        Reason.PAUSED: 2,
        Reason.NOT_WANTED: 1,
        Reason.SUPPRESSED: 1,
    }
    assert reasons[weekly.public_id] is Reason.NOT_WANTED
    assert reasons[paused.public_id] is reasons[until_tomorrow.public_id] is Reason.PAUSED


def test_a_claim_goes_on_past_readers_who_have_all_left(session: Session) -> None:
    for reader in new_readers(session, 5):
        reader.end(EndReason.PAGE, NOW)
    (kept,) = new_readers(session, 1)
    session.execute(update(Subscription).values(state=SubscriptionState.ACTIVE))
    edition_id = new_edition(session)
    plan(session, edition_id)
    session.execute(update(Subscription).where(Subscription.id != kept.id).values(state=SubscriptionState.ENDED))

    claimed = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=2)

    assert [one.item.subscriber_id for one in claimed] == [kept.subscriber_id]


def test_two_claimers_racing_never_hold_the_same_delivery(database: Database) -> None:
    with database.session() as session:
        edition_id = planned(session, 120)
    taken: dict[str, list[SubscriberId]] = {"one": [], "two": []}
    start = threading.Barrier(2)

    def race(owner: str) -> None:
        start.wait()
        while True:
            with database.session() as session:
                batch = deliveries.claim(session, edition_id, NOW, lease=lease(owner), limit=7)
            if not batch:
                return
            taken[owner] += [one.item.subscriber_id for one in batch]

    racers = [threading.Thread(target=race, args=(owner,)) for owner in taken]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    everyone = taken["one"] + taken["two"]
    assert len(everyone) == 120
    assert len(set(everyone)) == 120


def test_settling_ends_the_lease_and_writes_an_attempt_only_where_it_was_not_sent(session: Session) -> None:
    edition_id = planned(session, 2)
    first, second = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)

    lost = deliveries.settle(
        session,
        [
            settlement(first.key, first.lease_no, DeliveryState.SENT, code=250, reply="2.0.0 queued"),
            settlement(second.key, second.lease_no, DeliveryState.DEFERRED, code=450, reply="x" * 500),
        ],
        owner="one",
        now=NOW,
    )

    assert lost == []
    sent, deferred = (session.get_one(Delivery, one.key, populate_existing=True) for one in (first, second))
    assert (sent.state, sent.sent_at, sent.lease_owner, sent.attempts) == ("sent", NOW, None, 1)
    assert (deferred.state, deferred.next_at) == ("deferred", NOW + timedelta(minutes=5))
    (attempt,) = session.scalars(select(Attempt))
    assert (attempt.subscriber_id, attempt.outcome, attempt.code) == (second.key[1], "deferred", 450)
    assert len(attempt.reply) == len(deferred.last_reply) == 200


@pytest.mark.parametrize(("owner", "newer"), [("two", 0), ("one", 1), ("one", -1)])
def test_a_word_from_a_sender_that_no_longer_holds_the_delivery_changes_nothing(
    session: Session, owner: str, newer: int
) -> None:
    edition_id = planned(session, 1)
    (claimed,) = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)
    late = settlement(claimed.key, claimed.lease_no + newer, DeliveryState.FAILED)

    lost = deliveries.settle(session, [late], owner=owner, now=NOW)

    assert lost == [late]
    assert session.get_one(Delivery, claimed.key, populate_existing=True).state == "claimed"
    assert session.scalars(select(Attempt)).all() == []


def test_a_lease_that_was_taken_over_cannot_be_settled_by_its_first_holder(session: Session) -> None:
    edition_id = planned(session, 1)
    (first,) = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=10)
    late = NOW + timedelta(hours=1)
    deliveries.expire_leases(session, late)
    deliveries.resolve(session, edition_id, to=DeliveryState.PLANNED, now=late)
    (second,) = deliveries.claim(session, edition_id, late, lease=lease(at=late), limit=10)

    lost = deliveries.settle(
        session, [settlement(first.key, first.lease_no, DeliveryState.SENT)], owner="one", now=late
    )

    assert second.lease_no == first.lease_no + 1
    assert len(lost) == 1


def test_a_sender_that_never_came_back_leaves_its_deliveries_in_doubt(session: Session) -> None:
    edition_id = planned(session, 3)
    deliveries.claim(session, edition_id, NOW, lease=lease(), limit=2)

    before = deliveries.expire_leases(session, NOW + timedelta(minutes=14))
    after = deliveries.expire_leases(session, NOW + timedelta(minutes=16))

    assert (before, after) == (0, 2)
    assert deliveries.account(session, edition_id) == Account(intended=3, in_doubt=2, waiting=1)
    assert set(session.scalars(select(Delivery.reason))) == {None, "lease expired"}


def test_a_lease_is_extended_only_where_it_is_still_held(session: Session) -> None:
    edition_id = planned(session, 2)
    kept, lost = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=2)
    session.execute(update(Delivery).where(Delivery.subscriber_id == lost.key[1]).values(lease_owner="two"))
    longer = Lease(owner="one", until=NOW + timedelta(hours=1))

    held = deliveries.extend(session, [kept, lost], longer)

    assert held == {kept.key}
    assert session.get_one(Delivery, kept.key, populate_existing=True).lease_until == longer.until


def test_mail_in_doubt_is_resolved_as_sent_or_sent_again(session: Session) -> None:
    edition_id = planned(session, 3)
    one, two, _ = deliveries.claim(session, edition_id, NOW, lease=lease(), limit=3)
    deliveries.expire_leases(session, LATER)

    sent = deliveries.resolve(session, edition_id, to=DeliveryState.SENT, now=LATER, only=[one.key[1], two.key[1]])
    again = deliveries.resolve(session, edition_id, to=DeliveryState.PLANNED, now=LATER)

    assert (sent, again) == (2, 1)
    assert deliveries.account(session, edition_id) == Account(intended=3, sent=2, waiting=1)


@pytest.mark.parametrize("to", sorted(set(DeliveryState) - MOVES[DeliveryState.IN_DOUBT]))
def test_mail_in_doubt_comes_to_no_other_state(session: Session, to: DeliveryState) -> None:
    with pytest.raises(WrongState, match=to):
        deliveries.resolve(session, EditionId(1), to=to, now=NOW)


def test_deliveries_whose_hour_passed_too_long_ago_are_skipped_and_later_waves_are_not(session: Session) -> None:
    new_readers(session, 1, zone="America/New_York")
    edition_id = planned(session, 2)

    skipped = deliveries.skip_too_late(session, edition_id, NOW + timedelta(hours=7), timedelta(hours=6))

    assert skipped == 2
    assert deliveries.account(session, edition_id) == Account(intended=3, skipped=2, waiting=1)


def test_a_second_delivery_of_one_edition_to_one_reader_is_impossible(session: Session) -> None:
    edition_id = planned(session, 1)
    there = session.scalars(select(Delivery)).one()

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text("INSERT INTO delivery SELECT * FROM delivery WHERE edition_id = :e AND subscriber_id = :s"),
            {"e": edition_id, "s": there.subscriber_id},
        )


def test_a_claim_finds_due_deliveries_through_the_partial_index(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    with database.session() as session:
        deliveries.claim(session, EditionId(1), NOW, lease=lease(), limit=10)
        claim = next(statement for statement in statements if statement.startswith("UPDATE"))

        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {claim}", tuple("0" * claim.count("?")))

        assert any("ix_delivery_open" in step[3] for step in plan)
    database.close()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_the_account_adds_up_after_any_walk_of_claims_and_settlements(database: Database, data: st.DataObject) -> None:
    ends = sorted(MOVES[DeliveryState.CLAIMED])
    with Session(database.engine) as session:
        new_readers(session, 6)
        edition_id = new_edition(session)
        plan(session, edition_id)
        now = NOW
        for _ in range(4):
            now += timedelta(minutes=20)
            for one in deliveries.claim(session, edition_id, now, lease=lease(at=now), limit=4):
                end = data.draw(st.none() | st.sampled_from(ends))
                if end is not None:
                    deliveries.settle(
                        session,
                        [settlement(one.key, one.lease_no, end, next_at=now if end in OPEN else None)],
                        owner="one",
                        now=now,
                    )
            if data.draw(st.booleans()):
                deliveries.expire_leases(session, now + timedelta(minutes=16))

            account = deliveries.account(session, edition_id)

            assert account.adds_up
            assert account.intended == 6
        session.rollback()


def test_the_states_lead_only_onwards_and_ends_are_ends() -> None:
    ends = {state for state, moves in MOVES.items() if not moves}

    assert set(MOVES) == set(DeliveryState)
    assert ends == {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED}
    assert all(state in ends or moves for state, moves in MOVES.items())


def test_a_claimed_mail_that_is_to_be_claimed_again_must_say_when() -> None:
    with pytest.raises(WrongState, match="next_at"):
        Settlement(key=1, lease_no=1, state=DeliveryState.DEFERRED, is_attempt=True)


def test_a_claimed_mail_cannot_be_settled_as_claimed() -> None:
    with pytest.raises(WrongState, match="cannot become claimed"):
        Settlement(key=1, lease_no=1, state=DeliveryState.CLAIMED, is_attempt=True)

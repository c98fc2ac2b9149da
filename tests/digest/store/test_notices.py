"""Notices: put in once, sent once, and not when they are of no use any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.database import Database
from digest.model.delivery import Attempt, Claimed, DeliveryState, Lease, Reason, Settlement
from digest.model.ids import NoticeId
from digest.model.notice import Notice, NoticeToSend, NoticeWish
from digest.store import notices
from subscribers import address, suppression
from subscribers.cadence import Cadence
from subscribers.model import Subscriber, Subscription, SubscriptionState, SuppressionReason
from tests.digest.deliver.planned import NOW

KEY = b"a fingerprint key for the tests."
LEASE = Lease(owner="one", until=NOW + timedelta(minutes=30))


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as session:
        yield session
    database.close()


def claim(session: Session, now: datetime) -> list[Claimed[NoticeId, NoticeToSend]]:
    return notices.claim(session, now, lease=LEASE, limit=10, fingerprint_key=KEY)


def wish(**traits: object) -> NoticeWish:
    return NoticeWish(**{"kind": "confirm", "newsletter": "morning", "address": "ana@mail.example", **traits})  # type: ignore[arg-type]  # a test names real traits


def test_a_wish_comes_out_as_it_was_put_in(session: Session) -> None:
    asked = wish(
        name="Ana Pérez 🙂",
        language="es",
        newsletter="morning",
        values={"confirm_url": "https://news.example.org/confirm/x", "headlines": ["a", "b"], "is_automatic": True},
        dedupe_key="confirm:1",
        expires_at=NOW + timedelta(days=7),
    )
    made = notices.enqueue(session, asked, NOW)

    (claimed,) = claim(session, NOW)

    assert claimed.key == claimed.item.id == made
    assert claimed.item.wish == asked
    assert claimed.expires_at == asked.expires_at


def test_a_repeated_wish_is_the_first_notice(session: Session) -> None:
    first = notices.enqueue(session, wish(dedupe_key="welcome:1"), NOW)

    again = notices.enqueue(session, wish(dedupe_key="welcome:1", name="Other"), NOW)

    assert again == first
    assert session.scalar(select(func.count(Notice.id))) == 1


def test_wishes_without_a_key_are_all_different(session: Session) -> None:
    ids = {notices.enqueue(session, wish(), NOW) for _ in range(3)}

    assert len(ids) == 3


def test_a_notice_that_is_of_no_use_any_more_is_skipped(session: Session) -> None:
    notices.enqueue(session, wish(expires_at=NOW + timedelta(hours=1)), NOW)

    claims = claim(session, NOW + timedelta(hours=2))

    assert claims == []
    notice = session.scalars(select(Notice).execution_options(populate_existing=True)).one()
    assert (notice.state, notice.reason) == (DeliveryState.SKIPPED, Reason.TOO_LATE)


def test_a_claimed_notice_is_not_claimed_again_and_settles_behind_its_fence(session: Session) -> None:
    notices.enqueue(session, wish(), NOW)
    (claimed,) = claim(session, NOW)
    rejected = Settlement(
        key=claimed.key,
        lease_no=claimed.lease_no,
        state=DeliveryState.FAILED,
        is_attempt=True,
        reason=Reason.REJECTED,
        code=550,
        reply="no",
    )

    again = claim(session, NOW)
    foreign = notices.settle(session, [rejected], owner="two", now=NOW)
    own = notices.settle(session, [rejected], owner="one", now=NOW)

    assert (again, foreign, own) == ([], [rejected], [])
    (attempt,) = session.scalars(select(Attempt))
    assert (attempt.notice_id, attempt.code, attempt.outcome) == (claimed.key, 550, DeliveryState.FAILED)


def test_a_notice_whose_sender_did_not_come_back_is_in_doubt_and_can_be_resolved(session: Session) -> None:
    made = notices.enqueue(session, wish(), NOW)
    (claimed,) = claim(session, NOW)
    late = NOW + timedelta(hours=1)

    expired = notices.expire_leases(session, late)
    held = notices.extend(session, [claimed], LEASE)
    resolved = notices.resolve(session, made, to=DeliveryState.PLANNED, now=late)
    again = claim(session, late)

    assert (expired, held, resolved) == (1, set(), 1)
    assert [one.lease_no for one in again] == [claimed.lease_no + 1]


def a_reader(session: Session, state: SubscriptionState = SubscriptionState.ACTIVE) -> Subscription:
    subscriber = Subscriber(
        address="Ana@mail.example",
        address_key="ana@mail.example",
        fingerprint=address.fingerprint("ana@mail.example", KEY),
        name="Ana",
        language="en",
        time_zone="Europe/Paris",
        created_at=NOW,
    )
    subscription = Subscription(
        subscriber=subscriber, newsletter="morning", state=state, cadence=Cadence.DAILY, created_at=NOW
    )
    session.add(subscription)
    session.flush()
    return subscription


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_reader_whom_only_an_operator_lets_get_mail_gets_no_notice(
    session: Session, reason: SuppressionReason
) -> None:
    reader = a_reader(session).subscriber
    suppression.suppress(session, reader.fingerprint, reason, at=NOW)
    to_reader = notices.enqueue(session, wish(address=reader.address), NOW)
    to_editor = notices.enqueue(session, wish(kind="review", address=reader.address), NOW)

    claimed = {one.key for one in claim(session, NOW)}

    if reason in suppression.LIFTED_BY_READER:
        assert claimed == {to_reader, to_editor}
    else:
        assert claimed == {to_editor}
        kept = session.get_one(Notice, to_reader, populate_existing=True)
        assert (kept.state, kept.reason) == (DeliveryState.SKIPPED, Reason.SUPPRESSED)


@pytest.mark.parametrize("text", ["Nobody.Yet@mail.example", "\u00c9TIENNE@mail.example"])
def test_an_address_without_a_reader_is_skipped_once_it_is_suppressed(session: Session, text: str) -> None:
    asked = address.parse(text)
    made = [notices.enqueue(session, wish(kind=kind, address=asked.text), NOW) for kind in ("address", "moved")]
    other = notices.enqueue(session, wish(), NOW)
    suppression.suppress(session, address.fingerprint(asked.key, KEY), SuppressionReason.OPERATOR, at=NOW)

    claimed = [one.key for one in claim(session, NOW)]

    kept = session.scalars(select(Notice).where(Notice.id.in_(made)).execution_options(populate_existing=True))
    assert claimed == [other]
    assert [(one.state, one.reason) for one in kept] == [(DeliveryState.SKIPPED, Reason.SUPPRESSED)] * 2


def test_those_who_are_skipped_stand_in_nobodys_way(session: Session) -> None:
    for number in range(12):
        barred = address.parse(f"barred{number}@mail.example")
        notices.enqueue(session, wish(address=barred.text), NOW)
        suppression.suppress(session, address.fingerprint(barred.key, KEY), SuppressionReason.HARD_BOUNCE, at=NOW)
    made = notices.enqueue(session, wish(), NOW)

    claimed = [one.key for one in claim(session, NOW)]

    assert claimed == [made]


@pytest.mark.parametrize("state", [SubscriptionState.ACTIVE, SubscriptionState.ENDED])
def test_nobody_who_has_left_is_welcomed(session: Session, state: SubscriptionState) -> None:
    subscription = a_reader(session, state)
    welcome = wish(kind="welcome", dedupe_key=f"welcome:{subscription.public_id}:{int(NOW.timestamp())}")
    made = notices.enqueue(session, welcome, NOW)

    claimed = [one.key for one in claim(session, NOW)]

    has_left = state is SubscriptionState.ENDED
    kept = session.get_one(Notice, made, populate_existing=True)
    assert claimed == ([] if has_left else [made])
    assert kept.reason is (Reason.UNSUBSCRIBED if has_left else None)

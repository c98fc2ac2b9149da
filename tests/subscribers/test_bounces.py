"""Reports about mails: counted once each, soft ones with decay, and what follows for the address."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import bounces, consent, suppression
from subscribers.bounces import Effect, Said
from subscribers.model import (
    Bounce,
    BounceKind,
    ConsentKind,
    EndReason,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)

AddOne = Callable[..., Subscription]
DAY = timedelta(days=1)


@pytest.fixture
def ana(add_one: AddOne) -> Subscription:
    return add_one()


def said(subscription: Subscription, kind: BounceKind, at: datetime, edition: int = 42, **more: Any) -> Said:
    reader = subscription.subscriber_id
    values: dict[str, Any] = {"subscriber_id": reader, "public_id": subscription.public_id, **more}
    return Said(mail=bounces.of_delivery(edition, reader), kind=kind, at=at, **values)


def kept(session: Session) -> int:
    return session.scalar(select(func.count(Bounce.id))) or 0


def test_a_hard_bounce_suppresses_the_address_at_once(session: Session, ana: Subscription, now: datetime) -> None:
    effect = bounces.record(session, said(ana, BounceKind.HARD, now, status="5.1.1"))

    assert effect is Effect.SUPPRESSED
    assert suppression.reason_for(session, ana.subscriber.fingerprint) is SuppressionReason.HARD_BOUNCE
    assert ana.state is SubscriptionState.ACTIVE


def test_a_complaint_suppresses_at_once_and_enters_the_ledger(
    session: Session, ana: Subscription, now: datetime
) -> None:
    effect = bounces.record(session, said(ana, BounceKind.COMPLAINT, now, status="abuse"))

    assert effect is Effect.SUPPRESSED
    mark = ana.subscriber.fingerprint
    assert suppression.reason_for(session, mark) is SuppressionReason.COMPLAINT
    assert [event.kind for event in consent.history(session, mark)] == [ConsentKind.ADDED, ConsentKind.COMPLAINED]


@pytest.mark.parametrize("kind", list(BounceKind))
def test_the_same_report_counts_once(session: Session, ana: Subscription, now: datetime, kind: BounceKind) -> None:
    bounces.record(session, said(ana, kind, now, status="4.2.2"))
    points = bounces.score(session, ana.subscriber.fingerprint, now)

    again = bounces.record(session, said(ana, kind, now + DAY, status="4.2.2"))

    assert again in {Effect.REPEATED, Effect.COUNTED}
    assert kept(session) == 1
    assert bounces.score(session, ana.subscriber.fingerprint, now) == points


def test_five_soft_bounces_on_five_days_suppress_the_address_and_four_do_not(
    session: Session, ana: Subscription, now: datetime
) -> None:
    effects = [
        bounces.record(session, said(ana, BounceKind.SOFT, now + day * DAY, edition=day, status="5.2.2"))
        for day in range(5)
    ]

    assert effects == [Effect.COUNTED] * 4 + [Effect.SUPPRESSED]
    assert suppression.reason_for(session, ana.subscriber.fingerprint) is SuppressionReason.SOFT_BOUNCES


def test_soft_bounces_a_month_apart_never_suppress(session: Session, ana: Subscription, now: datetime) -> None:
    effects = {
        bounces.record(session, said(ana, BounceKind.SOFT, now + month * 30 * DAY, edition=month))
        for month in range(12)
    }

    assert effects == {Effect.COUNTED}
    assert bounces.score(session, ana.subscriber.fingerprint, now + 330 * DAY) == pytest.approx(2, abs=0.01)


def test_half_of_a_point_is_left_after_thirty_days(session: Session, ana: Subscription, now: datetime) -> None:
    bounces.record(session, said(ana, BounceKind.SOFT, now))

    assert bounces.score(session, ana.subscriber.fingerprint, now + 30 * DAY) == pytest.approx(0.5)


def test_one_edition_counts_one_point_however_often_it_came_back(
    session: Session, ana: Subscription, now: datetime
) -> None:
    for status in ("4.2.2", "4.4.7", "5.2.2", ""):
        bounces.record(session, said(ana, BounceKind.SOFT, now, status=status))

    assert bounces.score(session, ana.subscriber.fingerprint, now) == pytest.approx(1)


def test_refusals_by_policy_are_counted_and_never_suppress(session: Session, ana: Subscription, now: datetime) -> None:
    for edition in range(20):
        assert bounces.record(session, said(ana, BounceKind.POLICY, now, edition=edition)) is Effect.COUNTED

    assert not suppression.is_suppressed(session, ana.subscriber.fingerprint)
    assert bounces.counts(session, now) == {BounceKind.POLICY: 20}


def test_a_mail_to_leave_ends_the_subscription_also_after_the_reader_came_back(
    session: Session, ana: Subscription, now: datetime
) -> None:
    first = bounces.record(session, said(ana, BounceKind.UNSUBSCRIBE, now))
    ana.restore()

    again = bounces.record(session, said(ana, BounceKind.UNSUBSCRIBE, now + DAY))

    assert (first, again) == (Effect.ENDED, Effect.ENDED)
    assert (ana.state, ana.end_reason) == (SubscriptionState.ENDED, EndReason.MAILTO)
    assert not suppression.is_suppressed(session, ana.subscriber.fingerprint)


def test_a_report_about_a_reader_who_is_gone_only_counts(session: Session, now: datetime) -> None:
    gone = Said(mail=bounces.of_delivery(3, 999), kind=BounceKind.HARD, at=now, subscriber_id=999, public_id="nobody")

    assert bounces.record(session, gone) is Effect.UNKNOWN_READER
    assert kept(session) == 1


def test_a_report_about_a_notice_is_about_its_address(session: Session, ana: Subscription, now: datetime) -> None:
    mark = ana.subscriber.fingerprint

    bounces.record(session, Said(mail=bounces.of_notice(5), kind=BounceKind.HARD, at=now, fingerprint=mark))

    assert suppression.is_suppressed(session, mark)


def test_a_batch_of_answers_is_recorded_in_its_order(session: Session, add_one: AddOne, now: datetime) -> None:
    ana, ben = add_one(), add_one("ben@reader.example")

    effects = bounces.record_all(
        session,
        [
            Said(mail=bounces.of_delivery(1, ana.subscriber_id), kind=BounceKind.HARD, at=now, status="5.1.1",
                 subscriber_id=ana.subscriber_id),
            Said(mail=bounces.of_delivery(1, ben.subscriber_id), kind=BounceKind.SOFT, at=now, status="5.2.2",
                 subscriber_id=ben.subscriber_id),
            Said(mail=bounces.of_delivery(1, 999), kind=BounceKind.SOFT, at=now, subscriber_id=999),
        ],
    )  # fmt: skip

    assert effects == [Effect.SUPPRESSED, Effect.COUNTED, Effect.UNKNOWN_READER]


def test_old_bounces_are_forgotten_and_suppressions_stay(session: Session, ana: Subscription, now: datetime) -> None:
    bounces.record(session, said(ana, BounceKind.HARD, now))

    assert bounces.forget_before(session, now + DAY) == 1
    assert suppression.is_suppressed(session, ana.subscriber.fingerprint)

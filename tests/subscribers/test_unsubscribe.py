from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from subscribers import consent, signup, suppression, unsubscribe
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, UnknownSubscriber, WrongState
from subscribers.model import (
    ConsentKind,
    EndReason,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.unsubscribe import AlreadyLeft, Left

AddOne = Callable[..., Subscription]
WEEK = timedelta(days=7)


def test_one_click_ends_the_subscription_once(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()

    first = unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    again = unsubscribe.one_click(session, subscription.public_id, evidence, now=now + WEEK)

    assert first == Left(subscription)
    assert again == AlreadyLeft(subscription)
    assert subscription.state is SubscriptionState.ENDED
    assert (subscription.ended_at, subscription.end_reason) == (now, EndReason.ONE_CLICK)
    kinds = [event.kind for event in consent.history(session, subscription.subscriber.fingerprint)]
    assert kinds == [ConsentKind.ADDED, ConsentKind.WITHDRAWN]


def test_one_click_ends_what_is_paused_or_not_yet_confirmed(
    session: Session,
    add_one: AddOne,
    request_one: Callable[..., signup.SignupOutcome],
    evidence: Evidence,
    now: datetime,
) -> None:
    paused = add_one()
    paused.pause()
    waiting = request_one("ben@reader.example")
    assert isinstance(waiting, signup.ConfirmationDue)

    for subscription in (paused, waiting.subscription):
        unsubscribe.one_click(session, subscription.public_id, evidence, now=now, reason=EndReason.PAGE)

    assert paused.state is SubscriptionState.ENDED
    assert waiting.subscription.state is SubscriptionState.ENDED


def test_one_click_leaves_other_newsletters_and_the_address_alone(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    daily, weekly = add_one(), add_one(newsletter="weekly")

    unsubscribe.one_click(session, daily.public_id, evidence, now=now)

    assert weekly.state is SubscriptionState.ACTIVE
    assert not suppression.is_suppressed(session, daily.subscriber.fingerprint)


def test_a_subscription_that_does_not_exist_cannot_be_left(session: Session, evidence: Evidence, now: datetime) -> None:
    with pytest.raises(UnknownSubscriber):
        unsubscribe.one_click(session, "zzzzzzzzzzzzz", evidence, now=now)


def test_leaving_everything_ends_all_and_suppresses_the_address(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    daily, weekly, other = add_one(), add_one(newsletter="weekly"), add_one("ben@reader.example")

    unsubscribe.everything(session, daily.public_id, evidence, now=now)
    unsubscribe.everything(session, daily.public_id, evidence, now=now)

    assert daily.end_reason is EndReason.EVERYTHING
    assert weekly.end_reason is EndReason.EVERYTHING
    assert other.state is SubscriptionState.ACTIVE
    assert suppression.reason_for(session, daily.subscriber.fingerprint) is SuppressionReason.UNSUBSCRIBED


def test_leaving_everything_is_written_down_once_where_all_had_ended_before(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    ended = add_one()
    unsubscribe.one_click(session, ended.public_id, evidence, now=now)
    all_of_it = Evidence(wording="Leave everything from us", source="unsubscribe page")

    for _ in range(2):
        unsubscribe.everything(session, ended.public_id, all_of_it, now=now)

    told = consent.history(session, ended.subscriber.fingerprint)
    assert [event.wording for event in told if event.kind is ConsentKind.WITHDRAWN] == [
        evidence.wording,
        "Leave everything from us",
    ]


def test_an_end_can_be_taken_back(session: Session, add_one: AddOne, evidence: Evidence, now: datetime) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)

    restored = unsubscribe.undo(session, subscription.public_id, evidence, now=now + WEEK)
    unsubscribe.undo(session, subscription.public_id, evidence, now=now + WEEK)

    assert restored.state is SubscriptionState.ACTIVE
    assert restored.end_reason is None
    kinds = [event.kind for event in consent.history(session, subscription.subscriber.fingerprint)]
    assert kinds == [ConsentKind.ADDED, ConsentKind.WITHDRAWN, ConsentKind.RESTORED]


def test_leaving_everything_is_written_down_once_also_where_the_address_got_no_mail_any_more(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    ended = add_one()
    mark = ended.subscriber.fingerprint
    unsubscribe.one_click(session, ended.public_id, evidence, now=now)
    suppression.suppress(session, mark, SuppressionReason.HARD_BOUNCE, at=now)
    all_of_it = Evidence(wording="Leave everything from us", source="unsubscribe page")

    for _ in range(2):
        unsubscribe.everything(session, ended.public_id, all_of_it, now=now)

    assert [event.wording for event in consent.history(session, mark)].count("Leave everything from us") == 1


def test_taking_back_after_leaving_everything_lifts_the_suppression(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    daily, weekly = add_one(), add_one(newsletter="weekly")
    unsubscribe.everything(session, daily.public_id, evidence, now=now)

    unsubscribe.undo(session, daily.public_id, evidence, now=now)

    assert not suppression.is_suppressed(session, daily.subscriber.fingerprint)
    assert daily.state is SubscriptionState.ACTIVE
    assert weekly.state is SubscriptionState.ENDED


def test_an_end_is_not_taken_back_when_it_is_old(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)

    with pytest.raises(WrongState, match="7 days"):
        unsubscribe.undo(session, subscription.public_id, evidence, now=now + WEEK + timedelta(seconds=1))


def test_an_end_by_the_operator_is_not_taken_back_by_the_reader(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now, reason=EndReason.OPERATOR)

    with pytest.raises(WrongState, match="operator"):
        unsubscribe.undo(session, subscription.public_id, evidence, now=now)


def test_what_was_never_confirmed_cannot_be_brought_back_to_life(
    session: Session, request_one: Callable[..., signup.SignupOutcome], evidence: Evidence, now: datetime
) -> None:
    waiting = request_one()
    assert isinstance(waiting, signup.ConfirmationDue)
    public_id = waiting.subscription.public_id

    with pytest.raises(WrongState):
        unsubscribe.undo(session, public_id, evidence, now=now)
    unsubscribe.one_click(session, public_id, evidence, now=now)
    with pytest.raises(WrongState, match="never confirmed"):
        unsubscribe.undo(session, public_id, evidence, now=now)


def test_taking_back_does_not_reach_an_address_that_bounces(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    suppression.suppress(session, subscription.subscriber.fingerprint, SuppressionReason.HARD_BOUNCE, at=now)

    with pytest.raises(AddressSuppressed):
        unsubscribe.undo(session, subscription.public_id, evidence, now=now)
    assert subscription.state is SubscriptionState.ENDED

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from subscribers.cadence import Cadence
from subscribers.errors import UnknownSubscriber, WrongState
from subscribers.model import (
    MOVES,
    EndReason,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.text import one_line

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ACTS: dict[str, Callable[[Subscription], None]] = {
    "confirm": lambda subscription: subscription.confirm(NOW),
    "pause": Subscription.pause,
    "resume": Subscription.resume,
    "end": lambda subscription: subscription.end(EndReason.PAGE, NOW),
    "reopen": Subscription.reopen,
    "lapse": Subscription.lapse,
    "restore": Subscription.restore,
}
PENDING, ACTIVE, PAUSED, ENDED = SubscriptionState
ALLOWED = {
    (PENDING, "confirm"): ACTIVE,
    (PENDING, "end"): ENDED,
    (ACTIVE, "pause"): PAUSED,
    (ACTIVE, "end"): ENDED,
    (PAUSED, "resume"): ACTIVE,
    (PAUSED, "pause"): PAUSED,
    (PAUSED, "end"): ENDED,
    (ENDED, "reopen"): PENDING,
    (PENDING, "lapse"): ENDED,
    (PENDING, "restore"): ACTIVE,
    (ENDED, "restore"): ACTIVE,
}


def a_subscription(state: SubscriptionState = PENDING) -> Subscription:
    return Subscription(
        newsletter="daily", public_id="abcdefghijklm", state=state, cadence=Cadence.DAILY, confirmation_nonce="first"
    )


class LifeOfASubscription(RuleBasedStateMachine):
    """Any acts in any order: each does what the table says, or changes nothing and says why."""

    def __init__(self) -> None:
        super().__init__()
        self.subscription = a_subscription()
        self.has_agreed = False

    @rule(act=st.sampled_from(sorted(ACTS)))
    def act(self, act: str) -> None:
        before = self.subscription.state
        expected = ALLOWED.get((before, act))
        if act == "restore" and not self.has_agreed:
            expected = None
        if act == "lapse" and self.subscription.ended_at is None:
            expected = None

        if expected is None:
            with pytest.raises(WrongState):
                ACTS[act](self.subscription)
            assert self.subscription.state is before
            return
        ACTS[act](self.subscription)

        assert self.subscription.state is expected
        assert expected is before or expected in MOVES[before]
        self.has_agreed = act == "confirm" or self.has_agreed

    @invariant()
    def its_dates_tell_its_state(self) -> None:
        subscription = self.subscription
        assert (subscription.ended_at is None) == (subscription.end_reason is None)
        if subscription.state is not PENDING:  # that may carry the end of the wish before
            assert (subscription.ended_at is not None) == (subscription.state is ENDED)
        if self.subscription.state in {ACTIVE, PAUSED}:
            assert self.subscription.confirmed_at is not None


TestLifeOfASubscription = LifeOfASubscription.TestCase


def test_a_refused_move_names_the_subscription_its_state_and_the_way_out() -> None:
    with pytest.raises(WrongState, match=r"abcdefghijklm to daily is pending; only one that is active can become paus"):
        a_subscription().pause()


def test_a_reopened_subscription_keeps_its_name_and_changes_its_nonce() -> None:
    subscription = a_subscription(ENDED)

    subscription.reopen()

    assert subscription.public_id == "abcdefghijklm"
    assert subscription.confirmation_nonce != "first"


def test_a_row_comes_back_as_it_was_stored(session: Session, add_one: Callable[..., Subscription]) -> None:
    public_id = add_one(sections=("world", "science"), cadence=Cadence.WEEKDAYS, hour=NOW.time()).public_id
    session.commit()
    session.expunge_all()

    found = Subscription.by_public_id(session, public_id)

    assert found.state is ACTIVE
    assert found.cadence is Cadence.WEEKDAYS
    assert found.sections == ("world", "science")
    assert found.hour == NOW.time()
    assert found.confirmed_at == NOW
    assert found.subscriber.name == "Ana Pérez"


def test_all_sections_are_kept_as_null(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscription = add_one()

    assert session.scalar(select(Subscription.id).where(Subscription.sections.is_(None))) == subscription.id


def test_a_state_that_is_none_is_not_stored(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscription = add_one()

    with pytest.raises(StatementError):
        session.execute(update(Subscription).where(Subscription.id == subscription.id).values(state="asleep"))


def test_a_reader_has_one_subscription_to_a_newsletter(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscription = add_one()
    session.add(
        Subscription(
            subscriber_id=subscription.subscriber_id, newsletter="daily", cadence=Cadence.DAILY, created_at=NOW
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()


def test_subscriptions_go_with_their_subscriber(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscription = add_one()
    session.commit()

    session.delete(session.get_one(Subscriber, subscription.subscriber_id))
    session.commit()

    assert session.scalars(select(Subscription)).all() == []


def test_a_subscription_is_found_by_its_public_id(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscription = add_one("Ana@reader.example")

    assert Subscription.by_public_id(session, subscription.public_id) is subscription
    with pytest.raises(UnknownSubscriber):
        Subscription.by_public_id(session, "zzzzzzzzzzzzz")


def test_a_name_is_brought_onto_one_line() -> None:
    assert one_line(" Ana\r\nBcc:\tx\x00 \ud800 Pérez\u2028 ") == "Ana Bcc: x Pérez"


def test_moves_lead_everywhere_and_nowhere_else() -> None:
    assert {(state, to) for (state, _), to in ALLOWED.items() if to is not state} == {
        (state, to) for state, moves in MOVES.items() for to in moves
    }

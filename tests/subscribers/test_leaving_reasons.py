"""Many leave in one statement; who likes says why; operators see it counted."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from subscribers import consent, signup, unsubscribe
from subscribers.consent import Evidence
from subscribers.errors import UnknownSubscriber, WrongState
from subscribers.model import ConsentKind, EndReason, LeavingCause, Subscription, SubscriptionState
from subscribers.unsubscribe import Leaving

AddOne = Callable[..., Subscription]
DAY = timedelta(days=1)
#: What differs between any two readers.
OWN = {"id", "subscriber_id", "public_id", "confirmation_nonce"}
PROOF = ("newsletter", "kind", "at", "wording", "source", "network_address")


def test_many_end_at_once_whatever_their_state(
    session: Session,
    add_one: AddOne,
    request_one: Callable[..., signup.SignupOutcome],
    evidence: Evidence,
    now: datetime,
) -> None:
    active, paused, gone = (add_one(f"{name}@reader.example") for name in ("ana", "ben", "cleo"))
    paused.pause(now.date() + DAY)
    waiting = request_one("dora@reader.example")
    assert isinstance(waiting, signup.ConfirmationDue)
    unsubscribe.one_click(session, gone.public_id, evidence, now=now - DAY, reason=EndReason.PAGE)
    session.flush()
    every = [active, paused, gone, waiting.subscription]
    leavings = [Leaving(public_id=each.public_id, evidence=evidence) for each in every]

    ended = unsubscribe.one_click_all(session, [*leavings, leavings[0]], now=now)
    again = unsubscribe.one_click_all(session, leavings, now=now + DAY)

    assert ended == {each.public_id for each in every if each is not gone}
    assert again == set()
    assert {each.state for each in every} == {SubscriptionState.ENDED}
    assert {each.ended_at for each in every if each is not gone} == {now}
    assert (gone.ended_at, gone.end_reason, paused.paused_until) == (now - DAY, EndReason.PAGE, None)
    for each in every:
        kinds = [event.kind for event in consent.history(session, each.subscriber.fingerprint)]
        assert kinds.count(ConsentKind.WITHDRAWN) == 1


@pytest.mark.parametrize("reason", list(EndReason))
def test_leaving_in_a_group_writes_what_leaving_alone_writes(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime, reason: EndReason
) -> None:
    alone, grouped = add_one("ana@reader.example"), add_one("ben@reader.example")
    for each in (alone, grouped):
        each.pause(now.date() + DAY)

    unsubscribe.one_click(session, alone.public_id, evidence, now=now, reason=reason)
    leaving = Leaving(public_id=grouped.public_id, evidence=evidence, reason=reason)
    unsubscribe.one_click_all(session, [leaving], now=now)

    session.flush()
    session.expire_all()
    names = {column.key for column in Subscription.__table__.columns} - OWN
    rows = [{name: getattr(each, name) for name in names} for each in (alone, grouped)]
    proofs = [
        {name: getattr(consent.history(session, each.subscriber.fingerprint)[-1], name) for name in PROOF}
        for each in (alone, grouped)
    ]
    assert rows[0] == rows[1]
    assert proofs[0] == proofs[1]


def test_nobody_is_ended_by_an_empty_list(session: Session, add_one: AddOne, now: datetime) -> None:
    subscription = add_one()

    assert unsubscribe.one_click_all(session, [], now=now) == set()
    assert subscription.state is SubscriptionState.ACTIVE


def test_whoever_has_left_may_say_why_and_nothing_else_changes(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    before = len(consent.history(session, subscription.subscriber.fingerprint))

    unsubscribe.tell_why(session, subscription.public_id, LeavingCause.TOO_LONG, " far\ntoo\x00 long " + "x" * 900)

    assert subscription.leaving_cause is LeavingCause.TOO_LONG
    assert subscription.leaving_words.startswith("far too long xxx")
    assert len(subscription.leaving_words) == unsubscribe.LONGEST_WORDS
    assert (subscription.state, subscription.ended_at) == (SubscriptionState.ENDED, now)
    assert len(consent.history(session, subscription.subscriber.fingerprint)) == before


def test_why_is_asked_of_nobody_who_stays(session: Session, add_one: AddOne) -> None:
    subscription = add_one()

    with pytest.raises(WrongState, match="active"):
        unsubscribe.tell_why(session, subscription.public_id, LeavingCause.OTHER, "")
    with pytest.raises(UnknownSubscriber):
        unsubscribe.tell_why(session, "zzzzzzzzzzzzz", None, "")


def test_reasons_are_counted_by_newsletter_and_time_and_forget_who_came_back(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    def gone(name: str, at: datetime, cause: LeavingCause | None, words: str = "", **more: str) -> Subscription:
        subscription = add_one(f"{name}@reader.example", **more)
        unsubscribe.one_click(session, subscription.public_id, evidence, now=at)
        return unsubscribe.tell_why(session, subscription.public_id, cause, words)

    gone("ana", now - 9 * DAY, LeavingCause.OTHER, "long ago")
    gone("ben", now, LeavingCause.TOO_OFTEN, "twice a day")
    gone("cleo", now + DAY, None, "no cause")
    gone("dora", now, LeavingCause.TOO_OFTEN)
    gone("eve", now, LeavingCause.TOO_LONG, newsletter="weekly")
    back = gone("fay", now, LeavingCause.NOT_FOR_ME, "a mistake")
    unsubscribe.undo(session, back.public_id, evidence, now=now)

    lately = unsubscribe.reasons(session, "daily", since=now)
    ever = unsubscribe.reasons(session, None, newest=2)

    assert lately.ends == {EndReason.ONE_CLICK: 3}
    assert lately.causes == {LeavingCause.TOO_OFTEN: 2}
    assert [said.words for said in lately.said] == ["no cause", "twice a day"]
    assert ever.ends == {EndReason.ONE_CLICK: 5}
    assert [said.words for said in ever.said] == ["no cause", "twice a day"]

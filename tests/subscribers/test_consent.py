from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.consent import Evidence
from subscribers.errors import WrongState
from subscribers.model import ConsentEvent, ConsentKind, Subscriber, Subscription


def test_an_event_says_who_agreed_to_what_when_and_how(
    session: Session, add_one: Callable[..., Subscription], evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()

    (event,) = consent.history(session, subscription.subscriber.fingerprint)

    assert event.kind is ConsentKind.ADDED
    assert event.subscriber_id == subscription.subscriber_id
    assert event.newsletter == "daily"
    assert event.at == now
    assert (event.wording, event.source, event.network_address) == (
        evidence.wording,
        evidence.source,
        evidence.network_address,
    )


def test_history_is_in_order_and_of_one_address_only(
    session: Session, add_one: Callable[..., Subscription], evidence: Evidence, now: datetime
) -> None:
    ana, _ben = add_one(), add_one("ben@reader.example")
    consent.record(session, ana, ConsentKind.WITHDRAWN, evidence, at=now + timedelta(days=2))
    consent.record(session, ana, ConsentKind.CHANGED, evidence, at=now + timedelta(days=1))

    events = consent.history(session, ana.subscriber.fingerprint)

    assert [event.kind for event in events] == [ConsentKind.ADDED, ConsentKind.CHANGED, ConsentKind.WITHDRAWN]


def test_an_event_outlives_its_reader(session: Session, add_one: Callable[..., Subscription]) -> None:
    subscriber = add_one().subscriber
    fingerprint = subscriber.fingerprint
    session.commit()

    session.delete(session.get_one(Subscriber, subscriber.id))
    session.commit()

    assert len(consent.history(session, fingerprint)) == 1


def test_an_event_cannot_be_changed(session: Session, add_one: Callable[..., Subscription]) -> None:
    (event,) = consent.history(session, add_one().subscriber.fingerprint)
    event.wording = "something else"

    with pytest.raises(WrongState):
        session.flush()


def test_an_event_cannot_be_deleted(session: Session, add_one: Callable[..., Subscription]) -> None:
    (event,) = consent.history(session, add_one().subscriber.fingerprint)
    session.delete(event)

    with pytest.raises(WrongState):
        session.flush()


def test_events_cannot_be_changed_or_deleted_all_at_once(
    session: Session, add_one: Callable[..., Subscription]
) -> None:
    add_one()

    with pytest.raises(WrongState):
        session.execute(delete(ConsentEvent))
    with pytest.raises(WrongState):
        session.execute(update(ConsentEvent).values(wording="something else"))
    session.execute(update(Subscription).values(hour=None))
    assert session.scalar(select(ConsentEvent.wording)) != "something else"


def test_rubbish_in_the_evidence_is_stored_as_far_as_it_fits(
    session: Session, add_one: Callable[..., Subscription], now: datetime
) -> None:
    rubbish = Evidence(wording="yes\x00\r\nplease \ud800", source="s" * 999, network_address="f" * 999)

    event = consent.record(session, add_one(), ConsentKind.CHANGED, rubbish, at=now)
    session.flush()

    assert event.wording == "yes please"
    assert (len(event.source), len(event.network_address)) == (200, 45)

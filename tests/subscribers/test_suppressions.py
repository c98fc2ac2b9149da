from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subscribers.model import Subscriber, Subscription, Suppression, SuppressionReason
from subscribers.suppression import is_suppressed, is_suppressed_clause, lift, reason_for, suppress

MARK = "0" * 64


def test_suppress_and_lift_are_a_pair(session: Session, now: datetime) -> None:
    assert not is_suppressed(session, MARK)

    suppress(session, MARK, SuppressionReason.COMPLAINT, at=now, note="feedback report 17")

    assert is_suppressed(session, MARK)
    assert reason_for(session, MARK) is SuppressionReason.COMPLAINT
    assert lift(session, MARK)
    assert not is_suppressed(session, MARK)
    assert not lift(session, MARK)


def test_an_older_suppression_stays_as_it_is(session: Session, now: datetime) -> None:
    suppress(session, MARK, SuppressionReason.HARD_BOUNCE, at=now, note="first")

    held = suppress(session, MARK, SuppressionReason.COMPLAINT, at=now + timedelta(days=1), note="second")

    assert (held.reason, held.at, held.note) == (SuppressionReason.HARD_BOUNCE, now, "first")


def test_a_reason_that_only_an_operator_lifts_replaces_one_that_the_reader_could(
    session: Session, now: datetime
) -> None:
    suppress(session, MARK, SuppressionReason.UNSUBSCRIBED, at=now)

    suppress(session, MARK, SuppressionReason.COMPLAINT, at=now)

    assert reason_for(session, MARK) is SuppressionReason.COMPLAINT


def test_a_reader_cannot_weaken_a_suppression(session: Session, now: datetime) -> None:
    suppress(session, MARK, SuppressionReason.COMPLAINT, at=now)

    suppress(session, MARK, SuppressionReason.UNSUBSCRIBED, at=now)

    assert reason_for(session, MARK) is SuppressionReason.COMPLAINT


def test_a_suppression_made_meanwhile_by_another_process_is_respected(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(
        Suppression.__table__.insert().values(  # type: ignore[attr-defined]
            fingerprint=MARK, reason=SuppressionReason.HARD_BOUNCE, at=now, note="the other"
        )
    )

    def look_a_moment_too_early(*_: object) -> None:
        monkeypatch.undo()

    monkeypatch.setattr(session, "get", look_a_moment_too_early)

    held = suppress(session, MARK, SuppressionReason.OPERATOR, at=now)

    assert (held.reason, held.note) == (SuppressionReason.HARD_BOUNCE, "the other")


def test_the_clause_divides_readers_in_any_query(
    session: Session, add_one: Callable[..., Subscription], now: datetime
) -> None:
    ana, _ben = add_one(), add_one("ben@reader.example")
    suppress(session, ana.subscriber.fingerprint, SuppressionReason.HARD_BOUNCE, at=now)

    reachable = select(Subscriber.address).where(~is_suppressed_clause(Subscriber.fingerprint))
    beside_the_table = (
        select(Suppression.reason, Subscriber.address)
        .join(Suppression, Suppression.fingerprint == Subscriber.fingerprint)
        .where(is_suppressed_clause(Subscriber.fingerprint))
    )

    assert session.scalars(reachable).all() == ["ben@reader.example"]
    assert [address for _, address in session.execute(beside_the_table)] == ["ana@reader.example"]


def test_a_long_note_is_cut(engine: Engine, now: datetime) -> None:
    with Session(engine) as session, session.begin():
        assert len(suppress(session, MARK, SuppressionReason.OPERATOR, at=now, note="n" * 900).note) == 500

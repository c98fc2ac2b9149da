"""Queries about Sources."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.errors import WrongState
from digest.model.entry import Gathered
from digest.model.ids import SourceId
from digest.model.newsletter import Newsletter, SourcePlan
from digest.model.source import Source, SourceState


def enlist(session: Session, newsletters: Iterable[Newsletter], now: datetime) -> None:
    """Give a row to every Source that config.toml names and that has none; rows of Sources no longer named stay."""
    plans: dict[str, SourcePlan] = {plan.address: plan for letter in newsletters for plan in letter.sources}
    known = set(session.scalars(select(Source.key).where(Source.key.in_(plans))))
    session.add_all(
        Source(key=key, kind=plan.kind, address=key, next_check_at=now, added_at=now)
        for key, plan in plans.items()
        if key not in known
    )
    session.flush()


def due(session: Session, keys: Iterable[str], now: datetime) -> Sequence[Source]:
    """Return the Sources among *keys* whose next check has come, the longest waiting first."""
    return session.scalars(
        select(Source)
        .where(Source.key.in_(list(keys)), Source.next_check_at <= now, Source.state.in_(_CHECKED))
        .order_by(Source.next_check_at, Source.id)
    ).all()


def not_checked_since(session: Session, keys: Iterable[str], since: datetime) -> Sequence[Source]:
    """Return the Sources among *keys* that nobody has asked since *since*, whatever their own pace."""
    return session.scalars(
        select(Source)
        .where(
            Source.key.in_(list(keys)),
            Source.state.in_(_CHECKED),
            Source.last_checked_at.is_(None) | (Source.last_checked_at < since),
        )
        .order_by(Source.id)
    ).all()


def has_never_answered(session: Session, source_id: SourceId) -> bool:
    """Return whether the Source's first usable answer is still to come."""
    return session.get_one(Source, source_id).last_answered_at is None


def settle(session: Session, gathered: Gathered) -> Source:
    """Write down what a check came to and return its Source."""
    source = session.get_one(Source, gathered.source_id)
    source.settle(gathered)
    return source


def named(session: Session, key: str) -> Source:
    """Return the Source with the configured address *key*; WrongState when there is none."""
    source = session.scalar(select(Source).where(Source.key == key))
    if source is None:
        raise WrongState(f'there is no source "{key}"; `digest source list` shows those that there are')
    return source


def listing(session: Session, keys: Iterable[str]) -> Sequence[Source]:
    """Return the Sources among *keys*, those in trouble first."""
    found = session.scalars(select(Source).where(Source.key.in_(list(keys)))).all()
    return sorted(found, key=lambda source: (-source.failures, source.key))


def coverage(session: Session, newsletter: Newsletter, since: datetime) -> tuple[int, int]:
    """Return how many of the newsletter's Sources have answered since *since*, of how many that we ask."""
    asked = session.scalars(
        select(Source).where(
            Source.key.in_([plan.address for plan in newsletter.sources]), Source.state != SourceState.PAUSED
        )
    ).all()
    answered = [s for s in asked if s.last_answered_at is not None and s.last_answered_at >= since]
    return len(answered), len(asked)


_CHECKED = (SourceState.ACTIVE, SourceState.FAILING)

"""Queries about Sources."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.errors import WrongState
from digest.model.added import AddedSource
from digest.model.article import Article
from digest.model.entry import Gathered
from digest.model.ids import SourceId
from digest.model.newsletter import Newsletter, SourcePlan
from digest.model.source import Source, SourceState

DAY, WEEK = timedelta(days=1), timedelta(days=7)


def complete(session: Session, newsletter: Newsletter) -> Newsletter:
    """
    Return *newsletter* with the Sources that were added to it besides those of config.toml.

    One that config.toml names too is used as the file says; one whose section is no longer there rests.
    """
    named = {plan.address for plan in newsletter.sources}
    sections = {plan.slug for plan in newsletter.sections}
    rows = session.scalars(
        select(AddedSource).where(AddedSource.newsletter == newsletter.slug).order_by(AddedSource.id)
    )
    added = (row.plan for row in rows if row.address not in named and row.section in sections)
    return replace(newsletter, sources=(*newsletter.sources, *added))


def enlist(session: Session, newsletters: Iterable[Newsletter], now: datetime) -> None:
    """Give a row to every Source of *newsletters* that has none; rows of Sources no longer used stay."""
    plans: dict[str, SourcePlan] = {plan.address: plan for letter in newsletters for plan in letter.sources}
    known = {source.key: source for source in session.scalars(select(Source).where(Source.key.in_(plans)))}
    for key, plan in plans.items():
        if key in known:
            known[key].read_as(plan.kind)
        else:
            session.add(Source(key=key, kind=plan.kind, address=key, next_check_at=now, added_at=now))
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


def asked(session: Session, gathered: Gathered) -> Source:
    """Return the Source that *gathered* is the answer of."""
    return session.get_one(Source, gathered.source_id)


def settle(session: Session, gathered: Gathered) -> Source:
    """Write down what a check came to and return its Source, which is asked again at the pace of its last week."""
    source = session.get_one(Source, gathered.source_id)
    source.settle(gathered, rhythm=_rhythm(session, source, gathered.at))
    return source


def _rhythm(session: Session, source: Source, at: datetime) -> timedelta | None:
    """
    Return the mean time between two new Articles of *source* in the week before *at*; the whole time if there was none.

    None while it has been known for less than a day. What its first answer held is as old as may be and counts for
    nothing.
    """
    first = session.scalar(select(func.min(Article.first_seen_at)).where(Article.source_id == source.id))
    since = max(first or source.added_at, at - WEEK)
    if at - since < DAY:
        return None
    new = session.scalar(select(func.count()).where(Article.source_id == source.id, Article.first_seen_at > since))
    return (at - since) / max(new or 0, 1)


def named(session: Session, key: str) -> Source:
    """Return the Source with the configured address *key*; WrongState when there is none."""
    source = session.scalar(select(Source).where(Source.key == key))
    if source is None:
        raise WrongState(f'there is no source "{key}"; `digest source list` shows those that there are')
    return source


def get(session: Session, source_id: SourceId) -> Source | None:
    """Return the Source with that id, None when there is none."""
    return session.get(Source, source_id)


def of_keys(session: Session, keys: Iterable[str]) -> Sequence[Source]:
    """Return the Sources among *keys* that have a row."""
    return session.scalars(select(Source).where(Source.key.in_(list(keys)))).all()


def listing(session: Session, keys: Iterable[str]) -> Sequence[Source]:
    """Return the Sources among *keys*, those in trouble first."""
    found = of_keys(session, keys)
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

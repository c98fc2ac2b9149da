"""Who gets what: the readers of an Edition, their waves, and the list that operators see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from subscribers.address import fingerprint
from subscribers.cadence import Cadence
from subscribers.model import LIVE, EndReason, Subscriber, Subscription, SubscriptionState
from subscribers.segments import Segment
from subscribers.suppression import is_suppressed_clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """How many readers wait for the same local *hour* (None: the newsletter's) in the same *time_zone*."""

    time_zone: str
    hour: time | None
    readers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One Subscription as operators see it."""

    subscription_id: int
    public_id: str
    address: str
    name: str
    newsletter: str
    state: SubscriptionState
    cadence: Cadence
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    end_reason: EndReason | None
    suppressed: bool


def readers(
    newsletter: str, cadences: Sequence[Cadence], day: date, *, segment: Segment | None = None
) -> Select[*tuple[object, ...]]:
    """
    Return the query for all in *segment* whose Subscription to *newsletter* wants the Editions of *day*.

    Their wish is one of *cadences*. Who has paused until *day* at the latest is among them, wherever their clocks
    stand: the waves of one date span 26 hours.

    Its columns: subscriber_id, subscription_id, public_id, fingerprint, address, name, language, time_zone, hour,
    sections, cadence, state and suppressed (true: the address gets no mail). A suppressed reader is in it, so that the
    account of an Edition adds up. Fit for ``subquery()`` and INSERT … FROM SELECT.
    """
    return _wishes().where(*_wanting(newsletter, cadences, day), *_within(segment))


def current(newsletter: str, subscriber_ids: Sequence[int], day: date) -> Select[*tuple[Any, ...]]:
    """
    Return the query for how the wishes of *subscriber_ids* stand at this moment.

    Its columns are those of ``readers`` that a sender needs: subscriber_id, public_id, address, name, time_zone,
    sections, cadence, state and suppressed; and wants, which says whether the Editions of *day* are to go there. Every
    state is in it: a reader who has left since the plan comes back as ended. An erased one does not come back.
    """
    return (
        select(
            Subscription.subscriber_id,
            Subscription.public_id,
            Subscriber.address,
            Subscriber.name,
            Subscriber.time_zone,
            Subscription.sections,
            Subscription.cadence,
            Subscription.state,
            _wants(day).label("wants"),
            is_suppressed_clause(Subscriber.fingerprint).label("suppressed"),
        )
        .join(Subscription.subscriber)
        .where(Subscription.newsletter == newsletter, Subscription.subscriber_id.in_(subscriber_ids))
    )


def count(
    session: Session, newsletter: str, cadences: Sequence[Cadence], day: date, *, segment: Segment | None = None
) -> int:
    """Return how many readers ``readers`` would give."""
    query = select(func.count(Subscription.id)).join(Subscription.subscriber)
    return session.scalar(query.where(*_wanting(newsletter, cadences, day), *_within(segment))) or 0


def in_use(session: Session) -> dict[str, int]:
    """Return how many readers have a live wish, active or paused, for each Newsletter that anybody reads."""
    query = (
        select(Subscription.newsletter, func.count(Subscription.id))
        .where(Subscription.state.in_(LIVE))
        .group_by(Subscription.newsletter)
        .order_by(Subscription.newsletter)
    )
    return dict(session.execute(query).all())


def is_fingerprinted_with(session: Session, key: bytes) -> bool:
    """Return whether *key* made the fingerprints that are kept; true as long as there is nobody to compare with."""
    anybody = session.scalar(select(Subscriber).order_by(Subscriber.id).limit(1))
    return anybody is None or fingerprint(anybody.address_key, key) == anybody.fingerprint


def wave_keys(
    session: Session, newsletter: str, cadences: Sequence[Cadence], day: date, *, segment: Segment | None = None
) -> list[Wave]:
    """Return each distinct pair of time zone and hour among ``readers``, ordered by zone, then hour."""
    query = (
        select(Subscriber.time_zone, Subscription.hour, func.count(Subscription.id))
        .join(Subscription.subscriber)
        .where(*_wanting(newsletter, cadences, day), *_within(segment))
        .group_by(Subscriber.time_zone, Subscription.hour)
    )
    waves = [Wave(time_zone=zone, hour=hour, readers=number) for zone, hour, number in session.execute(query)]
    # Databases differ on where NULL and capital letters sort.
    return sorted(waves, key=lambda wave: (wave.time_zone, wave.hour or time.min, wave.hour is not None))


def live_ids(session: Session, newsletter: str, mark: str | None) -> list[str]:
    """Return the public ids of the live Subscriptions to *newsletter*: all, or that of the address of *mark*."""
    query = select(Subscription.public_id).where(Subscription.newsletter == newsletter, Subscription.state.in_(LIVE))
    if mark is not None:
        query = query.join(Subscription.subscriber).where(Subscriber.fingerprint == mark)
    return list(session.scalars(query.order_by(Subscription.id)))


def listing(  # noqa: PLR0913 (filters, any of which may be left out)
    session: Session,
    *,
    newsletter: str | None = None,
    state: SubscriptionState | None = None,
    search: str = "",
    after: int = 0,
    limit: int = 100,
    segment: Segment | None = None,
) -> list[Listed]:
    """
    Return at most *limit* Subscriptions, oldest first, whose address or name holds *search* in any case of letters.

    For the next page give the last ``subscription_id`` as *after*.
    """
    query = (
        select(Subscription, Subscriber, is_suppressed_clause(Subscriber.fingerprint))
        .join(Subscription.subscriber)
        .where(Subscription.id > after, *_within(segment))
        .order_by(Subscription.id)
        .limit(limit)
    )
    if newsletter is not None:
        query = query.where(Subscription.newsletter == newsletter)
    if state is not None:
        query = query.where(Subscription.state == state)
    if search:
        query = query.where(
            or_(
                Subscriber.address_key.contains(search.lower(), autoescape=True),
                Subscriber.name.icontains(search, autoescape=True),
            )
        )
    return [_listed(*row) for row in session.execute(query)]


def _listed(subscription: Subscription, subscriber: Subscriber, suppressed: bool) -> Listed:
    return Listed(
        subscription_id=subscription.id,
        public_id=subscription.public_id,
        address=subscriber.address,
        name=subscriber.name,
        newsletter=subscription.newsletter,
        state=subscription.state,
        cadence=subscription.cadence,
        created_at=subscription.created_at,
        confirmed_at=subscription.confirmed_at,
        ended_at=subscription.ended_at,
        end_reason=subscription.end_reason,
        suppressed=suppressed,
    )


def _wanting(newsletter: str, cadences: Sequence[Cadence], day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.newsletter == newsletter,
        # Says no more than the last condition; with it, databases use the index.
        Subscription.state.in_(LIVE),
        Subscription.cadence.in_(cadences),
        _wants(day),
    )


def _wants(day: date) -> ColumnElement[bool]:
    """Return the condition that a Subscription wants the Editions of *day*, as ``Subscription.wants`` tells it."""
    # The null is asked for, so that the answer is never null itself.
    is_over = and_(Subscription.paused_until.is_not(None), Subscription.paused_until <= day)
    paused = Subscription.state == SubscriptionState.PAUSED
    return or_(Subscription.state == SubscriptionState.ACTIVE, and_(paused, is_over))


def _within(segment: Segment | None) -> tuple[ColumnElement[bool], ...]:
    return () if segment is None else segment.clauses()


def _wishes() -> Select[*tuple[object, ...]]:
    return select(
        Subscription.subscriber_id,
        Subscription.id.label("subscription_id"),
        Subscription.public_id,
        Subscriber.fingerprint,
        Subscriber.address,
        Subscriber.name,
        Subscriber.language,
        Subscriber.time_zone,
        Subscription.hour,
        Subscription.sections,
        Subscription.cadence,
        Subscription.state,
        is_suppressed_clause(Subscriber.fingerprint).label("suppressed"),
    ).join(Subscription.subscriber)

"""Pace: token buckets and holds of domains, kept in the database so that many senders share them."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.model.pace import Bucket, DomainHold
from digest.model.relay import Limits
from digest.store import leases

#: A warm-up begins with so many mails a day and multiplies them by WARMUP_GROWTH in WARMUP_DAYS, evenly.
WARMUP_FIRST, WARMUP_GROWTH, WARMUP_DAYS = 200, 1000, 42
#: How long a domain is left alone after it asked for the first, second … time; the last one repeats.
HOLDS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """How many mails may go, and when it is worth asking for the next ones."""

    count: int
    next_at: dt.datetime


def take(session: Session, name: str, limits: Limits, wanted: int, now: dt.datetime) -> Grant:
    """Take up to *wanted* tokens from the bucket called *name*, and return how many there were."""
    bucket = _locked(session, name, limits, now)
    # The clocks of two senders differ, and their turns cross: time given twice would be mail above the limit.
    now = max(now, bucket.filled_at)
    if bucket.day != now.date():
        bucket.day, bucket.taken = now.date(), 0
    if limits.rate is not None:
        gone = max(0.0, (now - bucket.filled_at).total_seconds())
        bucket.tokens = min(float(limits.burst), bucket.tokens + gone * limits.rate)
    else:
        bucket.tokens = float(wanted)
    bucket.filled_at = now
    count, next_at = wanted, now
    cap = daily(limits, now.date())
    if cap is not None and cap - bucket.taken < count:
        count = max(0, cap - bucket.taken)
        next_at = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    if limits.rate is not None and int(bucket.tokens) < count:
        count = int(bucket.tokens)
        next_at = now + dt.timedelta(seconds=(1 - (bucket.tokens - count)) / limits.rate)
    bucket.tokens -= count
    bucket.taken += count
    return Grant(count=count, next_at=next_at)


def give_back(session: Session, name: str, count: int) -> None:
    """Put back *count* tokens that were not used."""
    bucket = session.get(Bucket, name, with_for_update=True)
    if bucket is not None:
        bucket.tokens += count
        bucket.taken = max(0, bucket.taken - count)


def daily(limits: Limits, day: dt.date) -> int | None:
    """Return how many mails may go on *day*: by the fixed number, by the warm-up, or None for any number."""
    caps = [] if limits.per_day is None else [limits.per_day]
    if limits.warmup is not None and (day - limits.warmup).days <= WARMUP_DAYS:
        grown = WARMUP_GROWTH ** (max(0, (day - limits.warmup).days) / WARMUP_DAYS)
        caps.append(round(WARMUP_FIRST * grown))
    return min(caps, default=None)


def holds(session: Session) -> dict[str, dt.datetime]:
    """Return the domains that asked to be left alone and have taken no mail since, and until when."""
    found = session.execute(select(DomainHold.domain, DomainHold.until))
    return {domain: until for domain, until in found}  # noqa: C416 (rows are no pairs to mypy)


def listing(session: Session, now: dt.datetime) -> list[DomainHold]:
    """Return the holds that stand at *now*, by domain."""
    return list(session.scalars(select(DomainHold).where(DomainHold.until > now).order_by(DomainHold.domain)))


def hold(session: Session, domain: str, reply: str, now: dt.datetime) -> dt.datetime:
    """Leave *domain* alone, longer each time that it asks for it, and return until when; a hold that stands stays."""
    insert = leases.insert(session, DomainHold).values(domain=domain, until=now, strikes=0, reply=reply[:200])
    session.execute(insert.on_conflict_do_nothing())
    held = session.get_one(DomainHold, domain, with_for_update=True, populate_existing=True)
    if held.until <= now:
        held.until = now + HOLDS[min(held.strikes, len(HOLDS) - 1)]
        held.strikes += 1
        held.reply = reply[:200]
    return held.until


def release(session: Session, domains: Collection[str], now: dt.datetime) -> None:
    """Forget the past holds of *domains*, which have taken mail again; a hold that stands stays."""
    session.execute(delete(DomainHold).where(DomainHold.domain.in_(domains), DomainHold.until <= now))


def _locked(session: Session, name: str, limits: Limits, now: dt.datetime) -> Bucket:
    insert = leases.insert(session, Bucket).values(
        name=name, tokens=float(limits.burst), filled_at=now, day=now.date(), taken=0
    )
    session.execute(insert.on_conflict_do_nothing())
    return session.get_one(Bucket, name, with_for_update=True, populate_existing=True)

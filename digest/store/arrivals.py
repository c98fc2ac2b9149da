"""Queries about what Sources have brought."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session

from digest.model.article import Article
from digest.model.edition import Edition, EditionStory
from digest.model.ids import EditionId, SourceId
from digest.model.source import Source

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
#: The days of a Harvest.
DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """
    What a Source has brought in the last DAYS days, and how many of these Articles stand in an Edition.

    *days* counts new Articles, the oldest day first; each has 24 hours and the last ends now. *per_day* is their mean
    in the last week, or since the first answer; None in the first day after that. The first answer itself counts for
    nothing in either, for what it held is as old as may be.
    """

    days: tuple[int, ...] = (0,) * DAYS
    per_day: float | None = None
    brought: int = 0
    used: int = 0


NOTHING_YET = Harvest()


def per_day(session: Session, keys: Iterable[str], now: datetime) -> Mapping[str, float]:
    """
    Return how many new Articles a day each of the Sources *keys* has brought in the week before *now*.

    One known for less than a day is left out. What its first answer held is as old as may be and counts for nothing.
    """
    firsts = (
        select(Article.source_id, func.min(Article.first_seen_at).label("first"))
        .join(Article.source)
        .where(Source.key.in_(list(keys)))
        .group_by(Article.source_id)
        .subquery()
    )
    is_new = (Article.first_seen_at > firsts.c.first) & (Article.first_seen_at > now - WEEK)
    rows = session.execute(
        select(Source.key, firsts.c.first, func.count(Article.id))
        .join(firsts, firsts.c.source_id == Source.id)
        .outerjoin(Article, (Article.source_id == Source.id) & is_new)
        .group_by(Source.key, firsts.c.first)
    )
    known = ((key, now - max(first, now - WEEK), count) for key, first, count in rows)
    return {key: count / (time / DAY) for key, time, count in known if time >= DAY}


def harvests(session: Session, now: datetime, *, only: SourceId | None = None) -> Mapping[SourceId, Harvest]:
    """Return what each Source, or *only* one, has brought of late; who has brought nothing then is left out."""
    since = now - DAYS * DAY
    first_answers = _first_answers(session, since, only)
    # Of all Sources the days are the better way in, of one its own pieces; a list of Sources misleads SQLite.
    recent = [Article.first_seen_at > since] + ([] if only is None else [Article.source_id == only])
    is_used = exists().where(EditionStory.article_id == Article.id)
    # What came after the end of each day: one comparison for each piece and day.
    ends = [since + (day + 1) * DAY for day in range(DAYS)]
    after = (func.sum(case((Article.first_seen_at > end, 1), else_=0)) for end in ends[:-1])
    rows = session.execute(
        select(
            Article.source_id,
            func.count(),
            func.sum(case((is_used, 1), else_=0)),
            *after,
        )
        .where(*recent)
        .group_by(Article.source_id)
    )
    found: dict[SourceId, Harvest] = {}
    for source, brought, used, *later in rows:
        days = [all_ - rest for all_, rest in pairwise((brought, *later, 0))]
        began, count = first_answers.get(source, (None, 0))
        if began is not None:
            # The clock of who gathered may be a little ahead of ours.
            days[next((day for day, end in enumerate(ends) if began <= end), DAYS - 1)] -= count
        found[source] = Harvest(days=tuple(days), per_day=_pace(days, began, now), brought=brought, used=used)
    return found


def _first_answers(session: Session, since: datetime, only: SourceId | None) -> Mapping[SourceId, tuple[datetime, int]]:
    """Return when each Source that has brought nothing up to *since* first brought something, and how much it was."""
    brought_before = exists().where(Article.source_id == Source.id, Article.first_seen_at <= since)
    # Asked once for each Source: as a part of the other question SQLite would ask it for every piece.
    young = select(Source.id).where(~brought_before)
    ids = session.scalars(young if only is None else young.where(Source.id == only)).all()
    rows = session.execute(
        select(Article.source_id, Article.first_seen_at, func.count())
        .where(Article.source_id.in_(ids))
        .group_by(Article.source_id, Article.first_seen_at)
        .order_by(Article.first_seen_at.desc())
    )
    # The last one that is written stands: the earliest.
    return {source: (at, count) for source, at, count in rows}


def _pace(days: Sequence[int], began: datetime | None, now: datetime) -> float | None:
    """Return how many a day that is in the last week, or since the first answer *began*; None in its first day."""
    time = min(WEEK, now - began) if began is not None else WEEK
    return sum(days[-7:]) / (time / DAY) if time >= DAY else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedIn:
    """An Edition that an Article stands in."""

    edition_id: EditionId
    newsletter: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One Article that a Source has brought, and the newest Edition that it stands in."""

    article: Article
    used_in: UsedIn | None


def latest(session: Session, source: SourceId, *, most: int) -> tuple[Arrival, ...]:
    """Return the newest Articles of *source*, as its own dates have them."""
    articles = session.scalars(
        select(Article)
        .where(Article.source_id == source, Article.deleted.is_(False))
        .order_by(Article.published_at.desc(), Article.id.desc())
        .limit(most)
    ).all()
    rows = session.execute(
        select(EditionStory.article_id, Edition.id, Edition.newsletter, Edition.date)
        .join(Edition, Edition.id == EditionStory.edition_id)
        .where(EditionStory.article_id.in_([article.id for article in articles]))
        .order_by(Edition.id)
    )
    uses = {
        article_id: UsedIn(edition_id=edition_id, newsletter=newsletter, date=on)
        for article_id, edition_id, newsletter, on in rows
    }
    return tuple(Arrival(article=article, used_in=uses.get(article.id)) for article in articles)

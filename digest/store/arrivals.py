"""Queries about what Sources have brought."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from digest.model.article import Article
from digest.model.source import Source

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


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

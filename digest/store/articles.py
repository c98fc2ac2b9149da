"""Queries about Articles."""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from digest.model.article import Article
from digest.model.candidate import Candidate
from digest.model.entry import Entry
from digest.model.newsletter import Newsletter, SourceKind, SourcePlan
from digest.model.source import Source

#: Values in one IN list; SQLite allows 32,766 variables in a statement, older ones 999.
CHUNK = 400
#: A guid or key longer than this is kept as its SHA-256: an index row of PostgreSQL ends at 2,704 bytes.
LONGEST_KEY = 600
#: Between two undated entries of a Source's first answer.
SPACING = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Saved:
    """How many entries were new, how many known ones had changed, and how many were just as before."""

    new: int
    changed: int
    known: int


def save_new(
    session: Session,
    source: Source,
    entries: Sequence[Entry],
    now: datetime,
    *,
    key_of: Callable[[str], str],
    first: bool = False,
) -> Saved:
    """
    Keep what is new of *entries* and renew what is known; a deleted Article stays deleted.

    An entry is known when its guid, or else its URL key (*key_of* its link), is already this Source's. Entries
    without a date count as published now; in a Source's *first* answer, whose age nobody knows, each a little older
    than the one before, for feeds begin with the newest.
    """
    undated = itertools.count()
    identities = [_Identity.of(source, entry, key_of) for entry in entries]
    by_guid, by_key = _known(session, source, identities)
    new = changed = known = 0
    for entry, identity in zip(entries, identities, strict=True):
        article = by_guid.get(identity.guid) or by_key.get(identity.url_key)
        if article is None:
            supposed = now - SPACING * next(undated) if first and entry.published is None else now
            article = _article(source, entry, identity, now, published_at=min(entry.published or supposed, now))
            session.add(article)
            by_guid[identity.guid] = by_key[identity.url_key] = article
            new += 1
        elif not article.deleted and article.renew(entry, now):
            changed += 1
        else:
            known += 1
    session.flush()
    return Saved(new, changed, known)


def candidates(session: Session, newsletter: Newsletter, seen_since: datetime, now: datetime) -> tuple[Candidate, ...]:
    """Return the newsletter's Articles first seen since *seen_since* and not older than its ``max_age``."""
    plans = {plan.address: plan for plan in newsletter.sources}
    rows = session.scalars(
        select(Article)
        .join(Article.source)
        .options(contains_eager(Article.source))
        .where(
            Source.key.in_(plans),
            Article.first_seen_at >= seen_since,
            Article.published_at >= now - newsletter.max_age,
            Article.deleted.is_(False),
        )
        .order_by(Article.id)
    )
    return tuple(_candidate(article, plans[article.source.key]) for article in rows)


@dataclass(frozen=True, slots=True)
class _Identity:
    """What tells one piece of a Source from another; bounded, so that it can be indexed."""

    guid: str
    url_key: str

    @classmethod
    def of(cls, source: Source, entry: Entry, key_of: Callable[[str], str]) -> "_Identity":
        guid = _bounded(entry.guid)
        return cls(guid, _bounded(key_of(entry.link) if entry.link else f"{source.key}#{guid}"))


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


def _known(
    session: Session, source: Source, identities: Sequence[_Identity]
) -> tuple[dict[str, Article], dict[str, Article]]:
    by_guid: dict[str, Article] = {}
    by_key: dict[str, Article] = {}
    for start in range(0, len(identities), CHUNK):
        chunk = identities[start : start + CHUNK]
        found = session.scalars(
            select(Article).where(
                Article.source_id == source.id,
                or_(Article.guid.in_([i.guid for i in chunk]), Article.url_key.in_([i.url_key for i in chunk])),
            )
        )
        for article in found:
            by_guid[article.guid] = by_key[article.url_key] = article
    return by_guid, by_key


def _article(source: Source, entry: Entry, identity: _Identity, now: datetime, *, published_at: datetime) -> Article:
    return Article(
        source=source,
        guid=identity.guid,
        url=entry.link,
        url_key=identity.url_key,
        title=entry.title,
        summary=entry.summary,
        body=entry.body,
        authors=list(entry.authors),
        image=entry.image,
        language=entry.language,
        labels=list(entry.labels),
        published_at=published_at,
        is_dated=entry.published is not None,
        first_seen_at=now,
        updated_at=now,
    )


def _candidate(article: Article, plan: SourcePlan) -> Candidate:
    publisher = publisher_of(article.url) or plan.name or _folder_name(plan)
    return Candidate(
        article_id=article.id,
        url=article.url,
        url_key=article.url_key,
        title=article.title,
        summary=article.summary,
        publisher=publisher,
        source_name=plan.name or publisher,
        source_key=plan.address,
        source_weight=plan.weight,
        section=plan.section,
        published=article.published_at,
        first_seen=article.first_seen_at,
        language=article.language or plan.language,
        image=article.image,
        authors=tuple(article.authors),
        is_dated=article.is_dated,
    )


def publisher_of(url: str) -> str:
    """Return the host of *url* as readers know it, without ``www.``; empty when it has none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _folder_name(plan: SourcePlan) -> str:
    return Path(plan.address).name if plan.kind is SourceKind.FOLDER else publisher_of(plan.address)

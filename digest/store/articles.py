"""Queries about Articles."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, contains_eager

from digest.model.article import Article
from digest.model.candidate import Candidate
from digest.model.entry import Entry, PageRead
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter, SourceKind, SourcePlan
from digest.model.source import Source

#: Values in one IN list; SQLite allows 32,766 variables in a statement, older ones 999.
CHUNK = 400
#: A guid or key longer than this is kept as its SHA-256: an index row of PostgreSQL ends at 2,704 bytes.
LONGEST_KEY = 600
#: Between two undated entries of a Source's first answer.
SPACING = timedelta(minutes=15)
#: Pages read in one round: in all, and of one host, which is asked at most once in a second.
PAGES_AT_ONCE, PAGES_OF_A_HOST, PAGES_LOOKED_AT = 200, 30, 2000


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


def headlines(session: Session, keys: Collection[str]) -> Mapping[str, str]:
    """Return a headline for each of the URL *keys* that an Article has."""
    rows = session.execute(
        select(Article.url_key, Article.title)
        .where(Article.url_key.in_(list(keys)), Article.title != "", Article.deleted.is_(False))
        .order_by(Article.id.desc())
    )
    return dict(rows.all())


def at(session: Session, keys: Sequence[str]) -> Article | None:
    """Return the newest Article with one of the URL *keys*, with the first of them if it can be; None without any."""
    wanted = [bounded(key) for key in keys]
    found = session.scalars(
        select(Article).where(Article.url_key.in_(wanted), Article.deleted.is_(False)).order_by(Article.id.desc())
    )
    return min(found, key=lambda article: wanted.index(article.url_key), default=None)


def keys_of(session: Session, ids: Collection[ArticleId]) -> Mapping[ArticleId, str]:
    """Return the URL key of each of the Articles *ids* that there is."""
    return dict(session.execute(select(Article.id, Article.url_key).where(Article.id.in_(list(ids)))).all())


def called(session: Session, key: str) -> Sequence[ArticleId]:
    """Return the Articles with the URL *key*, whichever Source has them, the first seen first."""
    return session.scalars(
        select(Article.id).where(Article.url_key == bounded(key), Article.deleted.is_(False)).order_by(Article.id)
    ).all()


def want_pages(session: Session, source: Source, since: datetime, *, due_at: datetime) -> None:
    """Have the pages of the Articles of *source* that were first seen at *since* or later read from *due_at* on."""
    session.execute(
        update(Article)
        .where(Article.source_id == source.id, Article.first_seen_at >= since, Article.url != "")
        .values(page_due_at=due_at)
    )


def pages_due(session: Session, keys: Collection[str], now: datetime) -> Sequence[Article]:
    """Return the Articles of the Sources *keys* whose pages are due, the newest first, few of one host and not all."""
    rows = session.scalars(
        select(Article)
        .join(Article.source)
        .options(contains_eager(Article.source))
        .where(Source.key.in_(list(keys)), Article.page_due_at <= now, Article.deleted.is_(False))
        .order_by(Article.first_seen_at.desc(), Article.id.desc())
        .limit(PAGES_LOOKED_AT)
    )
    hosts: Counter[str] = Counter()
    found: list[Article] = []
    for article in rows:
        hosts[urlsplit(article.url).netloc] += 1
        if hosts[urlsplit(article.url).netloc] <= PAGES_OF_A_HOST:
            found.append(article)
    return found[:PAGES_AT_ONCE]


def settle_page(session: Session, read: PageRead, *, key_of: Callable[[str], str]) -> Article:
    """Write down what reading an Article's page came to, and return the Article."""
    article = session.get_one(Article, read.article_id)
    article.settle_page(read)
    outcome = read.outcome
    if isinstance(outcome, Entry) and publisher_of(outcome.link) == publisher_of(article.url):
        # The page knows its own address best; one on another host belongs to whoever it was taken over from.
        article.url_key = bounded(key_of(outcome.link))
    return article


@dataclass(frozen=True, slots=True)
class _Identity:
    """What tells one piece of a Source from another; bounded, so that it can be indexed."""

    guid: str
    url_key: str

    @classmethod
    def of(cls, source: Source, entry: Entry, key_of: Callable[[str], str]) -> "_Identity":
        guid = bounded(entry.guid)
        return cls(guid, bounded(key_of(entry.link) if entry.link else f"{source.key}#{guid}"))


def bounded(text: str) -> str:
    """Return *text*, a guid or URL key, as rows keep it: short enough to be indexed."""
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
        section=plan.section_of(article.labels),
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

"""Queries for what people look for: Articles and Editions by their words, the best first."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import CTE, ColumnElement, cast, func, literal, literal_column, select
from sqlalchemy import table as plain_table
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from digest.model.article import Article
from digest.model.edition import Edition, EditionStory
from digest.model.findable import ArticleWords, EditionWords
from digest.model.ids import ArticleId, SourceId
from digest.model.source import Source
from digest.model.wanted import Term, Wanted

#: So many of the newest are put in order; who wants older ones gives dates, or one more word.
MOST_RANKED = 1000
#: Of a word in a text against one in a title; PostgreSQL's manual, §12.3.3, has the order D, C, B, A.
_WEIGHTS = "{0.2, 0.4, 0.6, 1.0}"
#: PostgreSQL's ranks are divided by 1 + the logarithm of the length.
_BY_LENGTH = 1

_Rows: TypeAlias = type[ArticleWords | EditionWords]


@dataclass(frozen=True, slots=True)
class Page:
    """The ids found, the best first, and how many there are in all; with *is_more*, more than were put in order."""

    ids: Sequence[int]
    count: int
    is_more: bool = False


def articles(
    session: Session,
    wanted: Wanted,
    *,
    days: tuple[dt.datetime | None, dt.datetime | None] = (None, None),
    sources: Collection[SourceId] | None = None,
    page: tuple[int, int],
) -> Page:
    """
    Return of the Articles with the words *wanted* the (offset, length) *page*, the best first, then the newest.

    Only those published from the first of *days* on and before the second, and of *sources*, where given.
    """
    since, before = days
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(ArticleWords.published_at >= since)
    if before is not None:
        conditions.append(ArticleWords.published_at < before)
    if sources is not None:
        conditions.append(ArticleWords.source_id.in_(list(sources)))
    return _page(
        session, _Kind(ArticleWords, ArticleWords.article_id, ArticleWords.published_at), wanted, conditions, page
    )


def editions(
    session: Session,
    wanted: Wanted,
    *,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    newsletter: str | None = None,
    page: tuple[int, int],
) -> Page:
    """
    Return of the Editions with the words *wanted* the (offset, length) *page*, the best first, then the newest.

    Only those of the first of *days* to the second, and of *newsletter*, where given.
    """
    since, until = days
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(EditionWords.date >= since)
    if until is not None:
        conditions.append(EditionWords.date <= until)
    if newsletter is not None:
        conditions.append(EditionWords.newsletter == newsletter)
    return _page(session, _Kind(EditionWords, EditionWords.edition_id, EditionWords.date), wanted, conditions, page)


def articles_called(session: Session, ids: Sequence[int]) -> Sequence[Article]:
    """Return the Articles with these *ids*, each with its Source, in their order; deleted ones are left out."""
    rows = session.scalars(
        select(Article).options(joinedload(Article.source)).where(Article.id.in_(ids), Article.deleted.is_(False))
    )
    by_id = {int(article.id): article for article in rows}
    return [by_id[one] for one in ids if one in by_id]


def editions_called(session: Session, ids: Sequence[int]) -> Sequence[Edition]:
    """Return the Editions with these *ids* in their order."""
    by_id = {int(edition.id): edition for edition in session.scalars(select(Edition).where(Edition.id.in_(ids)))}
    return [by_id[one] for one in ids if one in by_id]


def users_of(session: Session, ids: Sequence[ArticleId]) -> Mapping[ArticleId, Sequence[Edition]]:
    """Return the Editions that have used each of the Articles *ids*, the newest first."""
    rows = session.execute(
        select(EditionStory.article_id, Edition)
        .join(Edition, Edition.id == EditionStory.edition_id)
        .where(EditionStory.article_id.in_(ids))
        .order_by(Edition.date.desc(), Edition.id.desc())
    )
    users: dict[ArticleId, list[Edition]] = defaultdict(list)
    for article_id, edition in rows:
        users[article_id].append(edition)
    return users


def source_ids(session: Session, keys: Collection[str]) -> Sequence[SourceId]:
    """Return the ids of the Sources *keys* that there are."""
    return session.scalars(select(Source.id).where(Source.key.in_(list(keys)))).all()


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is looked for: its rows of words, their key, and what dates them."""

    rows: _Rows
    key: InstrumentedAttribute[Any]
    at: InstrumentedAttribute[Any]


def _page(
    session: Session, kind: _Kind, wanted: Wanted, conditions: Sequence[ColumnElement[bool]], page: tuple[int, int]
) -> Page:
    if not wanted:
        return Page((), 0)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    newest = (_newest_in_postgresql if is_postgresql else _newest_in_sqlite)(kind, wanted, conditions)
    offset, length = page
    found = session.execute(
        select(newest.c.key, func.count().over())
        .order_by(newest.c.rank.desc(), newest.c.at.desc(), newest.c.key.desc())
        .offset(min(offset, MOST_RANKED))
        .limit(length)
    ).all()
    if not found:
        return Page((), 0) if not offset else Page((), _page(session, kind, wanted, conditions, (0, 1)).count)
    count = found[0][1]
    return Page([key for key, _ in found], min(count, MOST_RANKED), is_more=count > MOST_RANKED)


def _newest_in_sqlite(kind: _Kind, wanted: Wanted, conditions: Sequence[ColumnElement[bool]]) -> CTE:
    """FTS5 gives its rows by their ids, the newest first: it stops when it has enough."""
    name = "article_index" if kind.rows is ArticleWords else "edition_index"
    index = plain_table(name)
    row: ColumnElement[int] = literal_column(f"{name}.rowid")
    matches = literal_column(name).op("MATCH")(literal(for_fts5(wanted)))
    return (
        select(kind.key.label("key"), kind.at.label("at"), (-func.bm25(literal_column(name))).label("rank"))
        .select_from(index.join(kind.rows, kind.key == row))
        .where(matches, *conditions)
        .order_by(row.desc())
        .limit(MOST_RANKED + 1)
        .cte("newest")
    )


def _newest_in_postgresql(kind: _Kind, wanted: Wanted, conditions: Sequence[ColumnElement[bool]]) -> CTE:
    query = cast(literal(for_tsquery(wanted)), TSQUERY)
    chosen = (
        select(kind.key.label("key"), kind.at.label("at"))
        .where(kind.rows.words.op("@@", is_comparison=True)(query), *conditions)
        .order_by(kind.key.desc())
        .limit(MOST_RANKED + 1)
        .cte("chosen")
    )
    rank = func.ts_rank(cast(literal(_WEIGHTS), ARRAY(REAL)), kind.rows.words, query, _BY_LENGTH)
    return select(chosen.c.key, chosen.c.at, rank.label("rank")).join(kind.rows, kind.key == chosen.c.key).cte("newest")


def for_fts5(wanted: Wanted) -> str:
    """Return *wanted* as FTS5 asks (its manual, §3): folded words in quotation marks mean nothing but themselves."""
    must = " AND ".join(map(_phrase, wanted.terms))
    if not wanted.without:
        return must
    return f"({must}) NOT ({' OR '.join(map(_phrase, wanted.without))})"


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"' + (" *" if term.is_beginning else "")


def for_tsquery(wanted: Wanted) -> str:
    """Return *wanted* as a tsquery is written (PostgreSQL's manual, §8.11.2)."""
    return " & ".join([*map(_row, wanted.terms), *(f"!{_row(term)}" for term in wanted.without)])


def _row(term: Term) -> str:
    *first, last = (f"'{word}'" for word in term.words)
    return f"({' <-> '.join([*first, last + (':*' if term.is_beginning else '')])})"

"""
Findable: the words by which Articles and Editions are found, kept as their texts change.

SQLite looks them up in FTS5 tables that triggers keep beside the rows, PostgreSQL in GIN indexes.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DDL, Dialect, ForeignKey, Index, Text, delete, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import InstanceState, Mapped, Session, UOWTransaction, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from digest.model import folding
from digest.model.article import Article
from digest.model.draft import Draft
from digest.model.edition import Edition
from digest.model.ids import ArticleId, EditionId, SourceId
from subscribers.base import Base

#: How much of an Article's text is looked at: what it is about stands at its beginning, and gathering waits for it.
LONGEST_BODY = 2_000
#: In all; one feed brings whole books as summaries.
MOST_WORDS = 8_000
#: PostgreSQL keeps no more places of one word (its manual, §12.11).
_MOST_PLACES = 255
#: Stands between title and text, so that no phrase reaches over. No word is this.
_BREAK = "¶"
#: SQLite has no weights of words: those of a title count as often.
_TITLE_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Texts:
    """What something is found by; the words of its *title* weigh more than those of its *text*."""

    title: str
    text: str

    @classmethod
    def of_article(cls, article: Article) -> "Texts":
        """Return what *article* is found by."""
        return cls(article.title, f"{article.summary}\n{article.body[:LONGEST_BODY]}")

    @classmethod
    def of_draft(cls, draft: Draft) -> "Texts":
        """Return what an Edition of *draft* is found by: what its readers are shown."""
        shown = [draft.preheader, draft.intro]
        for section in draft.sections:
            shown.append(section.title)
            shown += (
                part for story in section.stories for part in (story.headline, story.summary, story.note, story.source)
            )
        return cls(draft.subject, f" {_BREAK} ".join(shown))

    def for_sqlite(self) -> str:
        """Return the folded words, those of the title several times, for FTS5."""
        title, text = self._folded()
        return f" {_BREAK} ".join([" ".join(title)] * _TITLE_WEIGHT + [" ".join(text)])

    def for_postgresql(self) -> str:
        """Return the folded words with their places, in the way a tsvector is written."""
        title, text = self._folded()
        places: dict[str, list[str]] = defaultdict(list)
        for at, word in enumerate(title, 1):
            places[word].append(f"{at}A")
        for at, word in enumerate(text, len(title) + 2):
            places[word].append(str(at))
        return " ".join(f"'{word}':{','.join(at[:_MOST_PLACES])}" for word, at in places.items())

    def _folded(self) -> tuple[list[str], list[str]]:
        title = folding.words(self.title)[:MOST_WORDS]
        return title, folding.words(self.text)[: MOST_WORDS - len(title)]


class Words(TypeDecorator[Texts]):
    """The folded words of Texts. They are written and looked up, never read."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the column: text that FTS5 indexes, or a tsvector."""
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Texts | None, dialect: Dialect) -> str | None:
        """Return *value* as the database wants it."""
        if value is None:
            return None
        return value.for_postgresql() if dialect.name == "postgresql" else value.for_sqlite()


class ArticleWords(Base):
    """What an Article is found by; a deleted Article has none. Source and date stand here too: it is read alone."""

    __tablename__ = "article_words"
    __table_args__ = (Index("ix_article_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),)

    article_id: Mapped[ArticleId] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[SourceId]
    published_at: Mapped[dt.datetime]
    words: Mapped[Texts] = mapped_column(Words, deferred=True)


class EditionWords(Base):
    """What an Edition is found by: what its readers were shown. There is none before approval."""

    __tablename__ = "edition_words"
    __table_args__ = (Index("ix_edition_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),)

    edition_id: Mapped[EditionId] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    newsletter: Mapped[str]
    date: Mapped[dt.date]
    words: Mapped[Texts] = mapped_column(Words, deferred=True)


#: The FTS5 tables, each with the rows that it indexes and their key.
INDEXES = {"article_index": ("article_words", "article_id"), "edition_index": ("edition_words", "edition_id")}


def is_ours(name: str) -> bool:
    """Return whether the table *name* is one of rows; SQLite makes others for its indexes of words."""
    return not name.startswith(tuple(INDEXES))


def sqlite_index(name: str, rows: str, key: str) -> tuple[str, ...]:
    """
    Return the statements that make the FTS5 table *name* over *rows*, and keep it up.

    The words come folded and parted, so that its simplest tokenizer serves all scripts. The triggers are those of the
    FTS5 manual (§4.4.3).
    """
    # Names of our own, from INDEXES.
    out = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', old.{key}, old.words)"  # noqa: S608
    into = f"INSERT INTO {name} (rowid, words) VALUES (new.{key}, new.words)"  # noqa: S608
    return (
        f"CREATE VIRTUAL TABLE {name} USING fts5(words, content='{rows}', content_rowid='{key}', tokenize='ascii')",
        f"CREATE TRIGGER {name}_in AFTER INSERT ON {rows} BEGIN {into}; END",
        f"CREATE TRIGGER {name}_out AFTER DELETE ON {rows} BEGIN {out}; END",
        (
            f"CREATE TRIGGER {name}_new AFTER UPDATE OF words ON {rows} WHEN old.words IS NOT new.words"
            f" BEGIN {out}; {into}; END"
        ),
    )


def _only_in_sqlite(statement: str) -> DDL:
    made: DDL = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
    return made


for _name, (_rows, _key) in INDEXES.items():
    for _statement in sqlite_index(_name, _rows, _key):
        event.listen(Base.metadata.tables[_rows], "after_create", _only_in_sqlite(_statement))

_OF_ARTICLES = ("title", "summary", "body", "deleted", "published_at")
_OF_EDITIONS = ("approved_at", "draft_json", "corrected_at")


def keep(session: Session, _flush: UOWTransaction) -> None:
    """Write the words of the Articles and Editions that *session* is flushing, where their texts are new."""
    changed = [row for row in (*session.new, *session.dirty) if isinstance(row, (Article, Edition))]
    articles = [row for row in changed if isinstance(row, Article) and _has_new(row, _OF_ARTICLES)]
    editions = [row for row in changed if isinstance(row, Edition) and _has_new(row, _OF_EDITIONS)]
    _keep_articles(session, articles)
    _put(
        session,
        EditionWords,
        [
            {
                "edition_id": edition.id,
                "newsletter": edition.newsletter,
                "date": edition.date,
                "words": Texts.of_draft(edition.draft),
            }
            for edition in editions
            if edition.approved_at is not None and edition.draft_json is not None
        ],
    )


def _keep_articles(session: Session, articles: list[Article]) -> None:
    gone = [article.id for article in articles if article.deleted]
    if gone:
        session.execute(delete(ArticleWords).where(ArticleWords.article_id.in_(gone)))
    _put(
        session,
        ArticleWords,
        [
            {
                "article_id": article.id,
                "source_id": article.source_id,
                "published_at": article.published_at,
                "words": Texts.of_article(article),
            }
            for article in articles
            if not article.deleted
        ],
    )


def _put(session: Session, rows: type[ArticleWords | EditionWords], values: list[dict[str, object]]) -> None:
    """Write *values* as rows, in the place of those that there are."""
    if not values:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(rows)
    key, *others = values[0]
    written = statement.on_conflict_do_update(
        index_elements=[key], set_={name: statement.excluded[name] for name in others}
    )
    session.connection().execute(written, values)


def _has_new(row: Article | Edition, names: tuple[str, ...]) -> bool:
    state: InstanceState[Any] = inspect(row)
    return not state.persistent or any(state.attrs[name].history.has_changes() for name in names)

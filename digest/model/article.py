"""Article: one published piece of one Source."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from digest.model.entry import Entry
from digest.model.ids import ArticleId, SourceId
from digest.model.source import Source
from subscribers.base import Base


class Article(Base):
    """
    One published piece of one Source. Its identity there is its guid or its URL key, never its title or date.

    A deleted Article stays as a tombstone, so that it is never taken again.
    """

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("source_id", "guid"),
        Index("ix_article_source_id_url_key", "source_id", "url_key"),
    )

    id: Mapped[ArticleId] = mapped_column(primary_key=True)
    source_id: Mapped[SourceId] = mapped_column(ForeignKey("source.id"))
    guid: Mapped[str] = mapped_column(String(2000))
    url: Mapped[str] = mapped_column(String(2000))
    url_key: Mapped[str] = mapped_column(String(2000), index=True)
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    authors: Mapped[list[Any]] = mapped_column(default=list)
    image: Mapped[str | None] = mapped_column(String(2000))
    language: Mapped[str | None] = mapped_column(String(20))
    labels: Mapped[list[Any]] = mapped_column(default=list)
    #: When the Source says it was published, or a supposed time where it says nothing. Never later than first_seen_at.
    published_at: Mapped[datetime]
    #: Whether the Source said so; a supposed time is good for ranking, not to be shown.
    is_dated: Mapped[bool] = mapped_column(default=True)
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    deleted: Mapped[bool] = mapped_column(default=False)

    source: Mapped[Source] = relationship()

    def renew(self, entry: Entry, at: datetime) -> bool:
        """Take over what *entry* now says of this piece; return whether anything changed. The first date seen stays."""
        fresh: dict[str, object] = {
            "title": entry.title,
            "summary": entry.summary or self.summary,
            "body": entry.body or self.body,
            "authors": list(entry.authors) or self.authors,
            "image": entry.image or self.image,
            "labels": list(entry.labels) or self.labels,
        }
        changed = {name: value for name, value in fresh.items() if getattr(self, name) != value}
        for name, value in changed.items():
            setattr(self, name, value)
        if changed:
            self.updated_at = at
        return bool(changed)

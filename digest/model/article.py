"""Article: one published piece of one Source."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from digest.model.entry import Entry, Failed, PageCheck, PageRead
from digest.model.ids import ArticleId, SourceId
from digest.model.newsletter import SourcePlan
from digest.model.source import Source
from subscribers.base import Base

#: How often an Article's page is asked for, and how long after a failure, the longer the more there were.
PAGE_TRIES = 3
PAGE_RETRY = timedelta(minutes=30)


class Article(Base):
    """
    One published piece of one Source. Its identity there is its guid or its URL key, never its title or date.

    A deleted Article stays as a tombstone, so that it is never taken again.
    """

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("source_id", "guid"),
        Index("ix_article_source_id_url_key", "source_id", "url_key"),
        Index("ix_article_source_id_first_seen_at", "source_id", "first_seen_at"),
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
    #: When its page is to be read; None when there is nothing to read, or no more.
    page_due_at: Mapped[datetime | None] = mapped_column(index=True)
    page_tries: Mapped[int] = mapped_column(default=0)

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

    def settle_page(self, read: PageRead) -> None:
        """Take over from its page what the Source left open, or remember to try once more: three times in all."""
        self.page_due_at = None
        self.page_tries += 1
        if isinstance(read.outcome, Failed):
            if not read.outcome.gone and self.page_tries < PAGE_TRIES:
                self.page_due_at = read.at + max(PAGE_RETRY * self.page_tries, read.outcome.wait or PAGE_RETRY)
            return
        page = read.outcome
        if self.source.kind.is_listing:
            self.title = page.title or self.title
        if not self.is_dated and page.published is not None:
            self.published_at, self.is_dated = min(page.published, self.first_seen_at), True
        self.summary = self.summary or page.summary
        self.body = max(self.body, page.body, key=len)
        self.authors = self.authors or list(page.authors)
        self.image = self.image or page.image
        self.language = self.language or page.language
        self.labels = self.labels or list(page.labels)
        self.updated_at = read.at

    def page_check(self, plan: SourcePlan) -> PageCheck:
        """Return the question to ask this Article's page, as *plan* for its Source has it."""
        return PageCheck(
            article_id=self.id, url=self.url, language=plan.language or self.language, selectors=plan.selectors
        )

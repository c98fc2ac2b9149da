"""EditorialRuling: what an editor has decided about articles and the event they tell of; ranking respects it."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.model.candidate import Ruling, RulingKind
from subscribers.base import Base, one_of


class EditorialRuling(Base):
    """One editor's Ruling for one Newsletter. It names articles by URL key, so it holds whichever Source has them."""

    __tablename__ = "editorial_ruling"
    __table_args__ = (UniqueConstraint("newsletter", "kind", "url_key", "other_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(100), index=True)
    kind: Mapped[RulingKind] = mapped_column(one_of(RulingKind))
    url_key: Mapped[str] = mapped_column(String(600))
    #: The second article of a merge or split; empty for the other kinds.
    other_key: Mapped[str] = mapped_column(String(600), default="")
    factor: Mapped[float] = mapped_column(default=1.0)
    by: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(index=True)

    @property
    def ruling(self) -> Ruling:
        """Return the value that ranking reads."""
        return Ruling(kind=self.kind, url_key=self.url_key, other_key=self.other_key, factor=self.factor)

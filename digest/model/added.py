"""AddedSource: a Source that config.toml does not name, and how its Newsletter uses it."""

import dataclasses
from datetime import datetime
from typing import Any, Self

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.model.newsletter import Selectors, SourceKind, SourcePlan
from subscribers.base import Base, one_of


class AddedSource(Base):
    """
    A Source added at the desk, on the command line or from an OPML list: it lives in the database only.

    Its state and manners are in the Source row of the same address, as for those of config.toml.
    """

    __tablename__ = "added_source"
    __table_args__ = (UniqueConstraint("newsletter", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(100), index=True)
    address: Mapped[str] = mapped_column(String(2000))
    kind: Mapped[SourceKind] = mapped_column(one_of(SourceKind))
    section: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200), default="")
    weight: Mapped[float] = mapped_column(default=1.0)
    language: Mapped[str | None] = mapped_column(String(20))
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    full_text: Mapped[bool] = mapped_column(default=False)
    selectors: Mapped[dict[str, Any]] = mapped_column(default=dict)
    added_by: Mapped[str] = mapped_column(String(320))
    added_at: Mapped[datetime]

    @classmethod
    def of(cls, newsletter: str, plan: SourcePlan, *, by: str, at: datetime) -> Self:
        """Return the row that keeps *plan* for the newsletter with that slug."""
        made = cls(newsletter=newsletter, address=plan.address, added_by=by, added_at=at)
        made.use_as(plan)
        return made

    def use_as(self, plan: SourcePlan) -> None:
        """Have the Newsletter use this Source as *plan* says, which is for the same address."""
        self.kind, self.section, self.name, self.weight = plan.kind, plan.section, plan.name, plan.weight
        self.language, self.labels, self.full_text = plan.language, dict(plan.labels), plan.full_text
        self.selectors = dataclasses.asdict(plan.selectors)

    @property
    def plan(self) -> SourcePlan:
        """Return how the Newsletter uses this Source."""
        return SourcePlan(
            address=self.address,
            kind=self.kind,
            section=self.section,
            name=self.name,
            weight=self.weight,
            language=self.language,
            labels=dict(self.labels),
            full_text=self.full_text,
            selectors=Selectors(**self.selectors),
        )

"""Notice: one single mail, such as a confirmation, kept until it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.model.delivery import Outgoing
from digest.model.ids import NoticeId
from subscribers.base import Base

#: The kinds that are written to editors and operators; any other is written to a reader.
FOR_STAFF = frozenset({"review", "reminder", "alert", "test", "sign_in", "invitation"})
#: Those of them that speak of the desk rather than of a newsletter: in English, as the desk does.
FOR_DESK = frozenset({"sign_in", "invitation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWish:
    """
    A single mail that somebody shall get: *kind* names its template, *values* (JSON) fill it.

    Of all wishes with one *dedupe_key* only the first becomes a Notice. After *expires_at* it is not worth sending.
    """

    kind: str
    newsletter: str
    address: str
    name: str = ""
    language: str = "en"
    values: Mapping[str, Any] = field(default_factory=dict)
    dedupe_key: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeToSend:
    """A Notice as the sender hands it to the letter writer."""

    id: NoticeId
    wish: NoticeWish
    created_at: datetime


class Notice(Outgoing, Base):
    """One single mail, with the same states and leases as a Delivery."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "ix_notice_open",
            "next_at",
            "id",
            sqlite_where=text("state IN ('planned', 'deferred')"),
            postgresql_where=text("state IN ('planned', 'deferred')"),
        ),
        # As the Subscriber's: a late report about a deleted one must not fall on another.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[NoticeId] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(50))
    #: The slug of the one that it speaks for.
    newsletter: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(35))
    values: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    @property
    def wish(self) -> NoticeWish:
        """Return what was asked for."""
        return NoticeWish(
            kind=self.kind,
            address=self.address,
            name=self.name,
            language=self.language,
            newsletter=self.newsletter,
            values=self.values,
            dedupe_key=self.dedupe_key,
            expires_at=self.expires_at,
        )

"""StoredPicture: a picture that we have fetched, cut and kept, to serve it from our own address."""

from datetime import datetime
from typing import Self

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from digest.model.developed import Print
from subscribers.base import Base


class StoredPicture(Base):
    """One Print, known by the SHA-256 of its bytes: it never changes, and whoever shows the same shares it."""

    __tablename__ = "stored_picture"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(50), default="image/jpeg")
    width: Mapped[int]
    height: Mapped[int]
    #: Where it was fetched from first.
    source_url: Mapped[str] = mapped_column(String(2000))
    stored_at: Mapped[datetime]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    @classmethod
    def of(cls, print_: Print, *, source_url: str, at: datetime) -> Self:
        """Return the row that keeps *print_*."""
        return cls(
            sha256=print_.copy.sha256,
            width=print_.copy.width,
            height=print_.copy.height,
            source_url=source_url[:2000],
            stored_at=at,
            content=print_.content,
        )

"""Revision: one state of an Edition's Draft, who made it of the one before, and the way back."""

import datetime as dt
import json
import zlib
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from digest.model.draft import Draft
from digest.model.ids import EditionId
from subscribers.base import Base


class DraftRevision(Base):
    """
    The Draft of an Edition as its *version* had it.

    *before* is the version that undoing leads to, *after* the one that doing it again leads to; None where there is
    none.
    """

    __tablename__ = "draft_revision"

    edition_id: Mapped[EditionId] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    #: What was done, in words: "retitled “A” to “B”".
    act: Mapped[str] = mapped_column(String(500))
    #: What it was done to: acts of one editor on the same, shortly after one another, are undone as one.
    about: Mapped[str] = mapped_column(String(200), default="")
    #: The e-mail of who did it; empty for the program itself.
    by: Mapped[str] = mapped_column(String(320))
    at: Mapped[dt.datetime]
    before: Mapped[int | None]
    after: Mapped[int | None]
    #: The Draft as compressed JSON.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    @property
    def draft(self) -> Draft:
        """Return the Draft as it was."""
        return Draft.from_json(json.loads(zlib.decompress(self.content)))

    @staticmethod
    def packed(draft_json: dict[str, Any]) -> bytes:
        """Return the Draft of these JSON values as ``content`` keeps it."""
        return zlib.compress(json.dumps(draft_json, ensure_ascii=False).encode("utf-8", "surrogatepass"))

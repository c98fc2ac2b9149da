"""Audit: who did what at the desk, and when."""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.base import Base


class AuditEntry(Base):
    """One act of somebody of the staff. Only ever added; of what was written it names no more than headlines."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    #: The e-mail of the account, or the name that a command was given.
    by: Mapped[str] = mapped_column(String(320))
    #: A verb: "approve", "sign in", "add source".
    act: Mapped[str] = mapped_column(String(50))
    #: What it was done to, in words: "edition morning daily 2026-11-23".
    about: Mapped[str] = mapped_column(String(300), default="")
    detail: Mapped[str] = mapped_column(String(500), default="")

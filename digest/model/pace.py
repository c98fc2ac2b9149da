"""Pace: how much a relay or a recipient domain still takes, shared by all who send."""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.base import Base


class Bucket(Base):
    """The tokens of one limit, as of *filled_at*, and how many were taken on *day* (UTC)."""

    __tablename__ = "bucket"

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    tokens: Mapped[float]
    filled_at: Mapped[dt.datetime]
    day: Mapped[dt.date]
    taken: Mapped[int] = mapped_column(default=0)


class DomainHold(Base):
    """A recipient domain that asked us to slow down: nothing goes there before *until*."""

    __tablename__ = "domain_hold"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    until: Mapped[dt.datetime]
    #: How often it has asked since it last took a mail.
    strikes: Mapped[int]
    reply: Mapped[str] = mapped_column(String(200))

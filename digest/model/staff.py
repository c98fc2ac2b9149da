"""Staff: the editors and operators who may sign in at the desk, and their sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from digest.model.ids import StaffId
from subscribers.base import Base, one_of


class Role(StrEnum):
    """What an account may do."""

    #: Shape, hold and approve Editions.
    EDITOR = "editor"
    #: All that an editor may, and the pages of the service itself.
    OPERATOR = "operator"


class Staff(Base):
    """One person who may sign in. The password is kept only as its argon2id hash."""

    __tablename__ = "staff"

    id: Mapped[StaffId] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[Role] = mapped_column(one_of(Role))
    #: Empty for an account that comes in by links alone.
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    #: The secret of the second factor (RFC 6238), sealed with the service's key; None where there is none.
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    #: The time step of the last code that was taken: no code is taken twice.
    totp_step: Mapped[int] = mapped_column(default=0)
    #: SHA-256 of the codes for the day on which the phone is lost; each is taken once.
    recovery_hashes: Mapped[list[Any]] = mapped_column(default=list)

    @property
    def has_second_factor(self) -> bool:
        """Return whether a code is asked at sign-in: it has a secret, and a code of that has been taken."""
        return self.totp_secret is not None and self.totp_step > 0


class StaffSession(Base):
    """One signed-in browser. The cookie's secret is kept only as its SHA-256, so a leaked table signs nobody in."""

    __tablename__ = "staff_session"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[StaffId] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    staff: Mapped[Staff] = relationship(lazy="joined")


class SignInFailure(Base):
    """One failed sign-in, counted against guessing; the address is kept as its hash."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    email_hash: Mapped[str] = mapped_column(String(64), index=True)
    network: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class StaffLink(Base):
    """A link by mail that signs one account in, once. Its secret is kept only as its SHA-256."""

    __tablename__ = "staff_link"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[StaffId] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    staff: Mapped[Staff] = relationship(lazy="joined")

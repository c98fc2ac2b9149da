"""Staff: the editors and operators who may sign in at the desk, and their sessions."""

from datetime import datetime
from enum import StrEnum

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
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


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

"""Delivery: one Edition for one Subscriber, from planned to its end; and what every outgoing mail shares with it."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from digest.errors import WrongState
from digest.model.ids import EditionId, NoticeId, SubscriberId
from subscribers.base import Base, one_of

REPLY_LENGTH = 200

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")

DeliveryKey = tuple[EditionId, SubscriberId]
Key = TypeVar("Key")
Item_co = TypeVar("Item_co", covariant=True)


class DeliveryState(StrEnum):
    """Where one outgoing mail stands."""

    #: It waits for its hour.
    PLANNED = "planned"
    #: A sender holds it under a lease.
    CLAIMED = "claimed"
    #: The relay took responsibility for it.
    SENT = "sent"
    #: The relay asked to try again later.
    DEFERRED = "deferred"
    #: It will not be sent, for the stored reason.
    FAILED = "failed"
    #: It was not to be sent, for the stored reason.
    SKIPPED = "skipped"
    #: It may or may not have arrived; somebody must decide.
    IN_DOUBT = "in_doubt"


MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PLANNED: frozenset({DeliveryState.CLAIMED, DeliveryState.SKIPPED}),
    DeliveryState.DEFERRED: frozenset({DeliveryState.CLAIMED, DeliveryState.SKIPPED}),
    DeliveryState.CLAIMED: frozenset(
        {
            DeliveryState.PLANNED,
            DeliveryState.SENT,
            DeliveryState.DEFERRED,
            DeliveryState.FAILED,
            DeliveryState.SKIPPED,
            DeliveryState.IN_DOUBT,
        }
    ),
    DeliveryState.IN_DOUBT: frozenset({DeliveryState.SENT, DeliveryState.PLANNED}),
    DeliveryState.SENT: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.SKIPPED: frozenset(),
}
#: What a sender may claim.
OPEN = frozenset(state for state, moves in MOVES.items() if DeliveryState.CLAIMED in moves)


class Reason(StrEnum):
    """Why a mail ended without being sent, or why nobody knows."""

    #: Its address gets no mail from us.
    SUPPRESSED = "suppressed"
    #: The Subscription ended after planning.
    UNSUBSCRIBED = "unsubscribed"
    #: The reader paused after planning.
    PAUSED = "paused"
    #: The reader chose another cadence after planning, which the Edition does not serve.
    NOT_WANTED = "not wanted"
    #: Nothing of the Edition was in the reader's Sections.
    EMPTY = "empty"
    #: Its hour had passed by more than allowed before it could be sent.
    TOO_LATE = "too late"
    #: The relay refused it for good.
    REJECTED = "rejected"
    #: The relay kept asking to wait for longer than the mail was worth sending.
    EXPIRED = "expired"
    #: The mail itself could not be written.
    NO_LETTER = "no letter"
    #: The final dot was written and no reply came.
    NO_REPLY = "no reply"
    #: The sender that held it did not come back.
    LEASE_EXPIRED = "lease expired"
    #: Its Edition was called off.
    CANCELLED = "cancelled"


class Outgoing:
    """The columns that a sender needs of a mail, whichever kind it is: state, tries and lease."""

    state: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState), default=DeliveryState.PLANNED)
    reason: Mapped[Reason | None] = mapped_column(one_of(Reason))
    #: When it was first to go out; lateness counts from here.
    due_at: Mapped[datetime]
    #: When it may be tried next.
    next_at: Mapped[datetime]
    #: Tries that the relay answered or left in doubt; connection faults do not count.
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    #: Counts the claims, so that a late word of an earlier holder changes nothing.
    lease_no: Mapped[int] = mapped_column(default=0)
    #: What the relay of this name last said about it: reply code, enhanced status code (RFC 3463) and text.
    last_relay: Mapped[str] = mapped_column(String(40), default="", server_default="")
    last_code: Mapped[int | None]
    last_status: Mapped[str] = mapped_column(String(10), default="", server_default="")
    last_reply: Mapped[str] = mapped_column(String(REPLY_LENGTH), default="")
    sent_at: Mapped[datetime | None]


class Delivery(Outgoing, Base):
    """
    One Edition for one Subscriber; the key makes a second one impossible.

    *subscriber_id* is no foreign key: the record of what was sent outlives the person's data. Nor is *edition_id*: an
    Edition is never deleted, and to look it up for each of a million rows takes PostgreSQL a third of the planning.
    """

    __tablename__ = "delivery"

    edition_id: Mapped[EditionId] = mapped_column(primary_key=True, autoincrement=False)
    subscriber_id: Mapped[SubscriberId] = mapped_column(primary_key=True, autoincrement=False)
    #: The Subscription behind it.
    public_id: Mapped[str] = mapped_column(String(13))

    __table_args__ = (
        Index(
            "ix_delivery_open",
            "edition_id",
            "next_at",
            "subscriber_id",
            sqlite_where=text("state IN ('planned', 'deferred')"),
            postgresql_where=text("state IN ('planned', 'deferred')"),
        ),
        Index(
            "ix_delivery_leased",
            "lease_until",
            sqlite_where=text("state = 'claimed'"),
            postgresql_where=text("state = 'claimed'"),
        ),
    )


class Attempt(Base):
    """One conversation with the relay about a Delivery or a Notice that did not end in ``sent`` at once."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(
            "(notice_id IS NULL) = (edition_id IS NOT NULL) AND (edition_id IS NULL) = (subscriber_id IS NULL)",
            name="one_mail",
        ),
        Index("ix_attempt_delivery", "edition_id", "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[EditionId | None] = mapped_column(ForeignKey("edition.id"))
    subscriber_id: Mapped[SubscriberId | None]
    notice_id: Mapped[NoticeId | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    #: The state that the mail came to.
    outcome: Mapped[DeliveryState] = mapped_column(one_of(DeliveryState))
    code: Mapped[int | None]
    reply: Mapped[str] = mapped_column(String(REPLY_LENGTH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds claimed mail, and until when."""

    owner: str
    until: datetime


@dataclass(slots=True, kw_only=True)
class Claimed(Generic[Key, Item_co]):
    """One mail that a sender holds under a lease: *item* says what to write to whom. Not frozen: there are millions."""

    key: Key
    item: Item_co
    #: Of the recipient's address, in lower case.
    domain: str
    lease_no: int
    attempts: int
    due_at: datetime
    next_at: datetime
    #: After this instant it is not worth sending; None for never.
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Generic[Key]):
    """
    What has become of a claimed mail. WrongState when a claimed mail cannot come to *state*.

    *next_at* is asked for where the mail will be claimed again; *is_attempt* tells whether the relay had its say, which
    counts as a try.
    """

    key: Key
    lease_no: int
    state: DeliveryState
    is_attempt: bool
    reason: Reason | None = None
    next_at: datetime | None = None
    #: The relay that had its say.
    relay: str = ""
    code: int | None = None
    reply: str = ""
    #: Whether the relay had seen the whole message when it refused.
    at_dot: bool = True

    @property
    def status(self) -> str:
        """Return the enhanced status code that the reply begins with; empty when there is none."""
        return enhanced(self.code, self.reply)

    def __post_init__(self) -> None:
        """Guard the move."""
        if self.state not in MOVES[DeliveryState.CLAIMED]:
            raise WrongState(f"a claimed mail cannot become {self.state}")
        if (self.state in OPEN) != (self.next_at is not None):
            raise WrongState(f"a mail that becomes {self.state} needs next_at exactly if it is to be claimed again")


def domain_of(address: str) -> str:
    """Return the domain of *address* in lower case."""
    return address.rpartition("@")[2].lower()


def enhanced(code: int | None, reply: str) -> str:
    """Return the enhanced status code (RFC 3463) at the beginning of *reply*, if it is of the class of *code*."""
    found = _STATUS.match(reply)
    return found[0] if found is not None and code is not None and found[0][0] == str(code)[0] else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    What has become of the Deliveries of one Edition; every one is counted once.

    *suppressed* are the skipped ones whose address gets no mail, *skipped* the other skipped ones, *waiting* the
    planned and the claimed.
    """

    intended: int
    sent: int = 0
    failed: int = 0
    deferred: int = 0
    suppressed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    waiting: int = 0

    @property
    def adds_up(self) -> bool:
        """Return whether every intended Delivery stands in exactly one count."""
        parts = self.sent + self.failed + self.deferred + self.suppressed + self.skipped + self.in_doubt + self.waiting
        return self.intended == parts

    @property
    def is_finished(self) -> bool:
        """Return whether nothing is left for a sender to do; mails in doubt wait for a person, not for a sender."""
        return self.waiting == 0 and self.deferred == 0

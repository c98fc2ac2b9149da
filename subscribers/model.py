"""The rows of the readers: Subscriber, Subscription, their requests, the ledgers, and the enums of all of them."""

import base64
import secrets
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, NoReturn

from sqlalchemy import JSON, Dialect, ForeignKey, Index, String, Text, UniqueConstraint, event, select
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from subscribers.base import Base, one_of
from subscribers.cadence import Cadence
from subscribers.errors import UnknownSubscriber, WrongState


class SubscriptionState(StrEnum):
    """Where a reader's wish for one Newsletter stands."""

    #: Asked for, not yet confirmed: gets one confirmation and nothing else.
    PENDING = "pending"
    #: Gets its Editions.
    ACTIVE = "active"
    #: The reader wants none for now.
    PAUSED = "paused"
    #: Over; only a new wish of the reader brings it back.
    ENDED = "ended"


MOVES: dict[SubscriptionState, frozenset[SubscriptionState]] = {
    SubscriptionState.PENDING: frozenset({SubscriptionState.ACTIVE, SubscriptionState.ENDED}),
    SubscriptionState.ACTIVE: frozenset({SubscriptionState.PAUSED, SubscriptionState.ENDED}),
    SubscriptionState.PAUSED: frozenset({SubscriptionState.ACTIVE, SubscriptionState.ENDED}),
    # Back to pending by signing up again, to active by taking the end back.
    SubscriptionState.ENDED: frozenset({SubscriptionState.PENDING, SubscriptionState.ACTIVE}),
}
#: The states of a reader who has agreed and has not left.
LIVE = frozenset({SubscriptionState.ACTIVE, SubscriptionState.PAUSED})


class EndReason(StrEnum):
    """Why a Subscription ended."""

    #: The reader pressed the button of the mail program (RFC 8058).
    ONE_CLICK = "one-click"
    #: The mail program, or the reader, wrote to the address for leaving (RFC 2369).
    MAILTO = "mail"
    #: The reader used our page.
    PAGE = "page"
    #: The reader left every newsletter at once.
    EVERYTHING = "everything"
    #: An operator ended it by hand.
    OPERATOR = "operator"


class LeavingCause(StrEnum):
    """What a reader says, if they like, about why they have left."""

    #: It comes too often.
    TOO_OFTEN = "too often"
    #: Too much stands in it.
    TOO_LONG = "too long"
    #: Its stories are not what they look for.
    NOT_FOR_ME = "not for me"
    #: They never asked for it.
    NEVER_ASKED = "never asked"
    #: Something else, which they may have put into words.
    OTHER = "other"


class RequestKind(StrEnum):
    """What a reader asks for that they must confirm from their mailbox, so that a forwarded mail gives nobody power."""

    #: Send to another address from now on.
    ADDRESS = "address"
    #: Hand out everything that is kept about them.
    EXPORT = "export"
    #: Forget them.
    ERASURE = "erasure"


class ConsentKind(StrEnum):
    """What a ConsentEvent tells."""

    #: Somebody asked for the newsletter in this reader's name.
    REQUESTED = "requested"
    #: The reader confirmed from their own mailbox.
    CONFIRMED = "confirmed"
    #: An operator added the reader by hand and said on what ground.
    ADDED = "added"
    #: The reader came in a list, whose ground the operator stated.
    IMPORTED = "imported"
    #: The reader chose other sections, another cadence, hour, zone or language.
    CHANGED = "changed"
    #: The reader, or an operator for them, ended it.
    WITHDRAWN = "withdrawn"
    #: The reader took the end back.
    RESTORED = "restored"
    #: The reader wants none for a while.
    PAUSED = "paused"
    #: The reader wants it again before the while is over.
    RESUMED = "resumed"
    #: The reader gets it at another address, which they have confirmed.
    MOVED = "moved"
    #: The reader's data were erased, at their wish or because their time was over.
    ERASED = "erased"
    #: The reader reported a mail as spam.
    COMPLAINED = "complained"


class SuppressionReason(StrEnum):
    """Why an address gets no mail."""

    #: The mailbox does not exist.
    HARD_BOUNCE = "hard bounce"
    #: Mail to it has come back too often.
    SOFT_BOUNCES = "soft bounces"
    #: The reader reported a mail as spam.
    COMPLAINT = "complaint"
    #: The reader left everything.
    UNSUBSCRIBED = "unsubscribed"
    #: The reader asked to be forgotten.
    ERASED = "erased"
    #: An operator decided so.
    OPERATOR = "operator"


class BounceKind(StrEnum):
    """What a later report says about a mail that we sent."""

    #: The address does not exist.
    HARD = "hard"
    #: It may exist, and did not take this mail.
    SOFT = "soft"
    #: We, or what we wrote, were refused.
    POLICY = "policy"
    #: The reader called it spam.
    COMPLAINT = "complaint"
    #: The reader asked by mail to get no more.
    UNSUBSCRIBE = "unsubscribe"


class Slugs(TypeDecorator[tuple[str, ...]]):
    """A tuple of slugs kept as a JSON list; None is SQL NULL. Being a tuple, it is replaced and never changed."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return *value* as JSON knows it."""
        return None if value is None else list(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Return the stored list as a tuple."""
        return None if value is None else tuple(value)


def random_id() -> str:
    """Return 64 random bits as 13 characters of lower-case base32 (RFC 4648), which survives folding of case."""
    return base64.b32encode(secrets.token_bytes(8)).decode().rstrip("=").lower()


class Subscriber(Base):
    """A person who reads: one per address key, which the unique fingerprint stands for; a reader is found by that."""

    __tablename__ = "subscriber"
    # SQLite would give the id of the last one, once erased, to the next; and what is kept under it would be theirs.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 (SQLAlchemy reads it from the class)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(35))
    #: An IANA name.
    time_zone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    #: When the address was last changed; None for the first one.
    address_since: Mapped[datetime | None]
    subscriptions: Mapped[list["Subscription"]] = relationship(
        back_populates="subscriber", cascade="all, delete-orphan", passive_deletes=True
    )


class Subscription(Base):
    """
    One Subscriber's wish for one Newsletter. Its state changes through methods that guard it.

    *public_id* names it in links and mails for ever, also when it ends and begins anew.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "newsletter"),
        Index("ix_subscription_audience", "newsletter", "state", "cadence"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"))
    newsletter: Mapped[str] = mapped_column(String(100))
    state: Mapped[SubscriptionState] = mapped_column(one_of(SubscriptionState), default=SubscriptionState.PENDING)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=random_id)
    #: Stands in the confirmation link, so that no link of an earlier wish confirms a later one.
    confirmation_nonce: Mapped[str] = mapped_column(String(13), default=random_id)
    #: When the confirmation was asked for that has not been answered yet.
    confirmation_sent_at: Mapped[datetime | None]
    #: The chosen section slugs, never empty; None for all.
    sections: Mapped[tuple[str, ...] | None] = mapped_column(Slugs)
    cadence: Mapped[Cadence] = mapped_column(one_of(Cadence))
    #: The reader's local hour; None for the newsletter's.
    hour: Mapped[time | None]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    #: While paused: the first day whose Editions the reader wants again; None until they say so.
    paused_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[EndReason | None] = mapped_column(one_of(EndReason))
    #: What the reader said about why they left, if anything.
    leaving_cause: Mapped[LeavingCause | None] = mapped_column(one_of(LeavingCause))
    leaving_words: Mapped[str] = mapped_column(String(500), default="")
    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions")

    @classmethod
    def by_public_id(cls, session: Session, public_id: str, *, for_update: bool = False) -> "Subscription":
        """Return the Subscription called *public_id*, locked *for_update* if asked; UnknownSubscriber without one."""
        query = select(cls).where(cls.public_id == public_id)
        if for_update:
            query = query.with_for_update().execution_options(populate_existing=True)
        found = session.scalar(query)
        if found is None:
            raise UnknownSubscriber("there is no such subscription any more; sign up again to start a new one")
        return found

    def wants(self, day: date) -> bool:
        """Return whether its reader wants the Editions of *day*: it is active, or its pause is over by then."""
        if self.state is SubscriptionState.PAUSED:
            return self.paused_until is not None and self.paused_until <= day
        return self.state is SubscriptionState.ACTIVE

    def confirm(self, at: datetime) -> None:
        """Begin to send: the reader has agreed."""
        self._move(SubscriptionState.ACTIVE, only_from={SubscriptionState.PENDING})
        self.confirmed_at, self.confirmation_sent_at = at, None
        self._forget_end()

    def pause(self, until: date | None = None) -> None:
        """Send nothing until ``resume``, or until the Editions of the day *until*; again, to change that day."""
        if self.state is not SubscriptionState.PAUSED:
            self._move(SubscriptionState.PAUSED)
        self.paused_until = until

    def resume(self) -> None:
        """Send again."""
        self._move(SubscriptionState.ACTIVE, only_from={SubscriptionState.PAUSED})
        self.paused_until = None

    def end(self, reason: EndReason, at: datetime) -> None:
        """Send nothing any more."""
        self._move(SubscriptionState.ENDED)
        self.ended_at, self.end_reason, self.paused_until = at, reason, None

    def reopen(self) -> None:
        """
        Wait for a new confirmation after an end; links of the wish before no longer confirm.

        What is known of that wish and its end stays until ``confirm``, so that ``lapse`` and ``restore`` find it.
        """
        self._move(SubscriptionState.PENDING)
        self.confirmation_nonce = random_id()

    def lapse(self) -> None:
        """End again as before ``reopen``, which nobody confirmed; WrongState where nothing had ended."""
        if self.ended_at is None:
            raise WrongState(f"{self} had not ended before; delete it instead")
        self._move(SubscriptionState.ENDED, only_from={SubscriptionState.PENDING})
        self.confirmation_sent_at = None

    def restore(self) -> None:
        """Take the end back, also while it waits after ``reopen``; WrongState when the reader had never confirmed."""
        if self.confirmed_at is None:
            raise WrongState(f"{self} was never confirmed; sign up again to confirm it")
        if self.ended_at is None:
            raise WrongState(f"{self} is {self.state} and has not ended; there is no end to take back")
        self._move(SubscriptionState.ACTIVE, only_from={SubscriptionState.ENDED, SubscriptionState.PENDING})
        self.confirmation_sent_at = None
        self._forget_end()

    def _forget_end(self) -> None:
        self.ended_at = self.end_reason = self.leaving_cause = None
        self.leaving_words = ""

    def _move(self, to: SubscriptionState, *, only_from: set[SubscriptionState] | None = None) -> None:
        allowed = only_from or {state for state, moves in MOVES.items() if to in moves}
        if self.state not in allowed:
            raise WrongState(f"{self} is {self.state}; only one that is {' or '.join(sorted(allowed))} can become {to}")
        self.state = to

    def __str__(self) -> str:
        return f"subscription {self.public_id} to {self.newsletter}"


class SignupRequest(Base):
    """
    What somebody has typed into a sign-up form, until it is taken up.

    Every form ends in one such row and in nothing else, so that the answer tells nobody, not even by the time it takes,
    who reads what.
    """

    __tablename__ = "signup_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(35))
    time_zone: Mapped[str] = mapped_column(String(64))
    sections: Mapped[tuple[str, ...] | None] = mapped_column(Slugs)
    cadence: Mapped[Cadence] = mapped_column(one_of(Cadence))
    hour: Mapped[time | None]
    at: Mapped[datetime]
    wording: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    network_address: Mapped[str] = mapped_column(String(45), default="")


class ReaderRequest(Base):
    """What a Subscriber has asked for and must still confirm from the mailbox; one of each kind at a time."""

    __tablename__ = "reader_request"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscriber.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(one_of(RequestKind), primary_key=True)
    #: Stands in the link, so that no link of an earlier request confirms a later one.
    nonce: Mapped[str] = mapped_column(String(13), default=random_id)
    asked_at: Mapped[datetime]
    #: The new address, where that is what was asked for.
    address: Mapped[str] = mapped_column(String(320), default="")


class ConsentEvent(Base):
    """
    Who agreed to what, when and how. Append-only: changing or deleting one raises WrongState.

    *subscriber_id* is no foreign key and *fingerprint* is a keyed hash, so that the proof outlives the person's data.
    """

    __tablename__ = "consent_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    subscriber_id: Mapped[int]
    newsletter: Mapped[str] = mapped_column(String(100))
    kind: Mapped[ConsentKind] = mapped_column(one_of(ConsentKind))
    at: Mapped[datetime]
    #: What the reader saw and agreed to, or the ground that the operator gave.
    wording: Mapped[str] = mapped_column(Text)
    #: The form, command or file that it came through.
    source: Mapped[str] = mapped_column(String(200))
    network_address: Mapped[str] = mapped_column(String(45), default="")


class Suppression(Base):
    """An address that gets no mail, known by its fingerprint only, and why. It survives erasure."""

    __tablename__ = "suppression"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(one_of(SuppressionReason))
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(500), default="")


class FingerprintCheck(Base):
    """The fingerprint of nobody's address, by which another key is recognised even where nobody is left to compare."""

    __tablename__ = "fingerprint_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))


class Bounce(Base):
    """
    A later report about one mail; a second one that says the same of it is not kept.

    *mail* names the mail: ``EDITION.SUBSCRIBER`` of a Delivery, ``n.NOTICE`` of a Notice. *fingerprint* is the address
    that it went to, None where nobody knows any more: then the Bounce only counts.
    """

    __tablename__ = "bounce"
    __table_args__ = (
        UniqueConstraint("mail", "kind", "status"),
        Index("ix_bounce_score", "fingerprint", "kind", "at"),
        Index("ix_bounce_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(String(50))
    kind: Mapped[BounceKind] = mapped_column(one_of(BounceKind))
    #: RFC 3463, or the Feedback-Type of a complaint; empty where none was told.
    status: Mapped[str] = mapped_column(String(40), default="")
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
    #: What the server said, without addresses.
    diagnostic: Mapped[str] = mapped_column(String(200), default="")


@event.listens_for(ConsentEvent, "before_update")
@event.listens_for(ConsentEvent, "before_delete")
def _refuse_change(_mapper: Mapper[ConsentEvent], _connection: object, _row: ConsentEvent) -> NoReturn:
    raise WrongState("a consent event stands for ever; record a new one instead")


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk_change(executed: ORMExecuteState) -> None:
    mapper = executed.bind_mapper
    if (executed.is_update or executed.is_delete) and mapper is not None and mapper.class_ is ConsentEvent:
        raise WrongState("consent events stand for ever; record new ones instead")

"""Edition: one dated, numbered number of a Newsletter, from planned to sent."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from digest.errors import WrongState
from digest.model.draft import Draft
from digest.model.ids import ArticleId, EditionId
from digest.model.rendered import RenderedDigest
from subscribers.base import Base, one_of
from subscribers.cadence import Cadence
from subscribers.segments import EVERYBODY, Segment


class EditionState(StrEnum):
    """Where an Edition stands on its way to the readers."""

    #: Its date is known; nothing has been made yet.
    PLANNED = "planned"
    #: Its Draft is made and may be edited.
    DRAFT = "draft"
    #: An editor, or a floor that was not reached, keeps it from going out.
    HELD = "held"
    #: Its content is frozen and rendered; Deliveries wait for their hour.
    APPROVED = "approved"
    #: Deliveries are going out.
    SENDING = "sending"
    #: An operator has stopped the sending for now.
    PAUSED = "paused"
    #: Every Delivery has come to an end.
    SENT = "sent"
    #: No Edition of this date, for the stored reason.
    SKIPPED = "skipped"
    #: Called off by hand after approval.
    CANCELLED = "cancelled"


MOVES: dict[EditionState, frozenset[EditionState]] = {
    EditionState.PLANNED: frozenset({EditionState.DRAFT, EditionState.SKIPPED}),
    EditionState.DRAFT: frozenset({EditionState.APPROVED, EditionState.HELD, EditionState.SKIPPED}),
    EditionState.HELD: frozenset({EditionState.DRAFT, EditionState.APPROVED, EditionState.SKIPPED}),
    EditionState.APPROVED: frozenset({EditionState.SENDING, EditionState.PAUSED, EditionState.CANCELLED}),
    EditionState.SENDING: frozenset({EditionState.PAUSED, EditionState.SENT, EditionState.CANCELLED}),
    EditionState.PAUSED: frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.CANCELLED}),
    # Mails in doubt that an operator sends again.
    EditionState.SENT: frozenset({EditionState.SENDING}),
    EditionState.SKIPPED: frozenset(),
    EditionState.CANCELLED: frozenset(),
}


#: The states in which the content is frozen, and readers have it or will.
CORRECTABLE = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.PAUSED, EditionState.SENT})


class SkipReason(StrEnum):
    """Why there was no Edition."""

    #: Fewer Stories than the newsletter's minimum.
    TOO_LITTLE_NEWS = "too little news"
    #: Its hour had passed by more than the newsletter allows.
    TOO_LATE = "too late"
    #: Nobody approved it before the next one, which carries its news, was made.
    SUPERSEDED = "superseded by the Edition of"


class Edition(Base):
    """
    One number of a Newsletter: one per (newsletter, cadence, date).

    It holds its Draft as JSON with a version and, from approval on, its RenderedDigest with a hash: sending, archive
    and preview read only that.
    """

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("newsletter", "cadence", "date"),)

    id: Mapped[EditionId] = mapped_column(primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(100))
    cadence: Mapped[Cadence] = mapped_column(one_of(Cadence))
    date: Mapped[dt.date]
    #: "No. 42" to readers; counted per newsletter and cadence when the Draft is made. 0 before that.
    number: Mapped[int] = mapped_column(default=0)
    state: Mapped[EditionState] = mapped_column(one_of(EditionState), default=EditionState.PLANNED)
    reason: Mapped[str] = mapped_column(String(500), default="")
    #: When its first Delivery falls due.
    due_at: Mapped[dt.datetime]
    period_start: Mapped[dt.datetime | None]
    period_end: Mapped[dt.datetime | None]
    sources_answered: Mapped[int] = mapped_column(default=0)
    sources_asked: Mapped[int] = mapped_column(default=0)
    draft_version: Mapped[int] = mapped_column(default=0)
    rendered_hash: Mapped[str | None] = mapped_column(String(64))
    approved_at: Mapped[dt.datetime | None]
    approved_by: Mapped[str] = mapped_column(String(320), default="")
    sent_at: Mapped[dt.datetime | None]
    #: The Segment of readers whom a special Edition is for, as JSON; None for everybody whose wish it serves.
    audience_json: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: The Edition whose faults this one corrects, for those who got it.
    corrects_id: Mapped[EditionId | None] = mapped_column(ForeignKey("edition.id"))
    #: When the archive was last corrected, and what that says to readers.
    corrected_at: Mapped[dt.datetime | None]
    correction: Mapped[str] = mapped_column(String(500), default="")
    draft_json: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    rendered_bytes: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    #: The pages that the archive shows in place of those that were sent.
    corrected_bytes: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    @property
    def draft(self) -> Draft:
        """Return the Draft; WrongState when none has been made."""
        if self.draft_json is None:
            if self.state is EditionState.SKIPPED:
                raise WrongState(f"{self} is skipped, for {self.reason}; it has no draft")
            raise WrongState(f"{self} has no draft yet; run `digest edition prepare {self.newsletter}`")
        return Draft.from_json(self.draft_json)

    @property
    def rendered(self) -> RenderedDigest:
        """Return the frozen RenderedDigest; WrongState before approval."""
        if self.rendered_bytes is None:
            raise WrongState(f"{self} is {self.state}; only an approved edition has its pages frozen")
        return RenderedDigest.from_bytes(self.rendered_bytes)

    @property
    def audience(self) -> Segment:
        """Return which of the readers whose wish it serves this Edition is for: all of them, unless it is special."""
        return EVERYBODY if self.audience_json is None else Segment.from_json(self.audience_json)

    @property
    def meant_for(self) -> str:
        """Return in words whom an Edition beside the rhythm is for; empty for one that keeps to it."""
        if self.cadence is Cadence.CORRECTION:
            return "those who got the first one"
        return str(self.audience) if self.cadence is Cadence.SPECIAL else ""

    @property
    def shown(self) -> RenderedDigest:
        """Return what the web shows: the corrected pages where there are any, else those that were sent."""
        return self.rendered if self.corrected_bytes is None else RenderedDigest.from_bytes(self.corrected_bytes)

    @property
    def is_prepared(self) -> bool:
        """Return whether this Edition is past its making: drafted, held, skipped or beyond."""
        return self.state != EditionState.PLANNED

    @property
    def is_open(self) -> bool:
        """Return whether an editor can still change it."""
        return self.state in {EditionState.DRAFT, EditionState.HELD}

    @property
    def coverage(self) -> str:
        """Return how many sources answered in this Edition's period: "37 of 40 sources answered"."""
        return f"{self.sources_answered} of {self.sources_asked} sources answered" if self.sources_asked else ""

    def save(self, draft: Draft, *, period: tuple[dt.datetime, dt.datetime], coverage: tuple[int, int]) -> None:
        """Give the planned Edition its Draft, the period it covers and its (answered, asked) sources."""
        self._move(EditionState.DRAFT)
        self.number = draft.number
        self.draft_json = draft.to_json()
        self.draft_version += 1
        self.period_start, self.period_end = period
        self.sources_answered, self.sources_asked = coverage

    def aim(self, audience: Segment) -> None:
        """Make this special Edition one for *audience*; WrongState when it is none, or its content is frozen."""
        if self.cadence is not Cadence.SPECIAL:
            raise WrongState(f"{self} is for all who get it {self.cadence}; only a special one is for some readers")
        if not self.is_open:
            raise WrongState(f"{self} is {self.state}, for {self.audience}; give another date to make another")
        self.audience_json = None if audience.is_everybody else audience.to_json()

    def illustrate(self, draft: Draft) -> None:
        """Put *draft*, its own with more of its pictures, in its place; WrongState once the content is frozen."""
        if not self.is_open:
            raise WrongState(f"{self} is {self.state}; only one that is draft or held can get pictures")
        self.draft_json = draft.to_json()
        self.draft_version += 1

    def edit(self, draft: Draft) -> None:
        """Put *draft*, its own as an editor has changed it, in its place; WrongState once the content is frozen."""
        if not self.is_open:
            raise WrongState(f"{self} is {self.state}; only one that is draft or held can be edited")
        self.draft_json = draft.to_json()
        self.draft_version += 1

    def hold(self, reason: str) -> None:
        """Keep it from going out until somebody approves it."""
        self._move(EditionState.HELD)
        self.reason = reason[:500]

    def release(self) -> None:
        """Take back a hold: it is a Draft again and goes out as its newsletter says."""
        if self.state != EditionState.HELD:
            raise WrongState(f"{self} is {self.state}; only a held edition can be released")
        self._move(EditionState.DRAFT)
        self.reason = ""

    def approve(self, rendered: RenderedDigest, *, by: str, at: dt.datetime) -> None:
        """Freeze the content: from now on only *rendered* is sent and archived. One beside the rhythm falls due now."""
        if not self.is_open:  # one that was approved and paused goes on with what is frozen
            raise WrongState(f"{self} is {self.state}; only one that is draft or held can become approved")
        self._move(EditionState.APPROVED)
        self.rendered_bytes = rendered.to_bytes()
        self.rendered_hash = rendered.sha256
        self.approved_at, self.approved_by, self.reason = at, by, ""
        if self.cadence.is_beside:
            self.due_at = at

    def correct(self, draft: Draft, shown: RenderedDigest, *, said: str, at: dt.datetime) -> None:
        """Show *shown*, made of the corrected *draft*, from now on; what was sent, and its hash, stay as they are."""
        if self.state not in CORRECTABLE:
            states = " or ".join(sorted(CORRECTABLE))
            raise WrongState(f"{self} is {self.state}; only one that is {states} can be corrected")
        if self.cadence is Cadence.CORRECTION:
            raise WrongState(f"{self} is a correction itself; correct the Edition that it is about")
        self.draft_json = draft.to_json()
        self.draft_version += 1
        self.corrected_bytes = shown.to_bytes()
        self.corrected_at, self.correction = at, said[:500]

    def skip(self, reason: str) -> None:
        """Decide that there is no Edition of this date."""
        self._move(EditionState.SKIPPED)
        self.reason = reason[:500]

    def begin(self) -> None:
        """Mark that Deliveries go out, or once more do so; a second call changes nothing."""
        if self.state is not EditionState.SENDING:
            self._move(EditionState.SENDING)

    def pause(self, reason: str) -> None:
        """Let nothing more go out until ``resume``."""
        self._move(EditionState.PAUSED)
        self.reason = reason[:500]

    def resume(self, *, is_begun: bool) -> None:
        """Go on where ``pause`` stopped: with the sending, or if that is not *is_begun*, with waiting for its hour."""
        if self.state is not EditionState.PAUSED:
            raise WrongState(f"{self} is {self.state}; only a paused edition can be resumed")
        self._move(EditionState.SENDING if is_begun else EditionState.APPROVED)
        self.reason = ""

    def cancel(self, reason: str) -> None:
        """Call it off."""
        self._move(EditionState.CANCELLED)
        self.reason = reason[:500]

    def finish(self, at: dt.datetime) -> None:
        """Mark that every Delivery has come to an end."""
        self._move(EditionState.SENT)
        self.sent_at = at

    def _move(self, to: EditionState) -> None:
        if to not in MOVES[self.state]:
            before = sorted(state for state, moves in MOVES.items() if to in moves)
            raise WrongState(f"{self} is {self.state}; only one that is {' or '.join(before)} can become {to}")
        self.state = to

    def __str__(self) -> str:
        return f"edition {self.newsletter} {self.cadence} {self.date.isoformat()}"


class EditionLink(Base):
    """A link of an editor's own was in that Edition; an Article that comes with its URL key later counts as sent."""

    __tablename__ = "edition_link"

    edition_id: Mapped[EditionId] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    url_key: Mapped[str] = mapped_column(String(600), primary_key=True)


class EditionStory(Base):
    """This Article was used in that Edition, so it never leads a Story of the same newsletter and cadence again."""

    __tablename__ = "edition_story"

    edition_id: Mapped[EditionId] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    article_id: Mapped[ArticleId] = mapped_column(ForeignKey("article.id"), primary_key=True, index=True)
    section: Mapped[str] = mapped_column(String(100))
    leads: Mapped[bool]

"""Source: what we ask for news, and its manners."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from digest.errors import WrongState
from digest.model.entry import Check, Failed, Fetched, Gathered
from digest.model.ids import SourceId
from digest.model.newsletter import NO_SELECTORS, SourceKind, SourcePlan, without_password
from subscribers.base import Base, one_of

#: Failures in a row after which a Source is shown to its operator as failing, and after which it is left alone: with
#: its ever longer waits that is about a month.
FAILING_AFTER, PAUSED_AFTER = 3, 30
#: Answers in a row that must name the same new address.
MOVED_AFTER = 3
SHORTEST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=24)
USUAL_WAIT = timedelta(minutes=60)
#: So often the shortest wait may be doubled before it is longer than the longest.
MOST_DOUBLINGS = 7
HOURS_OF_A_DAY = 24
#: The share of a wait by which it may be longer or shorter.
JITTER = 0.1
REASON_LENGTH = 500
LONGEST_ADDRESS = 2000


class SourceState(StrEnum):
    """How a Source is doing."""

    #: Checked at its own pace.
    ACTIVE = "active"
    #: Left alone: an operator has asked for it, or it has failed for about a month.
    PAUSED = "paused"
    #: It has not answered usably several times in a row; still checked, ever more rarely.
    FAILING = "failing"
    #: It said that it is gone for good; not checked any more.
    GONE = "gone"


class Source(Base):
    """
    A feed or folder, keyed by the address that config.toml gives it.

    *address* is where it lives now (it differs from *key* after a permanent redirect). Sections and weights are not
    here: they belong to the Newsletters that use it.
    """

    __tablename__ = "source"

    id: Mapped[SourceId] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_ADDRESS), unique=True)
    kind: Mapped[SourceKind] = mapped_column(one_of(SourceKind))
    address: Mapped[str] = mapped_column(String(LONGEST_ADDRESS))
    state: Mapped[SourceState] = mapped_column(one_of(SourceState), default=SourceState.ACTIVE)
    etag: Mapped[str | None] = mapped_column(String(1000))
    last_modified: Mapped[str | None] = mapped_column(String(200))
    body_hash: Mapped[str | None] = mapped_column(String(64))
    next_check_at: Mapped[datetime] = mapped_column(index=True)
    last_checked_at: Mapped[datetime | None]
    last_answered_at: Mapped[datetime | None]
    #: Where it says it has moved for good, and how many answers in a row have said so.
    moving_to: Mapped[str | None] = mapped_column(String(LONGEST_ADDRESS))
    sightings: Mapped[int] = mapped_column(default=0)
    #: What the feed itself asks: at most one check in so many seconds, none at these hours (UTC) and ISO weekdays.
    ttl_seconds: Mapped[int | None]
    skip_hours: Mapped[list[Any]] = mapped_column(default=list)
    skip_days: Mapped[list[Any]] = mapped_column(default=list)
    failures: Mapped[int] = mapped_column(default=0)
    #: Why the last check failed, or what could not be read in it; empty when all is well.
    last_fault: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")
    added_at: Mapped[datetime]

    @property
    def shown(self) -> str:
        """Return the key without the user name and password that it may hold, fit for logs."""
        return without_password(self.key)

    def check(self, plan: SourcePlan | None = None) -> Check:
        """Return the question to ask this Source now, with what *plan*, that of a Newsletter which uses it, knows."""
        return Check(
            source_id=self.id,
            kind=self.kind,
            address=self.address,
            etag=self.etag,
            last_modified=self.last_modified,
            body_hash=self.body_hash,
            language=plan.language if plan else None,
            selectors=plan.selectors if plan else NO_SELECTORS,
        )

    def settle(self, gathered: Gathered, *, rhythm: timedelta | None = None) -> None:
        """
        Remember what a check came to, and when to ask again.

        *rhythm* is the mean time between two of its Articles of late; None when too little is known of it.
        """
        outcome = gathered.outcome
        self.last_checked_at = gathered.at
        if isinstance(outcome, Failed):
            self._settle_failure(outcome)
        else:
            if self.failures:
                self.failures, self.last_fault = 0, ""
            self.state = SourceState.PAUSED if self.state == SourceState.PAUSED else SourceState.ACTIVE
            self.last_answered_at = gathered.at
            if isinstance(outcome, Fetched):
                self._remember(outcome)
            self._follow(outcome.moved_to)
        # A folder is nobody's server: it is looked at as often while it is silent.
        pace = rhythm if rhythm and self.kind is not SourceKind.FOLDER else USUAL_WAIT
        self.next_check_at = self._next_check(gathered.at, pace, outcome.wait or timedelta(0))

    def _remember(self, fetched: Fetched) -> None:
        self.etag, self.last_modified, self.body_hash = fetched.etag, fetched.last_modified, fetched.body_hash
        self.last_fault = "; ".join(fetched.faults)[:REASON_LENGTH]
        manners = fetched.manners
        self.ttl_seconds = None if manners.ttl is None else int(min(manners.ttl, LONGEST_WAIT).total_seconds())
        self.skip_hours, self.skip_days = list(manners.skip_hours), list(manners.skip_days)

    def _follow(self, moved_to: str | None) -> None:
        """Live at *moved_to* from the third answer in a row that says so, since many a redirect is a slip."""
        if moved_to is None or moved_to == self.address or len(moved_to) > LONGEST_ADDRESS:
            self.moving_to, self.sightings = None, 0
            return
        self.sightings = self.sightings + 1 if moved_to == self.moving_to else 1
        self.moving_to = moved_to
        if self.sightings >= MOVED_AFTER:
            self._live_at(moved_to)

    def _live_at(self, address: str) -> None:
        self.address, self.moving_to, self.sightings = address, None, 0
        self.etag = self.last_modified = None

    def _settle_failure(self, failed: Failed) -> None:
        self.failures += 1
        self.last_fault = failed.reason[:REASON_LENGTH]
        has_moved = self.address != self.key
        if has_moved and (failed.gone or self.failures >= FAILING_AFTER):
            # Many a new address does not last; the one that its operator knows may answer again.
            self._live_at(self.key)
        if failed.gone and not has_moved:
            self.state = SourceState.GONE
        elif self.state == SourceState.PAUSED:
            return
        elif self.failures >= PAUSED_AFTER:
            self.state = SourceState.PAUSED
            self.last_fault = f"Paused after {self.failures} failures in a row: {failed.reason}"[:REASON_LENGTH]
        elif self.failures >= FAILING_AFTER:
            self.state = SourceState.FAILING

    def _next_check(self, at: datetime, pace: timedelta, asked: timedelta) -> datetime:
        """Return when to ask again: at *pace*, ever more rarely while it fails, never sooner than *asked* by it."""
        slowed = _clamped(_clamped(pace) * 2 ** min(self.failures, MOST_DOUBLINGS))
        # Spread, so that Sources that were asked together are not asked together for ever.
        spread = 1 + JITTER * (2 * _chance(f"{self.id} {at.isoformat()}") - 1)
        asked = min(max(asked, timedelta(seconds=self.ttl_seconds or 0)), LONGEST_WAIT)
        return self._allowed_from(at + max(_clamped(slowed * spread), asked))

    def _allowed_from(self, at: datetime) -> datetime:
        """Return *at*, moved on out of the hours and days on which the feed asks to be left alone, by a day at most."""
        for hours in range(HOURS_OF_A_DAY):
            later = at + timedelta(hours=hours)
            if later.hour not in self.skip_hours and later.isoweekday() not in self.skip_days:
                return later
        return at + LONGEST_WAIT

    def read_as(self, kind: SourceKind) -> None:
        """Take this Source for one of *kind* from now on; what we remember of its last answer is then of no use."""
        if kind is not self.kind:
            self.kind = kind
            self.etag = self.last_modified = self.body_hash = None

    def read_afresh(self, at: datetime) -> None:
        """Ask this Source from *at* on, and read its answer even if it is the one that we know."""
        self.etag = self.last_modified = self.body_hash = None
        self.next_check_at = at

    def pause(self) -> None:
        """Leave this Source alone until ``resume``."""
        if self.state == SourceState.GONE:
            raise WrongState(f"source {self.shown} is gone; only one that answers can be paused")
        self.state = SourceState.PAUSED

    def resume(self, at: datetime) -> None:
        """Check this Source again, from now on, as if nothing had been wrong with it."""
        if self.state not in {SourceState.PAUSED, SourceState.GONE, SourceState.FAILING}:
            raise WrongState(f"source {self.shown} is {self.state}; only a paused, failing or gone one can be resumed")
        self.state, self.failures, self.last_fault, self.next_check_at = SourceState.ACTIVE, 0, "", at
        self._live_at(self.key)


def _clamped(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _chance(seed: str) -> float:
    """Return a number from 0 to 1, always the same for *seed*."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) / 2**64

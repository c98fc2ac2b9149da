"""Source: a feed or folder that we ask, and its manners."""

from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from digest.errors import WrongState
from digest.model.entry import Check, Failed, Fetched, Gathered
from digest.model.ids import SourceId
from digest.model.newsletter import SourceKind
from subscribers.base import Base, one_of

#: Failures in a row after which a Source is shown to its operator as failing.
FAILING_AFTER = 3
SHORTEST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=24)
USUAL_WAIT = timedelta(minutes=60)
REASON_LENGTH = 500


class SourceState(StrEnum):
    """How a Source is doing."""

    #: Checked at its own pace.
    ACTIVE = "active"
    #: An operator has asked us to leave it alone.
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
    key: Mapped[str] = mapped_column(String(2000), unique=True)
    kind: Mapped[SourceKind] = mapped_column(one_of(SourceKind))
    address: Mapped[str] = mapped_column(String(2000))
    state: Mapped[SourceState] = mapped_column(one_of(SourceState), default=SourceState.ACTIVE)
    etag: Mapped[str | None] = mapped_column(String(1000))
    last_modified: Mapped[str | None] = mapped_column(String(200))
    body_hash: Mapped[str | None] = mapped_column(String(64))
    next_check_at: Mapped[datetime] = mapped_column(index=True)
    last_checked_at: Mapped[datetime | None]
    last_answered_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    #: Why the last check failed, or what could not be read in it; empty when all is well.
    last_fault: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")
    added_at: Mapped[datetime]

    @property
    def shown(self) -> str:
        """Return the key without the user name and password that it may hold, fit for logs."""
        parts = urlsplit(self.key)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else self.key

    def check(self, language: str | None = None) -> Check:
        """Return the question to ask this Source now; *language* is the one it is known to speak."""
        return Check(
            source_id=self.id,
            kind=self.kind,
            address=self.address,
            etag=self.etag,
            last_modified=self.last_modified,
            body_hash=self.body_hash,
            language=language,
        )

    def settle(self, gathered: Gathered) -> None:
        """Remember what a check came to, and when to ask again."""
        outcome = gathered.outcome
        self.last_checked_at = gathered.at
        if isinstance(outcome, Failed):
            self._settle_failure(outcome, gathered.at)
            return
        self.failures = 0
        self.state = SourceState.PAUSED if self.state == SourceState.PAUSED else SourceState.ACTIVE
        self.last_answered_at = gathered.at
        self.next_check_at = gathered.at + _clamped(outcome.wait or USUAL_WAIT)
        if isinstance(outcome, Fetched):
            self.address = outcome.moved_to or self.address
            self.etag, self.last_modified, self.body_hash = outcome.etag, outcome.last_modified, outcome.body_hash
            self.last_fault = "; ".join(outcome.faults)[:REASON_LENGTH]

    def _settle_failure(self, failed: Failed, at: datetime) -> None:
        self.failures += 1
        self.last_fault = failed.reason[:REASON_LENGTH]
        back_off = USUAL_WAIT * 2 ** min(self.failures - 1, 5)
        self.next_check_at = at + _clamped(max(back_off, failed.wait or timedelta(0)))
        if failed.gone:
            self.state = SourceState.GONE
        elif self.failures >= FAILING_AFTER and self.state == SourceState.ACTIVE:
            self.state = SourceState.FAILING

    def pause(self) -> None:
        """Leave this Source alone until ``resume``."""
        if self.state == SourceState.GONE:
            raise WrongState(f"source {self.key} is gone; only one that answers can be paused")
        self.state = SourceState.PAUSED

    def resume(self, at: datetime) -> None:
        """Check this Source again, from now on."""
        if self.state not in {SourceState.PAUSED, SourceState.GONE, SourceState.FAILING}:
            raise WrongState(f"source {self.key} is {self.state}; only a paused, failing or gone one can be resumed")
        self.state, self.failures, self.next_check_at = SourceState.ACTIVE, 0, at


def _clamped(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)

"""How far the sending of an Edition has come: its account, its pace, and why mails have failed."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from digest.model.delivery import Account
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import deliveries, editions
from digest.store.deliveries import Failure

#: The pace is that of the last minute.
LATELY = dt.timedelta(minutes=1)
#: In seconds: how long what was counted serves all who ask.
FRESH = 1.0
#: To count a million rows takes its time; it is to take no more than this share of the database's.
_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an Edition has come *at* an instant."""

    edition_id: EditionId
    state: EditionState
    reason: str
    account: Account
    #: Mails that relays took in the last minute.
    per_minute: int
    #: The commonest causes of what has failed, is put off or in doubt.
    failures: Sequence[Failure]
    at: dt.datetime

    @property
    def open(self) -> int:
        """Return how many mails are still to go out."""
        return self.account.waiting + self.account.deferred

    @property
    def time_left(self) -> dt.timedelta | None:
        """Return how long the rest takes at this pace; None where nothing moves."""
        return dt.timedelta(minutes=self.open / self.per_minute) if self.per_minute and self.open else None

    @property
    def is_settled(self) -> bool:
        """Return whether nothing more becomes of it by itself."""
        return self.state in editions.SETTLED

    @property
    def shares(self) -> Sequence[tuple[str, str, int]]:
        """Return the parts of the account that are not empty, in the order of its bar: name, word and count."""
        parts = (
            ("sent", "sent", self.account.sent),
            ("deferred", "to be tried again", self.account.deferred),
            ("failed", "failed", self.account.failed),
            ("doubt", "in doubt", self.account.in_doubt),
            ("suppressed", "suppressed", self.account.suppressed),
            ("skipped", "skipped", self.account.skipped),
            ("waiting", "waiting", self.account.waiting),
        )
        return [part for part in parts if part[2]]


def look(services: Services, edition_id: EditionId) -> Progress:
    """Return how far the Edition has come; UnknownEdition as it says."""
    now = services.clock.now()
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        return Progress(
            edition_id=edition.id,
            state=edition.state,
            reason=edition.reason,
            account=deliveries.account(session, edition.id),
            per_minute=deliveries.sent_since(session, edition.id, now - LATELY),
            failures=deliveries.failures(session, edition.id),
            at=now,
        )


@dataclass(slots=True)
class _Known:
    progress: Progress
    #: By a clock that nobody sets: until when this serves.
    until: float


@dataclass(slots=True)
class Watch:
    """What all who watch Editions share: each is counted at most once a second, however many look."""

    services: Services
    elapsed: Callable[[], float] = time.monotonic
    _known: dict[EditionId, _Known] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def look(self, edition_id: EditionId, *, afresh: bool = False) -> Progress:
        """Return how far the Edition has come, as it was a moment ago; *afresh*, as it is now."""
        with self._lock:  # whoever comes while one counts takes what that one has found
            began = self.elapsed()
            known = self._known.get(edition_id)
            if known is not None and began < known.until and not afresh:
                return known.progress
            progress = look(self.services, edition_id)
            ended = self.elapsed()
            self._known = {key: each for key, each in self._known.items() if each.until > began}
            self._known[edition_id] = _Known(progress, ended + max(FRESH, (ended - began) / _SHARE))
            return progress

"""How every Source is doing, for the desk: its state in a word, its fault, and what it has brought of late."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from digest.gather.identity import host_of
from digest.model.ids import SourceId
from digest.model.newsletter import SourceKind, without_password
from digest.model.source import Source, SourceState
from digest.services import Services
from digest.source_list.uses import Use, uses
from digest.store import arrivals, sources
from digest.store.arrivals import NOTHING_YET, Arrival, Harvest

#: Of the page of one Source.
MOST_ARRIVALS = 20
DAY = timedelta(days=1)
_STATES = {
    SourceState.ACTIVE: ("answers", "good"),
    SourceState.FAILING: ("failing", "bad"),
    SourceState.GONE: ("gone", "bad"),
}
_TONES = ("bad", "warn", "good", "open", "quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """
    One Source as the desk lists it; without a *source* it waits for the first gathering, without *uses* nobody asks it.

    *state* is a word for how it is doing and *tone* its colour: bad, warn, good, open or quiet.
    """

    key: str
    source: Source | None
    uses: tuple[Use, ...]
    harvest: Harvest

    @property
    def name(self) -> str:
        """Return its name as the first newsletter that has one for it shows it, else its host or folder."""
        named = next((use.plan.name for use in self.uses if use.plan.name), "")
        return named or host_of(self.key) or Path(self.key).name

    @property
    def shown(self) -> str:
        """Return its address without the user name and password that it may hold."""
        return without_password(self.key)

    @property
    def kind(self) -> SourceKind:
        """Return how it is read."""
        return self.uses[0].plan.kind if self.uses or self.source is None else self.source.kind

    @property
    def state(self) -> str:
        """Return a word for how it is doing."""
        return self._standing[0]

    @property
    def tone(self) -> str:
        """Return the colour of its state."""
        return self._standing[1]

    @property
    def is_in_trouble(self) -> bool:
        """Return whether somebody should look after it."""
        return self.tone in {"bad", "warn"}

    @property
    def _standing(self) -> tuple[str, str]:
        if not self.uses:
            return "not used", "quiet"
        if all(use.rests for use in self.uses):
            return "has no section", "warn"
        if self.source is None:
            return "not asked yet", "open"
        return _standing_of(self.source)


def _standing_of(source: Source) -> tuple[str, str]:
    if source.state == SourceState.PAUSED:
        return ("paused after failures", "bad") if source.failures else ("paused", "quiet")
    if source.state != SourceState.ACTIVE or not (source.failures or source.last_fault):
        is_new = source.state == SourceState.ACTIVE and source.last_checked_at is None
        return ("not asked yet", "open") if is_new else _STATES[source.state]
    return ("no answer" if source.failures else "answers in part", "warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of a newsletter's Sources answered when they were last asked, of how many that we ask."""

    newsletter: str
    title: str
    answered: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Every Source of every newsletter, those in trouble first, and how many of each newsletter's answer."""

    rows: tuple[SourceRow, ...]
    coverage: tuple[Coverage, ...]


def overview(services: Services) -> Overview:
    """Return how every Source is doing; nothing is written, and three queries are asked however many there are."""
    now = services.clock.now()
    with services.reading() as session:
        used = uses(session, services)
        known = {source.key: source for source in sources.of_keys(session, used)}
        harvests = arrivals.harvests(session, [source.id for source in known.values()], now)
        rows = [_row(key, known.get(key), tuple(by), harvests, now) for key, by in used.items()]
    rows.sort(key=lambda row: (_TONES.index(row.tone), row.name.casefold(), row.key))
    return Overview(
        rows=tuple(rows),
        coverage=tuple(_coverage(letter.slug, letter.title, rows) for letter in services.settings.newsletters),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One Source with what it has brought last."""

    row: SourceRow
    latest: tuple[Arrival, ...]


def opened(services: Services, source_id: SourceId) -> Opened | None:
    """Return how the Source with that id is doing, whether or not it is still used; None when there is none."""
    now = services.clock.now()
    with services.reading() as session:
        source = sources.get(session, source_id)
        if source is None:
            return None
        by = tuple(uses(session, services).get(source.key, ()))
        harvests = arrivals.harvests(session, [source_id], now)
        row = _row(source.key, source, by, harvests, now)
        return Opened(row=row, latest=arrivals.latest(session, source_id, most=MOST_ARRIVALS))


def _row(
    key: str, source: Source | None, by: tuple[Use, ...], harvests: Mapping[SourceId, Harvest], now: datetime
) -> SourceRow:
    harvest = harvests.get(source.id, NOTHING_YET) if source is not None else NOTHING_YET
    if harvest is NOTHING_YET and source is not None and source.last_answered_at and now - source.added_at >= DAY:
        harvest = replace(NOTHING_YET, per_day=0.0)
    return SourceRow(key=key, source=source, uses=by, harvest=harvest)


def _coverage(slug: str, title: str, rows: list[SourceRow]) -> Coverage:
    used = [row.source for row in rows if any(use.newsletter == slug and not use.rests for use in row.uses)]
    asked = [source for source in used if source is None or source.state != SourceState.PAUSED]
    answered = [s for s in asked if s is not None and s.last_answered_at and not s.failures and s.state == "active"]
    return Coverage(newsletter=slug, title=title, answered=len(answered), asked=len(asked))

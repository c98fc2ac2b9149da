"""Segments: some of the readers, named by what they have chosen and by when they joined."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from subscribers.cadence import WISHES, Cadence
from subscribers.errors import BadWish
from subscribers.model import Subscriber, Subscription, SubscriptionState
from subscribers.wishes import check_language, is_slug, known_region, known_zone, shown, zone_like

#: Of the form that ``Segment.to_json`` writes.
VERSION = 1


class Trait(StrEnum):
    """By what Subscriptions are counted apart."""

    #: The newsletter.
    NEWSLETTER = "newsletter"
    #: Where the Subscription stands.
    STATE = "state"
    #: How often the reader wants it.
    CADENCE = "cadence"
    #: The reader's language.
    LANGUAGE = "language"
    #: The reader's time zone.
    ZONE = "zone"


_COLUMNS: dict[Trait, ColumnElement[Any]] = {
    Trait.NEWSLETTER: Subscription.newsletter.expression,
    Trait.STATE: Subscription.state.expression,
    Trait.CADENCE: Subscription.cadence.expression,
    Trait.LANGUAGE: Subscriber.language.expression,
    Trait.ZONE: Subscriber.time_zone.expression,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """
    The readers whom every filter lets through; an empty filter lets everybody through, and so does an empty Segment.

    Within one filter any of its values will do. BadWish names a value that cannot be. Two Segments that let the same
    readers through because their values are the same are equal, in whatever order these were given.
    """

    #: Section slugs: readers who get at least one of them, as those do who have chosen none.
    sections: tuple[str, ...] = ()
    #: Language tags: "de" is German wherever it is spoken, "de-AT" that of Austria (RFC 4647 §3.3.1).
    languages: tuple[str, ...] = ()
    #: IANA names, and regions that end in a slash, such as "Europe/".
    time_zones: tuple[str, ...] = ()
    #: What readers wish: daily, weekdays or weekly.
    cadences: tuple[Cadence, ...] = ()
    #: The first day, in UTC, on which they may have joined.
    joined_since: date | None = None
    #: The first day, in UTC, on which they may have joined no more.
    joined_before: date | None = None

    def __post_init__(self) -> None:
        """Bring the values into their one form, or refuse them."""
        for name, form in _FORMS.items():
            object.__setattr__(self, name, tuple(sorted({form(value) for value in getattr(self, name)})))
        since, before = self.joined_since, self.joined_before
        if since and before and since >= before:
            raise BadWish("joined before", f"{before} lets nobody through; give a day after {since}")

    @property
    def is_everybody(self) -> bool:
        """Return whether no filter is set."""
        return self == EVERYBODY

    def clauses(self) -> tuple[ColumnElement[bool], ...]:
        """Return what must all be true of a Subscription joined to its Subscriber; nothing for everybody."""
        found = (
            _any(self.sections, _gets_section, Subscription.sections.is_(None)),
            _any(self.languages, _speaks),
            _any(self.time_zones, _lives_in),
            Subscription.cadence.in_(self.cadences) if self.cadences else None,
            Subscription.confirmed_at >= _begin(self.joined_since) if self.joined_since else None,
            Subscription.confirmed_at < _begin(self.joined_before) if self.joined_before else None,
        )
        return tuple(clause for clause in found if clause is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the filters that are set as JSON-ready values; ``from_json`` is its inverse."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"version": VERSION} | {name: _plain(value) for name, value in values.items() if value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Segment":
        """Return the Segment that ``to_json`` wrote; BadWish when a newer program did, or a value is no more."""
        if data["version"] != VERSION:
            raise BadWish("segment", f"has the form {data['version']}, not {VERSION}; use the program that wrote it")
        values: dict[str, Any] = {name: tuple(data[name]) for name in _FORMS if name in data}
        values |= {name: date.fromisoformat(data[name]) for name in ("joined_since", "joined_before") if name in data}
        return cls(**values)

    def __str__(self) -> str:
        """Say in words who they are: "readers in Europe/ who get world weekly, joined since 2026-01-01"."""
        if self.is_everybody:
            return "every reader"
        words = ["readers"]
        if self.time_zones:
            words.append(f"in {_or(self.time_zones)}")
        if self.languages:
            words.append(f"with the language {_or(self.languages)}")
        if self.sections or self.cadences:
            words.append(" ".join(("who get", _or(self.sections) or "it", _or(self.cadences))).rstrip())
        joined = [
            f"{word} {day}" for word, day in (("since", self.joined_since), ("before", self.joined_before)) if day
        ]
        return " ".join(words) + (f", joined {' and '.join(joined)}" if joined else "")


def tally(
    session: Session,
    by: Trait,
    *,
    newsletter: str | None = None,
    state: SubscriptionState | None = None,
    segment: Segment | None = None,
) -> list[tuple[str, int]]:
    """Return how many Subscriptions of each value of *by* there are among those named, the most frequent first."""
    column = _COLUMNS[by]
    query = select(column, func.count(Subscription.id)).join(Subscription.subscriber).group_by(column)
    if newsletter is not None:
        query = query.where(Subscription.newsletter == newsletter)
    if state is not None:
        query = query.where(Subscription.state == state)
    if segment is not None:
        query = query.where(*segment.clauses())
    found = [(str(value), number) for value, number in session.execute(query)]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def _slug(text: str) -> str:
    if not is_slug(text):
        raise BadWish("section", f"{shown(text)} is no slug; give one such as world")
    return text


def _language(text: str) -> str:
    check_language(text)
    return text.lower()


def _zone(text: str) -> str:
    if text.strip().endswith("/"):
        return known_region(text)
    try:
        return known_zone(text)
    except BadWish:
        if near := zone_like(text):
            raise BadWish("time zone", f"{shown(text)} is unknown; did you mean {near}?") from None
        raise


def _wish(text: str) -> Cadence:
    if text not in WISHES:
        raise BadWish("cadence", f"{shown(text)} is no wish of readers; give {_or(WISHES)}")
    return Cadence(text)


#: How each filter with several values brings one of them into its one form.
_FORMS: dict[str, Callable[[str], str]] = {
    "sections": _slug,
    "languages": _language,
    "time_zones": _zone,
    "cadences": _wish,
}


def _any(
    values: Iterable[str], clause: Callable[[str], ColumnElement[bool]], *others: ColumnElement[bool]
) -> ColumnElement[bool] | None:
    found = [clause(value) for value in values]
    return or_(*others, *found) if found else None


def _gets_section(slug: str) -> ColumnElement[bool]:
    # A slug in its quotes is found in the JSON text just where it is an element. Neither database minds its letters'
    # case in the same way with LIKE; both do when they replace.
    text = cast(Subscription.sections, Text)
    return func.replace(text, f'"{slug}"', "") != text


def _speaks(tag: str) -> ColumnElement[bool]:
    language = func.lower(Subscriber.language)
    return or_(language == tag, language.startswith(f"{tag}-", autoescape=True))


def _lives_in(zone: str) -> ColumnElement[bool]:
    if zone.endswith("/"):
        return Subscriber.time_zone.startswith(zone, autoescape=True)
    return Subscriber.time_zone == zone


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)


def _plain(value: tuple[str, ...] | date) -> list[str] | str:
    return value.isoformat() if isinstance(value, date) else [str(each) for each in value]


def _or(values: Sequence[str]) -> str:
    *first, last = values or ("",)
    return f"{', '.join(first)} or {last}" if first else str(last)


EVERYBODY = Segment()

"""From cells to wishes: what the columns mean, and what a row asks for."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from subscribers.cadence import Cadence
from subscribers.errors import BadWish, ImportFault
from subscribers.import_csv.formats import FIELDS, HEADINGS, IGNORED, Export, Format, plain, recognise
from subscribers.import_csv.plan import ImportPlan, Reason
from subscribers.import_csv.rows import Malformed, Row
from subscribers.model import SubscriptionState, SuppressionReason
from subscribers.text import one_line, unguarded
from subscribers.wishes import Wishes

#: Of these cells a file has few different ones, however long it is.
CHOICES = (
    *("language", "time_zone", "sections", "cadence", "hour"),
    *("status", "suppressed", "paused_until", "wanted", "left"),
)
#: Columns that say who has left: a mapping of one is no leave to forget another.
_STANDING = ("status", "wanted", "left")
_MOST_HEADINGS = 30
_BETWEEN_SECTIONS = re.compile(r"[\s,;|]+")
_HOUR = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?(?::00)?")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::\d\d)?(?:[.,]\d+)?(?: ?(Z|[+-]\d\d:?\d\d))?)?(?: [A-Z]{1,5})?"
)
_YES, _NO = frozenset({"true", "1", "yes", "t", "y"}), frozenset({"false", "0", "no", "f", "n"})
_STATES = {
    **dict.fromkeys(("", "active", "enabled", "subscribed", "confirmed"), SubscriptionState.ACTIVE),
    # What a reader of Buttondown pays.
    **dict.fromkeys(
        ("regular", "premium", "trialed", "unpaid", "gifted", "churning", "past_due"), SubscriptionState.ACTIVE
    ),
    **dict.fromkeys(("pending", "unconfirmed", "unverified", "unactivated"), SubscriptionState.PENDING),
    "paused": SubscriptionState.PAUSED,
}
_DEPARTURES = {
    **dict.fromkeys(
        (
            *("unsubscribed", "disabled", "ended", "left", "inactive", "removed", "deleted"),
            *("cancelled", "canceled"),
        ),
        SuppressionReason.UNSUBSCRIBED,
    ),
    **dict.fromkeys(("blocklisted", "blacklisted", "blocked", "banned", "spammy"), SuppressionReason.OPERATOR),
    **dict.fromkeys(("cleaned", "bounced", "undeliverable"), SuppressionReason.HARD_BOUNCE),
    **dict.fromkeys(("complained", "spam"), SuppressionReason.COMPLAINT),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """
    Where each field stands in the file, how many columns there are, and which headings mean nothing to us.

    *gone* is why everybody in the file has left, None where they have not.
    """

    format: Format
    places: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]
    gone: SuppressionReason | None

    def cell(self, cells: Sequence[str], column: str) -> str:
        """Return what *cells* say under *column*, empty when the file has no such column."""
        place = self.places.get(column)
        return "" if place is None else unguarded(cells[place])


class Asked(NamedTuple):
    """What a row asks for beside its address and name, and whether that rests for now."""

    wishes: Wishes
    is_paused: bool
    paused_until: date | None


class Fault(NamedTuple):
    """Why what a row asks for cannot be had."""

    reason: Reason
    fact: str


def columns(header: Row | Malformed | None, mapping: Mapping[str, str]) -> Columns:
    """
    Return what the *header* means, of which *mapping* says the last word.

    ImportFault when there is none, it has no address, a field stands twice, or *mapping* names what there is not.
    """
    if header is None:
        raise ImportFault("the file is empty; give a CSV file whose first line names its columns")
    if isinstance(header, Malformed):
        raise ImportFault(f"line {header.line}, the header, {header.fact}")
    headings = [plain(unguarded(heading)) for heading in header.cells]
    told = _told(headings, mapping)
    export = recognise(headings)
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, heading in enumerate(headings):
        column = told.get(place) or _column(heading, export)
        is_replaced = place not in told and column in told.values() and column not in _STANDING
        if column is None or is_replaced:
            ignored.append(header.cells[place][:100])
        elif column in places and column in FIELDS:
            raise ImportFault(f"the header names {column} twice; make one of the two columns, or map one to {IGNORED}")
        elif column != IGNORED:
            places.setdefault(column, place)
    if "address" not in places:
        raise ImportFault(_no_address(header))
    gone = next(
        (
            export.gone[heading]
            for place, heading in enumerate(headings)
            if place not in told and heading in export.gone
        ),
        None,
    )
    return Columns(export.format, places, len(headings), tuple(heading for heading in ignored if heading), gone)


def _no_address(header: Row) -> str:
    if any("@" in heading for heading in header.cells):
        return f"line {header.line} names no columns but somebody's address; put a line on top that says email,name"
    there = _listed(header.cells)
    return f'the header names no column "address" or "email"; it has {there}: map one to address, or rename it'


def _listed(headings: Sequence[str]) -> str:
    return ", ".join(f'"{one_line(found)[:40]}"' for found in headings[:_MOST_HEADINGS] if found)


def _told(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[int, str]:
    """Return which field stands in which place by the *mapping*."""
    told: dict[int, str] = {}
    for heading, column in mapping.items():
        places = [place for place, found in enumerate(headings) if found == plain(heading)]
        if not places:
            fact = f'the file has no column "{one_line(heading)[:40]}" to be mapped; it has {_listed(headings)}'
            raise ImportFault(fact)
        if column not in {*FIELDS, IGNORED}:
            choice = ", ".join(FIELDS)
            raise ImportFault(f'"{one_line(column)[:40]}" is no field; choose from {choice}, or {IGNORED} for none')
        told |= dict.fromkeys(places, column)
    return told


def _column(heading: str, export: Export) -> str | None:
    called = export.calls.get(heading)
    return called or next((column for column, names in HEADINGS.items() if heading in names), None)


def choose(cells: Sequence[str], plan: ImportPlan) -> Asked | SuppressionReason | Fault:
    """Return what the *cells* of CHOICES ask for, why their reader had left, or what is wrong with them."""
    said = dict(zip(CHOICES, map(unguarded, cells), strict=True))
    try:
        state = _standing(said)
        if isinstance(state, SuppressionReason):
            return state
        return SuppressionReason.UNSUBSCRIBED if plan.everybody_left else _asked(said, state, plan)
    except BadWish as fault:
        return (
            SuppressionReason.UNSUBSCRIBED if plan.everybody_left else Fault(Reason(f"bad {fault.field}"), str(fault))
        )


def _asked(said: Mapping[str, str], state: SubscriptionState, plan: ImportPlan) -> Asked | Fault:
    if state is SubscriptionState.PENDING:
        return Fault(Reason.UNCONFIRMED, "names somebody who had not confirmed there")
    wishes = Wishes(
        language=said["language"].replace("_", "-") or plan.language,
        time_zone=said["time_zone"] or plan.time_zone,
        sections=_sections(said["sections"], plan),
        cadence=_cadence(said["cadence"], plan),
        hour=_hour(said["hour"]),
    )
    is_paused = state is SubscriptionState.PAUSED
    until = instant(said["paused_until"]) if is_paused else None
    return Asked(wishes, is_paused, until.date() if until is not None else None)


def _standing(said: Mapping[str, str]) -> SubscriptionState | SuppressionReason:
    """Return whether the reader reads, by all that a row says of it; BadWish where that is in words unknown to us."""
    if word := said["suppressed"].lower():
        held = next((reason for reason in SuppressionReason if reason == word), None)
        if held is None:
            raise BadWish(
                "status", f'says that the address is suppressed for "{one_line(word)[:40]}", which is unknown'
            )
        return held
    word = said["status"].lower()
    if word in _DEPARTURES:
        return _DEPARTURES[word]
    if (gone := _gone(said["left"])) is not None:
        return gone
    if not _is_wanted(said["wanted"]):
        return SuppressionReason.UNSUBSCRIBED
    if word not in _STATES:
        known = ", ".join([*filter(None, _STATES), *_DEPARTURES])
        raise BadWish(
            "status", f'"{one_line(word)[:40]}" is unknown; use one of {known}, or map the column to {IGNORED}'
        )
    return _STATES[word]


def _gone(text: str) -> SuppressionReason | None:
    """Return why a reader has left, by a cell that says yes, since when, or how; None for one that says no."""
    word = text.lower()
    if not word or word in _NO:
        return None
    if word in _YES or instant(text) is not None:
        return SuppressionReason.UNSUBSCRIBED
    held = _DEPARTURES.get(word) or next((reason for reason in SuppressionReason if reason == word), None)
    if held is None:
        raise BadWish("status", f'"{one_line(word)[:40]}" is no yes, no or day of leaving; map the column to {IGNORED}')
    return held


def _is_wanted(text: str) -> bool:
    """Return whether a reader wants mail, by a cell that says yes, no or since when; an empty one says yes."""
    word = text.lower()
    if word and word not in _YES | _NO and instant(text) is None:
        raise BadWish("status", f'"{one_line(word)[:40]}" is no yes, no or day of joining; map the column to {IGNORED}')
    return word not in _NO


def said_of_consent(cells: Sequence[str], columns: Columns) -> str:
    """Return what a row says about when and from where its reader had agreed, to be put behind the import's ground."""
    parts = [
        _told_when("opted in", columns.cell(cells, "opted_at"), columns.cell(cells, "opted_from")),
        _told_when("confirmed", columns.cell(cells, "confirmed_at"), columns.cell(cells, "confirmed_from")),
        _told_when("listed", columns.cell(cells, "listed_at"), ""),
    ]
    told = ", ".join(filter(None, parts))
    return f"; {told} says the file" if told else ""


def _told_when(what: str, at: str, network_address: str) -> str:
    when = instant(at)
    if when is None:
        return ""
    try:
        place = f" from {ipaddress.ip_address(network_address)}"
    except ValueError:
        place = ""
    return f"{what} {when:%Y-%m-%dT%H:%M}{place}"


def instant(text: str) -> datetime | None:
    """Return the instant written in *text* as exports write them, to the minute, in UTC unless it says otherwise."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}{found[3] or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _sections(text: str, plan: ImportPlan) -> tuple[str, ...] | None:
    chosen = dict.fromkeys(slug for slug in _BETWEEN_SECTIONS.split(text.lower()) if slug)
    if unknown := chosen.keys() - plan.sections:
        raise BadWish("sections", f"are unknown: {', '.join(sorted(unknown))[:100]}; {_choice(sorted(plan.sections))}")
    return tuple(chosen) or None


def _cadence(text: str, plan: ImportPlan) -> Cadence:
    found = next((cadence for cadence in plan.cadences if cadence == text.lower()), None)
    if found is None and text:
        raise BadWish("cadence", f'"{text[:40]}" is not offered; {_choice(plan.cadences)}')
    return found or plan.cadences[0]


def _hour(text: str) -> time | None:
    if not text:
        return None
    found = _HOUR.fullmatch(text)
    if found is None:
        raise BadWish("hour", f'"{text[:40]}" is none; give one such as 7 or 07:30')
    return time(int(found[1]), int(found[2] or 0))


def _choice(names: tuple[str, ...] | list[str]) -> str:
    return f"choose from {', '.join(names)}, or leave the cell empty"

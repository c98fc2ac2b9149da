"""From cells to wishes: what the columns mean, and what a row asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from subscribers import address
from subscribers.cadence import Cadence
from subscribers.errors import BadAddress, BadWish, ImportFault
from subscribers.import_csv.plan import ImportPlan, Reason, Refusal
from subscribers.import_csv.rows import Malformed, Row
from subscribers.signup import SignupWish

#: What people call our columns, in lower case with single blanks.
HEADINGS: Mapping[str, frozenset[str]] = {
    "address": frozenset({"address", "email", "e-mail", "email address", "e-mail address", "mail"}),
    "name": frozenset({"name", "full name", "display name"}),
    "language": frozenset({"language", "lang", "locale"}),
    "time_zone": frozenset({"time zone", "timezone", "tz"}),
    "sections": frozenset({"sections", "section", "categories"}),
    "cadence": frozenset({"cadence", "frequency"}),
    "hour": frozenset({"hour", "time", "delivery hour"}),
}
_BETWEEN_SECTIONS = re.compile(r"[\s,;|]+")
_HOUR = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?(?::00)?")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each of our columns stands in the file, how many there are, and which headings mean nothing to us."""

    places: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]

    def cell(self, row: Row, column: str) -> str:
        """Return what *row* says under *column*, empty when the file has no such column."""
        place = self.places.get(column)
        return "" if place is None else row.cells[place]


def columns(header: Row | Malformed | None) -> Columns:
    """Return what the *header* means; ImportFault when there is none, it has no address, or a column stands twice."""
    if header is None:
        raise ImportFault("the file is empty; give a CSV file whose first line names its columns")
    if isinstance(header, Malformed):
        raise ImportFault(f"line {header.line}, the header, {header.fact}")
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, heading in enumerate(header.cells):
        plain = " ".join(heading.lower().replace("_", " ").split())
        column = next((column for column, names in HEADINGS.items() if plain in names), None)
        if column is None:
            ignored.append(heading[:100])
        elif column in places:
            raise ImportFault(f"the header names {column} twice; keep one of the two columns")
        else:
            places[column] = place
    if "address" not in places:
        raise ImportFault('the header names no column "address" or "email"; make the first line name the columns')
    return Columns(places, len(header.cells), tuple(heading for heading in ignored if heading))


def wish(row: Row | Malformed, columns: Columns, plan: ImportPlan) -> SignupWish | Refusal:
    """Return what *row* asks for, or why it cannot be had."""
    if isinstance(row, Malformed):
        return Refusal(row.line, Reason.MALFORMED, row.fact)
    if len(row.cells) < columns.width or any(row.cells[columns.width :]):
        fact = f"has {len(row.cells)} cells where the header has {columns.width}"
        return Refusal(row.line, Reason.MALFORMED, fact)
    try:
        return SignupWish(
            newsletter=plan.newsletter,
            address=address.parse(columns.cell(row, "address"), allow_special=plan.allow_special),
            language=columns.cell(row, "language") or plan.language,
            time_zone=columns.cell(row, "time_zone") or plan.time_zone,
            name=columns.cell(row, "name"),
            sections=_sections(columns.cell(row, "sections"), plan),
            cadence=_cadence(columns.cell(row, "cadence"), plan),
            hour=_hour(columns.cell(row, "hour")),
        )
    except BadAddress as fault:
        return Refusal(row.line, Reason.BAD_ADDRESS, str(fault))
    except BadWish as fault:
        return Refusal(row.line, Reason(f"bad {fault.field}"), str(fault))


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

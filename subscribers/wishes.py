"""Wishes: what a reader may choose, each value brought into its one form or refused by name."""

import functools
import re
import zoneinfo
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches

from subscribers.cadence import WISHES, Cadence
from subscribers.errors import BadWish
from subscribers.text import one_line

LONGEST_NAME = 200
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    Everything that a reader may choose for one Subscription.

    *name*, *language*, a BCP 47 tag, and *time_zone*, an IANA name in any case of letters, belong to the person, and so
    hold for all their newsletters. *sections* is None for all, *hour* None for the newsletter's. BadWish names the
    value that cannot be.
    """

    time_zone: str
    language: str
    name: str = ""
    sections: tuple[str, ...] | None = None
    cadence: Cadence = Cadence.DAILY
    hour: time | None = None

    def __post_init__(self) -> None:
        """Bring the values into their one form, or refuse them."""
        zone = known_zone(self.time_zone)
        check_language(self.language)
        if self.sections is not None and (not self.sections or not all(map(is_slug, self.sections))):
            raise BadWish("sections", "are none or misspelt; choose at least one, or all")
        if self.cadence not in WISHES:
            raise BadWish("cadence", f"{self.cadence} is none that readers choose; give {', '.join(WISHES)}")
        if self.hour is not None and (self.hour.tzinfo or self.hour.second or self.hour.microsecond):
            raise BadWish("hour", f"{self.hour} is no local hour and minute; give one such as 07:30")
        name = one_line(self.name)
        if len(name) > LONGEST_NAME:
            raise BadWish("name", f"is longer than {LONGEST_NAME} characters; shorten it")
        object.__setattr__(self, "time_zone", zone)
        object.__setattr__(self, "name", name)
        if self.sections is not None:
            object.__setattr__(self, "sections", tuple(dict.fromkeys(self.sections)))


def known_zone(text: str) -> str:
    """Return the IANA name of the time zone called *text* in any case of letters; BadWish when there is none."""
    zone = _time_zones().get(text.strip().lower())
    if zone is None:
        raise BadWish("time zone", f"{shown(text)} is unknown; give one such as Europe/Paris")
    return zone


def zone_like(text: str) -> str:
    """Return the IANA name that is spelt most like *text*, for whoever has misspelt it; empty when none is near."""
    names = _time_zones()
    near = get_close_matches(text.strip().lower(), names, 1, 0.7)
    return names[near[0]] if near else ""


def is_zone(name: str) -> bool:
    """Return whether *name* is an IANA name that the time zone database has still."""
    return name.lower() in _time_zones()


def known_region(text: str) -> str:
    """Return the beginning *text* of names of time zones, such as Europe/, as they write it; BadWish if none has it."""
    begin = text.strip().lower()
    found = next((zone for name, zone in sorted(_time_zones().items()) if name.startswith(begin)), None)
    if not begin.endswith("/") or found is None:
        raise BadWish("time zone", f"{shown(text)} begins no time zone; give a region such as Europe/")
    return found[: len(begin)]


def check_language(text: str) -> None:
    """Raise BadWish unless *text* has the form of a language tag (BCP 47)."""
    if not _LANGUAGE.fullmatch(text):
        raise BadWish("language", f"{shown(text)} is no language tag; give one such as en or pt-BR")


def is_slug(text: str) -> bool:
    """Return whether *text* can be the slug of a section: letters, digits, - and _, and nothing else."""
    return _SLUG.fullmatch(text) is not None


@functools.cache
def _time_zones() -> dict[str, str]:
    # Two names of the database stand for no place and no fixed time.
    return {zone.lower(): zone for zone in zoneinfo.available_timezones() - {"localtime", "Factory"}}


def shown(text: str) -> str:
    """Return *text* fit to stand in a message: in quotes, on one line, not long."""
    return f'"{one_line(text[:40])}"'

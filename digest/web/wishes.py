"""What a reader may choose, as the fields of a form: for signing up and for changing one's mind."""

import datetime as dt
import functools
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from fastapi import HTTPException

from digest import resources
from digest.model.newsletter import Newsletter, SectionPlan
from digest.render import languages
from digest.web.forms import Fields
from digest.web.words import zone_name
from subscribers.cadence import WISHES, Cadence
from subscribers.wishes import Wishes

#: The regions of the time zone database that are places; the rest are old names.
_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
Text = TypeVar("Text", bound=str)
_HOURS = tuple(f"{hour:02}:00" for hour in range(24))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form offers, and what is chosen in it."""

    sections: tuple[SectionPlan, ...]
    chosen: Collection[str]
    cadences: tuple[Cadence, ...]
    cadence: Cadence
    #: "07:00", or empty for the newsletter's.
    hour: str
    hours: tuple[str, ...]
    usual_hour: str
    time_zone: str
    zones: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    language: str
    #: The languages of our mails: tags, and what those who speak them call them.
    languages: tuple[tuple[str, str], ...]

    def without(self, slug: str) -> "Choices":
        """Return the same with the section *slug* no longer chosen."""
        return replace(self, chosen=[chosen for chosen in self.chosen if chosen != slug])


def usual(newsletter: Newsletter) -> Wishes:
    """Return what a reader gets who chooses nothing."""
    return Wishes(
        sections=None,
        cadence=offered(newsletter)[0],
        hour=None,
        time_zone=newsletter.schedule.zone.key,
        language=newsletter.language,
    )


def offered(newsletter: Newsletter) -> tuple[Cadence, ...]:
    """Return the cadences that the Editions of *newsletter* can serve."""
    return tuple(cadence for cadence in WISHES if cadence.edition in newsletter.schedule.cadences)


def choices(newsletter: Newsletter, wishes: Wishes) -> Choices:
    """Return the form of *newsletter* with *wishes* chosen in it."""
    hour = f"{wishes.hour:%H:%M}" if wishes.hour else ""
    every = [section.slug for section in newsletter.sections]
    return Choices(
        sections=newsletter.sections,
        chosen=every if wishes.sections is None else wishes.sections,
        cadences=offered(newsletter),
        cadence=wishes.cadence,
        hour=hour,
        hours=tuple(sorted({*_HOURS, hour} - {""})),
        usual_hour=f"{newsletter.schedule.at:%H:%M}",
        time_zone=wishes.time_zone,
        zones=_zones(wishes.time_zone),
        language=wishes.language,
        languages=_languages(wishes.language),
    )


def chosen(fields: Fields, newsletter: Newsletter, before: Wishes) -> Wishes:
    """
    Return what the form says; what it leaves open stays as in *before*.

    All sections ticked means all, also those that come later. BadWish when none is ticked or a value cannot be;
    HTTPException 422 when the form holds what it never offered.
    """
    ticked = fields.many("section")
    every = [section.slug for section in newsletter.sections]
    try:
        cadence = Cadence(fields.one("cadence", before.cadence))
        hour = fields.one("hour", f"{before.hour:%H:%M}" if before.hour else "")
        at = dt.time.fromisoformat(hour) if hour else None
    except ValueError:
        raise HTTPException(422) from None
    language = fields.one("language", before.language)
    if cadence not in offered(newsletter) or not set(ticked) <= set(every):
        raise HTTPException(422)
    if language not in dict(_languages(before.language)):
        raise HTTPException(422)
    return Wishes(
        sections=None if set(ticked) == set(every) else ticked,
        cadence=cadence,
        hour=at,
        time_zone=fields.one("time_zone", before.time_zone),
        language=language,
    )


def refilled(newsletter: Newsletter, fields: Fields) -> Choices:
    """Return the form as somebody has just sent it, so that mending one fault loses nothing else."""
    form = choices(newsletter, usual(newsletter))
    zones = {name for _, zones in form.zones for name, _ in zones}
    return replace(
        form,
        chosen=fields.many("section"),
        cadence=_among(form.cadences, fields.one("cadence"), form.cadence),
        hour=_among(form.hours, fields.one("hour"), ""),
        time_zone=_among(zones, fields.one("time_zone"), form.time_zone),
        language=_among(dict(form.languages), fields.one("language"), form.language),
    )


def _among(offers: Collection[Text], wanted: str, otherwise: Text) -> Text:
    return next((offer for offer in offers if offer == wanted), otherwise)


@functools.cache
def _zones(present: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the time zones by region, and *present* among them even where it is an old name."""
    names = zoneinfo.available_timezones()
    regions = {
        region: tuple(
            (name, zone_name(name.partition("/")[2])) for name in sorted(names) if name.startswith(f"{region}/")
        )
        for region in _REGIONS
    }
    listed = {name for zones in regions.values() for name, _ in zones}
    other = sorted({"UTC", present} - listed)
    return (("No place", tuple((name, zone_name(name)) for name in other)), *regions.items())


@functools.cache
def _languages(present: str) -> tuple[tuple[str, str], ...]:
    """Return the languages that our mails are written in, and *present* among them even where it is none of those."""
    catalogues = (resources.templates() / "email" / languages.FOLDER).glob("*.po")
    tags = sorted({"en", present, *(path.stem for path in catalogues)})
    return tuple((tag, languages.locale(tag).get_display_name() or tag) for tag in tags)

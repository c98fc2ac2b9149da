"""What a reader may choose, as the fields of a form: for signing up and for changing one's mind."""

import calendar
import datetime as dt
import functools
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException

from digest import resources
from digest.errors import SettingsError
from digest.model.newsletter import Newsletter, SectionPlan
from digest.render.languages import FOLDER, locale
from digest.web.forms import Fields
from digest.web.words import zone_name
from subscribers.cadence import WISHES, Cadence
from subscribers.errors import BadWish
from subscribers.wishes import Wishes

#: The regions of the time zone database that are places; the rest are old names.
_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
Text = TypeVar("Text", bound=str)
#: The language that phrases are written in, and that stands in for one without a catalogue.
_FIRST_LANGUAGE = "en"
#: The fields of the form that have one value each.
_SINGLE = ("cadence", "hour", "time_zone", "language", "name")
_HOURS = tuple(f"{hour:02}:00" for hour in range(24))


class NotOffered(BadWish):
    """The form does not offer this value, or offers it no more since it was shown."""

    def __init__(self, field: str) -> None:
        """Name the *field*."""
        super().__init__(field, "is none that the form offers; choose anew")


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
    #: Code and name in the language itself: ("de", "Deutsch").
    languages: tuple[tuple[str, str], ...]
    name: str = ""
    #: What the form stood at when it was shown, urlencoded: so much of it as comes back unchanged is no choice.
    was: str = ""

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
    form = Choices(
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
        name=wishes.name,
    )
    kept = {name: getattr(form, name) for name in _SINGLE}
    ticked = [slug for slug in every if slug in form.chosen]
    return replace(form, was=urlencode({"section": ticked, **kept}, doseq=True))


def chosen(fields: Fields, newsletter: Newsletter, before: Wishes) -> Wishes:
    """
    Return what the form says; what it leaves open stays as in *before*.

    So does what was not touched since the form was shown: something else may have been saved meanwhile, in another tab
    or about another newsletter. All sections ticked means all, also those that come later. BadWish when none is ticked
    or a value cannot be; NotOffered when the form does not offer it, or no more.
    """
    ticked = fields.many("section")
    was = Fields(tuple(parse_qsl(fields.one("was"), keep_blank_values=True)))
    is_same = bool(ticked) and was.many("section") == ticked
    fields = Fields(tuple(pair for pair in fields.pairs if pair[0] not in _SINGLE or pair not in was.pairs))
    every = [section.slug for section in newsletter.sections]
    # A newsletter may have given up the cadence that a reader once chose; then the form shows none of it.
    usual_cadence = before.cadence if before.cadence in offered(newsletter) else offered(newsletter)[0]
    if not set(ticked) <= set(every):
        raise NotOffered("sections")
    cadence = fields.one("cadence", usual_cadence)
    if cadence not in offered(newsletter):
        raise NotOffered("cadence")
    try:
        hour = fields.one("hour", f"{before.hour:%H:%M}" if before.hour else "")
        at = dt.time.fromisoformat(hour) if hour else None
    except ValueError:
        raise NotOffered("hour") from None
    language = fields.one("language", before.language)
    if language not in dict(_languages(before.language)):
        raise NotOffered("language")
    return Wishes(
        name=fields.one("name", before.name),
        language=language,
        sections=before.sections if is_same else None if set(ticked) == set(every) else ticked,
        cadence=Cadence(cadence),
        hour=at,
        time_zone=fields.one("time_zone", before.time_zone),
    )


def faults(fields: Fields, newsletter: Newsletter, before: Wishes) -> Mapping[str, BadWish]:
    """Return all that is wrong with what the form says, by field."""
    found: dict[str, BadWish] = {}
    while True:
        try:
            chosen(fields, newsletter, before)
        except BadWish as fault:
            if fault.field in found:
                return found
            found[fault.field] = fault
            fields = _mended(fields, fault.field, newsletter)
        else:
            return found


def _mended(fields: Fields, wrong: str, newsletter: Newsletter) -> Fields:
    """Return *fields* as if nothing had been said of what is *wrong*, so that the next fault can be found."""
    name = {"sections": "section", "time zone": "time_zone"}.get(wrong, wrong)
    every = [("section", section.slug) for section in newsletter.sections] if name == "section" else []
    return Fields((*(pair for pair in fields.pairs if pair[0] != name), *every))


def refilled(newsletter: Newsletter, fields: Fields, before: Wishes | None = None) -> Choices:
    """
    Return the form as somebody has just sent it, so that mending one fault loses nothing else.

    What it leaves open is as in *before*, if that is given.
    """
    form = choices(newsletter, before or usual(newsletter))
    zones = {name for _, zones in form.zones for name, _ in zones}
    return replace(
        form,
        chosen=fields.many("section"),
        cadence=_among(form.cadences, fields.one("cadence"), form.cadence),
        hour=_among(form.hours, fields.one("hour"), ""),
        time_zone=_among(zones, fields.one("time_zone"), form.time_zone),
        language=_among(dict(form.languages), fields.one("language"), form.language),
        name=fields.one("name", form.name),
        was=fields.one("was", form.was),
    )


def pause_end(fields: Fields, today: dt.date) -> dt.date | None:
    """
    Return the day until which the form of a pause asks for nothing, seen from the reader's *today*; None: no end.

    HTTPException 422 when the form holds what it never offered. BadWish for a day that is none.
    """
    match fields.one("for"):
        case "week":
            return today + dt.timedelta(days=7)
        case "month":
            return _a_month_after(today)
        case "open":
            return None
        case "":
            try:
                return dt.date.fromisoformat(fields.one("until"))
            except ValueError:
                raise BadWish("pause", "has no day that it ends on; give one such as 2027-01-31") from None
        case _:
            raise HTTPException(422)


def _a_month_after(day: dt.date) -> dt.date:
    """Return the same day of the next month, or its last day where it is shorter."""
    first = (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


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
    """Return the languages that mails can be written in, English first, and *present* among them whichever it is."""
    written = {path.stem for path in (resources.templates() / "email" / FOLDER).glob("*.po")}
    names = {tag: _endonym(tag) for tag in {*written, present} - {_FIRST_LANGUAGE}}
    others = sorted(names.items(), key=lambda named: named[1].casefold())
    return ((_FIRST_LANGUAGE, _endonym(_FIRST_LANGUAGE)), *others)


def _endonym(tag: str) -> str:
    """Return the name of a language as its speakers write it: "Deutsch", "Português (Portugal)"."""
    try:
        name = locale(tag).get_display_name() or tag
    except SettingsError:  # a reader may have come with a tag that no dictionary has
        return tag
    return f"{name[:1].upper()}{name[1:]}"

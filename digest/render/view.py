"""What the templates see: the content of an Edition in the words, dates and order of the page."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from babel.dates import format_date, format_timedelta

from digest.errors import SettingsError
from digest.links import Links, is_this_machine, without_tracking
from digest.model.draft import Draft, Picture, Section, Story
from digest.model.layout import KEPT
from digest.model.look import Images, Logo, Look, Place
from digest.model.newsletter import Newsletter
from digest.model.rendered import TODAY_LINES
from digest.model.text import printable
from digest.render.languages import locale
from digest.render.press import Press
from subscribers.cadence import Cadence

#: The best Stories of a Section may each get a line in the summary; one of them may be the lead.
LINES = TODAY_LINES + 1
#: So many Stories of a Section stand at length.
MEDIUMS = 2
#: Other sources that are named; the rest is counted, unless it is a single one.
_NAMED_SOURCES = 2
_HEX_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_FONTS = re.compile("[A-Za-z0-9 ,-]*")
_PATH_SAFE = "%/:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What stays the same from Edition to Edition."""

    title: str
    language: str
    #: ``ltr`` or ``rtl``, and the sides where a line begins and ends.
    direction: str
    start: str
    end: str
    #: The newsletter's own colours by role, which take the place of the theme's.
    day: Mapping[str, str]
    night: Mapping[str, str]
    #: Empty for the theme's own.
    headline_font: str
    text_font: str
    logo: Logo | None
    #: Led by the title.
    postal_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A named address; *url* is empty when there is none that is safe to follow."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture as shown, *width* by *height* CSS pixels."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One Story as printed: all text on one line, all URLs absolute http(s) or empty."""

    headline: str
    url: str
    summary: str
    source: str
    #: "2 hr. ago"; empty when nobody knows.
    age: str
    note: str
    lead_picture: PictureView | None
    medium_picture: PictureView | None
    #: Empty when the Story is in the newsletter's own language.
    language: str
    #: The name of that language, in the newsletter's: "French".
    spoken: str
    direction: str
    also: tuple[Link, ...]
    #: How many other sources there are, and how many of them are not named.
    others: int
    more: int
    is_update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One Section as printed."""

    index: int
    slug: str
    title: str
    #: All, each of which may stand in a line.
    stories: tuple[StoryView, ...]
    #: How many Stories are left to the web where only the best have room; 0 when there are no more than those.
    more: int

    @property
    def mediums(self) -> tuple[StoryView, ...]:
        """Return the Stories that stand at length where there is room."""
        return self.stories[:MEDIUMS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A first Story in its large form, with the Section it comes from, which it may fill alone."""

    index: int
    section: str
    story: StoryView
    is_alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the summary; *place* is the Story's in its Section."""

    index: int
    place: int
    headline: str
    url: str
    #: Empty when it is in the newsletter's own language.
    language: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """The whole page, with every form that a reader's choice may call for."""

    number: int
    date: str
    is_weekly: bool
    #: Beside the rhythm: a special one, or a correction.
    is_special: bool
    is_correction: bool
    intro: str
    lines: tuple[Line, ...]
    leads: tuple[Lead, ...]
    sections: tuple[SectionView, ...]


def paper(newsletter: Newsletter) -> Paper:
    """Return how *newsletter* presents itself; SettingsError when its language, a colour or a font is none."""
    look = newsletter.look
    day = {"accent": look.accent, "link": look.link, "canvas": look.canvas}
    night = {"accent": look.accent_dark, "link": look.link_dark, "canvas": look.canvas_dark}
    if faults := _faults(newsletter.title, look):
        raise SettingsError(faults)
    language = newsletter.language
    direction = locale(language).text_direction
    logo = look.logo
    return Paper(
        title=printable(newsletter.title),
        language=language,
        direction=direction,
        start="left" if direction == "ltr" else "right",
        end="right" if direction == "ltr" else "left",
        day=day,
        night=night,
        headline_font=look.headline_font,
        text_font=look.text_font,
        logo=replace(logo, url=address) if logo and (address := web_address(logo.url)) else None,
        postal_address=_postal_address(newsletter.title, newsletter.sender.postal_address),
    )


def edition(draft: Draft, newsletter: Newsletter, press: Press) -> EditionView:
    """Return the page of *draft* in the language and look of *newsletter*."""
    sections = tuple(_section(index, section, newsletter, press) for index, section in enumerate(draft.sections))
    return EditionView(
        number=draft.number,
        date=format_date(draft.date, "full", locale=locale(newsletter.language)),
        is_weekly=draft.cadence is Cadence.WEEKLY,
        is_special=draft.cadence.is_beside,
        is_correction=draft.cadence is Cadence.CORRECTION,
        intro=printable(draft.intro),
        lines=tuple(
            Line(
                index=section.index,
                place=place,
                headline=story.headline,
                url=story.url,
                language=story.language,
                direction=story.direction,
            )
            for section in sections
            for place, story in enumerate(section.stories[:LINES])
        ),
        leads=tuple(
            Lead(
                index=section.index,
                section=section.title,
                story=section.stories[0],
                is_alone=len(section.stories) == 1,
            )
            for section in sections
        ),
        sections=sections,
    )


def headline(story: Story) -> str:
    """Return the headline on one line; a Story without words goes by its source, or by the host that it is on."""
    return printable(story.headline) or printable(story.source) or urlsplit(web_address(story.url)).netloc or "…"


def web_address(url: str) -> str:
    """Return *url* in ASCII, or nothing unless it is an absolute http(s) address that is safe to print."""
    try:
        parts = urlsplit(printable(url).replace(" ", "%20"))
        host = parts.netloc if parts.netloc.isascii() else _ascii(parts.netloc)
    except ValueError:
        return ""
    # Whoever stands before an @ is no part of the host, and would be taken for it.
    if parts.scheme not in {"http", "https"} or not parts.hostname or not re.fullmatch(r"[\w.:\[\]-]+", host):
        return ""
    query = quote(parts.query, safe=f"{_PATH_SAFE}?")
    return urlunsplit(
        (parts.scheme, host, quote(parts.path, safe=_PATH_SAFE), query, quote(parts.fragment, safe=_PATH_SAFE))
    )


def _ascii(netloc: str) -> str:
    """Return *netloc* with its host as A-labels (UTS 46, as browsers do); ValueError when it cannot be one."""
    host, colon, port = netloc.partition(":")
    return f"{idna.encode(host, uts46=True).decode('ascii')}{colon}{port}"


def _faults(title: str, look: Look) -> list[str]:
    """Return what would break out of a style sheet, where settings were made by hand."""
    colours = ("accent", "accent_dark", "link", "link_dark", "canvas", "canvas_dark")
    return [
        f'newsletter "{title}": look.{key} is {getattr(look, key)!r}; give a colour such as "#a4262c"'
        for key in colours
        if not _HEX_COLOUR.fullmatch(getattr(look, key))
    ] + [
        f'newsletter "{title}": look.{key} is {getattr(look, key)!r}; give names of fonts with commas between'
        for key in ("headline_font", "text_font")
        if not _FONTS.fullmatch(getattr(look, key))
    ]


def _section(index: int, section: Section, newsletter: Newsletter, press: Press) -> SectionView:
    return SectionView(
        index=index,
        slug=quote(section.slug),
        title=printable(section.title),
        stories=tuple(_story(story, newsletter, press) for story in section.stories),
        more=max(0, len(section.stories) - KEPT),
    )


def _story(story: Story, newsletter: Newsletter, press: Press) -> StoryView:
    language = newsletter.language

    def address(url: str) -> str:
        found = web_address(url)
        return found if newsletter.keep_tracking else without_tracking(found)

    source = printable(story.source)
    also = {printable(link.name): address(link.url) for link in reversed(story.also)}
    also.pop(source, None)
    links = [Link(name=name, url=url) for name, url in reversed(also.items()) if name]
    named = _NAMED_SOURCES if len(links) != _NAMED_SOURCES + 1 else len(links)
    foreign = printable(story.language or "").lower()
    if foreign.split("-")[0] == language.lower().split("-")[0]:
        foreign = ""
    return StoryView(
        headline=headline(story),
        url=address(story.url),
        summary=printable(story.summary),
        source=source,
        age=_age(press.now - story.published, language) if story.published else "",
        note=printable(story.note),
        lead_picture=_picture(story.picture, Place.LEAD, newsletter.look, press.links),
        medium_picture=_picture(story.picture, Place.MEDIUM, newsletter.look, press.links),
        language=foreign,
        spoken=_spoken(foreign, language),
        direction=_direction(foreign or language),
        also=tuple(links[:named]),
        others=len(links),
        more=max(0, len(links) - named),
        is_update=story.is_update,
    )


def _picture(picture: Picture | None, place: Place, look: Look, links: Links) -> PictureView | None:
    """Return *picture* for *place*: our own copy, or its publisher's as the newsletter wishes; None without either."""
    size = look.places.get(place)
    if picture is None or size is None:
        return None
    if look.images is Images.PROXY:
        copy = picture.copy(place)
        url = links.picture(copy.sha256) if copy else ""
    else:
        url = web_address(picture.url) if _is_loaded(picture.url) else ""
    return PictureView(url=url, alt=printable(picture.alt), width=size.width, height=size.height) if url else None


def _is_loaded(url: str) -> bool:
    """Return whether mail programs load *url*: by https, or from this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")


def _age(passed: dt.timedelta, language: str) -> str:
    """Return "35 min. ago", "2 hr. ago" or "3 days ago"; a clock that runs ahead counts as a minute."""
    return format_timedelta(
        -max(passed, dt.timedelta(minutes=1)),
        granularity="minute",
        format="short",
        add_direction=True,
        locale=locale(language),
    )


def _postal_address(title: str, address: str) -> str:
    """Return *address* on one line, led by *title* unless it begins with it."""
    line = printable(address)
    return line if not line or line.startswith(printable(title)) else f"{printable(title)} · {line}"


def _spoken(foreign: str, language: str) -> str:
    """Return what *language* calls the language *foreign*; nothing for none, and for a tag that a feed made up."""
    try:
        return locale(foreign).get_language_name(locale(language)) or "" if foreign else ""
    except SettingsError:
        return ""


def _direction(language: str) -> str:
    """Return how *language* runs; a tag that a feed made up counts as from left to right."""
    try:
        return locale(language).text_direction
    except SettingsError:
        return "ltr"

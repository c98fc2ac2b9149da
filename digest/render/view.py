"""What the templates see: the content of an Edition in the words, dates and order of the page."""

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import jinja2
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from jinja2.environment import TemplateModule

from digest.errors import SettingsError
from digest.model.draft import Draft, Section, Story
from digest.model.newsletter import Newsletter
from digest.model.rendered import TODAY_LINES, printable
from digest.render.pages import localised

#: The best Stories of a Section may each get a line in the summary; one of them may be the lead.
LINES = TODAY_LINES + 1
#: Other sources that are named; the rest is counted, unless it is a single one.
_NAMED_SOURCES = 2
_HEX_COLOUR = re.compile("#[0-9a-fA-F]{6}")
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
    accent: str
    accent_dark: str
    logo: str
    #: Led by the title.
    postal_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A named address; *url* is empty when there is none that is safe to follow."""

    name: str
    url: str


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
    picture: str
    alt: str
    #: Empty when the Story is in the newsletter's own language.
    language: str
    #: The name of that language, in the newsletter's: "French".
    spoken: str
    direction: str
    also: tuple[Link, ...]
    more: int
    is_update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One Section as printed: two Stories at length, the others in a line each."""

    index: int
    slug: str
    title: str
    first: StoryView | None
    second: StoryView | None
    others: tuple[StoryView, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """The whole page, with every form that a reader's choice may call for."""

    number: int
    date: str
    is_weekly: bool
    intro: str
    lines: tuple[Line, ...]
    leads: tuple[Lead, ...]
    sections: tuple[SectionView, ...]


def paper(newsletter: Newsletter) -> Paper:
    """Return how *newsletter* presents itself; SettingsError when its language or a colour of its look is not one."""
    look = newsletter.look
    faults = [
        f'newsletter "{newsletter.title}": look.{key} is {value!r}; give a colour such as "#a4262c"'
        for key, value in (("accent", look.accent), ("accent_dark", look.accent_dark))
        if not _HEX_COLOUR.fullmatch(value)
    ]
    if faults:
        raise SettingsError(faults)
    language = newsletter.language
    direction = locale(language).text_direction
    return Paper(
        title=printable(newsletter.title),
        language=language,
        direction=direction,
        start="left" if direction == "ltr" else "right",
        end="right" if direction == "ltr" else "left",
        accent=look.accent,
        accent_dark=look.accent_dark,
        logo=web_address(look.logo.url) if look.logo else "",
        postal_address=_postal_address(newsletter.title, newsletter.sender.postal_address),
    )


def locale(language: str) -> Locale:
    """Return the customs of *language*, a BCP 47 tag; SettingsError when it is none."""
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError) as fault:
        raise SettingsError([f'language is "{language}"; give a tag such as "en" or "de-AT"']) from fault


def words(environment: jinja2.Environment, language: str) -> TemplateModule:
    """Return the fixed words of the page in *language*, English where there are none."""
    return localised(environment, "_base/words.jinja", language).module


def edition(draft: Draft, language: str, now: dt.datetime) -> EditionView:
    """Return the page of *draft* in *language*; ages are counted back from *now*."""
    sections = tuple(_section(index, section, language, now) for index, section in enumerate(draft.sections))
    return EditionView(
        number=draft.number,
        date=format_date(draft.date, "full", locale=locale(language)),
        is_weekly=draft.cadence.edition.value == "weekly",
        intro=printable(draft.intro),
        lines=tuple(
            Line(index=view.index, place=place, headline=headline(story), url=web_address(story.url))
            for view, section in zip(sections, draft.sections, strict=True)
            for place, story in enumerate(section.stories[:LINES])
        ),
        leads=tuple(
            Lead(index=view.index, section=view.title, story=view.first, is_alone=not view.second)
            for view in sections
            if view.first
        ),
        sections=sections,
    )


def headline(story: Story) -> str:
    """Return the headline on one line; a Story without words goes by its source."""
    return printable(story.headline) or printable(story.source)


def word_count(story: Story) -> int:
    """Return how many words *story* gives to read; scripts without spaces count two signs as a word."""
    text = f"{story.headline} {story.summary} {story.note}"
    return len(text.split()) + sum("\u3040" <= sign <= "\u9fff" for sign in text) // 2


def web_address(url: str) -> str:
    """Return *url* in ASCII, or nothing unless it is an absolute http(s) address that is safe to print."""
    try:
        parts = urlsplit(printable(url).replace(" ", "%20"))
        host = parts.netloc.encode("idna").decode("ascii") if not parts.netloc.isascii() else parts.netloc
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not re.fullmatch(r"[\w.:@\[\]-]+", host):
        return ""
    query = quote(parts.query, safe=f"{_PATH_SAFE}?")
    return urlunsplit(
        (parts.scheme, host, quote(parts.path, safe=_PATH_SAFE), query, quote(parts.fragment, safe=_PATH_SAFE))
    )


def _section(index: int, section: Section, language: str, now: dt.datetime) -> SectionView:
    stories = [_story(story, language, now) for story in section.stories]
    return SectionView(
        index=index,
        slug=quote(section.slug),
        title=printable(section.title),
        first=stories[0],
        second=stories[1] if len(stories) > 1 else None,
        others=tuple(stories[2:]),
    )


def _story(story: Story, language: str, now: dt.datetime) -> StoryView:
    source = printable(story.source)
    also = {printable(link.name): web_address(link.url) for link in reversed(story.also)}
    also.pop(source, None)
    links = [Link(name=name, url=url) for name, url in reversed(also.items()) if name]
    named = _NAMED_SOURCES if len(links) != _NAMED_SOURCES + 1 else len(links)
    foreign = printable(story.language or "").lower()
    if foreign.split("-")[0] == language.lower().split("-")[0]:
        foreign = ""
    return StoryView(
        headline=headline(story),
        url=web_address(story.url),
        summary=printable(story.summary),
        source=source,
        age=_age(now - story.published, language) if story.published else "",
        note=printable(story.note),
        picture=web_address(story.picture.url) if story.picture else "",
        alt=printable(story.picture.alt) if story.picture else "",
        language=foreign,
        spoken=_spoken(foreign, language),
        direction=_direction(foreign or language),
        also=tuple(links[:named]),
        more=max(0, len(links) - named),
        is_update=story.is_update,
    )


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
    return line if not line or line.startswith(printable(title)) else f"{printable(title)}, {line}"


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

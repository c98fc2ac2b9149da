"""The standing product as config.toml defines it: Newsletter, its sections, sources, schedule and weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from digest.model.look import Look
from subscribers.cadence import Cadence


class SourceKind(StrEnum):
    """How a Source is read."""

    #: RSS, Atom or JSON Feed over HTTP.
    FEED = "feed"
    #: A news sitemap over HTTP, or an index of such.
    SITEMAP = "sitemap"
    #: A page over HTTP that links to articles.
    PAGE = "page"
    #: A folder of feeds, HTML pages and plain-text page dumps, dropped in by hand or by a scraper.
    FOLDER = "folder"

    @property
    def is_listing(self) -> bool:
        """Return whether it names articles without their text, so that their pages have to be read too."""
        return self in {SourceKind.SITEMAP, SourceKind.PAGE}


def without_password(address: str) -> str:
    """Return *address* without the user name and password that it may hold."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else address


class Approval(StrEnum):
    """What happens to a Draft that no editor has touched when its hour comes."""

    #: It goes out.
    AUTO = "auto"
    #: It is held until an editor approves it.
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """
    CSS selectors (Selectors Level 3) for a site whose pages the general rules misread; an empty one changes nothing.

    *links* finds the article links of an index page. The others find a field of an article page: the text of the first
    match, of all matches for *authors*; *body* is the element around the text. *remove* is taken out before all else.
    """

    links: str = ""
    title: str = ""
    body: str = ""
    authors: str = ""
    published: str = ""
    image: str = ""
    remove: str = ""


NO_SELECTORS = Selectors()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """
    One Source as a Newsletter uses it. *address* is a URL, or the absolute path of a folder.

    *labels* maps labels of the publisher, in lower case, to the section that its articles so labelled belong to; an
    article without any of these stays in *section*. With *full_text* the page of each new article is read too.
    """

    address: str
    section: str
    kind: SourceKind = SourceKind.FEED
    name: str = ""
    weight: float = 1.0
    language: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    full_text: bool = False
    selectors: Selectors = NO_SELECTORS

    @property
    def wants_pages(self) -> bool:
        """Return whether the page of each new article is to be read."""
        return self.full_text or self.kind.is_listing

    @property
    def shown(self) -> str:
        """Return the address without the user name and password that it may hold, fit for lists and logs."""
        return without_password(self.address)

    def section_of(self, labels: Iterable[str]) -> str:
        """Return the section of an article with *labels*: of the first that is mapped, else the Source's own."""
        return next((self.labels[name] for name in map(str.casefold, labels) if name in self.labels), self.section)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPlan:
    """A category of the Newsletter: its place in the order and how many Stories it may hold."""

    slug: str
    title: str
    stories: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingWeights:
    """
    The weights of the Score's parts.

    score = (coverage·log2(1 + Σ publisher weight) + source·max weight + velocity·log2(1 + articles of the last 3 h)
    + title·title quality + summary·summary quality) x 0.5^(age of newest / half_life), the half-life times the days of
    the period.
    """

    coverage: float = 1.0
    source: float = 0.5
    velocity: float = 0.25
    title: float = 0.25
    summary: float = 0.25
    half_life: timedelta = timedelta(hours=24)
    #: Likeness (0 to 1) from which two groups of articles are one event.
    same_story: float = 0.24
    #: While others wait, one publisher leads at most this many Stories of a Section.
    per_source: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When Editions fall due: the local hour in *zone*, unless a reader has chosen another hour or zone."""

    at: time = time(7, 0)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    cadences: tuple[Cadence, ...] = (Cadence.DAILY,)
    #: ISO weekday (1 is Monday) of the weekly Edition.
    weekly_day: int = 6
    #: How long before the first delivery the Draft is made, so that editors can look at it.
    review: timedelta = timedelta(minutes=60)
    #: How long before the first delivery editors are reminded of an Edition that needs them; zero for never.
    reminder: timedelta = timedelta(minutes=15)
    #: How late an Edition may still go out, by its cadence.
    catch_up_daily: timedelta = timedelta(hours=6)
    catch_up_weekly: timedelta = timedelta(hours=48)

    def catch_up(self, cadence: Cadence) -> timedelta:
        """Return how late an Edition of *cadence* may still be sent."""
        # A special Edition tells of days, as a weekly one does.
        return self.catch_up_daily if cadence.edition is Cadence.DAILY else self.catch_up_weekly


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who the mail says it is from. *postal_address* stands in each footer, as the law asks."""

    name: str
    address: str
    reply_to: str | None = None
    postal_address: str = ""

    @property
    def domain(self) -> str:
        """Return the part of the address behind the @."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """The standing product. Readers subscribe to it by *slug*; config.toml is its only home."""

    slug: str
    title: str
    sender: Sender
    sections: tuple[SectionPlan, ...]
    sources: tuple[SourcePlan, ...]
    description: str = ""
    language: str = "en"
    schedule: Schedule = field(default_factory=Schedule)
    weights: RankingWeights = field(default_factory=RankingWeights)
    look: Look = field(default_factory=Look)
    approval: Approval = Approval.AUTO
    #: Fewer Stories than this, and the Edition is skipped: no edition is better than an empty one.
    minimum_stories: int = 3
    #: Articles published longer ago than this are never news.
    max_age: timedelta = timedelta(days=7)
    #: The share of sources (0 to 1) that must have answered since the last Edition; below it the Edition is held.
    coverage_floor: float = 0.5
    #: Whether stories are grouped by what their headlines mean too, not by their words alone: English only.
    embeddings: bool = False
    #: Whether parameters with which third parties follow readers (``utm_source``) stay in the links.
    keep_tracking: bool = False
    #: Whether the text part is marked as format=flowed (RFC 3676).
    text_flowed: bool = False
    #: The names of the relays that it goes through; empty for all.
    relays: tuple[str, ...] = ()
    #: Over how long each wave is spread from its hour, to start quietly.
    spread: timedelta = timedelta(0)
    #: A folder of the newsletter's own templates, looked into before the packaged ones.
    templates: Path | None = None

    def approves_itself(self, cadence: Cadence) -> bool:
        """Return whether Editions of *cadence* that nobody touches go out by themselves; beside the rhythm, none."""
        return self.approval is Approval.AUTO and not cadence.is_beside

    def section(self, slug: str) -> SectionPlan:
        """Return the section called *slug*; KeyError when there is none."""
        for plan in self.sections:
            if plan.slug == slug:
                return plan
        raise KeyError(slug)

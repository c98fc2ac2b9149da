"""What a Source said: Check (what we ask), Entry (one piece), Gathered (the answer); and the same for one page."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.model.ids import ArticleId, SourceId
from digest.model.newsletter import NO_SELECTORS, Selectors, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question to one Source, with what we remember of its last answer."""

    source_id: SourceId
    kind: SourceKind
    #: The URL to fetch, or the absolute path of the folder.
    address: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    language: str | None = None
    selectors: Selectors = NO_SELECTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """
    How its publisher asks us to treat a feed, as the feed itself says (RSS 2.0 ``ttl``, ``skipHours``, ``skipDays``).

    *skip_hours* are hours of the day in UTC, *skip_days* ISO weekdays (1 is Monday), on which not to ask.
    """

    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


NO_MANNERS = Manners()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One published piece as its Source gave it, cleaned: plain text without markup or control characters.

    *guid* is the Source's own identifier, or the URL where it has none. *summary* and *body* are empty rather than
    None. Links are absolute. *labels* are the publisher's own categories.
    """

    guid: str
    link: str
    title: str
    summary: str = ""
    body: str = ""
    authors: tuple[str, ...] = ()
    image: str | None = None
    language: str | None = None
    labels: tuple[str, ...] = ()
    #: Aware UTC; None where the Source says nothing usable. Never later than the fetch.
    published: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The Source answered with something new. *faults* are pieces that could not be read, in words for the operator."""

    entries: tuple[Entry, ...]
    #: Where the Source lives now, when it moved for good.
    moved_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    #: How long the publisher asks us to wait before the next check.
    wait: timedelta | None = None
    manners: Manners = NO_MANNERS
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The Source answered that nothing is new."""

    #: Where the Source lives now, when it moved for good.
    moved_to: str | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The Source did not answer usably. *reason* is one sentence for the operator; *gone* when it answered 410."""

    reason: str
    gone: bool = False
    #: How long the publisher asks us to wait (Retry-After).
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one Check came to."""

    source_id: SourceId
    outcome: Fetched | Unchanged | Failed
    at: datetime
    took: timedelta = field(default=timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCheck:
    """One Article whose page is to be read."""

    article_id: ArticleId
    url: str
    language: str | None = None
    selectors: Selectors = NO_SELECTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """What reading an Article's page came to: what the page says, or why it could not be read."""

    article_id: ArticleId
    outcome: Entry | Failed
    at: datetime

"""The whole content of one Edition before it is rendered: Draft, Section, Story, Picture."""

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from digest.model.candidate import Score, ScorePart
from digest.model.ids import ArticleId
from digest.model.look import Place
from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCopy:
    """A copy of our own of a Picture, cut for its *place*: *width* by *height* pixels, kept under *sha256*."""

    place: Place
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    A picture of a Story at its publisher's *url*; *alt* may be empty beside a linked title.

    *copies* are our own, once it has been fetched; *fault* says in words why there are none.
    """

    url: str
    alt: str = ""
    copies: tuple[PictureCopy, ...] = ()
    fault: str = ""

    def copy(self, place: Place) -> PictureCopy | None:
        """Return our copy for *place*, if there is one."""
        return next((copy for copy in self.copies if copy.place == place), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLink:
    """
    Another article on the same event.

    With what a Story that it leads would show. *article_id* is None where an editor has given the link.
    """

    article_id: ArticleId | None
    name: str
    url: str
    title: str
    summary: str = ""
    published: dt.datetime | None = None
    #: The address of its picture, or empty.
    image: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """
    A Cluster given a place: lead article, other sources, headline, note.

    *article_id* is None for an item of an editor's own, which *own_key* names.
    """

    article_id: ArticleId | None
    headline: str
    url: str
    source: str
    summary: str
    #: None when its Source gave no date.
    published: dt.datetime | None
    score: Score
    also: tuple[SourceLink, ...] = ()
    picture: Picture | None = None
    language: str | None = None
    #: True when an earlier Edition carried the event and it has moved on.
    is_update: bool = False
    note: str = ""
    own_key: str = ""
    #: True when an editor has written its headline or summary.
    is_edited: bool = False

    @property
    def key(self) -> str:
        """Return what the desk calls it, alone in its Draft: by its lead article, or by its own key."""
        return self.own_key if self.article_id is None else f"a{self.article_id}"

    @property
    def article_ids(self) -> tuple[ArticleId, ...]:
        """Return every article that this Story uses up."""
        ids = (self.article_id, *(link.article_id for link in self.also))
        return tuple(article_id for article_id in ids if article_id is not None)

    @property
    def own_links(self) -> tuple[str, ...]:
        """Return the addresses in this Story that an editor has given, and of which we had no Article."""
        links = ((self.article_id, self.url), *((link.article_id, link.url) for link in self.also))
        return tuple(url for article_id, url in links if article_id is None and url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A category's Stories, best first. Never empty in a Draft."""

    slug: str
    title: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """A Story that just missed, and why. *story* is the whole of it; Drafts of earlier versions lack it."""

    headline: str
    source: str
    section: str
    score: float
    reason: str
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFacts:
    """Which Edition a Draft is for: the slug of its newsletter, its cadence, local date and number."""

    newsletter: str
    cadence: Cadence
    date: dt.date
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The content of one Edition. Sections stand in the newsletter's order; none is empty."""

    newsletter: str
    cadence: Cadence
    date: dt.date
    number: int
    subject: str
    preheader: str
    sections: tuple[Section, ...]
    intro: str = ""
    bench: tuple[Benched, ...] = ()

    @property
    def stories(self) -> tuple[Story, ...]:
        """Return all Stories in reading order."""
        return tuple(story for section in self.sections for story in section.stories)

    def has_enough_news(self, minimum: int) -> bool:
        """Say whether there are at least *minimum* Stories; with fewer, no Edition is better."""
        return len(self.stories) >= minimum

    def to_json(self) -> dict[str, Any]:
        """Return the Draft as JSON-ready values; ``from_json`` is its inverse."""
        # At least twice as fast as ``asdict``, which copies every value: an editor waits for it.
        return json.loads(json.dumps(self, default=_plain))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Draft":
        """Return the Draft that ``to_json`` wrote."""
        return cls(
            newsletter=data["newsletter"],
            cadence=Cadence(data["cadence"]),
            date=dt.date.fromisoformat(data["date"]),
            number=data["number"],
            subject=data["subject"],
            preheader=data["preheader"],
            intro=data["intro"],
            sections=tuple(
                Section(slug=s["slug"], title=s["title"], stories=tuple(_story(x) for x in s["stories"]))
                for s in data["sections"]
            ),
            bench=tuple(_benched(b) for b in data["bench"]),
        )


def _plain(value: object) -> object:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a Draft")


def _story(data: dict[str, Any]) -> Story:
    score = data["score"]
    return Story(
        **{
            **data,
            "published": _instant(data["published"]),
            "score": Score(
                parts=tuple(ScorePart(**part) for part in score["parts"]),
                **{name: score[name] for name in ("decay", "age", "boost", "is_pinned") if name in score},
            ),
            "also": tuple(_link(link) for link in data["also"]),
            "picture": _picture(data["picture"]) if data["picture"] else None,
        }
    )


def _picture(data: dict[str, Any]) -> Picture:
    copies = (PictureCopy(**copy | {"place": Place(copy["place"])}) for copy in data.get("copies", ()))
    return Picture(**data | {"copies": tuple(copies)})


def _link(data: dict[str, Any]) -> SourceLink:
    return SourceLink(**data | {"published": _instant(data.get("published"))})


def _benched(data: dict[str, Any]) -> Benched:
    story = data.get("story")
    return Benched(**data | {"story": _story(story) if story else None})


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None

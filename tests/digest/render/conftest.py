"""A sample paper, written for these tests: every company, person and publication in it is invented."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from digest.links import Links
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Draft, Picture, PictureCopy, Section, SourceLink, Story
from digest.model.ids import ArticleId
from digest.model.look import PLACES, Theme
from digest.model.newsletter import Newsletter, SectionPlan, Sender
from digest.render.pages import environment
from digest.render.press import Press
from subscribers.cadence import Cadence

NOW = dt.datetime(2026, 11, 23, 5, 30, tzinfo=dt.UTC)
TEMPLATES = Path(__file__).parents[3] / "templates" / "email"

VALUES = {
    "name": "Ada Winter",
    "address_hint": "a…r@example.org",
    "unsubscribe_url": "https://digest.example/u/k3J9xQ2",
    "preferences_url": "https://digest.example/p/k3J9xQ2",
    "view_url": "https://digest.example/v/42/k3J9xQ2",
}

LINKS = Links("https://digest.example")

StoryFactory = Callable[..., Story]
DraftFactory = Callable[..., Draft]


def make_story(number: int = 1, *, score: float = 1.0, sources: Sequence[str] = (), **fields: object) -> Story:
    defaults: dict[str, object] = {
        "article_id": ArticleId(number),
        "headline": f"Headline {number}",
        "url": f"https://news.example/{number}",
        "source": "Motorpost",
        "summary": f"Summary of story {number}.",
        "published": NOW - dt.timedelta(hours=2),
        "score": Score(parts=(ScorePart(name="coverage", weight=1.0, value=score, fact=""),), decay=1.0),
        "also": tuple(
            SourceLink(article_id=ArticleId(1000 + n), name=name, url=f"https://also.example/{number}/{n}", title=name)
            for n, name in enumerate(sources)
        ),
    }
    return Story(**(defaults | fields))  # type: ignore[arg-type]


def make_picture(number: int, theme: Theme = Theme.CLASSIC) -> Picture:
    copies = (
        PictureCopy(place=place, sha256=f"{number:x}" * 64, width=2 * size.width, height=2 * size.height)
        for place, size in PLACES[theme].items()
    )
    return Picture(url=f"https://pictures.example/{number}.jpg", copies=tuple(copies))


def make_press(theme: Theme = Theme.CLASSIC, language: str = "en", own: Path | None = None) -> Press:
    return Press(
        environment=environment(TEMPLATES, own=own, theme=theme, language=language),
        links=LINKS,
        now=NOW,
        longest={name: value for name, value in VALUES.items() if name.endswith("_url")},
    )


def make_draft(sections: Sequence[Section], **fields: object) -> Draft:
    defaults: dict[str, object] = {
        "newsletter": "auto-daily",
        "cadence": Cadence.DAILY,
        "date": dt.date(2026, 11, 23),
        "number": 42,
        "subject": "Sodium battery passes its winter test",
        "preheader": "",
        "sections": tuple(sections),
    }
    return Draft(**(defaults | fields))  # type: ignore[arg-type]


def sample_sections() -> tuple[Section, ...]:
    stories: dict[str, list[Story]] = {}
    for number, row in enumerate(json.loads((Path(__file__).parent / "sample.json").read_text(encoding="utf-8"))):
        stories.setdefault(row["section"], []).append(
            make_story(
                number,
                score=5 - number / 4,
                sources=row["also"],
                headline=row["headline"],
                source=row["source"],
                published=NOW - dt.timedelta(minutes=row["minutes_ago"]),
                picture=make_picture(number) if row["has_picture"] else None,
                summary=row["summary"],
                is_update=number == 5,
                note="The toll starts a year later for vans; we had that wrong on Friday." if number == 8 else "",
            )
        )
    return tuple(
        Section(slug=title.lower().replace(" ", "-"), title=title, stories=tuple(group))
        for title, group in stories.items()
    )


@pytest.fixture
def story() -> StoryFactory:
    return make_story


@pytest.fixture
def draft() -> DraftFactory:
    return make_draft


@pytest.fixture
def sample() -> Draft:
    return make_draft(sample_sections())


@pytest.fixture
def now() -> dt.datetime:
    return NOW


@pytest.fixture
def values() -> dict[str, str]:
    return dict(VALUES)


@pytest.fixture
def newsletter() -> Newsletter:
    return Newsletter(
        slug="auto-daily",
        title="Auto Daily",
        sender=Sender(
            name="Auto Daily",
            address="paper@digest.example",
            postal_address="Invented Press, 1 Mill Lane, 99999 Nowhere",
        ),
        sections=tuple(SectionPlan(slug=s.slug, title=s.title) for s in sample_sections()),
        sources=(),
    )


@pytest.fixture(scope="session")
def press() -> Press:
    return make_press()


@pytest.fixture(scope="session")
def press_for() -> Callable[..., Press]:
    return make_press


@pytest.fixture(scope="session")
def picture() -> Callable[..., Picture]:
    return make_picture


@pytest.fixture(scope="session")
def packaged() -> Path:
    return TEMPLATES

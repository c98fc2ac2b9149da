"""An Edition to measure with, made of invented words: any number of Stories, the same each time."""

import datetime as dt
import random

from digest.links import Links
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Draft, Picture, PictureCopy, Section, SourceLink, Story
from digest.model.ids import ArticleId
from digest.model.look import DENSITY, Look
from digest.model.newsletter import Newsletter, SectionPlan, Sender
from subscribers.cadence import Cadence

NOW = dt.datetime(2026, 11, 23, 5, 30, tzinfo=dt.UTC)
LINKS = Links("https://news.example.org")
#: As long as the real ones.
VALUES = {
    "unsubscribe_url": LINKS.unsubscribe("u" * 57),
    "preferences_url": LINKS.preferences("p" * 57),
    "view_url": f"{LINKS.base_url}/v/12345/{'v' * 57}",
}
TITLES = ("World", "Business", "Technology", "Science", "Health", "Culture", "Sport", "Climate", "Cities", "Food")
_PUBLISHERS = (
    "Harbour Post", "Meridian Dispatch", "Ledger & Loom", "Fieldglass", "Kilowatt Road", "Quiet Orbit", "Switchyard",
    "Northern Gazette", "Lakeside News", "The Axle",
)  # fmt: skip
_SYLLABLES = ("ka", "ren", "mo", "li", "ster", "an", "vol", "de", "ti", "hra", "os", "bel", "nu", "gar", "fe", "win")


def newsletter(sections: int, look: Look, language: str = "en") -> Newsletter:
    """Return a newsletter of so many sections."""
    return Newsletter(
        slug="morning",
        title="The Morning",
        sender=Sender(
            name="The Morning",
            address="morning@news.example.org",
            postal_address="The Morning, 1 Example Street, 12345 Exampleton",
        ),
        sections=tuple(SectionPlan(slug=title.lower(), title=title) for title in TITLES[:sections]),
        sources=(),
        language=language,
        look=look,
    )


def draft(stories: int, sections: int, look: Look, *, seed: int = 7) -> Draft:
    """
    Return a Draft of so many *stories*, dealt evenly to its *sections*.

    Headlines have 7 to 12 words, summaries 28 to 45, addresses 70 to 110 characters; every second Story is told by one
    to eight further sources, and every one has a picture.
    """
    chance = random.Random(seed)
    dealt = [stories // sections + (place < stories % sections) for place in range(sections)]
    number = iter(range(1, stories + 1))
    filled = tuple(
        Section(
            slug=title.lower(),
            title=title,
            stories=tuple(_story(next(number), chance, look) for _ in range(count)),
        )
        for title, count in zip(TITLES, dealt, strict=False)
        if count
    )
    return Draft(
        newsletter="morning",
        cadence=Cadence.DAILY,
        date=dt.date(2026, 11, 23),
        number=42,
        subject=filled[0].stories[0].headline[:70],
        preheader="",
        sections=filled,
    )


def _story(number: int, chance: random.Random, look: Look) -> Story:
    others = chance.sample(_PUBLISHERS[1:], chance.randint(1, 8)) if number % 2 else []
    copies = tuple(
        PictureCopy(
            place=place,
            sha256=f"{number:02d}{place.value.encode().hex():0<62}"[:64],
            width=size.width * DENSITY,
            height=size.height * DENSITY,
        )
        for place, size in look.places.items()
    )
    return Story(
        article_id=ArticleId(number),
        headline=_words(chance, chance.randint(7, 12)).capitalize(),
        url=_address(chance, number),
        source=_PUBLISHERS[number % len(_PUBLISHERS)],
        summary=f"{_words(chance, chance.randint(28, 45)).capitalize()}.",
        published=NOW - dt.timedelta(minutes=chance.randint(20, 1300)),
        score=Score(parts=(ScorePart(name="coverage", weight=1, value=9 - number / 8, fact=""),), decay=1),
        also=tuple(
            SourceLink(article_id=ArticleId(1000 * number + place), name=name, url=_address(chance, number), title=name)
            for place, name in enumerate(others)
        ),
        picture=Picture(url=f"https://pictures.example.org/{number}.jpg", copies=copies),
    )


def _words(chance: random.Random, count: int) -> str:
    return " ".join("".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(count))


def _address(chance: random.Random, number: int) -> str:
    slug = _words(chance, 7).replace(" ", "-")
    return f"https://www.publisher-{number % 9}.example/2026/11/23/{slug}-{number}"[: chance.randint(70, 110)]

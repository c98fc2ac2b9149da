"""Drafts to be edited, drawn as letters: one line for each Section, one word for each Story."""

from datetime import date

from digest.compose.edit.acts import Act
from digest.compose.edit.following import done
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Benched, Draft, Section, SourceLink, Story
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter, SectionPlan, Sender
from subscribers.cadence import Cadence

NEWSLETTER = Newsletter(
    slug="eastmouth",
    title="Eastmouth Daily",
    sender=Sender(name="Eastmouth Daily", address="daily@eastmouth.example"),
    sections=tuple(SectionPlan(slug=slug, title=slug.title()) for slug in ("city", "business", "sport")),
    sources=(),
)


def story(lead: int, *others: int) -> Story:
    """Return the Story of article *lead*, with *others* as its sources, each with a picture of its own."""
    return Story(
        article_id=ArticleId(lead),
        headline=f"Headline {lead}",
        url=f"https://paper{lead}.example/{lead}",
        source=f"Paper {lead}",
        summary=f"Summary {lead}.",
        published=None,
        score=Score(parts=(ScorePart(name="coverage", weight=1.0, value=100.0 - lead, fact=""),), decay=1.0),
        also=tuple(
            SourceLink(
                article_id=ArticleId(other),
                name=f"Paper {other}",
                url=f"https://paper{other}.example/{other}",
                title=f"Headline {other}",
                summary=f"Summary {other}.",
                image=f"https://paper{other}.example/{other}.jpg",
            )
            for other in others
        ),
    )


def drawn(*sections: tuple[str, list[Story]], bench: tuple[Story, ...] = ()) -> Draft:
    """Return a Draft of *sections* with *bench*, the stories of which belong into the city."""
    return Draft(
        newsletter="eastmouth",
        cadence=Cadence.DAILY,
        date=date(2031, 5, 6),
        number=42,
        subject="A subject of one's own",
        preheader="And a preheader",
        sections=tuple(Section(slug=slug, title=slug.title(), stories=tuple(held)) for slug, held in sections),
        bench=tuple(
            Benched(
                headline=one.headline,
                source=one.source,
                section="city",
                score=one.score.total,
                reason="section full",
                story=one,
            )
            for one in bench
        ),
    )


def paper() -> Draft:
    """Return a Draft with 1 (and 11, 12), 2, 3 in the city, 4 and 5 in sport, and 6 (and 16), 7 on the bench."""
    return drawn(
        ("city", [story(1, 11, 12), story(2), story(3)]),
        ("sport", [story(4), story(5)]),
        bench=(story(6, 16), story(7)),
    )


def after(draft: Draft, *acts: Act) -> Draft:
    """Return *draft* after *acts*, as JSON would give it back."""
    for act in acts:
        draft = done(act, draft, NEWSLETTER)
    assert Draft.from_json(draft.to_json()) == draft
    return draft


def keys(draft: Draft) -> dict[str, list[str]]:
    """Return what the Stories of each Section are called."""
    return {section.slug: [one.key for one in section.stories] for section in draft.sections}


def called(draft: Draft, key: str) -> Story:
    """Return the Story called *key*."""
    return next(one for one in draft.stories if one.key == key)


def benched(draft: Draft) -> list[str]:
    """Return what the Stories on the bench are called."""
    return [seat.story.key if seat.story else "" for seat in draft.bench]
